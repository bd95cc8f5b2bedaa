"""The mixture network predicts the components best overall."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import CURVE_BEST, FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return evidence.lead(source, "mixture")


CLAIM = Claim(
    name="mixture_best",
    order=40,
    test=test,
    about=("mixture", "music", "speech"),
    published=lambda: test(FIGURES),
    published_note=CURVE_BEST,
    hypothesis="diversity",
    en={
        "claim": "The mixture network predicts the components best overall.",
        "test": (
            "Mean r², mixture network minus the better of the others, each at the layer chosen on the train sounds,"
        ),
        "reason": "it is as good as the best other one",
    },
    es={
        "claim": "La red de mezcla es la que mejor predice los componentes en conjunto.",
        "test": (
            "r² medio, red de mezcla menos la mejor de las otras, cada una en la capa elegida con los sonidos de "
            "entrenamiento;"
        ),
        "reason": "predice igual que la mejor de las otras",
    },
)
