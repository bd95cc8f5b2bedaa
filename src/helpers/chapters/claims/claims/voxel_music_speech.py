"""The music model predicts voxels better than the speech model."""

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
    reason="0: equally good",
    about=("music", "speech"),
    published=lambda: published.model_difference("Music", "Speech"),
    published_note=MEDIAN,
    en={
        "claim": "The music model predicts voxels better than the speech model.",
        "test": "Median r² over voxels, music minus speech, layer chosen on the train sounds, mean over subjects,",
    },
    es={
        "claim": "El modelo de música predice los vóxeles mejor que el de habla.",
        "test": (
            "r² mediano de los vóxeles, música menos habla, capa elegida con los sonidos de entrenamiento, media "
            "de los sujetos;"
        ),
    },
)
