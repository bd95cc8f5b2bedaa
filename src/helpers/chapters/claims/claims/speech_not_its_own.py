"""The speech network is not the best predictor of the speech component."""

from __future__ import annotations

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import CURVE_BEST, FIGURES, Figures
from helpers.chapters.claims.run import Run
from helpers.chapters.claims.verdict import BELOW


def test(source: Run | Figures) -> Evidence:
    own, rivals = (
        source.at_best("speech", *source.component("speech")),
        source.rivals("speech", *source.component("speech")),
    )
    return Evidence.of(*(source.estimate(own - rival) for rival in rivals))


CLAIM = Claim(
    name="speech_not_its_own",
    order=60,
    test=test,
    side=BELOW,
    about=("mixture", "music", "speech"),
    published=lambda: test(FIGURES),
    published_note=CURVE_BEST,
    hypothesis="specialisation",
    supports=False,
    en={
        "claim": "The speech network is not the best predictor of the speech component.",
        "test": (
            "r² of the speech component, the speech network minus the better of the others, each at the layer chosen "
            "on the train sounds,"
        ),
        "reason": "it is as good as the best other one",
    },
    es={
        "claim": "La red de habla no es la que mejor predice el componente habla.",
        "test": (
            "r² del componente habla, la red de habla menos la mejor de las otras, cada una en la capa elegida con "
            "los sonidos de entrenamiento;"
        ),
        "reason": "predice igual que la mejor de las otras",
    },
)
