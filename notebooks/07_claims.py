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
# # Afirmaciones
#
# El estudio original llegó a sus conclusiones mirando curvas. Aquí cada afirmación es un número con un intervalo y un
# umbral, cuya razón está escrita junto a él; algunos umbrales se eligieron después de ver los datos. Una afirmación se
# confirma si todo el intervalo queda del lado que corresponde, no se confirma si queda del otro, y queda sin decidir si
# el intervalo incluye el umbral.

# %% [markdown] tags=["lang-en"]
# # Claims
#
# The original study reached its conclusions by looking at curves. Here each claim is a number with an interval and a
# threshold, whose reason is written beside it; some thresholds were chosen after the data had been seen. A claim holds
# if the whole interval lies on the right side, it does not hold if the interval lies on the other side, and it is
# undecided if the interval includes the threshold.

# %% tags=["parameters"]
study = "demo"  # in params/, or a YAML file; {"study": "demo", "models": ["music"], "checkpoints": [30]}: a part

# %%
from helpers.chapters import claims
from helpers.study import open_study

study = open_study(study)

# %%
study.banner()

# %%
claim = claims.CLAIMS["mixture_best"]  # each has a file of its own, with its test, its threshold and the reason for it
print(claim.name, ">" if claim.above else "<", claim.threshold, "because", claim.reason)

# %%
table = claims.table(study)  # one row per claim: this run's number and interval, the published number, the verdict
claims.sentences(study, table)

# %%
claims.shown(table)

# %% [markdown] tags=["lang-es"]
# Los intervalos son del 95 % nominal; no se simuló todavía cuánto cubren. Entre particiones se tiene en cuenta que
# comparten sonidos; entre sujetos se remuestrean los sujetos, y no los sonidos; entre sonidos se deja afuera un grupo
# por vez. Los valores publicados se leyeron de las figuras, que muestran medianas entre particiones: donde aquí se
# elige una capa en cada partición, allí solo puede elegirse en la curva mediana, y ambos números no son del todo
# comparables. No tienen intervalo porque las figuras no permiten calcularlo.

# %% [markdown] tags=["lang-en"]
# Intervals are nominally 95 %; how much they cover has not been simulated yet. Over splits they allow for the sounds
# that splits share; over subjects, subjects are resampled and sounds are not; over sounds, one group at a time is left
# out. Published values were read off the figures, which show medians over splits: where a layer is chosen in each split
# here, there it can only be chosen on the median curve, and the two numbers are not fully comparable. They have no
# interval, because the figures do not allow one to be computed.

# %% [markdown] tags=["lang-es"]
# ## Limitaciones
#
# Que una capa prediga una región no implica que computen lo mismo: una regresión lineal encuentra qué información está
# presente, no para qué se usa. Los sonidos son pocos y breves, y los conjuntos de prueba de distintas particiones se
# solapan. La red de referencia se entrenó con grabaciones entre las que puede haber sonidos parecidos a los del
# experimento. La mejor capa se elige y se lee con los mismos sonidos, salvo donde se indica lo contrario. Y una capa
# que suma dos ramas no es comparable con las demás.

# %% [markdown] tags=["lang-en"]
# ## Limitations
#
# That a layer predicts a region does not imply that they compute the same: a linear regression finds what information
# is present, not what it is used for. The sounds are few and short, and the test sets of different splits overlap. The
# reference network was trained on recordings that may include sounds like those of the experiment. The best layer is
# chosen and read on the same sounds, except where stated otherwise. And a layer that sums two branches is not
# comparable with the others.

# %% [markdown] tags=["lang-es"]
# ## Las hipótesis
#
# Esto es lo que los veredictos dicen de las hipótesis del comienzo: ✓ ante una afirmación que se sostiene, ✗ ante una
# que no, ? ante una sin decidir, – ante una que este estudio no puede probar.

# %% [markdown] tags=["lang-en"]
# ## The hypotheses
#
# This is what the verdicts say about the hypotheses stated at the beginning: ✓ before a claim that holds, ✗ before one
# that does not, ? before one that is undecided, – before one that this study cannot test.

# %%
claims.hypotheses(table)

# %% [markdown] tags=["lang-es"]
# Para discutir una afirmación, los datos de cada figura se pueden descargar al pie, y al final de la página se indica
# cómo reproducir todo.

# %% [markdown] tags=["lang-en"]
# For anyone who wishes to dispute a claim, the data of every figure can be downloaded below it, and the end of the page
# describes how to reproduce everything.

# %%
study.write(claims=table)
