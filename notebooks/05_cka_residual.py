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
# # La última capa, suma de ambas ramas
#
# En un *transformer* ResiDual cada bloque escribe en dos ramas. La izquierda se normaliza después de cada bloque
# (*post-norm*) y así transforma lo que recibe; la derecha suma lo que escriben los bloques y nunca se normaliza en el
# camino, de modo que lo que escribieron las primeras capas sigue ahí al final. La salida del codificador suma las dos.

# %% [markdown] tags=["lang-en"]
# # The last layer, sum of both branches
#
# In a ResiDual transformer each block writes into two branches. The left one is normalised after each block (post-norm)
# and so transforms what it gets; the right one adds up what the blocks write and is never normalised on its way, so
# that what the first layers wrote is still there at the end. The encoder's output is the sum of both.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from helpers.chapters import cka_residual as branches
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
branches.figures.drawing()

# %%
streams = branches.streams(study, branches.names(study)[0])  # both branches of a network's last checkpoint
print(dict(streams["activations"].sizes), dict(streams["merged"].sizes))

# %% [markdown] tags=["lang-es"]
# ## Cuánto se parecen
#
# La alineación de kernels centrados (CKA) lineal compara cómo dos capas separan los mismos sonidos. Con los kernels
# centrados $K$ y $L$ de ambas,
#
# $$\mathrm{CKA} = \frac{\mathrm{HSIC}(K, L)}{\sqrt{\mathrm{HSIC}(K, K)\,\mathrm{HSIC}(L, L)}}$$
#
# (Kornblith et al., 2019). Vale 1 para representaciones iguales salvo rotación y escala. Se usa el estimador sin sesgo
# de HSIC (Song et al., 2012): el simple encuentra similitud hasta en el ruido, tanta más cuantas más unidades hay por
# sonido. Se muestra sobre los promedios temporales que usa la regresión y sobre todos los cuadros.

# %% [markdown] tags=["lang-en"]
# ## How similar they are
#
# Linear centred kernel alignment (CKA) compares how two layers set the same sounds apart. With the centred kernels $K$
# and $L$ of both,
#
# $$\mathrm{CKA} = \frac{\mathrm{HSIC}(K, L)}{\sqrt{\mathrm{HSIC}(K, K)\,\mathrm{HSIC}(L, L)}}$$
#
# (Kornblith et al., 2019). It is 1 for representations that are equal but for rotation and scale. The unbiased
# estimator of HSIC is used (Song et al., 2012): the plain one finds similarity even in noise, the more of it the more
# units there are for each sound. It is shown on the time averages that the regression uses and on all frames.

# %%
matrices = branches.matrices(study)
branches.figures.heat_maps(matrices, branches.towers(study), **study.look)

# %%
branches.frames_used(matrices)

# %%
merged = branches.merged(study)
branches.figures.merged(merged, **study.look)

# %%
costs = branches.last_layer(study)
branches.sentences(matrices, merged, costs)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Qué cambia si se la deja afuera
#
# La última capa del codificador con la suma de las ramas y con la izquierda sola, y la mejor capa con y sin ella:
# mediana de $r^2$ de cada componente en el conjunto de prueba.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## What leaving it out changes
#
# The encoder's last layer with the sum of both branches and with the left one alone, and the best layer with and
# without it: median test $r^2$ of each component.

# %% tags=["diagnostic"]
branches.shown_cost(costs)

# %%
study.write(branches_cka=matrices, branches_merged=merged, branches_last_layer=costs)
