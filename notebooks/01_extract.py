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
# # Estímulos y redes
#
# Primero, los sonidos; después, las redes y lo que cada una de sus capas representa de cada sonido.

# %% [markdown] tags=["lang-en"]
# # Stimuli and networks
#
# First the sounds; then the networks, and what each of their layers represents of each sound.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from helpers import text
from helpers.chapters import extract
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
waveforms = study.brain.waveforms  # (sound, sample)
print(dict(waveforms.sizes), waveforms.attrs["rate_hz"], "Hz")
extract.facts(waveforms)

# %%
extract.times(study)

# %%
categories = extract.categories(waveforms)
text.table(categories)

# %% [markdown] tags=["lang-es"]
# Las categorías ya difieren en su espectro medio: la energía en 256 bandas de la escala mel, en ventanas de 26,6 ms
# cada 13,3 ms, después de un preénfasis de 0,97 que realza las frecuencias altas. De ahí parte EnCodecMAE, y de algo
# parecido la mayoría de las redes. Lo que no cabe en un espectro medio, como el ritmo de las sílabas o una melodía, es
# lo que una red puede agregar.

# %% [markdown] tags=["lang-en"]
# The categories already differ in their mean spectrum: the energy in 256 bands of the mel scale, in windows of 26.6 ms
# every 13.3 ms, after a pre-emphasis of 0.97 that raises high frequencies. This is what EnCodecMAE starts from, and
# most networks from something alike. What does not fit into a mean spectrum, such as the rhythm of syllables or a
# melody, is what a network can add.

# %%
spectra = extract.spectra(waveforms)
extract.figures.spectra(spectra, **study.look)

# %% [markdown] tags=["lang-es"]
# ## Las redes
#
# Una red da una representación de cada sonido por cada una de sus capas.

# %% [markdown] tags=["lang-en"]
# ## The networks
#
# A network gives a representation of each sound for each of its layers.

# %%
study.described("layers")

# %%
networks = extract.networks(study)
text.table(networks)

# %%
extract.pretraining(study)

# %%
features = study.features(study.models[0])  # one (sound, unit) array per layer
print([(int(layer.layer), str(layer.stage.values), dict(layer.sizes)) for layer in features])

# %% [markdown] tags=["lang-es"]
# Cuántas dimensiones usa una capa para distinguir estos sonidos se resume en la razón de participación de sus varianzas
# principales $\lambda_i$:
#
# $$\frac{\left(\sum_i \lambda_i\right)^2}{\sum_i \lambda_i^2}$$

# %% [markdown] tags=["lang-en"]
# How many dimensions a layer uses to tell these sounds apart is summed up by the participation ratio of its principal
# variances $\lambda_i$:
#
# $$\frac{\left(\sum_i \lambda_i\right)^2}{\sum_i \lambda_i^2}$$

# %%
dimensions = extract.dimensions(study.last_checkpoints())
extract.figures.dimensions(dimensions, **study.look)

# %%
study.write(categories=categories, spectra=spectra, networks=networks, dimensions=dimensions)
