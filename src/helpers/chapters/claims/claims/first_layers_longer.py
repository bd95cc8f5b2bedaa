"""First layers keep learning for longer."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return evidence.learning_by_layer(*source.series())


CLAIM = Claim(
    name="first_layers_longer",
    order=100,
    test=test,
    above=False,
    reason="0: layer and learning time are unrelated",
    published=lambda: test(FIGURES),
    en={
        "claim": "First layers keep learning for longer.",
        "test": "Spearman's rho of layer and share of the training until 95 % of the final r², mixture,",
    },
    es={
        "claim": "Las primeras capas siguen aprendiendo por más tiempo.",
        "test": "Rho de Spearman entre la capa y la proporción del entrenamiento hasta el 95 % del r² final, mezcla;",
    },
)
