"""The speech model predicts the components worst overall."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    rows, share = source.trio()
    return evidence.margin_under_worst(rows, "speech", share)


CLAIM = Claim(
    name="speech_worst",
    order=50,
    test=test,
    reason="0: as good as the worst other one",
    published=lambda: test(FIGURES),
    en={
        "claim": "The speech model predicts the components worst overall.",
        "test": "Mean r² at the best layers, the worse of the others minus speech,",
    },
    es={
        "claim": "El modelo de habla es el que peor predice los componentes en conjunto.",
        "test": "r² medio en las mejores capas, el peor de los otros menos habla;",
    },
)
