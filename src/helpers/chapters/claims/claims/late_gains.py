"""Speech and music are learned later than low and high frequency, by the gain over the untrained network."""

from __future__ import annotations

import xarray as xr

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence, learned_later, reached_later
from helpers.chapters.claims.run import Missing, Run


def test(run: Run) -> Evidence:
    return learned_later(run, *_both(run), gained=True)


def _both(run: Run) -> list[xr.Dataset]:
    if not run.has_untrained():
        raise Missing("no_untrained")
    return [run.series(*run.group(name)) for name in ("category", "frequency")]


CLAIM = Claim(
    name="late_gains",
    order=91,
    test=test,
    otherwise=lambda run: reached_later(*_both(run), gained=True),
    en={
        "claim": (
            "The speech and music components are learned later than the low- and high-frequency ones, if only what "
            "training adds is counted."
        ),
        "test": (
            "Mean time at which the gain over the untrained network is learned, as a share of the training, speech "
            "and music components minus low- and high-frequency ones, mean of the layers, mixture network,"
        ),
        "reason": "they are learned at the same time",
    },
    es={
        "claim": (
            "Los componentes habla y música se aprenden más tarde que los de frecuencias bajas y altas, si solo se "
            "cuenta lo que agrega el entrenamiento."
        ),
        "test": (
            "Tiempo medio en el que se aprende lo ganado sobre la red sin entrenar, como proporción del "
            "entrenamiento, componentes habla y música menos los de frecuencias bajas y altas, media de las capas, "
            "red de mezcla;"
        ),
        "reason": "se aprenden al mismo tiempo",
    },
)
