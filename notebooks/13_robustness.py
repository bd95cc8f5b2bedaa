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
# # Qué tan firme es el orden
#
# ¿Cuántas redes se pueden distinguir con estos sonidos? ¿Y cambia el orden de las redes con decisiones que podrían
# haberse tomado de otra manera?

# %% [markdown] tags=["lang-en"]
# # How firm the order is
#
# How many networks can these sounds tell apart? And does the order of the networks change with decisions that could
# have been made otherwise?

# %% tags=["parameters"]
study = "networks"  # in params/, or a YAML file; {"study": "networks", "models": ["silero", "crepe"]}: a part

# %%
from helpers import text
from helpers.chapters import question, robustness
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %% [markdown] tags=["lang-es"]
# ## Recuperación del modelo
#
# Se simula un cerebro como si fuera una capa de una red: la respuesta que esa capa predice, más sus errores reales al
# dejar afuera un sonido por vez, repartidos entre los sonidos en otro orden. Después se comparan todas las redes con
# esa respuesta como si no se supiera de dónde viene. Si la red verdadera no se recupera, una ventaja de ese tamaño
# entre dos redes no dice cuál se parece más al cerebro.

# %% [markdown] tags=["lang-en"]
# ## Model recovery
#
# A brain is simulated that is one layer of one network: the response that the layer predicts, plus its real errors when
# one sound at a time is left out, given to the sounds in another order. Then all networks are compared with that
# response as if its origin were unknown. Where the true network is not recovered, a lead of that size between two
# networks does not tell which of them is more like the brain.

# %%
responses = robustness.responses(study)  # (sound, target)
rows = robustness.recovered(study, responses)  # one row per simulated response: what it was made from, what is picked
confusion = robustness.confusion(rows)
robustness.figures.confusion(confusion, **study.look)

# %% [markdown] tags=["lang-es"]
# ## El multiverso
#
# Cada columna es una forma razonable de comparar: cómo se elige alfa, cómo se elige la capa, con qué métrica y con qué
# particiones. Un orden que solo vale en algunas columnas no es un resultado sobre el cerebro; uno que vale en todas
# tampoco lo es por eso: todas comparten los sonidos, las redes y la semilla de su entrenamiento, y no hay controles. En
# los rótulos, α se elige para cada respuesta (c/u) o es única; la capa, por los sonidos de entrenamiento (entr.) o por
# el valor mismo (máx.); r² es la correlación al cuadrado y R², el coeficiente de determinación.

# %% [markdown] tags=["lang-en"]
# ## The multiverse
#
# Each column is a reasonable way of comparing: how alpha is chosen, how the layer is chosen, by which metric and with
# which splits. An order that holds in some columns only is not a result about the brain; nor is one that holds in all
# of them by that alone: they share the sounds, the networks and the seed of their training, and have no controls. In
# the labels, α is chosen for each target or is one for all; the layer, by the train sounds (train) or by the value
# itself (max); r² is the squared correlation and R² the coefficient of determination.

# %%
universes = robustness.universes(study, responses)  # r2 of every network and target in every universe
ranks = robustness.ranks(universes)
robustness.figures.ranks(ranks, **study.look)

# %%
robustness.sentences(rows, ranks, question.heard_here(study))

# %%
firsts = robustness.firsts(universes)
text.table(firsts)

# %% [markdown] tags=["lang-es"]
# ## Otras semillas
#
# Una red pequeña, entrenada con pocos sonidos, llega a otro resultado si parte de otros pesos o recibe los
# sonidos en otro orden.
# Las redes que se entrenan aquí se entrenan de nuevo, con la misma receta y otra semilla, y se comparan otra vez con
# las mismas respuestas y particiones.

# %% [markdown] tags=["lang-en"]
# ## Other seeds
#
# A small network that is trained on few sounds ends differently when it starts from other weights or is given the
# sounds in another order. The networks that are trained here are trained anew, by the same recipe and from another
# seed, and compared again with the same responses and splits.

# %%
seeds = robustness.seeds.values(study, responses)  # r2 of every network that is trained here, from every seed
baselines = robustness.seeds.baselines(study, responses)  # the highest of each target
robustness.figures.seeds(seeds, baselines, **study.look)

# %%
verdicts = robustness.seeds.verdicts(study)  # of each claim, from every seed; None without the chapter on claims
robustness.seeds.sentences(seeds, verdicts)

# %%
robustness.seeds.shown(verdicts)

# %%
study.write(seeds=seeds, recovery=rows, confusion=confusion, universes=universes, ranks=ranks, firsts=firsts)
