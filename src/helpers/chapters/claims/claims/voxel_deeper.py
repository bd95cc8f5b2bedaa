"""Deeper layers predict voxels better."""

from __future__ import annotations

from helpers.chapters.claims import evidence, published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Run


def test(run: Run) -> Evidence:
    return evidence.depth_effect_of_subjects(run.by_subject(), run.seed)


CLAIM = Claim(
    name="voxel_deeper",
    order=140,
    test=test,
    reason="0: both halves alike",
    published=published.voxel_depth_effect,
    en={
        "claim": "Deeper layers predict voxels better.",
        "test": "Median r² of the deeper half of the layers minus that of the other half, by subject,",
    },
    es={
        "claim": "Las capas más profundas predicen mejor los vóxeles.",
        "test": "r² mediano de la mitad más profunda de las capas menos el de la otra mitad, por sujeto;",
    },
)
