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
# # Seis componentes de la corteza auditiva
#
# Norman-Haignere, Kanwisher y McDermott (2015) encontraron que las respuestas de miles de vóxeles de la corteza
# auditiva a 165 sonidos naturales se explican con seis perfiles de respuesta. Cuatro siguen la acústica
# (frecuencias bajas, frecuencias altas, sonidos de banda ancha, altura tonal) y dos son selectivos del habla y de la
# música. ¿Qué capa de una red predice mejor cada uno?

# %% [markdown] tags=["lang-en"]
# # Six components of auditory cortex
#
# Norman-Haignere, Kanwisher and McDermott (2015) found that the responses of thousands of voxels of auditory cortex to
# 165 natural sounds are explained by six response profiles. Four follow acoustics (low frequencies, high frequencies,
# broadband sounds, pitch), and two are selective for speech and for music. Which layer of a network predicts each of
# them best?

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
models: list = []  # some of its models; empty: all
outputs = "outputs"  # the folder for everything computed
checkpoints: list = []  # some of the models' training steps; empty: all

# %%
from helpers import figures, text
from helpers.pipeline import Work, components

work = Work.of(study, models, outputs, checkpoints)
look = work.look

# %%
work.banner()

# %% [markdown] tags=["lang-es"]
# ## Cómo se predice
#
# Los sonidos se parten diez veces al azar en mitades: una para entrenar, otra para poner a prueba. En la primera se
# resta la media a las activaciones $X$ y a las respuestas $y$ y se ajusta una regresión *ridge*,
#
# $$\hat{w} = \underset{w}{\operatorname{argmin}} \; \lVert y - Xw \rVert^2 + \alpha \lVert w \rVert^2,$$
#
# con un $\alpha$ propio para cada componente: el que da el menor error al dejar afuera un sonido por vez, entre cien
# potencias de diez de $10^{49}$ a $10^{-50}$. La lista es tan ancha para que sus bordes no decidan nada. En la segunda
# mitad se mide $r^2$, la correlación de Pearson al cuadrado entre lo predicho y lo medido; una correlación negativa
# vale cero. Lo que se muestra es la mediana entre particiones, con sus cuartiles. Los componentes no tienen
# repeticiones, así que no hay techo de ruido que dibujar: cuánto de la distancia a 1 es ruido, no se sabe.

# %% [markdown] tags=["lang-en"]
# ## How it is predicted
#
# The sounds are split at random into halves ten times: one to train on, one to test on. On the first, the mean is
# subtracted from activations $X$ and responses $y$, and a ridge regression is fitted,
#
# $$\hat{w} = \underset{w}{\operatorname{argmin}} \; \lVert y - Xw \rVert^2 + \alpha \lVert w \rVert^2,$$
#
# with an $\alpha$ for each component: the one with the smallest error when one sound at a time is left out, among a
# hundred powers of ten from $10^{49}$ to $10^{-50}$. The list is that wide so that its edges decide nothing. On the
# second half $r^2$ is measured, the squared Pearson correlation of what was predicted and what was measured; a negative
# correlation counts as zero. What is shown is the median over splits, with its quartiles. Components have no
# repetitions, so there is no noise ceiling to draw: how much of the distance to 1 is noise is not known.

# %%
curves = components.curves(work)
figures.by_layer(curves, merged_last=work.merged_last, **look)

# %% [markdown] tags=["lang-es"]
# La línea gris es la misma red antes de aprender nada: lo que le basta a una regresión con una red cualquiera. Lo que
# está por encima de ella se aprendió.

# %% [markdown] tags=["lang-en"]
# The grey line is the same network before it learned anything: what a regression can do with any network. Whatever lies
# above it was learned.

# %%
best = components.best(work)
text.folded(text.table(best.drop(columns=["metric"])))

# %%
components.sentences(work)

# %% [markdown] tags=["lang-es"]
# ## Sonido por sonido
#
# Cada punto es un sonido: lo que el componente respondió y lo que se predijo cuando ese sonido estaba en la mitad de
# prueba. Los que quedan lejos de la línea son los que la red oye de otro modo que el cerebro.

# %% [markdown] tags=["lang-en"]
# ## Sound by sound
#
# Every point is a sound: what the component answered, and what was predicted when that sound was in the test half.
# Those far from the line are the ones that the network hears in another way than the brain.

# %%
figures.sounds.predicted(components.predicted(work), **look)
