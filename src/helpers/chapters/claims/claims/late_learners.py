"""Speech and music are learned later than low and high frequency."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return evidence.learning_delay(*source.series(), source.group("category"), source.group("frequency"))


CLAIM = Claim(
    name="late_learners",
    order=90,
    test=test,
    reason="0: learned at the same time",
    published=lambda: test(FIGURES),
    en={
        "claim": "Speech and music are learned later than low and high frequency.",
        "test": (
            "Share of the training until 95 % of the final r², speech and music minus low and high frequency, mixture,"
        ),
    },
    es={
        "claim": "El habla y la música se aprenden más tarde que las frecuencias bajas y altas.",
        "test": (
            "Proporción del entrenamiento hasta el 95 % del r² final, habla y música menos frecuencias bajas y altas, "
            "mezcla;"
        ),
    },
)
