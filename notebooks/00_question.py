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

# %% [markdown] tags=["lang-en"]
# ## The analysis in brief
#
# Sounds → activations of each layer → linear regression on a part of the sounds → prediction of the others →
# correlation with the measured responses, corrected for measurement noise where there are repetitions. Each chapter
# begins with its method and ends in tables; sentences with numbers come from those tables.
