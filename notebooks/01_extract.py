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
# # Lo que se escucha
#
# Primero, los sonidos; después, las redes que los escuchan y lo que queda de cada sonido en cada una de sus capas.

# %% [markdown] tags=["lang-en"]
# # What is heard
#
# First the sounds; then the networks that hear them, and what is left of each sound in each of their layers.

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
models: list = []  # some of its models; empty: all
outputs = "outputs"  # the folder for everything computed
checkpoints: list = []  # some of the models' training steps; empty: all

# %%
from helpers import figures, text
from helpers.pipeline import Work, listening

work = Work.of(study, models, outputs, checkpoints)
look = work.look

# %%
work.banner()

# %%
listening.facts(work)

# %%
text.table(listening.categories(work))

# %% [markdown] tags=["lang-es"]
# Las categorías ya difieren en su espectro medio, que es lo primero que extrae cualquier red: la energía en 256 bandas
# de la escala mel, en ventanas de 26,6 ms cada 13,3 ms. Lo que no cabe en un espectro medio, como el ritmo de las
# sílabas o una melodía, es lo que una red puede agregar.

# %% [markdown] tags=["lang-en"]
# The categories already differ in their mean spectrum, which is the first thing any network takes: the energy in 256
# bands of the mel scale, in windows of 26.6 ms every 13.3 ms. What does not fit into a mean spectrum, such as the
# rhythm of syllables or a melody, is what a network can add.

# %%
figures.spectra(listening.spectra(work), **look)

# %% [markdown] tags=["lang-es"]
# ## Las redes
#
# EnCodecMAE es un autocodificador enmascarado: se le oculta la mitad de los cuadros de un sonido y aprende a adivinar
# qué había ahí. Es un *transformer* con dos ramas residuales (ResiDual): la izquierda se normaliza después de cada
# capa, la derecha acumula la suma sin normalizar. De cada capa se toma la rama izquierda, promediada en el tiempo; en
# la última capa del codificador el análisis publicado toma la suma de ambas ramas, por lo que esa capa es distinta de
# todas las demás y se marca como tal.

# %% [markdown] tags=["lang-en"]
# ## The networks
#
# EnCodecMAE is a masked autoencoder: half of a sound's frames are hidden, and it learns to guess what was there. It is
# a transformer with two residual branches (ResiDual): the left one is normalised after each layer, the right one
# accumulates the sum without normalisation. Of each layer the left branch is taken, averaged over time; in the
# encoder's last layer the published analysis takes the sum of both branches, which makes that layer unlike all others,
# and it is marked as such.

# %%
text.table(listening.networks(work))

# %%
listening.pretraining(work)

# %% [markdown] tags=["lang-es"]
# Cuántas dimensiones usa una capa para distinguir estos sonidos se resume en la razón de participación de sus
# varianzas principales $\lambda_i$:
#
# $$\frac{\left(\sum_i \lambda_i\right)^2}{\sum_i \lambda_i^2}$$

# %% [markdown] tags=["lang-en"]
# How many dimensions a layer uses to tell these sounds apart is summed up by the participation ratio of its principal
# variances $\lambda_i$:
#
# $$\frac{\left(\sum_i \lambda_i\right)^2}{\sum_i \lambda_i^2}$$

# %%
figures.dimensions(listening.dimensions(work), **look)
