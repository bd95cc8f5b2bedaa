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
    reason="about what other sounds alone would change in the r2 of one network (see tests/COVERAGE.md)",
    published=lambda: test(FIGURES),
    published_note=MEDIAN,
    en={
        "claim": "Ridge and the multi-task lasso agree.",
        "test": "R² of ridge minus R² of the multi-task lasso at their best layers, mean over components,",
    },
    es={
        "claim": "Ridge y el lasso multitarea coinciden.",
        "test": "R² de ridge menos R² del lasso multitarea en sus mejores capas, media sobre los componentes;",
    },
)
