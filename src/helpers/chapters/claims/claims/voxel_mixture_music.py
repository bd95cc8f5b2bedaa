"""The mixture model predicts voxels better than the music model."""

from __future__ import annotations

from helpers.chapters.claims import evidence, published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Run


def test(run: Run) -> Evidence:
    mixture, music = run.chosen_layer("mixture", "music")
    return evidence.over_subjects(mixture - music, run.seed)


CLAIM = Claim(
    name="voxel_mixture_music",
    order=150,
    test=test,
    reason="0: equally good",
    published=lambda: published.model_difference("Mixture", "Music"),
    hypothesis="diversity",
    en={
        "claim": "The mixture model predicts voxels better than the music model.",
        "test": "r² by subject, mixture minus music, layer chosen on other splits,",
    },
    es={
        "claim": "El modelo de mezcla predice los vóxeles mejor que el de música.",
        "test": "r² por sujeto, mezcla menos música, con la capa elegida en otras particiones;",
    },
)
