"""The music component takes longer to learn than the speech component."""

from __future__ import annotations

from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence, difference_of_jackknifed, reached
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run


def test(source: Run | Figures) -> Evidence:
    music, speech = (reached(source.series(*source.component(name))) for name in ("music", "speech"))
    return Evidence.of(difference_of_jackknifed(music, speech))


CLAIM = Claim(
    name="music_longer",
    order=95,
    test=test,
    calibrated=False,  # the step at which a curve reaches its end jumps
    reason="0: learned at the same time",
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "The music component takes longer to learn than the speech component.",
        "test": (
            "Share of the training until 95 % of the final r², the music component minus the speech component, mean "
            "of the layers, mixture network,"
        ),
    },
    es={
        "claim": "El componente música tarda más en aprenderse que el componente habla.",
        "test": (
            "Proporción del entrenamiento hasta el 95 % del r² final, componente música menos componente habla, "
            "media de las capas, red de mezcla;"
        ),
    },
)
