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
# # Ridge o lasso
#
# *Ridge* reparte el peso entre todas las unidades de una capa; el *lasso* elige unas pocas y deja las demás en cero. Si
# bastaran pocas unidades para predecir un componente, el *lasso* ganaría, y sus unidades dirían dónde está la
# información. Aquí se los compara en las mismas particiones y con la misma grilla de alfas.

# %% [markdown] tags=["lang-en"]
# # Ridge or lasso
#
# *Ridge* spreads the weight over all units of a layer; the *lasso* selects a few and leaves the others at zero. If a
# few units were enough to predict a component, the *lasso* would win, and its units would show where the information
# lies. Here they are compared on the same splits and the same grid of alphas.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"]} is a part of it

# %%
from functools import partial

from helpers import encoding, text
from helpers.chapters import regularisation
from helpers.stats import selection
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Cómo se comparan
#
# Los sonidos se ordenan al azar; una parte forma el conjunto de entrenamiento y la otra, el de prueba.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## How they are compared
#
# The sounds are put in a random order; one part trains, the other tests.

# %% tags=["diagnostic"]
responses = study.responses("components")  # (sound, target)
splits = study.split(regularisation.SCHEME)  # (split, sound): "train", "test" or "unused", and the random order
print(dict(responses.sizes), dict(splits.sizes), {part: int((splits[0] == part).sum()) for part in ("train", "test")})

# %% [markdown] tags=["lang-es", "diagnostic"]
# Con los sonidos de entrenamiento, restadas las medias, *ridge* usa un mismo $\alpha$ para todos los componentes. El
# *lasso* multitarea minimiza
#
# $$\frac{1}{2n} \lVert Y - XW \rVert^2 + \alpha \sum_u \lVert W_u \rVert,$$
#
# donde $W_u$ son los pesos de la unidad $u$ para todos los componentes: una unidad sirve a todos o a ninguno. El
# *lasso* univariado hace lo mismo con cada componente por separado. En los tres, $\alpha$ se elige por validación
# cruzada en bloques contiguos de los sonidos de entrenamiento.

# %% [markdown] tags=["lang-en", "diagnostic"]
# On the train sounds, means subtracted, *ridge* uses one $\alpha$ for all components. The multi-task *lasso* minimises
#
# $$\frac{1}{2n} \lVert Y - XW \rVert^2 + \alpha \sum_u \lVert W_u \rVert,$$
#
# where $W_u$ are the weights of unit $u$ for all components: a unit serves all of them or none. The single-task *lasso*
# does the same for each component alone. For all three, $\alpha$ is chosen by cross-validation on contiguous folds of
# the train sounds.

# %% tags=["diagnostic"]
how = study.encoding | {"splits": splits, "metrics": regularisation.METRICS}
score = partial(study.keep, encoding.score, responses=responses, **how)  # kept on disk
kinds, models = regularisation.ESTIMATORS.items(), study.last_checkpoints()
compared = [selection.beside({name: score(features=model, estimator=one) for name, one in kinds}) for model in models]
print(dict(compared[0].sizes))

# %% tags=["diagnostic"]
regularisation.method(splits, compared[0])

# %% [markdown] tags=["lang-es"]
# Se informa el coeficiente de determinación en el conjunto de prueba,
#
# $$R^2 = 1 - \frac{\sum_i (y_i - \hat{y}_i)^2}{\sum_i (y_i - \bar{y})^2},$$
#
# que, a diferencia del $r^2$ de los otros capítulos, baja también cuando la predicción acierta la forma pero no la
# escala, y puede ser negativo. De cada estimador se compara la capa con la mayor mediana de $R^2$ en los sonidos de
# prueba, así que ambos valores son algo demasiado altos.

# %% [markdown] tags=["lang-en"]
# What is reported is the coefficient of determination on the test sounds,
#
# $$R^2 = 1 - \frac{\sum_i (y_i - \hat{y}_i)^2}{\sum_i (y_i - \bar{y})^2},$$
#
# which, unlike the $r^2$ of the other chapters, also falls when a prediction gets the shape right and the scale wrong,
# and can be negative. Of each estimator the layer with the highest median $R^2$ on the test sounds is compared, so both
# values are somewhat too high.

