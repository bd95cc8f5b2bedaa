"""Speech and music are learned later than low and high frequency, by the way from 0."""

from __future__ import annotations

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence, difference_of_jackknifed, reached
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    late, early = (reached(source.series(*source.group(name))) for name in ("category", "frequency"))
    return Evidence.of(difference_of_jackknifed(late, early))


CLAIM = Claim(
    name="late_learners",
    order=90,
    test=test,
    calibrated=False,  # the step at which a curve reaches its end jumps
    reason="0: learned at the same time",
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "The speech and music components are learned later than the low- and high-frequency ones.",
        "test": (
            "Share of the training until 95 % of the final r², speech and music components minus low- and "
            "high-frequency ones, mean of the layers, mixture network,"
        ),
    },
    es={
        "claim": "Los componentes habla y música se aprenden más tarde que los de frecuencias bajas y altas.",
        "test": (
            "Proporción del entrenamiento hasta el 95 % del r² final, componentes habla y música menos los de "
            "frecuencias bajas y altas, media de las capas, red de mezcla;"
        ),
    },
)
