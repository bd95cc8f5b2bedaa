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
# # Cuándo
#
# Los electrodos apoyados sobre la corteza registran cómo cambia una respuesta mientras suena el sonido y después. ¿En
# qué momento se parece a lo que calcula cada capa de una red? ¿Y las capas más profundas predicen más tarde?

# %% [markdown] tags=["lang-en"]
# # When
#
# Electrodes on the cortex record how a response changes while a sound lasts and after it. At which moment does the
# response resemble what each layer of a network computes? And do deeper layers predict later?

# %% tags=["parameters"]
study = "ecog2022"  # in params/, or a YAML file; {"study": "ecog2022", "models": ["silero"]}: a part

# %%
from functools import partial

from helpers import encoding, text
from helpers.chapters import time_course
from helpers.chapters.method import method
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %% [markdown] tags=["lang-es"]
# ## Un modelo para cada tramo
#
# El tiempo se corta en tramos, y la respuesta media en cada tramo se predice por separado, con las mismas capas y las
# mismas particiones. Las características de una capa son un promedio de todo el sonido: incluyen lo que suena después
# del tramo, y son las mismas en todos. Por eso el $r^2$ de un tramo no mide un retardo de la red, que no lo tiene: dice
# cuándo la respuesta distingue los sonidos como los distingue la capa. El $r^2$ es siempre la correlación al cuadrado,
# sin corregir por ruido.

# %% [markdown] tags=["lang-en"]
# ## A model for each time bin
#
# Time is cut into bins, and the mean response in each bin is predicted on its own, from the same layers and in the same
# splits. The features of a layer are an average over the whole sound: they include what is heard after the bin, and
# they are the same in all of them. So the $r^2$ of a bin does not measure a delay of the network, which has none: it
# says when the response tells sounds apart as the layer does. The $r^2$ is always the squared correlation, not
# corrected for noise.

# %%
width = 0.1  # s, of a time bin
responses = time_course.responses(study)  # name of a set -> (sound, target[, repetition], time)
bins = {kind: time_course.binned(one, width) for kind, one in responses.items()}  # means over the samples of each bin
targets = {kind: time_course.stacked(one, kind) for kind, one in bins.items()}  # every bin of every target is a target
splits, ends = study.splits, time_course.sound_ends(study)
floor = time_course.floor(splits)  # of a maximum whose half is looked for
print({kind: dict(one.sizes) for kind, one in targets.items()}, dict(splits.sizes))

# %%
time_course.about(study, bins, width, floor)

# %%
score = partial(study.keep, encoding.score, splits=splits, **study.encoding)  # kept on disk
networks = list(study.last_checkpoints())  # of each, one (sound, unit) array a layer
scores = {kind: [score(features=one, responses=measured) for one in networks] for kind, measured in targets.items()}
first = next(iter(scores.values()))[0]
method(splits, first, study.parameters.encoding.splits)

# %%
curves = time_course.curves(scores)
groups = time_course.by_group(curves)  # medians over the targets of a group
time_course.figures.by_time(groups, ends, **study.look)

# %%
time_course.figures.heat(groups, ends, **study.look)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Respuesta por respuesta
#
# La mediana de un grupo esconde respuestas distintas. El menú elige una sola; cada panel es una red.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Response by response
#
# The median of a group hides responses that differ. The menu chooses a single one; each panel is a network.

# %% tags=["diagnostic"]
singles = time_course.singles(curves)
time_course.figures.one_by_one(singles, ends, **study.look)

# %% [markdown] tags=["lang-es"]
# ## ¿Más profundo es más tarde?
#
# La latencia de una capa es el momento en que su $r^2$ llega por primera vez a la mitad de su máximo, con una recta
# entre los centros de tramos vecinos. Falta si el máximo es demasiado bajo: si la mitad está por debajo de lo que el
# azar da en uno de cada veinte casos. También falta si ya el primer tramo llega a la mitad. La pendiente es la que
# comparten las respuestas de un grupo, cada una con su propio nivel.
#
# **Qué cubren los intervalos.** Se sortean con reposición las particiones, las mismas para todas las capas y tramos, y
# las respuestas del grupo. Cubren, pues, qué sonidos son de entrenamiento y qué electrodos o componentes se miden. No
# cubren otros sonidos ni otras personas: todas las particiones comparten los mismos sonidos, de modo que los intervalos
# son demasiado estrechos, y no se midió cuántas veces contienen el valor verdadero. Un intervalo que no contiene el 0
# no es una prueba estadística.
#
# **Qué puede engañar.** Una capa que predice poco resulta más tardía, aunque en el tiempo no difiera en nada: en una
# respuesta simulada que todas las capas siguen a la vez, las más débiles llegan varias decenas de milisegundos después
# de las más fuertes. Si las capas profundas predicen más, una pendiente negativa puede deberse solo a eso, y una
# positiva, si predicen menos. La latencia depende además del ancho de los tramos.

# %% [markdown] tags=["lang-en"]
# ## Is deeper later?
#
# The latency of a layer is when its $r^2$ first reaches half of its maximum, by a straight line between the centres of
# neighbouring bins. It is missing where the maximum is too low: where its half is below what chance gives in one of
# twenty cases. It is also missing where the first bin is at half of it already. The slope is the one that the responses
# of a group share, each with a level of its own.
#
# **What the intervals cover.** The splits are drawn with replacement, the same ones for all layers and bins, and so are
# the responses of a group. So they cover which of the sounds train and which electrodes or components were measured.
# They cover neither other sounds nor other people: all splits share the same sounds, so the intervals are too narrow,
# and how often they contain the true value was not measured. An interval without 0 is not a statistical test.
#
# **What may mislead.** A layer that predicts little comes out later, even if nothing differs in time: in a simulated
# response that all layers follow at once, the weakest come several tens of milliseconds after the strongest. If deep
# layers predict more, a negative slope may be due to that alone, and a positive one if they predict less. Latency also
# depends on the width of the bins.

# %%
latencies = time_course.latencies(scores, floor)
layers, slopes = time_course.later(scores, floor, study.parameters.seed)
time_course.figures.by_depth(layers, **study.look)

# %%
time_course.sentences(groups, slopes)

# %%
text.table(slopes, 0, fold=True)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Sonido por sonido
#
# Las respuestas que mejor se predicen, cada una con la red y la capa de su $r^2$ más alto; esa elección mira los
# sonidos de prueba, así que la figura ilustra y no evalúa. El control deslizante recorre el tiempo. Cada predicción es
# la media de las particiones en las que ese sonido es de prueba.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Sound by sound
#
# The responses that are predicted best, each by the network and layer with its highest $r^2$; that choice looks at the
# test sounds, so the figure illustrates and does not evaluate. The slider goes through time. Each prediction is the
# mean over the splits that test the sound.

# %% tags=["diagnostic"]
predicted = time_course.predicted(study, bins, singles)
time_course.figures.moments(predicted, **study.look)

# %%
study.write(time_curves=curves, time_latencies=latencies, time_layers=layers, time_slopes=slopes)
