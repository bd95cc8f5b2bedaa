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
# *Ridge* reparte el peso entre todas las unidades de una capa; el *lasso* elige unas pocas y deja las demás en cero.
# Si bastaran pocas unidades para predecir un componente, el lasso ganaría, y sus unidades dirían dónde está la
# información. Aquí se comparan en las mismas particiones y con la misma grilla de alfas.

# %% [markdown] tags=["lang-en"]
# # Ridge or lasso
#
# *Ridge* shares the weight out among all units of a layer; the *lasso* picks a few and leaves the others at zero. If a
# few units were enough to predict a component, the lasso would win, and its units would tell where the information
# lies. Here both are compared on the same splits and the same grid of alphas.

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
models: list = []  # some of its models; empty: all
outputs = "outputs"  # the folder for everything computed
checkpoints: list = []  # some of the models' training steps; empty: all

# %%
from helpers import figures, text
from helpers.pipeline import Work, julearn, regularisation

work = Work.of(study, models, outputs, checkpoints)
look = work.look

# %%
work.banner()

# %% [markdown] tags=["lang-es"]
# ## Cómo se comparan
#
# Diez veces se ordenan los sonidos al azar; la primera mitad entrena y la segunda pone a prueba. Sobre la primera, con
# medias restadas, el *lasso* multitarea minimiza
#
# $$\frac{1}{2n} \lVert Y - XW \rVert^2 + \alpha \sum_u \lVert W_u \rVert,$$
#
# donde $W_u$ son los pesos de la unidad $u$ para los seis componentes: una unidad sirve a todos o a ninguno. El de una
# tarea hace lo mismo con cada componente por separado. El $\alpha$ sale de cinco bloques contiguos de la primera mitad,
# entre $10^{-30}$ y $10^{29}$. Lo que se informa es el coeficiente de determinación
#
# $$R^2 = 1 - \frac{\sum_i (y_i - \hat{y}_i)^2}{\sum_i (y_i - \bar{y})^2},$$
#
# que, a diferencia del $r^2$ de los otros capítulos, baja también cuando la predicción acierta la forma y yerra la
# escala, y puede ser negativo.

# %% [markdown] tags=["lang-en"]
# ## How they are compared
#
# Ten times the sounds are put in a random order; the first half trains, the second tests. On the first, means
# subtracted, the multi-task *lasso* minimises
#
# $$\frac{1}{2n} \lVert Y - XW \rVert^2 + \alpha \sum_u \lVert W_u \rVert,$$
#
# where $W_u$ are the weights of unit $u$ for the six components: a unit serves all of them or none. The single-task one
# does the same for each component alone. $\alpha$ comes from five contiguous blocks of the first half, between
# $10^{-30}$ and $10^{29}$. What is reported is the coefficient of determination
#
# $$R^2 = 1 - \frac{\sum_i (y_i - \hat{y}_i)^2}{\sum_i (y_i - \bar{y})^2},$$
#
# which, unlike the $r^2$ of the other chapters, also falls when a prediction gets the shape right and the scale wrong,
# and can be negative.

# %%
curves = regularisation.curves(work)
look_layers = look | {"merged_last": work.merged_last}
figures.regularisation.by_layer(curves, regularisation.overlay(work), **look_layers)

# %%
figures.regularisation.differences(regularisation.differences(work), **look)

# %%
regularisation.sentences(work)

# %% [markdown] tags=["lang-es"]
# El intervalo tiene en cuenta que las particiones comparten sonidos (Nadeau y Bengio, 2003); sin eso parecería mucho
# más angosto de lo que es.

# %% [markdown] tags=["lang-en"]
# The interval allows for splits sharing sounds (Nadeau and Bengio, 2003); without that it would look far narrower than
# it is.

# %%
text.folded(text.table(regularisation.best(work).drop(columns=["n_splits"])))

# %% [markdown] tags=["lang-es"]
# ## Qué alfa se elige
#
# Un punto por partición. Un alfa en el borde de la grilla diría que la grilla era angosta o, en el *lasso*, que ninguna
# unidad valía la pena.

# %% [markdown] tags=["lang-en"]
# ## Which alpha is chosen
#
# One point per split. An alpha at the edge of the grid would say that the grid was narrow or, for the *lasso*, that no
# unit was worth using.

# %%
figures.regularisation.alphas(regularisation.alphas(work), regularisation.EDGES, **look_layers)

# %% [markdown] tags=["lang-es"]
# ## Qué unidades elige el lasso, y si vuelve a elegirlas
#
# Si las unidades elegidas fueran la sede de un componente, otra partición de los sonidos debería elegir las mismas. El
# índice de Jaccard cuenta las unidades que dos elecciones comparten sobre las que suman entre ambas; dos conjuntos al
# azar del mismo tamaño también comparten algunas, y eso es lo que muestran las líneas de puntos.

# %% [markdown] tags=["lang-en"]
# ## Which units the lasso selects, and whether it selects them again
#
# If the selected units were the seat of a component, another split of the sounds should select the same ones. The
# Jaccard index counts the units that two selections share over those that they hold together; two random sets as large
# share some as well, which is what the dotted lines show.

# %%
figures.selection.units(curves, regularisation.n_units(work), **look_layers)

# %%
figures.selection.agreement(regularisation.agreement(work), **look_layers)

# %%
figures.selection.shared(regularisation.shared(work), **look)

# %% [markdown] tags=["lang-es"]
# ## Dos métricas con un mismo nombre
#
# Trabajos anteriores llamaron $r^2$ tanto a la correlación al cuadrado como al coeficiente de determinación. De las
# mismas predicciones salen números distintos:

# %% [markdown] tags=["lang-en"]
# ## Two metrics under one name
#
# Earlier work called both the squared correlation and the coefficient of determination $r^2$. The same predictions give
# different numbers:

# %%
figures.regularisation.metrics(curves, **look)

# %% [markdown] tags=["lang-es"]
# ## Lo mismo con julearn

# %% [markdown] tags=["lang-en"]
# ## The same with julearn

# %%
julearn.sentences(work)

# %%
figures.julearn.compare(julearn.table(work), **look)
