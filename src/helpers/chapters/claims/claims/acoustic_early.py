"""Low and high frequency are predicted best by early or middle layers."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    return evidence.best_depth(*source.layered(), source.group("frequency"))


CLAIM = Claim(
    name="acoustic_early",
    order=20,
    test=test,
    threshold=0.75,
    above=False,
    reason="early or middle: not in the last quarter of the depth",
    published=lambda: test(FIGURES),
    hypothesis="hierarchy",
    en={
        "claim": "Low and high frequency are predicted best by early or middle layers.",
        "test": (
            "Relative depth of the best layer (0 first, 1 last), mean of both components, mixture, a merged last "
            "layer left out,"
        ),
    },
    es={
        "claim": "Las frecuencias bajas y altas se predicen mejor en capas tempranas o intermedias.",
        "test": (
            "Profundidad relativa de la mejor capa (0 la primera, 1 la última), media de ambos componentes, "
            "mezcla, sin la última capa si es la suma;"
        ),
    },
)
