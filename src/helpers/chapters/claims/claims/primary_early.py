"""Primary cortex is predicted best by earlier layers than the surrounding regions."""

from __future__ import annotations

from helpers.chapters.claims import published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Run


def test(run: Run) -> Evidence:
    found = run.hierarchy()
    return Evidence(*(float(found[name]) for name in ("difference", "low", "high")), over="subjects")


CLAIM = Claim(
    name="primary_early",
    order=170,
    test=test,
    reason="0: equally deep",
    published=published.hierarchy,
    hypothesis="hierarchy",
    en={
        "claim": "Primary cortex is predicted best by earlier layers than the surrounding regions.",
        "test": "Relative depth of the best layer by subject, a merged last one left out, other regions minus Primary,",
    },
    es={
        "claim": "La corteza primaria se predice mejor en capas más tempranas que las regiones que la rodean.",
        "test": (
            "Profundidad relativa de la mejor capa por sujeto, sin la última si es la suma, otras regiones menos "
            "la primaria;"
        ),
    },
)
