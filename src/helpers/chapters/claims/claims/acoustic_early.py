"""The low- and high-frequency components are predicted best from early or middle layers."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run
from helpers.chapters.claims.verdict import BELOW


def test(source: Run | Figures) -> Evidence:
    layers = source.by_layer(*source.group("frequency"))
    return Evidence.of(source.estimate(evidence.last_third(layers)))


CLAIM = Claim(
    name="acoustic_early",
    order=20,
    test=test,
    side=BELOW,
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    hypothesis="hierarchy",
    en={
        "claim": "The low- and high-frequency components are predicted best from early or middle layers.",
        "test": (
            "Mean r² of the last third of the layers minus that of the middle third, low- and high-frequency "
            "components, mixture network, without a last layer that sums both branches,"
        ),
        "reason": "the last third of the layers predicts as well as the middle one",
    },
    es={
        "claim": (
            "Los componentes de frecuencias bajas y altas se predicen mejor a partir de capas tempranas o intermedias."
        ),
        "test": (
            "r² medio del último tercio de las capas menos el del tercio del medio, componentes de frecuencias bajas "
            "y altas, red de mezcla, sin la última capa si es la suma de ambas ramas;"
        ),
        "reason": "el último tercio de las capas predice igual que el del medio",
    },
)
