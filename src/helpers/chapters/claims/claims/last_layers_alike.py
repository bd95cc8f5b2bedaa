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
    reason="about what other sounds alone would change in the r2 of one network (see tests/COVERAGE.md)",
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "The last layers change little.",
        "test": (
            "Mean r² of the last layer minus that of the first of the last third, mixture network, without a last "
            "layer that sums both branches,"
        ),
    },
    es={
        "claim": "Las últimas capas cambian poco.",
        "test": (
            "r² medio de la última capa menos el de la primera del último tercio, red de mezcla, sin la última capa "
            "si es la suma de ambas ramas;"
        ),
    },
)
