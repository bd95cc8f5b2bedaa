"""The speech model is not the best predictor of the speech component."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    rows, share = source.trio()
    return -evidence.margin_over_best(rows, "speech", share, source.component("speech"))


CLAIM = Claim(
    name="speech_not_its_own",
    order=60,
    test=test,
    reason="0: as good as the best other one",
    published=lambda: test(FIGURES),
    hypothesis="specialisation",
    supports=False,
    en={
        "claim": "The speech model is not the best predictor of the speech component.",
        "test": "r² of the speech component, the better of the others minus the speech model,",
    },
    es={
        "claim": "El modelo de habla no es el que mejor predice el componente del habla.",
        "test": "r² del componente del habla, el mejor de los otros menos el modelo de habla;",
    },
)
