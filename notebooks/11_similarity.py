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
# # ¿Qué sonidos se parecen, para la red y para el cerebro?
#
# La regresión pregunta si las respuestas se pueden *predecir* con alguna combinación de las unidades de una capa. Otra
# pregunta no deja ajustar nada: ¿se parecen los mismos sonidos para la capa y para el cerebro? Se comparan dos
# matrices: una guarda la correlación de cada par de sonidos entre las respuestas, y la otra, entre las unidades.

# %% [markdown] tags=["lang-en"]
# # Are the same sounds alike?
#
# Regression asks whether responses can be *predicted* by some combination of the units of a layer. Another question
# leaves nothing to fit: do the layer and the brain find the same sounds alike? Two matrices are compared, which hold
# the correlation of each two sounds over the responses, and over the units.

# %% tags=["parameters"]
study = "networks"  # in params/, or a YAML file; {"study": "networks", "models": ["silero"]}: a part

# %%
from functools import partial

from helpers import encoding, text
from helpers.chapters import method, similarity
from helpers.stats import rsa
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Qué se compara, y qué se resta
#
# Las respuestas se promedian entre repeticiones. En cada partición, a cada respuesta se le resta su media en los
# sonidos de entrenamiento y se la divide por su desvío en ellos; a cada unidad, también. La similitud es la correlación
# de Spearman entre los triángulos superiores de las dos matrices. Donde hay sujetos, cada uno tiene su matriz.
#
# La capa se elige con la matriz de los sonidos de entrenamiento, por sujeto y partición; el valor es el de los sonidos
# de prueba. Ninguna matriz junta un sonido de entrenamiento con uno de prueba. Esta comparación usa solo las
# diferencias *entre* las respuestas de una región: lo que todas ellas tienen en común desaparece de la correlación.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## What is compared, and what is subtracted
#
# Responses are averaged over repetitions. In each split, the mean of each response over the train sounds is subtracted
# from it, and it is divided by its standard deviation over them; each unit likewise. The similarity is Spearman's
# correlation between the upper triangles of the two matrices. Where there are subjects, each has a matrix.
#
# The layer is chosen by the matrix of the train sounds, by subject and split; the value is that of the test sounds. No
# matrix has a train sound beside a test sound. This comparison only uses the differences *between* the responses of a
# region: what all of them share vanishes from the correlation.

# %% tags=["diagnostic"]
measure = "spearman"  # for networks and ceilings; "pearson": only to reproduce a published ceiling
responses = similarity.responses(study)  # name of a set -> (sound, target[, repetition])
splits, beside = study.splits, similarity.baselines(study)
print({kind: dict(one.sizes) for kind, one in responses.items()}, dict(splits.sizes))

# %% tags=["diagnostic"]
similarity.about(study, responses)

# %% tags=["diagnostic"]
networks = [*study.last_checkpoints(), *study.references()]  # then baselines and controls: one (sound, unit) a layer
compare = partial(study.keep, rsa.score, splits=splits, measure=measure)  # kept on disk
alike = {kind: [compare(features=one, responses=measured) for one in networks] for kind, measured in responses.items()}
score = partial(study.keep, encoding.score, splits=splits, **study.encoding)
scores = {kind: [score(features=one, responses=measured) for one in networks] for kind, measured in responses.items()}
method.method(splits, next(iter(scores.values()))[0], study.parameters.encoding.splits)

# %% [markdown] tags=["lang-es"]
# ## Hasta dónde se puede llegar
#
# El techo de la similitud sale de los sujetos: cuánto se parece la matriz de uno a la media de las de los demás (cota
# inferior) y a la media de todas, la suya incluida (cota superior). La medida es la misma que para las redes; el código
# publicado usa la de Pearson para el techo y la de Spearman para las redes, y así sus dos números no se pueden
# comparar. Para la regresión, las respuestas de un sujeto se predicen a partir de las de los demás, igual que con una
# red. No es una cota, porque también las respuestas de los demás tienen ruido.

# %% [markdown] tags=["lang-en"]
# ## How far one can get
#
# The ceiling of similarity comes from the subjects: how similar the matrix of one is to the mean of the others' (lower
# ceiling), and to the mean of all, its own included (upper ceiling). The measure is the same as for networks; the
# published code uses Pearson's for the ceiling and Spearman's for networks, so that its two numbers cannot be compared.
# For regression, the responses of a subject are predicted from those of the others, in the same way as from a network.
# That is no bound, since the others' responses are noisy, too.

# %%
metric = similarity.metric(study, scores)
people = partial(study.keep, rsa.inter_subject, splits=splits, metric=metric, **study.encoding)
bounds = {kind: rsa.ceilings(measured, splits, measure=measure) for kind, measured in responses.items()}
ceilings = similarity.ceilings(bounds, {kind: people(responses=measured) for kind, measured in responses.items()})
similarity.limits(ceilings)

# %%
text.table(ceilings, fold=True)

# %% [markdown] tags=["lang-es"]
# ## Capa por capa
#
# Todas las capas, elegidas o no, en los sonidos de prueba. Cada capa se ubica por su profundidad relativa: 0 es la
# primera, 1 la última.

# %% [markdown] tags=["lang-en"]
# ## Layer by layer
#
# All layers, chosen or not, on the test sounds. Each layer is placed by its relative depth: 0 is the first, 1 the last.

# %%
curves = similarity.curves(alike, beside)
similarity.figures.by_depth(curves, ceilings, **study.look)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Junto al r², capa por capa
#
# Lo mismo junto al r² de cada capa, que sale de la regresión. Donde las dos curvas no suben y bajan a la vez, una capa
# sirve para predecir sin que los sonidos se parezcan en ella como en el cerebro, o al revés.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Beside r², layer by layer
#
# The same beside the r² of each layer, which regression gives. Where the two curves do not rise and fall together, a
# layer serves to predict without finding the same sounds alike as the brain does, or the other way round.

# %% tags=["diagnostic"]
together = similarity.together(curves, scores, metric)
similarity.figures.together(together, **study.look)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Similitud y regresión
#
# Ambas se leen en una capa elegida con los sonidos de entrenamiento, cada una en la suya. No miden lo mismo: la
# regresión puede quedarse con pocas unidades e ignorar las demás; en la similitud pesan todas por igual. Una red puede
# contener lo que una respuesta necesita y, aun así, ordenar los sonidos de otra manera.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Similarity and regression
#
# Both are read at a layer chosen on the train sounds, each at its own. They do not measure the same: regression may
# keep a few units and ignore the others; in similarity all have the same weight. A network can hold what a response
# needs and still order sounds in another way.

# %% tags=["diagnostic"]
values = similarity.values(alike, scores, metric, beside)
similarity.figures.scatter(values, **study.look)

# %% tags=["diagnostic"]
similarity.sentences(values)

# %% tags=["diagnostic"]
text.table(values, fold=True)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Sujeto por sujeto

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Subject by subject

# %% tags=["diagnostic"]
subjects = similarity.by_subject(alike, beside)
similarity.of_people(subjects)

# %%
study.write(similarity_values=values, similarity_curves=curves, similarity_ceilings=ceilings, similarity_r2=together)
study.write(similarity_subjects=subjects)
