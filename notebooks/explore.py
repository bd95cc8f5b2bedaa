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
# Para JupyterLab (`make lab`), no para el informe: se elige un estudio, una red, una capa y una respuesta, y se ve qué
# predice la regresión para cada sonido de prueba y cómo se eligió alfa; un clic reproduce el sonido. Los números son
# los de los capítulos. Una red cuyas activaciones no están guardadas se entrena, se ejecuta o se descarga mientras
# tanto; hasta entonces se muestra una línea de base, que no tarda.

# %% [markdown] tags=["lang-en"]
# # Exploring
#
# For JupyterLab (`make lab`), not for the report: choose a study, a network, a layer and a response; see what the
# regression predicts for each test sound, listen to the sound, and see how alpha was chosen. The numbers are those of
# the chapters. A network whose activations are not cached is trained, run or downloaded in the background; until then a
# baseline is shown, which takes no time.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "outputs": "elsewhere"} computes in another folder

# %%
from helpers.chapters.explore.widgets import Explorer

explorer = Explorer(study, model="speech")  # chosen first: in the demo it trains in seconds; "": one that is cached
explorer

# %% [markdown] tags=["lang-es"]
# Lo que se ve también se puede usar en otra celda: `explorer.study` es el estudio abierto, `explorer.choice` lo
# elegido, `explorer.responses` la figura, y `explorer.study.features(explorer.choice.model)` son las capas, (sonido,
# unidad).

# %% [markdown] tags=["lang-en"]
# What is shown can be used in another cell: `explorer.study` is the opened study, `explorer.choice` what is chosen,
# `explorer.responses` the figure, and `explorer.study.features(explorer.choice.model)` are the layers, (sound, unit).
