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
# # Explorar
#
# Para JupyterLab (`make lab`), no para el informe: se elige una red, una capa y una respuesta, y se ve qué predice la
# regresión para cada sonido de la mitad de prueba, se oye el sonido y se ve cómo se eligió alfa. Los números son los de
# los capítulos. La primera vez, una red que no está en el disco se entrena o se descarga antes de responder.

# %% [markdown] tags=["lang-en"]
# # Exploring
#
# For JupyterLab (`make lab`), not for the report: choose a network, a layer and a response; see what the regression
# predicts for each sound of the test half, hear the sound, and see how alpha was chosen. The numbers are those of the
# chapters. The first time, a network that is not on disk is trained or downloaded before it answers.

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
model = "speech"  # shown first; this one learns from 17 sounds, in seconds. Empty: one that is on disk already
outputs = "outputs"  # the folder for everything computed

# %%
from helpers.explore import Explorer
from helpers.pipeline import Work

work = Work.of(study, outputs=outputs)

# %%
work.banner()

# %%
Explorer(work, model)
