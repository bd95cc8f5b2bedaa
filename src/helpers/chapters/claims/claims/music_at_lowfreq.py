"""The music network predicts the low-frequency component best."""

from __future__ import annotations

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import CURVE_BEST, FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    own, rivals = (
        source.at_best("music", *source.component("lowfreq")),
        source.rivals("music", *source.component("lowfreq")),
    )
    return Evidence.of(*(source.estimate(own - rival) for rival in rivals))


CLAIM = Claim(
    name="music_at_lowfreq",
    order=80,
    test=test,
    about=("mixture", "music", "speech"),
    published=lambda: test(FIGURES),
    published_note=CURVE_BEST,
    en={
        "claim": "The music network predicts the low-frequency component best.",
        "test": (
            "r² of the low-frequency component, music network minus the better of the others, each at the layer "
            "chosen on the train sounds,"
        ),
        "reason": "it is as good as the best other one",
    },
    es={
        "claim": "La red de música es la que mejor predice el componente de frecuencias bajas.",
        "test": (
            "r² del componente de frecuencias bajas, red de música menos la mejor de las otras, cada una en la capa "
            "elegida con los sonidos de entrenamiento;"
        ),
        "reason": "predice igual que la mejor de las otras",
    },
)
