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
# # Vóxel por vóxel
#
# ¿Qué capa de una red predice mejor cada lugar de la corteza auditiva? Si la red procesa el sonido en etapas
# parecidas a las del cerebro, la corteza primaria debería parecerse a las primeras capas, y las regiones que la
# rodean, a las profundas.

# %% [markdown] tags=["lang-en"]
# # Voxel by voxel
#
# Which layer of a network predicts each place of auditory cortex best? If the network processes sound in stages like
# those of the brain, primary cortex should resemble the first layers, and the regions around it the deep ones.

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
models: list = []  # some of its models; empty: all
outputs = "outputs"  # the folder for everything computed
checkpoints: list = []  # some of the models' training steps; empty: all

# %%
from helpers import figures, text
from helpers.pipeline import Work, voxelwise

work = Work.of(study, models, outputs, checkpoints)
look = work.look

# %%
work.banner()

# %%
voxelwise.facts(work)

# %%
voxelwise.excluded(work)

# %%
best = voxelwise.best(work)
figures.flatmap.region_map(best, **look)

# %% [markdown] tags=["lang-es"]
# ## Cuánto se puede predecir
#
# El ruido de una medición limita lo que cualquier modelo puede predecir. Cuando cada vóxel se midió varias veces, ese
# ruido puede estimarse, y $r^2$ se divide por la fiabilidad de los datos y por la de la predicción,
#
# $$r^2_c = \frac{r^2}{\hat{\rho}_v \, \hat{\rho}_p}, \qquad \hat{\rho} = \frac{3m}{1 + 2m},$$
#
# donde $m$ es la mediana de las correlaciones entre pares de repeticiones (de los datos, en los sonidos de
# entrenamiento; de las predicciones hechas con una sola repetición, en los de prueba). Las fiabilidades menores que
# 0,182 y 0,183, que es lo que daría el azar, se llevan a esos valores. Un valor corregido puede superar 1; la mediana
# entre particiones se recorta ahí. Sin repeticiones se muestra $r^2$ tal cual.

# %% [markdown] tags=["lang-en"]
# ## How much can be predicted
#
# The noise of a measurement limits what any model can predict. Where each voxel was measured several times, this noise
# can be estimated, and $r^2$ is divided by the reliability of the data and by that of the prediction,
#
# $$r^2_c = \frac{r^2}{\hat{\rho}_v \, \hat{\rho}_p}, \qquad \hat{\rho} = \frac{3m}{1 + 2m},$$
#
# where $m$ is the median of the correlations between pairs of repetitions (of the data, on the train sounds; of the
# predictions made from single repetitions, on the test sounds). Reliabilities below 0.182 and 0.183, which is what
# chance would give, are raised to these values. A corrected value can exceed 1; the median over splits is clipped
# there. Without repetitions $r^2$ is shown as it is.

# %%
published = voxelwise.overlay(work, "voxelwise_by_layer")
figures.voxels.pooled(voxelwise.pooled(work), voxelwise.ceilings(work), published, merged_last=work.merged_last, **look)

# %%
text.table(voxelwise.summary(work))

# %% [markdown] tags=["lang-es"]
# «Por encima del azar» se decide mezclando los sonidos: la misma regresión con las respuestas en otro orden, muchas
# veces, y con control de la tasa de falsos descubrimientos (FDR) entre vóxeles.

# %% [markdown] tags=["lang-en"]
# "Above chance" is decided by shuffling the sounds: the same regression with the responses in another order, many
# times, with the false-discovery rate (FDR) controlled over voxels.

# %% [markdown] tags=["lang-es"]
# ## Qué capa, qué región

# %% [markdown] tags=["lang-en"]
# ## Which layer, which region

# %%
published = voxelwise.overlay(work, "roi_by_layer")
figures.voxels.regions(voxelwise.regions(work), published, merged_last=work.merged_last, **look)

# %%
layers = voxelwise.layers(work)
figures.flatmap.r2_map(layers, best, merged_last=work.merged_last, **look)

# %% [markdown] tags=["lang-es"]
# Los vóxeles de varios sujetos caen en el mismo lugar del mapa; el color es la mediana de todos los que están ahí. En
# el mapa que sigue, si las capas del medio son dos, se toma la menor.

# %% [markdown] tags=["lang-en"]
# Voxels of several subjects fall on the same place of the map; the colour is the median of all that lie there. In the
# map that follows, where there are two middle layers the lower one is taken.

# %%
figures.flatmap.best_map(best, int(layers["layer"].max()), **look)

# %% [markdown] tags=["lang-es"]
# ## La jerarquía a prueba
#
# Para cada sujeto y región se toma la mediana de la profundidad relativa de la mejor capa: 0 es la primera; 1, la
# última. Si las regiones que rodean la corteza primaria se parecen a capas más profundas, sus valores menos el de la
# primaria son positivos en casi todos los sujetos; eso es lo que pregunta la prueba de rangos con signo de Wilcoxon.

# %% [markdown] tags=["lang-en"]
# ## The hierarchy tested
#
# For each subject and region, the median of the relative depth of the best layer is taken: 0 is the first, 1 the last.
# If the regions around primary cortex resemble deeper layers, their values minus that of primary cortex are positive in
# almost all subjects; that is what the Wilcoxon signed-rank test asks.

# %%
figures.subjects.depth(voxelwise.depth(work), voxelwise.hierarchy(work), **look)

# %%
voxelwise.hierarchy_sentences(work)

# %% [markdown] tags=["lang-es"]
# ## Modelo contra modelo
#
# Elegir la mejor capa y leer su valor con los mismos datos favorece a quien tiene más capas o más ruido. Por eso la
# capa se elige con la mitad de las particiones y el valor se lee en la otra mitad, diez veces. El error intrasujeto
# deja afuera lo que distingue a un sujeto de otro y sirve para comparar modelos; el intervalo dice cuánto cambiaría la
# media con otros sujetos.

# %% [markdown] tags=["lang-en"]
# ## Model against model
#
# Choosing the best layer and reading its value on the same data favours whoever has more layers or more noise. That is
# why the layer is chosen on one half of the splits and the value is read on the other half, ten times. The
# within-subject error leaves out what sets one subject apart from another, and serves to compare models; the interval
# says how much the mean would change with other subjects.

# %%
figures.subjects.models(voxelwise.models(work), voxelwise.overlay(work, "models"), **look)
