"""The mixture model predicts the components best overall."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    rows, share = source.trio()
    return evidence.margin_over_best(rows, "mixture", share)


CLAIM = Claim(
    name="mixture_best",
    order=40,
    test=test,
    reason="0: as good as the best other one",
    published=lambda: test(FIGURES),
    hypothesis="diversity",
    en={
        "claim": "The mixture model predicts the components best overall.",
        "test": "Mean r² at the best layers, mixture minus the better of the others,",
    },
    es={
        "claim": "El modelo de mezcla es el que mejor predice los componentes en conjunto.",
        "test": "r² medio en las mejores capas, mezcla menos el mejor de los otros;",
    },
)
