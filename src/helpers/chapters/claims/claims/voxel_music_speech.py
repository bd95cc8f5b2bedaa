"""The music network predicts voxels better than the speech network."""

from __future__ import annotations

from helpers.chapters.claims import published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import SUBJECTS, Evidence
from helpers.chapters.claims.published import MEDIAN
from helpers.chapters.claims.run import Run
from helpers.names import VOXELS


def test(run: Run) -> Evidence:
    one, other = run.voxels_at_best("music", "speech")
    return Evidence.of(run.estimate(one - other), over=SUBJECTS)


CLAIM = Claim(
    name="voxel_music_speech",
    order=160,
    test=test,
    on=VOXELS,
    about=("music", "speech"),
    published=lambda: published.model_difference("Music", "Speech"),
    published_note=MEDIAN,
    en={
        "claim": "The music network predicts voxels better than the speech network.",
        "test": (
            "Median r² over voxels, music network minus speech network, layer chosen on the train sounds, mean over "
            "subjects,"
        ),
        "reason": "both are equally good",
    },
    es={
        "claim": "La red de música predice los vóxeles mejor que la de habla.",
        "test": (
            "r² mediano de los vóxeles, red de música menos red de habla, capa elegida con los sonidos de "
            "entrenamiento, media de los sujetos;"
        ),
        "reason": "ambas son igual de buenas",
    },
)
