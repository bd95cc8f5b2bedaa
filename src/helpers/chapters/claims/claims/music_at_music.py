"""The music model predicts the music component best."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    rows, share = source.trio()
    return evidence.margin_over_best(rows, "music", share, source.component("music"))


CLAIM = Claim(
    name="music_at_music",
    order=70,
    test=test,
    reason="0: as good as the best other one",
    published=lambda: test(FIGURES),
    hypothesis="specialisation",
    en={
        "claim": "The music model predicts the music component best.",
        "test": "r² of the music component, the music model minus the better of the others,",
    },
    es={
        "claim": "El modelo de música es el que mejor predice el componente de la música.",
        "test": "r² del componente de la música, el modelo de música menos el mejor de los otros;",
    },
)
