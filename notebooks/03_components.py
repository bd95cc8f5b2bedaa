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
# # Seis componentes de la corteza auditiva
#
# Norman-Haignere, Kanwisher y McDermott (2015) encontraron que las respuestas de miles de vóxeles de la corteza
# auditiva a 165 sonidos naturales se explican con seis perfiles de respuesta. Cuatro siguen la acústica (frecuencias
# bajas, frecuencias altas, sonidos de banda ancha, altura tonal) y dos son selectivos del habla y de la música. ¿Qué
# capa de una red predice mejor cada uno?

# %% [markdown] tags=["lang-en"]
# # Six components of auditory cortex
#
# Norman-Haignere, Kanwisher and McDermott (2015) found that the responses of thousands of voxels of auditory cortex to
# 165 natural sounds are explained by six response profiles. Four follow acoustics (low frequencies, high frequencies,
# broadband sounds, pitch), and two are selective for speech and for music. Which layer of a network predicts each of
# them best?

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from functools import partial

from helpers import encoding, stats, text
from helpers.chapters import components
from helpers.chapters.method import method
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %% [markdown] tags=["lang-es"]
# ## Cómo se predice
#
# Cada red da, por capa, una matriz de activaciones (sonido × unidad); el cerebro da una de respuestas (sonido ×
# componente).

# %% [markdown] tags=["lang-en"]
# ## How responses are predicted
#
# Each network gives one matrix of activations (sound × unit) per layer; the brain gives one of responses (sound ×
# component).

# %%
responses = study.responses("components")  # (sound, target)
features = study.features(study.models[0])  # one (sound, unit) array per layer
print(dict(responses.sizes), [dict(layer.sizes) for layer in features])

# %% [markdown] tags=["lang-es"]
# En cada partición, unos sonidos son de entrenamiento y otros, de prueba.

# %% [markdown] tags=["lang-en"]
# In each split, some sounds train and others test.

# %%
splits = study.splits  # (split, sound): "train", "test" or "unused"
print(dict(splits.sizes), {part: int((splits[0] == part).sum()) for part in ("train", "test", "unused")})

# %% [markdown] tags=["lang-es"]
# En los primeros se resta la media a las activaciones $X$ y a las respuestas $y$ y se ajusta una regresión *ridge*,
#
# $$\hat{w} = \underset{w}{\operatorname{argmin}} \; \lVert y - Xw \rVert^2 + \alpha \lVert w \rVert^2,$$
#
# con un $\alpha$ propio para cada componente: en el análisis publicado, el que da el menor error al dejar afuera un
# sonido por vez. Con los otros se mide cuánto se parecen lo predicho y lo medido: en el análisis publicado con $r^2$,
# la correlación de Pearson al cuadrado, en la que una correlación negativa vale cero.

# %% [markdown] tags=["lang-en"]
# On the former, the mean is subtracted from activations $X$ and responses $y$, and a ridge regression is fitted,
#
# $$\hat{w} = \underset{w}{\operatorname{argmin}} \; \lVert y - Xw \rVert^2 + \alpha \lVert w \rVert^2,$$
#
# with an $\alpha$ for each component: in the published analysis, the one with the smallest error when one sound at a
# time is left out. On the latter, prediction and data are compared: in the published analysis by $r^2$, the squared
# Pearson correlation, in which a negative correlation counts as zero.

# %%
score = partial(study.keep, encoding.score, responses=responses, splits=splits, **study.encoding)
scores = [score(features=features) for features in study.every_checkpoint()]  # kept on disk
method(splits, scores[0], study.parameters.encoding.splits)

# %% [markdown] tags=["lang-es"]
# Se muestra la mediana entre particiones, con sus cuartiles. Los componentes no tienen repeticiones, así que no hay
# techo de ruido que dibujar: no se sabe cuánto de la distancia a 1 es ruido.

# %% [markdown] tags=["lang-en"]
# What is shown is the median over splits, with its quartiles. Components have no repetitions, so there is no noise
# ceiling to draw: how much of the distance to 1 is noise is not known.

# %%
rows = stats.rows(scores)  # one row per model, step, layer, split and component
curves = stats.curves(rows, study.metric(scores[0]))
beside = [score(features=features) for features in study.references()]  # baselines, untrained and permuted weights
references = stats.references(beside, study.metric(scores[0]))
components.figures.by_layer(curves, references, **study.look)

# %%
components.about_beside(references)

# %%
best = stats.best_rows(curves, components.BEST, "median_r2")
text.table(best, fold=True)

# %%
n_layers = len(stats.trained(curves)[["model", "layer"]].drop_duplicates())
components.sentences(best, references, n_layers)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Sonido por sonido
#
# Cada punto es un sonido: la respuesta del componente y la predicción cuando ese sonido estaba entre los de prueba. Los
# que quedan lejos de la línea se predicen mal, sea por la red, por la regresión o por el ruido.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Sound by sound
#
# Every point is a sound: the component's response, and its prediction when that sound was among those that test. Those
# far from the line are predicted badly, because of the network, the regression or noise.

# %% tags=["diagnostic"]
predicted = components.predicted(study, best)
components.figures.predicted(predicted, **study.look)

# %%
study.write(component_scores=rows, component_curves=curves, component_best=best, component_predicted=predicted)
study.write(component_references=references)
