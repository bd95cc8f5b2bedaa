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
# # ¿Da lo mismo que lo publicado?
#
# Las figuras del estudio original se digitalizaron punto por punto, y cada valor tiene un error de lectura. Con las
# redes publicadas, este cálculo debería caer sobre ellas. Lo que se aparta más que ese error pide una explicación:
# otras particiones, otra versión de los pesos, o un error de alguien.

# %% [markdown] tags=["lang-en"]
# # Is it what was published?
#
# The figures of the original study were digitised point by point, and every value has a reading error. With the
# published networks, this run should fall upon them. What lies further away than that error asks for an explanation:
# other splits, another version of the weights, or somebody's mistake.

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
models: list = []  # some of its models; empty: all
outputs = "outputs"  # the folder for everything computed
checkpoints: list = []  # some of the models' training steps; empty: all

# %%
from helpers import figures
from helpers.pipeline import Work, reproduction

work = Work.of(study, models, outputs, checkpoints)

# %%
work.banner()

# %%
reproduction.sentences(work)

# %%
figures.reproduction.curve_by_curve(reproduction.points(work), **work.look)

# %%
reproduction.shown(work)
