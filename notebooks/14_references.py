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
# # Referencias
#
# El estudio que se replica, y los trabajos en los que se apoyan los datos, las redes y los capítulos de este informe.

# %% [markdown] tags=["lang-en"]
# # References
#
# The study that is replicated, and the works on which the data, the networks and the chapters of this report stand.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"]} is a part of it

# %%
from helpers.chapters import references
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
references.replicated(study)

# %%
references.cited(study)

# %% [markdown] tags=["lang-es"]
# ## Cómo citar

# %% [markdown] tags=["lang-en"]
# ## How to cite

# %%
references.how_to_cite(study)

# %%
study.write(references=references.works(study))
