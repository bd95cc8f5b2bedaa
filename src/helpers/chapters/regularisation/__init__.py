"""Chapter 06: ridge compared with the multi-task and the single-task lasso, on the same splits."""

from helpers.chapters.chapter import LAST, Chapter
from helpers.chapters.regularisation import figures, julearn
from helpers.chapters.regularisation.analysis import (
    ESTIMATORS,
    METRICS,
    NAME,
    SCHEME,
    agreement,
    alphas_chosen,
    method,
    overlay,
    ridge_ahead,
    scores,
    shared,
    units_selected,
)

__all__ = [
    "CHAPTER", "ESTIMATORS", "METRICS", "NAME", "SCHEME", "agreement", "alphas_chosen", "figures", "julearn", "method",
    "overlay", "ridge_ahead", "scores", "shared", "units_selected",
]  # fmt: skip

PER_FIT = 0.25  # seconds per layer and split, all estimators on six targets together

CHAPTER = Chapter(
    NAME,
    per=LAST,
    responses=frozenset({"components"}),
    seconds=lambda size: PER_FIT * size.n_layers * size.n_splits,
    outside=julearn.stamp,
)
