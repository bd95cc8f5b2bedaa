"""The music model predicts low frequency best."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    rows, share = source.trio()
    return evidence.margin_over_best(rows, "music", share, source.component("lowfreq"))


CLAIM = Claim(
    name="music_at_lowfreq",
    order=80,
    test=test,
    reason="0: as good as the best other one",
    published=lambda: test(FIGURES),
    en={
        "claim": "The music model predicts low frequency best.",
        "test": "r² of low frequency, music minus the better of the others,",
    },
    es={
        "claim": "El modelo de música es el que mejor predice las frecuencias bajas.",
        "test": "r² de frecuencias bajas, música menos el mejor de los otros;",
    },
)
