"""Deeper layers predict the components better."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return Evidence.of(source.estimate(evidence.depth_contrast(source.by_layer())))


CLAIM = Claim(
    name="deeper_better",
    order=10,
    test=test,
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "Deeper layers predict the components better.",
        "test": (
            "Mean r² of the deeper half of the layers minus that of the other half, mixture network, without a last "
            "layer that sums both branches,"
        ),
        "reason": "both halves are alike",
    },
    es={
        "claim": "Las capas más profundas predicen mejor los componentes.",
        "test": (
            "r² medio de la mitad más profunda de las capas menos el de la otra mitad, red de mezcla, sin la última "
            "capa si es la suma de ambas ramas;"
        ),
        "reason": "ambas mitades son iguales",
    },
)
