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
# regresión para cada sonido de prueba y cómo se eligió alfa; un clic reproduce el sonido. Los números son los de los
# capítulos. La primera vez, una red cuyas activaciones no están guardadas se entrena o se descarga antes de mostrarse.

# %% [markdown] tags=["lang-en"]
# # Exploring
#
# For JupyterLab (`make lab`), not for the report: choose a network, a layer and a response; see what the regression
# predicts for each test sound, listen to the sound, and see how alpha was chosen. The numbers are those of the
# chapters. The first time, a network whose activations are not cached is trained or downloaded before it is shown.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "outputs": "elsewhere"} computes in another folder

# %%
from helpers.chapters.explore.widgets import Explorer
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
Explorer(study, model="speech")  # shown first: in the demo it trains in seconds; "" is one that is cached
