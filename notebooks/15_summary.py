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
# predice cómo responde la corteza auditiva a los mismos sonidos; $r^2$ es aquí la correlación al cuadrado con lo medido
# en sonidos que no se usaron para ajustar, en la capa elegida con los de entrenamiento, media de las particiones.

# %% [markdown] tags=["lang-en"]
# # In one minute
#
# How does an audio network hear like a human brain? From the activations of each of its layers, the response of
# auditory cortex to the same sounds is predicted; $r^2$ is here the squared correlation with what was measured, for
# sounds that were not used to fit, at the layer chosen on the train sounds, mean over splits.

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
values = summary.values(
    study
)  # one row per target and network, baseline or control; the layer is chosen on train sounds
leads = comparison.leads.leads(study, comparison.responses(study))  # of the best network over each rival
verdicts = summary.verdicts(study)  # None without the chapter on claims
summary.findings(values, leads, verdicts)

# %%
summary.figures.found(values, **study.look)

# %%
summary.figures.forest(verdicts, **study.look)

# %% [markdown] tags=["lang-es"]
# ## Lo que no es seguro
#
# Arriba hay un número por red; a partir de qué capas se predice cada respuesta se ve capa por capa en su capítulo
# ([figura](#03_components-by_layer)).

# %% [markdown] tags=["lang-en"]
# ## What is uncertain
#
# Above, there is one number for each network; from which layers each target is predicted is seen layer by layer in its
# chapter ([figure](#03_components-by_layer)).

# %%
summary.cautions(study)

# %%
study.write(summary_values=values)
