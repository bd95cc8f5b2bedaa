"""Deeper layers predict voxels better."""

from __future__ import annotations

from helpers.chapters.claims import evidence, published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import MEDIAN
from helpers.chapters.claims.run import Run
from helpers.names import VOXELS


def test(run: Run) -> Evidence:
    contrast = evidence.depth_contrast(run.voxels_by_layer())
    return Evidence.of(run.estimate(contrast), over=evidence.SUBJECTS)


CLAIM = Claim(
    name="voxel_deeper",
    order=140,
    test=test,
    on=VOXELS,
    published=published.voxel_depth_contrast,
    published_note=MEDIAN,
    en={
        "claim": "Deeper layers predict voxels better.",
        "test": (
            "Median r² of the deeper half of the layers minus that of the other half, mean over subjects, mixture "
            "network,"
        ),
        "reason": "both halves are alike",
    },
    es={
        "claim": "Las capas más profundas predicen mejor los vóxeles.",
        "test": (
            "r² mediano de la mitad más profunda de las capas menos el de la otra mitad, media de los sujetos, red "
            "de mezcla;"
        ),
        "reason": "ambas mitades son iguales",
    },
)
