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
# # Comparación con los valores publicados
#
# Las figuras del estudio original se digitalizaron punto por punto, y cada valor tiene un error de lectura. Con las
# redes publicadas, esta ejecución debería coincidir con ellas. Una diferencia mayor que ese error necesita una
# explicación: otras particiones, otra versión de los pesos o un error.

# %% [markdown] tags=["lang-en"]
# # Comparison with published values
#
# The figures of the original study were digitised point by point, and each value has a reading error. With the
# published networks, this run should agree with them. A difference larger than that error needs an explanation: other
# splits, another version of the weights, or a mistake.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from helpers.chapters import reproduction
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
points = reproduction.points(study)  # values of this run and of the figures, joined by quantity, model, target, layer
print(len(points), "points:", points.groupby("quantity").size().to_dict())

# %%
curves = reproduction.curves(points)  # differences, summarised for each curve
reproduction.sentences(curves)

# %%
reproduction.figures.curve_by_curve(points, curves, **study.look)

# %%
reproduction.shown(curves)

# %%
study.write(reproduction=points, reproduction_curves=curves)
