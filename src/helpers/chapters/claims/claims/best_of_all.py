"""EnCodecMAE predicts voxels better than networks of other families."""

from __future__ import annotations

from helpers.chapters.claims import published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import SUBJECTS, Evidence
from helpers.chapters.claims.published import MEDIAN
from helpers.chapters.claims.run import Run
from helpers.names import VOXELS


def test(run: Run) -> Evidence:
    own, *others = run.voxels_at_best(run.main, *run.others())
    return Evidence.of(*(run.estimate(own - other) for other in others), over=SUBJECTS)


CLAIM = Claim(
    name="best_of_all",
    order=165,
    test=test,
    on=VOXELS,
    published=published.lead_over_all_others,
    published_note=MEDIAN,
    en={
        "claim": "EnCodecMAE predicts voxels better than networks of other families.",
        "test": (
            "Median r² over voxels, mixture network minus the best network of another family, layer chosen on the "
            "train sounds, mean over subjects,"
        ),
        "reason": "it is as good as the best other one",
    },
    es={
        "claim": "EnCodecMAE predice los vóxeles mejor que las redes de otras familias.",
        "test": (
            "r² mediano de los vóxeles, red de mezcla menos la mejor red de otra familia, capa elegida con los "
            "sonidos de entrenamiento, media de los sujetos;"
        ),
        "reason": "predice igual que la mejor de las otras",
    },
)
