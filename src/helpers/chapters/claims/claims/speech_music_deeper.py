"""Speech and music are predicted best by deeper layers than low and high frequency."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return evidence.depth_difference(*source.layered(), source.group("category"), source.group("frequency"))


CLAIM = Claim(
    name="speech_music_deeper",
    order=30,
    test=test,
    reason="0: equally deep",
    published=lambda: test(FIGURES),
    hypothesis="hierarchy",
    en={
        "claim": "Speech and music are predicted best by deeper layers than low and high frequency.",
        "test": (
            "Relative depth of the best layer, speech and music minus low and high frequency, mixture, a merged "
            "last layer left out,"
        ),
    },
    es={
        "claim": "El habla y la música se predicen mejor en capas más profundas que las frecuencias bajas y altas.",
        "test": (
            "Profundidad relativa de la mejor capa, habla y música menos frecuencias bajas y altas, mezcla, sin "
            "la última capa si es la suma;"
        ),
    },
)
