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
# # Cómo se aprende
#
# Una red sin entrenar ya predice algo: sus capas son mezclas al azar del espectro, y a una regresión le alcanzan. Lo
# que el entrenamiento agrega se ve siguiendo los puntos guardados de cada red, del paso 0 al último. El eje de los
# pasos es logarítmico; el paso 0, que no tiene logaritmo, está en el borde izquierdo.

# %% [markdown] tags=["lang-en"]
# # How it is learned
#
# An untrained network predicts something already: its layers are random mixtures of the spectrum, and a regression can
# work with these. What training adds is seen by following the checkpoints of each network, from step 0 to the last. The
# axis of steps is logarithmic; step 0, which has no logarithm, stands at its left edge.

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
models: list = []  # some of its models; empty: all
outputs = "outputs"  # the folder for everything computed
checkpoints: list = []  # some of the models' training steps; empty: all

# %%
from helpers import figures, text
from helpers.pipeline import Work, dynamics

work = Work.of(study, models, outputs, checkpoints)
look = work.look

# %%
work.banner()

# %%
dynamics.left_out(work)

# %%
curves = dynamics.curves(work)
figures.dynamics.by_step(curves, dynamics.overlay(work), **look)

# %%
figures.dynamics.surface(curves, **look)

# %%
figures.dynamics.voxels_by_step(dynamics.voxels(work), **look)

# %% [markdown] tags=["lang-es"]
# ## ¿Qué se aprende tarde, y qué capas aprenden por más tiempo?
#
# Para cada capa y componente se busca el primer paso en el que la curva llega al 95 % de su valor final, interpolando
# entre puntos guardados; los cuartiles son los de las particiones, cada una con su propia curva.

# %% [markdown] tags=["lang-en"]
# ## What is learned late, and which layers learn for longer?
#
# For each layer and component, the first step is sought at which the curve reaches 95 % of its final value,
# interpolating between checkpoints; the quartiles are those of the splits, each with a curve of its own.

# %%
dynamics.sentences(work)

# %%
text.table(dynamics.gains(work))

# %%
text.folded(text.table(dynamics.learned(work)))
