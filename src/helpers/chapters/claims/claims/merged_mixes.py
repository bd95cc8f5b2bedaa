"""The network's output, the sum of both branches, resembles its first layer more than the last left branch does."""

from __future__ import annotations

from helpers.chapters.cka_residual.analysis import Ends
from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Run


def test(run: Run) -> Evidence:
    return similarity(run.branches())


def similarity(ends: Ends) -> Evidence:
    return evidence.similarity_difference(ends.first, ends.merged, ends.left)


CLAIM = Claim(
    name="merged_mixes",
    order=120,
    test=test,
    on="",
    untrained=lambda run: similarity(run.untrained_branches()),
    elsewhere=lambda run: {name: similarity(ends).value for name, ends in run.other_branches().items()},
    en={
        "claim": (
            "The network's output, the sum of both branches, resembles its first layer more than the last left branch "
            "does."
        ),
        "test": "CKA with the first layer, output (sum of both branches) minus the last left branch,",
        "reason": "the sum is as similar to the first layer as the last left branch",
    },
    es={
        "claim": (
            "La salida de la red, suma de ambas ramas, se parece a su primera capa más que la última rama izquierda."
        ),
        "test": "CKA con la primera capa, salida (suma de ambas ramas) menos la última rama izquierda;",
        "reason": "la suma se parece a la primera capa tanto como la última rama izquierda",
    },
)
