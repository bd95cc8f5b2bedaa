"""The music model predicts voxels better than the speech model."""

from __future__ import annotations

from helpers.chapters.claims import evidence, published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Run


def test(run: Run) -> Evidence:
    music, speech = run.chosen_layer("music", "speech")
    return evidence.over_subjects(music - speech, run.seed)


CLAIM = Claim(
    name="voxel_music_speech",
    order=160,
    test=test,
    reason="0: equally good",
    published=lambda: published.model_difference("Music", "Speech"),
    en={
        "claim": "The music model predicts voxels better than the speech model.",
        "test": "r² by subject, music minus speech, layer chosen on other splits,",
    },
    es={
        "claim": "El modelo de música predice los vóxeles mejor que el de habla.",
        "test": "r² por sujeto, música menos habla, con la capa elegida en otras particiones;",
    },
)
