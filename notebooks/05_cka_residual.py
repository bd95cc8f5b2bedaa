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
# # Por qué la última capa es distinta
#
# En un *transformer* ResiDual cada bloque escribe en dos ramas. La izquierda se normaliza después de cada bloque
# (*post-norm*) y así transforma lo que recibe; la derecha suma lo que escriben los bloques y nunca se normaliza en el
# camino, de modo que lo que escribieron las primeras capas sigue ahí al final. La salida del codificador suma las dos.

# %% [markdown] tags=["lang-en"]
# # Why the last layer is set apart
#
# In a ResiDual transformer each block writes into two branches. The left one is normalised after each block (post-norm)
# and so transforms what it gets; the right one adds up what the blocks write and is never normalised on its way, so
# that what the first layers wrote is still there at the end. The encoder's output is the sum of both.

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
models: list = []  # some of its models; empty: all
outputs = "outputs"  # the folder for everything computed
checkpoints: list = []  # some of the models' training steps; empty: all

# %%
from helpers import figures, text
from helpers.pipeline import Work, branches

work = Work.of(study, models, outputs, checkpoints)
look = work.look

# %%
work.banner()

# %%
figures.branches.drawing()

# %% [markdown] tags=["lang-es"]
# ## Cuánto se parecen
#
# La alineación de núcleos centrada (CKA) lineal compara cómo dos capas separan los mismos sonidos. Con los núcleos
# centrados $K$ y $L$ de ambas,
#
# $$\mathrm{CKA} = \frac{\mathrm{HSIC}(K, L)}{\sqrt{\mathrm{HSIC}(K, K)\,\mathrm{HSIC}(L, L)}}$$
#
# (Kornblith et al., 2019). Vale 1 para representaciones iguales salvo rotación y escala. Se usa el estimador sin sesgo
# de HSIC (Song et al., 2012), porque con más unidades que sonidos el estimador simple ve parecido hasta en el ruido. Se
# muestra sobre los promedios temporales que usa la regresión y sobre todos los cuadros.

# %% [markdown] tags=["lang-en"]
# ## How similar they are
#
# Linear centred kernel alignment (CKA) compares how two layers set the same sounds apart. With the centred kernels $K$
# and $L$ of both,
#
# $$\mathrm{CKA} = \frac{\mathrm{HSIC}(K, L)}{\sqrt{\mathrm{HSIC}(K, K)\,\mathrm{HSIC}(L, L)}}$$
#
# (Kornblith et al., 2019). It is 1 for representations that are equal but for rotation and scale. The unbiased
# estimator of HSIC is used (Song et al., 2012), because with more units than sounds the plain one sees similarity even
# in noise. It is shown on the time averages that the regression uses and on all frames.

# %%
figures.branches.heat_maps(branches.matrices(work), branches.towers(work), **look)

# %%
branches.frames_used(work)

# %%
figures.branches.merged(branches.merged(work), **look)

# %%
branches.sentences(work)

# %% [markdown] tags=["lang-es"]
# ## Qué cambia si se la deja afuera
#
# La última capa del codificador con la suma de las ramas y con la izquierda sola, y la mejor capa con y sin ella:
# mediana de $r^2$ en prueba de cada componente.

# %% [markdown] tags=["lang-en"]
# ## What leaving it out changes
#
# The encoder's last layer with the sum of both branches and with the left one alone, and the best layer with and
# without it: median test $r^2$ of each component.

# %%
branches.cost(work)
