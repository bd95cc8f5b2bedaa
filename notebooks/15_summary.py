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
# # En un minuto
#
# ¿En qué se parece lo que oye una red de audio a lo que oye el cerebro? A partir de las activaciones de cada capa se
# predice cómo responde la corteza auditiva a los mismos sonidos. $r^2$ es aquí la correlación al cuadrado entre lo
# predicho y lo medido en los sonidos de prueba, promediada entre particiones; la capa se elige con los sonidos de
# entrenamiento.

# %% [markdown] tags=["lang-en"]
# # In one minute
#
# How does an audio network hear like a human brain? From the activations of each of its layers, the response of
# auditory cortex to the same sounds is predicted. $r^2$ is here the squared correlation of what is predicted and what
# was measured for the test sounds, mean over splits; the layer is chosen on the train sounds.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from helpers.chapters import comparison, summary
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
summary.compared(study)

# %% [markdown] tags=["lang-es"]
# ## Lo que se encontró

# %% [markdown] tags=["lang-en"]
# ## What was found

# %%
values = summary.values(study)  # a row per target and network, baseline or control; layers chosen on the train sounds
leads = comparison.leads.leads(study, comparison.responses(study))  # of the best network over each rival
learned = comparison.leads.over_controls(study, comparison.responses(study), values)  # over its own controls
verdicts = summary.verdicts(study)  # None without the chapter on claims
from_seeds = summary.seeds(study)  # the networks that are trained here, trained again; none without that chapter
summary.findings(values, leads, learned, verdicts, from_seeds)

# %%
summary.figures.found(values, **study.look)

# %%
summary.figures.forest(verdicts, **study.look)

# %% [markdown] tags=["lang-es"]
# ## Lo que no es seguro
#
# Arriba hay un número por red; capa por capa, cada respuesta está en su capítulo ([figura](#03_components-by_layer)).

# %% [markdown] tags=["lang-en"]
# ## What is uncertain
#
# Above, there is one number for each network; layer by layer, each target is in its chapter
# ([figure](#03_components-by_layer)).

# %%
summary.cautions(study, from_seeds)

# %%
study.write(summary_values=values)
