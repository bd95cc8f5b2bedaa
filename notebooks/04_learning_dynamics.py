# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["lang-es"]
# # Dinámica del aprendizaje
#
# Una red sin entrenar ya predice algo: sus capas son funciones al azar, no lineales, del espectro en el tiempo, y a una
# regresión eso ya le sirve. Lo que el entrenamiento agrega se ve siguiendo los puntos de control de cada red, del paso
# 0 al último. El eje de los pasos es logarítmico; el paso 0, que no tiene logaritmo, está en el borde izquierdo.

# %% [markdown] tags=["lang-en"]
# # Learning dynamics
#
# An untrained network predicts something already: its layers are random, non-linear functions of the spectrum in time,
# and a regression can work with these. What training adds is seen by following the checkpoints of each network, from
# step 0 to the last. The axis of steps is logarithmic; step 0, which has no logarithm, is shown at its left edge.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from functools import partial

from helpers import encoding, stats, text
from helpers.chapters import learning_dynamics as dynamics
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
dynamics.left_out(study)

# %%
responses, splits = study.responses("components"), study.splits  # (sound, target) and (split, sound)
score = partial(study.keep, encoding.score, responses=responses, splits=splits, **study.encoding)
scores = [score(features=features) for features in study.every_checkpoint()]  # those of the chapter on components
print({model: study.usable_steps(model) for model in study.models})

# %%
rows, metric = dynamics.series(stats.rows(scores)), study.metric(scores[0])
curves = dynamics.series(stats.curves(stats.rows(scores), metric))
baselines = stats.references([score(features=features) for features in study.references(["baselines"])], metric)
dynamics.figures.by_step(curves, dynamics.overlay(study), baselines, **study.look)

# %% tags=["diagnostic"]
dynamics.figures.surface(curves, **study.look)

# %%
voxels = dynamics.voxels(study, list(dict.fromkeys(curves["model"])))
dynamics.figures.voxels_by_step(voxels, dynamics.voxel_baselines(study), **study.look)

# %% [markdown] tags=["lang-es"]
# ## ¿Qué se aprende tarde, y qué capas aprenden por más tiempo?
#
# La ganancia de un componente es la diferencia de r² entre el último punto de control y el primero, con la capa elegida
# con los sonidos de entrenamiento, y su intervalo dice cuánto cambiaría con otros sonidos. Solo cuentan las ganancias
# que superan el azar (método de Holm sobre todas las redes y componentes, 5 % de error en total; los intervalos no
# están ajustados): de las demás no se lee ningún orden. El resumen es menos estricto: de cada componente compara solo
# la mejor red con sus controles, y limita qué parte de las ventajas que nombra se espera que se deba al azar.
#
# Para cada capa y componente se busca el primer paso en el que la curva llega al 95 % de su valor final, interpolando
# entre puntos de control, y el primero en el que llega al 95 % de lo que gana: lo que ya estaba antes de entrenar
# cuenta en el primero y no en el segundo, y el orden puede depender de cuál se elija. El orden de los componentes es el
# de la mediana de ese paso entre capas. Profundidad y primer paso se comparan con el rho de Spearman: si es negativo,
# las primeras capas aprenden durante más tiempo. No lleva valor p, porque los pares no son independientes. Los
# cuartiles de la tabla son los de las particiones, cada una con su propia curva.

# %% [markdown] tags=["lang-en"]
# ## What is learned late, and which layers learn for longer?
#
# The gain of a component is the difference in r² between the last checkpoint and the first, with the layer chosen on
# the train sounds, and its interval says how much it would change with other sounds. Only gains that are more than
# chance count (Holm's method over all networks and components, 5 % of error in all; the intervals are not adjusted): of
# others no order is read. The summary is less strict: of each component it compares the best network alone with its
# controls, and bounds which share of the leads that it names is expected to be there by chance.
#
# For each layer and component, the first step is sought at which the curve reaches 95 % of its final value,
# interpolating between checkpoints, and the first at which it reaches 95 % of what it gains: what was there before any
# training counts in the former and not in the latter, and the order may depend on which is taken. Components are
# ordered by the median of that step over layers. Depth and the former step are compared by Spearman's rho: a negative
# one means that the first layers learn for longer. It has no p, since the pairs are not independent. The quartiles of
# the table are those of the splits, each with a curve of its own.

# %%
learned, gains = dynamics.learned(rows, metric), dynamics.gains(study, responses, curves)
dynamics.sentences(learned, gains, curves, bool(study.trained_here))

# %%
text.table(gains)

# %%
text.table(learned, fold=True)

# %%
study.write(dynamics_learned=learned, dynamics_gains=gains, dynamics_voxels=voxels)
