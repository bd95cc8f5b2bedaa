"""The speech model predicts the components worst overall."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import CURVE_BEST, FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return evidence.lag(source, "speech")


CLAIM = Claim(
    name="speech_worst",
    order=50,
    test=test,
    reason="0: as good as the worst other one",
    about=("mixture", "music", "speech"),
    published=lambda: test(FIGURES),
    published_note=CURVE_BEST,
    en={
        "claim": "The speech model predicts the components worst overall.",
        "test": "Mean r², the worse of the others minus speech, each at the layer chosen on the train sounds,",
    },
    es={
        "claim": "El modelo de habla es el que peor predice los componentes en conjunto.",
        "test": (
            "r² medio, el peor de los otros menos habla, cada uno en la capa elegida con los sonidos de entrenamiento;"
        ),
    },
)
