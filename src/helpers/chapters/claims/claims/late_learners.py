"""Speech and music are learned later than low and high frequency, by the way from 0."""

from __future__ import annotations

import xarray as xr

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence, learned_later, reached_later
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return learned_later(source, *_both(source))


def _both(source: Run | Figures) -> list[xr.Dataset]:
    return [source.series(*source.group(name)) for name in ("category", "frequency")]


CLAIM = Claim(
    name="late_learners",
    order=90,
    test=test,
    otherwise=lambda source: reached_later(*_both(source)),
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "The speech and music components are learned later than the low- and high-frequency ones.",
        "test": (
            "Mean time at which the final r² is learned, as a share of the training, speech and music components "
            "minus low- and high-frequency ones, mean of the layers, mixture network,"
        ),
        "reason": "they are learned at the same time",
    },
    es={
        "claim": "Los componentes habla y música se aprenden más tarde que los de frecuencias bajas y altas.",
        "test": (
            "Tiempo medio en el que se aprende el r² final, como proporción del entrenamiento, componentes habla y "
            "música menos los de frecuencias bajas y altas, media de las capas, red de mezcla;"
        ),
        "reason": "se aprenden al mismo tiempo",
    },
)
