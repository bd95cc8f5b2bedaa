"""Ridge and the multi-task lasso agree."""

from __future__ import annotations

import numpy as np

from helpers.chapters.claims import evidence
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.published import FIGURES, MEDIAN, Figures
from helpers.chapters.claims.run import Run
from helpers.chapters.claims.verdict import WITHIN


def test(source: Run | Figures) -> Evidence:
    rows, share = source.estimators()
    return Evidence.of(evidence.estimator_margin(rows, share, "ridge", "lasso"), over=evidence.SPLITS, bound=np.inf)


CLAIM = Claim(
    name="ridge_lasso_agree",
    order=130,
    test=test,
    side=WITHIN,
    of_training=False,
    threshold=0.05,
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "Ridge and the multi-task lasso agree.",
        "test": (
            "R² of ridge minus R² of the multi-task lasso at the best layer of each on the test sounds, mean over "
            "components,"
        ),
        "reason": "other sounds alone would change the r² of one network by about as much, see tests/COVERAGE.md",
    },
    es={
        "claim": "Ridge y el lasso multitarea coinciden.",
        "test": (
            "R² de ridge menos R² del lasso multitarea en la mejor capa de cada uno en los sonidos de prueba, media "
            "sobre los componentes;"
        ),
        "reason": "más o menos eso cambiaría el r² de una red con otros sonidos, véase tests/COVERAGE.md",
    },
)
