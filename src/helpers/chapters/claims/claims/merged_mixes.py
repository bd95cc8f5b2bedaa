"""The merged last layer is a mixture of first and last."""

from __future__ import annotations

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Run
from helpers.models.encodecmae.chunks import ENCODER
from helpers.models.encodecmae.extraction import BRANCH, LEFT, OUTPUT
from helpers.names import LAYER


def test(run: Run) -> Evidence:
    encoder = run.encoder()
    left, merged = encoder["activations"].sel({BRANCH: LEFT}), encoder["merged"].sel({OUTPUT: ENCODER})
    first, last = (left.isel({LAYER: position}).values for position in (0, -1))
    return evidence.similarity_difference(first, merged.values, last, run.seed)


CLAIM = Claim(
    name="merged_mixes",
    order=120,
    test=test,
    reason="0: the merged output is no more similar to the first layer than the last one alone",
    en={
        "claim": "The merged last layer is a mixture of first and last.",
        "test": "CKA with the first layer, merged output minus the last left branch,",
    },
    es={
        "claim": "La última capa sumada es una mezcla de la primera y la última.",
        "test": "CKA con la primera capa, salida sumada menos la última rama izquierda;",
    },
)
