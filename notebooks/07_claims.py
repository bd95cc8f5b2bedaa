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
# # Qué se sostiene
#
# El estudio original llegó a sus conclusiones mirando curvas. Aquí cada afirmación es un número con un intervalo y un
# umbral que se fijó de antemano: se sostiene si todo el intervalo queda del lado que corresponde, no se sostiene si
# queda del otro, y queda sin decidir si lo cruza.

# %% [markdown] tags=["lang-en"]
# # What holds
#
# The original study came to its conclusions by looking at curves. Here every claim is a number with an interval and a
# threshold that was set beforehand: it holds if the whole interval lies on the side it should, it does not if the
# interval lies on the other, and it is undecided if the interval reaches over the threshold.

# %% tags=["parameters"]
study = "demo"  # a YAML file, or the name of one in params/
models: list = []  # some of its models; empty: all
outputs = "outputs"  # the folder for everything computed
checkpoints: list = []  # some of the models' training steps; empty: all

# %%
from helpers.pipeline import Work, claims

work = Work.of(study, models, outputs, checkpoints)

# %%
work.banner()

# %%
claims.sentences(work)

# %%
claims.shown(work)

# %% [markdown] tags=["lang-es"]
# Los intervalos son del 95 %. Entre particiones se tiene en cuenta que comparten sonidos; entre sujetos se remuestrean
# los sujetos; entre sonidos se deja afuera un grupo por vez. Lo publicado se leyó de las figuras y se calculó con la
# misma fórmula; no tiene intervalo, porque de las figuras no se puede sacar.

# %% [markdown] tags=["lang-en"]
# Intervals are 95 %. Over splits they allow for the sounds that splits share; over subjects, subjects are drawn again;
# over sounds, one group at a time is left out. What is published was read off the figures and computed by the same
# formula; it has no interval, because figures do not give one.

# %% [markdown] tags=["lang-es"]
# ## Límites
#
# Que una capa prediga una región no dice que computen lo mismo: una regresión lineal encuentra lo que está, no para qué
# se usa. Son 165 sonidos de dos segundos, y las mitades de prueba se solapan entre particiones. La red de referencia se
# entrenó con grabaciones entre las que puede haber sonidos parecidos a los del experimento. La mejor capa se elige y se
# lee con los mismos sonidos, salvo donde se dice otra cosa. Y la última capa del codificador suma dos ramas, de modo
# que compararla con las demás es comparar cosas distintas.

# %% [markdown] tags=["lang-en"]
# ## Limits
#
# That a layer predicts a region does not say that they compute the same: a linear regression finds what is there, not
# what it is used for. There are 165 sounds of two seconds, and the test halves of different splits overlap. The
# reference network was trained on recordings that may hold sounds like those of the experiment. The best layer is
# chosen and read on the same sounds, except where it says otherwise. And the encoder's last layer is the sum of two
# branches, so that comparing it with the others compares unlike things.

# %% [markdown] tags=["lang-es"]
# ## En suma
#
# Esto es lo que los veredictos dicen de las tres hipótesis del comienzo: ✓ ante una afirmación que se sostiene, ✗ ante
# una que no, ? ante una sin decidir, – ante una que este estudio no puede probar.

# %% [markdown] tags=["lang-en"]
# ## In short
#
# This is what the verdicts say of the three hypotheses at the beginning: ✓ before a claim that holds, ✗ before one that
# does not, ? before one that is undecided, – before one that this study cannot test.

# %%
claims.hypotheses(work)

# %% [markdown] tags=["lang-es"]
# Quien quiera discutir una afirmación tiene los datos de cada figura al pie de ella, y la receta para volver a hacerlo
# todo al final de la página.

# %% [markdown] tags=["lang-en"]
# Whoever wants to dispute a claim finds the data of every figure below it, and the recipe for making all of it again at
# the end of the page.
