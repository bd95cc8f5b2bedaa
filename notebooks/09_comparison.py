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
# # Red frente a red
#
# Redes entrenadas para cosas distintas, con arquitecturas distintas y con otra cantidad de capas, ¿predicen las mismas
# respuestas? Un $r^2$ solo no dice nada: se lo compara con lo que tenga el estudio, es decir, con lo que logra la misma
# red sin entrenar o con sus pesos permutados y con líneas de base que no aprendieron nada.

# %% [markdown] tags=["lang-en"]
# # Network against network
#
# Do networks that were trained for different things, with different architectures and numbers of layers, predict the
# same responses? An $r^2$ alone says nothing: it is compared with what the study has, such as what the same network
# achieves untrained or with its weights permuted, and baselines that learned nothing.

# %% tags=["parameters"]
study = "networks"  # in params/, or a YAML file; {"study": "networks", "models": ["silero"]}: a part

# %%
from functools import partial

from helpers import encoding, text
from helpers.chapters import comparison
from helpers.chapters.method import method
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
cards = comparison.cards(study)
text.table(cards)

# %% [markdown] tags=["lang-es"]
# ## Cómo se elige la capa
#
# En cada partición y para cada respuesta se toma la capa cuyo error al dejar afuera un sonido por vez es menor *en los
# sonidos de entrenamiento*; el valor que se muestra es el de esa capa en los sonidos de prueba. Así ningún sonido de
# prueba interviene en la elección. Los controles y las líneas de base, si los hay, se eligen del mismo modo. Donde otro
# capítulo muestra el máximo entre las capas en los sonidos de prueba, sus valores son más altos y puede nombrar otra
# red.

# %% [markdown] tags=["lang-en"]
# ## How the layer is chosen
#
# In each split and for each target, the layer is taken whose error when one sound at a time is left out is smallest
# *among the training sounds*; the value shown is that of this layer on the test sounds. No test sound takes part in the
# choice. Controls and baselines, if any, are chosen in the same way. Where another chapter shows the highest of all
# layers on the test sounds, its values are higher, and it may name another network.

# %%
responses = comparison.responses(study)  # name of a set -> (sound, target[, repetition])
splits = study.splits  # (split, sound): "train", "test" or "unused"
print({kind: dict(one.sizes) for kind, one in responses.items()}, dict(splits.sizes))

# %%
score = partial(study.keep, encoding.score, splits=splits, **study.encoding)  # kept on disk
networks, beside = list(study.last_checkpoints()), list(study.references())  # baselines, untrained, permuted weights
scores = {kind: [score(features=one, responses=measured) for one in networks] for kind, measured in responses.items()}
others = {kind: [score(features=one, responses=measured) for one in beside] for kind, measured in responses.items()}
first = next(iter(scores.values()))[0]
method(splits, first, study.parameters.encoding.splits)

# %%
metric = comparison.metric(study, scores)
values = comparison.of_networks(comparison.values(scores, others, metric), cards)
comparison.figures.heat(values, **study.look)

# %%
best = comparison.best(values)
comparison.sentences(best, values)

# %%
text.table(best, fold=True)

# %% [markdown] tags=["lang-es"]
# ## ¿Lo dirían otros sonidos?
#
# La ventaja de la mejor red sobre cada rival, con intervalos del 95 % de cuánto cambiaría con otros sonidos, y con el
# método de Holm para todos los rivales de una respuesta (cuánto cubren: tests/COVERAGE.md). La mejor se eligió por su
# valor: eso favorece un poco a su ventaja. Aquí r² es la correlación al cuadrado, sin corregir.

# %% [markdown] tags=["lang-en"]
# ## Would other sounds say so?
#
# The lead of the best network over each rival, with 95 % intervals of how much it would change with other sounds, and
# with Holm's method for all rivals of a target (what they cover: tests/COVERAGE.md). The best one was chosen by its
# value, which favours its lead a little. Here r² is the squared correlation, not corrected.

# %%
leads = comparison.leads.leads(study, responses)  # one row per target and rival
comparison.figures.leads(leads, **study.look)

# %%
comparison.leads.said(leads, responses)

# %% [markdown] tags=["lang-es"]
# ## Red por red

# %% [markdown] tags=["lang-en"]
# ## Network by network

# %%
comparison.about_beside(study)

# %%
comparison.figures.rows(values, **study.look)

# %% [markdown] tags=["lang-es"]
# ## Capa por capa
#
# Para comparar redes de distinta cantidad de capas, cada capa se ubica por su profundidad relativa: 0 es la primera, 1
# la última. Las líneas finas son redes; las gruesas, su media según para qué se entrenaron, con el área entre los
# cuartiles entre particiones.

# %% [markdown] tags=["lang-en"]
# ## Layer by layer
#
# To compare networks with different numbers of layers, each layer is placed by its relative depth: 0 is the first, 1
# the last. Thin lines are networks, thick ones their mean by what they were trained for, with the area between the
# quartiles over splits.

# %%
curves = comparison.of_networks(comparison.curves(scores, metric), cards)
comparison.figures.by_depth(curves, **study.look)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Dos respuestas a la vez
#
# Si dos respuestas pidieran lo mismo de una red, los puntos caerían sobre una línea. Los menús eligen cuáles se
# comparan.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Two targets at once
#
# If two targets asked the same of a network, points would fall on a line. The menus choose which ones are compared.

# %% tags=["diagnostic"]
comparison.figures.scatter(values, **study.look)

# %%
study.write(comparison_networks=cards, comparison_values=values, comparison_best=best, comparison_curves=curves)
study.write(comparison_leads=leads)
