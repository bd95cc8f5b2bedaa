"""The mixture network predicts voxels better than the music network."""

from __future__ import annotations

from helpers.chapters.claims import published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import SUBJECTS, Evidence
from helpers.chapters.claims.published import MEDIAN
from helpers.chapters.claims.run import Run
from helpers.names import VOXELS


def test(run: Run) -> Evidence:
    one, other = run.voxels_at_best("mixture", "music")
    return Evidence.of(run.estimate(one - other), over=SUBJECTS)


CLAIM = Claim(
    name="voxel_mixture_music",
    order=150,
    test=test,
    on=VOXELS,
    about=("mixture", "music"),
    published=lambda: published.model_difference("Mixture", "Music"),
    published_note=MEDIAN,
    hypothesis="diversity",
    en={
        "claim": "The mixture network predicts voxels better than the music network.",
        "test": (
            "Median r² over voxels, mixture network minus music network, layer chosen on the train sounds, mean over "
            "subjects,"
        ),
        "reason": "both are equally good",
    },
    es={
        "claim": "La red de mezcla predice los vóxeles mejor que la de música.",
        "test": (
            "r² mediano de los vóxeles, red de mezcla menos red de música, capa elegida con los sonidos de "
            "entrenamiento, media de los sujetos;"
        ),
        "reason": "ambas son igual de buenas",
    },
)
