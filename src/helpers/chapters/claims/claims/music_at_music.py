"""The music network predicts the music component best."""

from __future__ import annotations

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import CURVE_BEST, FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    own, rivals = (
        source.at_best("music", *source.component("music")),
        source.rivals("music", *source.component("music")),
    )
    return Evidence.of(*(source.estimate(own - rival) for rival in rivals))


CLAIM = Claim(
    name="music_at_music",
    order=70,
    test=test,
    about=("mixture", "music", "speech"),
    published=lambda: test(FIGURES),
    published_note=CURVE_BEST,
    hypothesis="specialisation",
    en={
        "claim": "The music network predicts the music component best.",
        "test": (
            "r² of the music component, the music network minus the better of the others, each at the layer chosen "
            "on the train sounds,"
        ),
        "reason": "it is as good as the best other one",
    },
    es={
        "claim": "La red de música es la que mejor predice el componente música.",
        "test": (
            "r² del componente música, la red de música menos la mejor de las otras, cada una en la capa elegida con "
            "los sonidos de entrenamiento;"
        ),
        "reason": "predice igual que la mejor de las otras",
    },
)
