"""Primary cortex is predicted best from earlier layers than the surrounding regions."""

from __future__ import annotations

from helpers.chapters.claims import evidence, published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import MEDIAN
from helpers.chapters.claims.run import Run
from helpers.names import VOXELS


def test(run: Run) -> Evidence:
    others, primary = run.voxels_by_region()
    contrast = evidence.depth_contrast(others) - evidence.depth_contrast(primary)
    return Evidence.of(run.estimate(contrast), over=evidence.SUBJECTS)


CLAIM = Claim(
    name="primary_early",
    order=170,
    test=test,
    on=VOXELS,
    published=published.region_contrast,
    published_note=MEDIAN,
    hypothesis="hierarchy",
    en={
        "claim": "Primary cortex is predicted best from earlier layers than the surrounding regions.",
        "test": (
            "Median r² of the deeper half of the layers minus that of the other half: other regions minus Primary, "
            "mean over subjects, mixture network, without a last layer that sums both branches,"
        ),
        "reason": "depth matters as much to both",
    },
    es={
        "claim": "La corteza primaria se predice mejor a partir de capas más tempranas que las regiones que la rodean.",
        "test": (
            "r² mediano de la mitad más profunda de las capas menos el de la otra mitad: otras regiones menos la "
            "primaria, media de los sujetos, red de mezcla, sin la última capa si es la suma de ambas ramas;"
        ),
        "reason": "la profundidad importa lo mismo para ambos",
    },
)
