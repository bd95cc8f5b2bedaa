"""Speech and music are learned later than low and high frequency, by the gain over the untrained network."""

from __future__ import annotations

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence, difference_of_jackknifed, reached
from helpers.chapters.claims.run import Missing, Run


def test(run: Run) -> Evidence:
    if not run.has_untrained():
        raise Missing("no_untrained")
    late, early = (reached(run.series(*run.group(name)), gained=True) for name in ("category", "frequency"))
    return Evidence.of(difference_of_jackknifed(late, early))


CLAIM = Claim(
    name="late_gains",
    order=91,
    test=test,
    calibrated=False,  # the step at which a curve reaches its end jumps
    reason="0: learned at the same time",
    en={
        "claim": (
            "The speech and music components are learned later than the low- and high-frequency ones, if only what "
            "training adds is counted."
        ),
        "test": (
            "Share of the training until 95 % of the gain over the untrained network, speech and music components "
            "minus low- and high-frequency ones, mean of the layers, mixture network,"
        ),
    },
    es={
        "claim": (
            "Los componentes habla y música se aprenden más tarde que los de frecuencias bajas y altas, si solo se "
            "cuenta lo que agrega el entrenamiento."
        ),
        "test": (
            "Proporción del entrenamiento hasta el 95 % de lo ganado sobre la red sin entrenar, componentes habla y "
            "música menos los de frecuencias bajas y altas, media de las capas, red de mezcla;"
        ),
    },
)
