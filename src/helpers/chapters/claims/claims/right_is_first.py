"""The right branch of the last layer resembles the first layer more than its own left branch."""

from __future__ import annotations

from helpers.chapters.cka_residual.analysis import Ends
from helpers.chapters.claims import evidence, published
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Run


def test(run: Run) -> Evidence:
    return similarity(run.branches())


def similarity(ends: Ends) -> Evidence:
    return evidence.similarity_difference(ends.right, ends.first, ends.left)


CLAIM = Claim(
    name="right_is_first",
    order=110,
    test=test,
    on="",
    published_sign=published.sign_of_branches,
    untrained=lambda run: similarity(run.untrained_branches()),
    elsewhere=lambda run: {name: similarity(ends).value for name, ends in run.other_branches().items()},
    en={
        "claim": "The right branch of the last layer resembles the first layer more than its own left branch.",
        "test": "CKA of the last right branch with the first left one minus that with the last left one,",
        "reason": "it is equally similar to both",
    },
    es={
        "claim": "La rama derecha de la última capa se parece más a la primera capa que a su propia rama izquierda.",
        "test": "CKA de la última rama derecha con la primera izquierda menos la que tiene con la última izquierda;",
        "reason": "se parece igual a ambas",
    },
)
