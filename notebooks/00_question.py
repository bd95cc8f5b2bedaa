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
# # La pregunta
#
# Una red que aprendió otra cosa del sonido (a completar audio enmascarado, a etiquetar música, a reconocer a quien
# habla), ¿termina representando los sonidos como la corteza auditiva? El cerebro los analiza por etapas: la corteza
# primaria responde a rasgos simples, como la frecuencia, y las regiones que la rodean, a cosas que necesitan más
# contexto, como el habla o la música. Una red profunda también trabaja por etapas. Si ambas llegan a soluciones
# parecidas, a partir de las capas de la red se podrán predecir las respuestas del cerebro, y no cualquier región a
# partir de cualquier capa.

# %% [markdown] tags=["lang-en"]
# # The question
#
# A network that learned something else from sound (to fill in masked audio, to tag music, to recognise a speaker): does
# it come to represent sounds as auditory cortex does? The brain analyses them in stages: primary cortex responds to
# simple features such as frequency, the regions around it to things that need more context, such as speech or music. A
# deep network works in stages too. If both arrive at similar solutions, the brain's responses can be predicted from the
# network's layers, and not any region from any layer.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from helpers.chapters import question
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %% [markdown] tags=["lang-es"]
# ## Hipótesis

# %% [markdown] tags=["lang-en"]
# ## Hypotheses

# %%
question.hypotheses(study)

# %% [markdown] tags=["lang-es"]
# ## Las redes

# %% [markdown] tags=["lang-en"]
# ## The networks

# %%
study.described("about")

# %%
question.networks(study)

# %% [markdown] tags=["lang-es"]
# ## El cerebro

# %% [markdown] tags=["lang-en"]
# ## The brain

# %%
question.experiment(study)

# %%
question.overview(study)

# %% [markdown] tags=["lang-es"]
# ## El análisis en breve
#
# Sonidos → activaciones de cada capa → regresión lineal con una parte de los sonidos → predicción de los demás →
# correlación con lo medido, corregida por el ruido de la medición donde hay repeticiones. Cada capítulo empieza por su
# método y termina en tablas; las oraciones con números salen de esas tablas.
#
# Lo que así no se ve: de cada unidad llega a la regresión un solo número por sonido, casi siempre la media en el
# tiempo, de modo que cuándo ocurre algo dentro del sonido cuenta solo si hay unidades que responden a ello. La *ridge*
# encoge los pesos, más cuanto menos sonidos hay: lo predicho varía menos que lo medido (eso baja $R^2$ y no $r^2$), y
# un valor bajo puede deberse a que los sonidos no alcanzan para estimar los pesos y no a lo que la red representa.

# %% [markdown] tags=["lang-en"]
# ## The analysis in brief
#
# Sounds → activations of each layer → linear regression on a part of the sounds → prediction of the others →
# correlation with the measured responses, corrected for measurement noise where there are repetitions. Each chapter
# begins with its method and ends in tables; sentences with numbers come from those tables.
#
# What is not seen in this way: of each unit, the regression is given one number for each sound, mostly the mean over
# time, so that when something happens within a sound counts only where units respond to it. Ridge shrinks its weights,
# the more so the fewer sounds there are: predictions vary less than what was measured (which lowers $R^2$ and not
# $r^2$), and a low value may come from too few sounds to estimate the weights, and not from what a network represents.
