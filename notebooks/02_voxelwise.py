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
# # Modelos de codificación por vóxel
#
# ¿Qué capa de una red predice mejor cada lugar de la corteza auditiva? Si la red procesa el sonido en etapas parecidas
# a las del cerebro, la corteza primaria debería parecerse a las primeras capas, y las regiones que la rodean, a las
# profundas.

# %% [markdown] tags=["lang-en"]
# # Voxelwise encoding
#
# Which layer of a network predicts each place of auditory cortex best? If the network processes sound in stages like
# those of the brain, primary cortex should resemble the first layers, and the regions around it the deep ones.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from functools import partial

from helpers import encoding, text
from helpers.chapters.method import method
from helpers.chapters.voxelwise import analysis, figures, places, real_map, tables
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
responses = study.responses("voxels")  # (sound, target[, repetition])
features = study.features(study.models[0])  # one (sound, unit) array per layer
print(dict(responses.sizes), [dict(layer.sizes) for layer in features])

# %%
excluded = analysis.excluded(study)
analysis.shown_excluded(excluded)

# %% [markdown] tags=["lang-es"]
# ## Cuánto se puede predecir
#
# Cada vóxel se predice con una regresión *ridge* propia a partir de cada capa, del último punto de control de cada red.

# %% [markdown] tags=["lang-en"]
# ## How much can be predicted
#
# Each voxel is predicted by a ridge regression of its own from each layer, at the last checkpoint of each network.

# %%
splits = study.splits  # (split, sound): "train", "test" or "unused"
score = partial(study.keep, encoding.score, responses=responses, splits=splits, **study.encoding)
scores = [tables.located(score(features=features)) for features in study.last_checkpoints()]
metric = study.metric(scores[0])
method(splits, scores[0], study.parameters.encoding.splits)

# %% [markdown] tags=["lang-es"]
# El ruido de una medición limita lo que cualquier modelo puede predecir. Cuando cada vóxel se midió varias veces, ese
# ruido puede estimarse, y $r^2$ se divide por la fiabilidad de los datos y por la de la predicción,
#
# $$r^2_c = \frac{r^2}{\hat{\rho}_v \, \hat{\rho}_p}.$$

# %% [markdown] tags=["lang-en"]
# The noise of a measurement limits what any model can predict. Where each voxel was measured several times, this noise
# can be estimated, and $r^2$ is divided by the reliability of the data and by that of the prediction,
#
# $$r^2_c = \frac{r^2}{\hat{\rho}_v \, \hat{\rho}_p}.$$

# %%
analysis.noise(study)

# %%
pairs = zip(study.last_checkpoints(), scores, strict=True)
tests = [analysis.permuted(study, *pair) for pair in pairs]  # is a voxel predicted better than chance?
best = analysis.by_voxel(scores, metric, tests)
pooled = analysis.of_models(scores, tables.pooled, metric)
models = tables.models(scores, metric)
analysis.facts(study, best, pooled, models)

# %%
beside = [tables.located(score(features=one)) for one in study.references()]  # baselines, untrained, permuted weights
references = tables.references(beside, metric)
published = analysis.overlay(study, "voxelwise_by_layer")
figures.pooled(pooled, tables.ceilings(best), published, references, **study.look)

# %%
analysis.beside(pooled, references)

# %%
summary = analysis.summary(study, best, pooled)
text.table(summary)

# %% [markdown] tags=["lang-es"]
# «Por encima del azar» se decide permutando los sonidos: la misma regresión con las respuestas en otro orden, muchas
# veces, y con control de la tasa de falsos descubrimientos (FDR) entre vóxeles.

# %% [markdown] tags=["lang-en"]
# "Above chance" is decided by permuting the sounds: the same regression with the responses in another order, many
# times, with the false-discovery rate (FDR) controlled over voxels.

# %%
analysis.attainable(study)

# %% [markdown] tags=["lang-es"]
# ## Qué capa, qué región

# %% [markdown] tags=["lang-en"]
# ## Which layer, which region

# %%
regions = analysis.in_divisions(scores, tables.regions, metric)  # anatomical and functional
regions_beside = tables.regions_beside(beside, metric)
figures.regions(regions, analysis.overlay(study, "roi_by_layer"), regions_beside, **study.look)

# %%
layers = analysis.of_models(scores, tables.by_layer, metric)
figures.r2_map(places.layers(layers, best), pooled, **study.look)

# %% [markdown] tags=["lang-es"]
# Los vóxeles de varios sujetos caen en el mismo lugar del mapa; el color es la mediana de todos los que están ahí. En
# el mapa que sigue, si las capas del medio son dos, se toma la menor.

# %% [markdown] tags=["lang-en"]
# Voxels of several subjects fall on the same place of the map; the colour is the median of all that lie there. In the
# map that follows, where there are two middle layers the lower one is taken.

