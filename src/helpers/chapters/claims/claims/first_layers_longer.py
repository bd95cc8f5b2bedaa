"""First layers keep learning for longer."""

from __future__ import annotations

import xarray as xr

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence, learned_later, reached_later
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return learned_later(source, *_both(source))


def _both(source: Run | Figures) -> list[xr.Dataset]:
    half = source.n_plain // 2
    return [source.series(layers=part) for part in (slice(half), slice(-half, None))]


CLAIM = Claim(
    name="first_layers_longer",
    order=100,
    test=test,
    otherwise=lambda source: reached_later(*_both(source)),
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "First layers keep learning for longer.",
        "test": (
            "Mean time at which the final r² is learned, as a share of the training, shallower half of the layers "
            "minus the deeper half, mean of the components, mixture network,"
        ),
        "reason": "both halves of the layers learn for as long",
    },
    es={
        "claim": "Las primeras capas siguen aprendiendo por más tiempo.",
        "test": (
            "Tiempo medio en el que se aprende el r² final, como proporción del entrenamiento, mitad menos profunda "
            "de las capas menos la más profunda, media de los componentes, red de mezcla;"
        ),
        "reason": "ambas mitades de las capas aprenden durante el mismo tiempo",
    },
)
