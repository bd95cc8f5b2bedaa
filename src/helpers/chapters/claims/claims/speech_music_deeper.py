"""Speech and music are predicted best by deeper layers than low and high frequency."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    deep = evidence.depth_contrast(source.by_layer(*source.group("category")))
    shallow = evidence.depth_contrast(source.by_layer(*source.group("frequency")))
    return Evidence.of(source.estimate(deep - shallow))


CLAIM = Claim(
    name="speech_music_deeper",
    order=30,
    test=test,
    reason="0: depth matters as much to both",
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    hypothesis="hierarchy",
    en={
        "claim": "Speech and music are predicted best by deeper layers than low and high frequency.",
        "test": (
            "Mean r² of the deeper half of the layers minus that of the other half: speech and music minus low "
            "and high frequency, mixture, a merged last layer left out,"
        ),
    },
    es={
        "claim": "El habla y la música se predicen mejor en capas más profundas que las frecuencias bajas y altas.",
        "test": (
            "r² medio de la mitad más profunda de las capas menos el de la otra mitad: habla y música menos "
            "frecuencias bajas y altas, mezcla, sin la última capa si es la suma;"
        ),
    },
)
