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
# # Qué afirmaciones se confirman
#
# El estudio original llegó a sus conclusiones mirando curvas. Aquí cada afirmación es un número con un intervalo y un
# umbral, cuya razón está escrita junto a él; algunos umbrales y la forma de los números se eligieron después de ver los
# datos. Una afirmación se confirma si el número está más allá del azar del lado que corresponde, queda refutada si está
# del otro, y queda sin decidir en los demás casos. Entre todas las afirmaciones de la tabla, la probabilidad de que
# haya algún veredicto falso es de a lo sumo el 5 % (método de Holm). Lo que se afirma de cómo predice una red queda sin
# veredicto si la red no predice las respuestas, o no se muestra que las prediga mejor que antes de entrenarse.

# %% [markdown] tags=["lang-en"]
# # Which claims hold
#
# The original study reached its conclusions by looking at curves. Here each claim is a number with an interval and a
# threshold, whose reason is written beside it; some thresholds, and the form of the numbers, were chosen after the data
# had been seen. A claim holds if the number lies on the right side beyond chance, it does not hold if it lies on the
# other side, and it is undecided otherwise. Over all claims of the table, the probability of any false verdict is at
# most 5 % (Holm's method). What is claimed of how a network predicts has no verdict where the network does not predict
# the responses, or is not shown to predict them better than before its training.

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
print(claim.name, claim.side, claim.threshold, "because", claim.en["reason"])

# %%
table = claims.table(study)  # one row per claim: this run's number and interval, the published number, the verdict
claims.sentences(study, table)

# %%
claims.shown(table)

# %% [markdown] tags=["lang-es"]
# Los intervalos del 95 % dicen cuánto cambiaría el número con otros sonidos y, donde se trata de personas, con otros
# sujetos: se dejan afuera cada sonido y pares de sonidos, en su papel de entrenamiento y en el de prueba, y se suma lo
# que varía entre sujetos. Cuánto cubren en estudios simulados está en tests/COVERAGE.md. Al dejar sonidos afuera, la
# capa y alfa quedan fijas; cuánto cambiaría la elección de la capa se estima remuestreando los sonidos. Del
# lasso no se puede dejar afuera un sonido sin ajustarlo de nuevo: su intervalo es el de particiones que se solapan, y
# es demasiado ancho. Los valores publicados se leyeron de las figuras, que muestran medianas entre particiones y no
# permiten calcular un intervalo; donde hay una raya, no muestran ese número. La afirmación que solo cuenta lo que
# agrega el entrenamiento es una variante formulada aquí.

# %% [markdown] tags=["lang-en"]
# The 95 % intervals say how much the number would change with other sounds and, where it is about people, with other
# subjects: each sound, and pairs of sounds, are left out, in their parts as train sounds and as test sounds, and what
# varies between subjects is added. What they cover in simulated studies is in tests/COVERAGE.md. Without some sounds
# the layer and alpha stay as they were; how much the choice of the layer would vary is estimated by drawing the sounds
# with replacement. Of the lasso no sound can be left out without fitting it again: its interval is that of overlapping
# splits, which is too wide. Published values were read off the figures, which show medians over splits and do not allow
# an interval to be computed; where there is a dash, they do not show that number. The claim that counts only what
# training adds is a variant made here.

# %% [markdown] tags=["lang-es"]
# ## Limitaciones
#
# Que una capa prediga una región no implica que computen lo mismo: una regresión lineal encuentra qué información está
# presente, no para qué se usa. Los sonidos son pocos y breves, y los conjuntos de prueba de distintas particiones se
# solapan. Las redes publicadas se entrenaron con grabaciones entre las que puede haber sonidos parecidos a los del
# experimento, o los mismos; las que se entrenan aquí oyeron los del estudio, también los de prueba, salvo donde se dice
# otra cosa. Y una capa que suma dos ramas no es comparable con las demás.

# %% [markdown] tags=["lang-en"]
# ## Limitations
#
# That a layer predicts a region does not imply that they compute the same: a linear regression finds what information
# is present, not what it is used for. The sounds are few and short, and the test sets of different splits overlap.
# Published networks were trained on recordings that may include sounds like those of the experiment, or the same ones;
# those that are trained here heard the study's, test sounds included, except where it says otherwise. And a layer that
# sums two branches is not comparable with the others.

# %% [markdown] tags=["lang-es"]
# ## Las hipótesis
#
# Esto es lo que los veredictos dicen de las hipótesis del comienzo sobre las que afirma algo el estudio original: ✓
# ante una afirmación que se confirma, ✗ ante una refutada, ? ante una sin decidir, – ante una que no se puede evaluar
# con este estudio. Qué aportan el aprendizaje y las redes frente a controles y líneas de base lo dice el resumen.

# %% [markdown] tags=["lang-en"]
# ## The hypotheses
#
# This is what the verdicts say about those hypotheses stated at the beginning on which the original study claims
# something: ✓ before a claim that holds, ✗ before one that does not, ? before one that is undecided, – before one that
# cannot be tested with this study. What learning adds to controls, and networks to baselines, is said in the summary.

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
