"""The music component takes longer to learn than the speech component."""

from __future__ import annotations

import xarray as xr

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence, learned_later, reached_later
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return learned_later(source, *_both(source))


def _both(source: Run | Figures) -> list[xr.Dataset]:
    return [source.series(*source.component(name)) for name in ("music", "speech")]


CLAIM = Claim(
    name="music_longer",
    order=95,
    test=test,
    otherwise=lambda source: reached_later(*_both(source)),
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "The music component takes longer to learn than the speech component.",
        "test": (
            "Mean time at which the final r² is learned, as a share of the training, the music component minus the "
            "speech component, mean of the layers, mixture network,"
        ),
        "reason": "they are learned at the same time",
    },
    es={
        "claim": "El componente música tarda más en aprenderse que el componente habla.",
        "test": (
            "Tiempo medio en el que se aprende el r² final, como proporción del entrenamiento, componente música "
            "menos componente habla, media de las capas, red de mezcla;"
        ),
        "reason": "se aprenden al mismo tiempo",
    },
)
