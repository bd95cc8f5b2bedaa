"""The speech network predicts the components worst overall."""

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
    about=("mixture", "music", "speech"),
    published=lambda: test(FIGURES),
    published_note=CURVE_BEST,
    en={
        "claim": "The speech network predicts the components worst overall.",
        "test": (
            "Mean r², the worse of the others minus the speech network, each at the layer chosen on the train sounds,"
        ),
        "reason": "it is as good as the worst other one",
    },
    es={
        "claim": "La red de habla es la que peor predice los componentes en conjunto.",
        "test": (
            "r² medio, la peor de las otras menos la red de habla, cada una en la capa elegida con los sonidos de "
            "entrenamiento;"
        ),
        "reason": "predice igual que la peor de las otras",
    },
)
