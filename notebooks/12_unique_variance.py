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
# # Lo que agrega una red
#
# Una red puede predecir la respuesta al habla solo porque distingue el habla de lo demás, o solo porque sigue la
# acústica. Aquí se pregunta qué explica cada red que no expliquen ya las etiquetas de categoría ni la acústica.

# %% [markdown] tags=["lang-en"]
# # What a network adds
#
# A network may predict the response to speech only because it tells speech from the rest, or only because it follows
# acoustics. The question here is what each network explains that category labels and acoustics do not explain already.

# %% tags=["parameters"]
study = "networks"  # in params/, or a YAML file; {"study": "networks", "models": ["silero"]}: a part

# %%
from helpers import text
from helpers.chapters import unique_variance
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %% [markdown] tags=["lang-es"]
# ## Método
#
# Se ajusta una *ridge* con una penalización por espacio (*banded ridge*): a las activaciones de la red $A$ y a las de
# una línea de base $B$ se les da un peso $\gamma$, y $\gamma$ y $\alpha$ se eligen juntos, para cada respuesta, por el
# error al dejar afuera un sonido de entrenamiento por vez; del mismo modo se elige la capa de la red. Lo que la red
# agrega es
#
# $$R^2(A, B) - R^2(B),$$
#
# en los sonidos de prueba. Puede ser negativo, y no se recorta. Al lado está lo que agrega la misma red sin entrenar:
# lo que no pasa de ahí no indica nada aprendido.

# %% [markdown] tags=["lang-en"]
# ## Method
#
# A ridge with one penalty per space is fitted (banded ridge): the activations of the network $A$ and of a baseline $B$
# are given a weight $\gamma$, and $\gamma$ and $\alpha$ are chosen together, for each target, by the error when one
# train sound at a time is left out; the network's layer is chosen in the same way. What the network adds is
#
# $$R^2(A, B) - R^2(B),$$
#
# on the test sounds. It may be negative, and is not clipped. Beside it stands what the same network adds untrained:
# what does not go beyond that is no sign of what it learned.

# %%
responses = unique_variance.responses(study)  # name of a set -> (sound, target[, repetition])
others = unique_variance.others(study)  # name of a baseline -> (sound, unit)
print(
    {kind: dict(one.sizes) for kind, one in responses.items()}, {name: dict(one.sizes) for name, one in others.items()}
)

# %%
found = [one for measured in responses.values() for one in unique_variance.partitions(study, others, measured)]
rows = unique_variance.beyond(found)  # one row per network, target, baseline and split
starts = [one for measured in responses.values() for one in unique_variance.untrained(study, others, measured)]
summary = unique_variance.summary(rows, starts)  # beside the same networks untrained
unique_variance.figures.added(summary, **study.look)

# %%
unique_variance.sentences(summary)

# %%
text.table(summary, fold=True)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Sin las categorías
#
# Otra forma de preguntar qué hay más allá de las etiquetas. *Dentro de las categorías*: de activaciones y respuestas se
# resta la media de cada categoría en los sonidos de entrenamiento, de modo que distinguir habla de música no sirve de
# nada. *Categorías nuevas*: una categoría por vez se deja afuera de la regresión y se predicen sus sonidos; las
# categorías parecidas siguen adentro, como el habla extranjera cuando se deja afuera el habla en inglés. Ese ajuste usa
# más sonidos que los otros, y no se puede comparar con ellos. Una correlación negativa cuenta como cero: también el
# azar da valores mayores que 0. De las categorías nuevas no hay aquí línea de base ni red sin entrenar: esos valores
# solos no dicen que haga falta una red.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Without the categories
#
# Another way to ask what lies beyond the labels. *Within categories*: the mean of each category over the train sounds
# is taken from activations and responses, so that telling speech from music is of no use. *New categories*: one
# category at a time is left out of the regression, and its sounds are predicted; similar categories stay, as foreign
# speech does when English speech is left out. That fit uses more sounds than the others, and cannot be compared with
# them. A negative correlation counts as zero: chance, too, gives values above 0. Of new categories there is neither a
# baseline nor an untrained network here, so these values alone do not say that it takes a network.

# %% tags=["diagnostic"]
first = next(iter(responses.values()))  # the first set of responses
labels = unique_variance.beside_labels(study, first)  # one row per network and target: all, within, new_category
unique_variance.figures.labels(labels, **study.look)

# %% tags=["diagnostic"]
unique_variance.of_labels(labels)

# %%
study.write(unique_rows=rows, unique_summary=summary, beside_labels=labels)