# %%
rows = selection.rows(compared)  # one row per model, split, layer, estimator and component
curves = selection.curves(rows)  # median and quartiles over splits
regularisation.figures.by_layer(curves, regularisation.overlay(study), **study.look)

# %%
best = selection.best(curves)
differences = selection.differences(rows, best, encoding.splits.train_share(splits), "ridge", "lasso")
regularisation.ridge_ahead(differences)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## La diferencia, componente por componente
#
# El intervalo tiene en cuenta que las particiones comparten sonidos (Nadeau y Bengio, 2003); sin eso parecería mucho
# más angosto de lo que es.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## The difference, component by component
#
# The interval allows for splits that share sounds (Nadeau and Bengio, 2003); without that it would look far narrower
# than it is.

# %% tags=["diagnostic"]
regularisation.figures.differences(differences, **study.look)

# %% tags=["diagnostic"]
text.table(best.drop(columns=["n_splits"]), fold=True)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Qué alfa se elige
#
# Un punto por partición. Un alfa en el borde de la grilla indicaría que la grilla era angosta o, en el *lasso*, que
# ninguna unidad valía la pena. El alfa del lasso está en las unidades de la respuesta, y la grilla publicada va de
# década en década: con otras unidades el lasso encuentra otros alfas y sus valores pueden cambiar. Los de la *ridge*,
# no.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Which alpha is chosen
#
# One point per split. An alpha at the edge of the grid would indicate that the grid was too narrow or, for the *lasso*,
# that no unit was worth using. The alpha of a lasso is in the units of the response, and the published grid goes in
# decades: in other units the lasso finds other alphas, and its values may change. Those of ridge do not.

# %% tags=["diagnostic"]
alphas = selection.chosen(rows)
regularisation.figures.alphas(alphas, selection.edges(compared[0]), **study.look)

# %% tags=["diagnostic"]
regularisation.alphas_chosen(alphas, rows)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Qué unidades elige el lasso, y si vuelve a elegirlas
#
# Si las unidades elegidas fueran la sede de un componente, otra partición de los sonidos debería elegir las mismas. El
# índice de Jaccard es el número de unidades que dos elecciones comparten, dividido por el de las que reúnen entre
# ambas; dos conjuntos al azar del mismo tamaño también comparten algunas: es lo que muestran las líneas de puntos.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Which units the lasso selects, and whether it selects them again
#
# If the selected units were the seat of a component, another split of the sounds should select the same ones. The
# Jaccard index is the number of units that two selections share over the number in either of them; two random sets of
# the same size share some as well, which is what the dotted lines show.

# %% tags=["diagnostic"]
regularisation.figures.units(curves, selection.n_units(compared), **study.look)

# %% tags=["diagnostic"]
agreement = regularisation.agreement(compared)  # between all pairs of splits
regularisation.figures.agreement(agreement, **study.look)

# %% tags=["diagnostic"]
regularisation.units_selected(compared, best, agreement)

# %% tags=["diagnostic"]
shared = regularisation.shared(compared, curves)  # between all pairs of components
regularisation.figures.shared(shared, **study.look)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Dos métricas con un mismo nombre
#
# Trabajos anteriores llamaron $r^2$ tanto a la correlación al cuadrado como al coeficiente de determinación. De las
# mismas predicciones salen números distintos:

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Two metrics under one name
#
# Earlier work called both the squared correlation and the coefficient of determination $r^2$. The same predictions give
# different numbers:

# %% tags=["diagnostic"]
regularisation.figures.metrics(curves, **study.look)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Lo mismo con julearn

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## The same with julearn

# %% tags=["diagnostic"]
by_julearn = regularisation.julearn.tables(study)  # what `python -m helpers julearn` left, if anything
regularisation.julearn.sentences(study, by_julearn.get("julearn_summary"))

# %% tags=["diagnostic"]
regularisation.figures.julearn(by_julearn.get("julearn"), by_julearn.get("julearn_summary"), **study.look)

# %%
tables = {"scores": rows, "curves": curves, "best": best, "alphas": alphas, "agreement": agreement, "shared": shared}
tables = {f"regularisation_{name}": table for name, table in (tables | {"differences": differences}).items()}
study.write(**tables, **by_julearn)
