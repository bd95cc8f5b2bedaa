"""The speech and music components are predicted best from deeper layers than the low- and high-frequency ones."""

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
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    hypothesis="hierarchy",
    en={
        "claim": (
            "The speech and music components are predicted best from deeper layers than the low- and high-frequency "
            "ones."
        ),
        "test": (
            "Mean r² of the deeper half of the layers minus that of the other half: speech and music components "
            "minus low- and high-frequency ones, mixture network, without a last layer that sums both branches,"
        ),
        "reason": "depth matters as much to both",
    },
    es={
        "claim": (
            "Los componentes habla y música se predicen mejor a partir de capas más profundas que los de frecuencias "
            "bajas y altas."
        ),
        "test": (
            "r² medio de la mitad más profunda de las capas menos el de la otra mitad: componentes habla y música "
            "menos los de frecuencias bajas y altas, red de mezcla, sin la última capa si es la suma "
            "de ambas ramas;"
        ),
        "reason": "la profundidad importa lo mismo para ambos",
    },
)
