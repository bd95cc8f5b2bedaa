"""The last layers change little."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run
from helpers.chapters.claims.verdict import WITHIN


def test(source: Run | Figures) -> Evidence:
    return Evidence.of(source.estimate(evidence.change_at_the_end(source.by_layer())))


CLAIM = Claim(
    name="last_layers_alike",
    order=35,
    test=test,
    side=WITHIN,
    threshold=0.05,
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "The last layers change little.",
        "test": (
            "Mean r² of the last layer minus that of the first of the last third, mixture network, without a last "
            "layer that sums both branches,"
        ),
        "reason": "other sounds alone would change the r² of one network by about as much, see tests/COVERAGE.md",
    },
    es={
        "claim": "Las últimas capas cambian poco.",
        "test": (
            "r² medio de la última capa menos el de la primera del último tercio, red de mezcla, sin la última capa "
            "si es la suma de ambas ramas;"
        ),
        "reason": "más o menos eso cambiaría el r² de una red con otros sonidos, véase tests/COVERAGE.md",
    },
)