# %%
figures.best_map(places.best(best), places.most_frequent(best), pooled, **study.look)

# %%
analysis.surface(best)  # these figures appear where the voxels have vertices of the cortical surface

# %%
vertices = places.layers(layers, best, places.VERTEX)
figures.r2_surface(vertices, pooled, **study.look)

# %%
figures.best_surface(places.best(best, place=places.VERTEX), pooled, **study.look)

# %%
figures.difference_surface(vertices, **study.look)

# %% [markdown] tags=["lang-es", "diagnostic"]
# ## Dónde están las regiones
#
# El mismo mapa plano, con la región a la que pertenece cada vóxel.

# %% [markdown] tags=["lang-en", "diagnostic"]
# ## Where the regions are
#
# The same flat map, with the region to which each voxel belongs.

# %% tags=["diagnostic"]
figures.region_map(places.regions(best), **study.look)

# %% [markdown] tags=["lang-es"]
# ## ¿Se confirma la jerarquía?
#
# Para cada sujeto y región se toma la mediana de la profundidad relativa de la mejor capa: 0 es la primera; 1, la
# última. Si las regiones que rodean la corteza primaria se parecen a capas más profundas, sus valores menos el de la
# primaria son positivos en casi todos los sujetos; eso es lo que pregunta la prueba de rangos con signo de Wilcoxon.

# %% [markdown] tags=["lang-en"]
# ## Does the hierarchy hold?
#
# For each subject and region, the median of the relative depth of the best layer is taken: 0 is the first, 1 the last.
# If the regions around primary cortex resemble deeper layers, their values minus that of primary cortex are positive in
# almost all subjects; that is what the Wilcoxon signed-rank test asks.

# %%
depth = analysis.in_divisions(scores, tables.depth, metric)
hierarchy = tables.hierarchy(depth)
figures.depth(depth, tables.mean_depths(depth, hierarchy), **study.look)

# %%
inner_depth = analysis.of_models(scores, tables.depth, metric, plain=True)  # without layers that have a note
inner_hierarchy = tables.hierarchy(inner_depth)
analysis.hierarchy_sentences(study, hierarchy, inner_hierarchy if analysis.noted(scores) else None)

# %% [markdown] tags=["lang-es"]
# ## Modelo contra modelo
#
# Elegir la mejor capa y leer su valor con los mismos datos favorece a los modelos con más capas o más ruido. Por eso la
# capa se elige con la mitad de las particiones y el valor se lee en la otra mitad, una y otra vez, como en el estudio
# publicado. Las particiones comparten sonidos, así que más de la mitad de ese favor queda; en el capítulo sobre las
# afirmaciones la capa se elige con los sonidos de entrenamiento, y no queda ninguno. El error intrasujeto deja afuera
# lo que distingue a un sujeto de otro y sirve para comparar modelos; el intervalo dice cuánto cambiaría la media con
# otros sujetos que escucharan estos mismos sonidos.

# %% [markdown] tags=["lang-en"]
# ## Model against model
#
# Choosing the best layer and reading its value on the same data favours models with more layers or more noise. That is
# why the layer is chosen on one half of the splits and the value is read on the other half, over and over, as in the
# published study. Splits share sounds, so more than half of that favour remains; in the chapter on claims the layer is
# chosen on the train sounds, and none remains. The within-subject error leaves out what sets one subject apart from
# another, and serves to compare models; the interval says how much the mean would change with other subjects who heard
# these same sounds.

# %%
models_beside = tables.models_beside(beside, metric)
figures.models(models, analysis.overlay(study, "models"), models_beside, **study.look)

# %% [markdown] tags=["lang-es"]
# ## Otras redes en los vóxeles reales

# %% [markdown] tags=["lang-en"]
# ## Other networks on the real voxels

# %%
others = real_map.networks(study)  # (layer, split, target), published r²: results, not responses; none beside synthetic
real_map.said(study, others)

# %%
curves = real_map.curves(others, real_map.own(study, scores, metric))
figures.published_map(real_map.places(others), curves, **study.look)

# %%
figures.published_layers(curves, **study.look)

# %%
other_depths = real_map.depths(others)
figures.published_depth(real_map.mean_depths(other_depths), **study.look)

# %%
study.write(voxel_layers=layers, voxel_best=best, voxel_pooled=pooled, voxel_regions=regions, voxel_summary=summary)
study.write(voxel_depth=depth, voxel_depth_inner=inner_depth, voxel_excluded=excluded, voxel_models=models)
study.write(voxel_hierarchy=hierarchy, voxel_hierarchy_inner=inner_hierarchy, voxel_references=references)
study.write(voxel_published=curves, voxel_published_depth=other_depths)
