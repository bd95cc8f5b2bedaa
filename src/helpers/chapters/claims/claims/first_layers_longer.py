"""First layers keep learning for longer."""

from __future__ import annotations

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence, difference_of_jackknifed, reached
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    half = source.n_plain // 2
    shallow, deep = (reached(source.series(layers=part)) for part in (slice(half), slice(-half, None)))
    return Evidence.of(difference_of_jackknifed(shallow, deep))


CLAIM = Claim(
    name="first_layers_longer",
    order=100,
    test=test,
    calibrated=False,  # the step at which a curve reaches its end jumps
    reason="0: both halves of the layers learn for as long",
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "First layers keep learning for longer.",
        "test": (
            "Share of the training until 95 % of the final r², shallower half of the layers minus the deeper half, "
            "mean of the components, mixture network,"
        ),
    },
    es={
        "claim": "Las primeras capas siguen aprendiendo por más tiempo.",
        "test": (
            "Proporción del entrenamiento hasta el 95 % del r² final, mitad menos profunda de las capas menos la más "
            "profunda, media de los componentes, red de mezcla;"
        ),
    },
)
