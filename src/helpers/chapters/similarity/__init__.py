"""Chapter 11: do a network and the brain find the same sounds alike, and is that what regression says?"""

from helpers.chapters.chapter import ALL_BESIDE, LAST, Chapter, Size, scoring
from helpers.chapters.similarity import figures
from helpers.chapters.similarity.analysis import (
    about,
    baselines,
    by_subject,
    ceilings,
    curves,
    limits,
    metric,
    of_people,
    responses,
    sentences,
    together,
    values,
)
from helpers.stats.rsa import LEAST

__all__ = [
    "CHAPTER", "about", "baselines", "by_subject", "ceilings", "curves", "figures", "limits", "metric", "of_people",
    "responses", "sentences", "together", "values",
]  # fmt: skip

PER_MATRIX = 2e-7  # seconds, for each layer, split and pair of sounds


def _seconds(size: Size) -> float:
    return scoring(size) + PER_MATRIX * (size.n_layers + size.n_beside) * size.n_splits * size.n_sounds**2


CHAPTER = Chapter(
    "11_similarity",
    per=LAST,
    n_targets=LEAST,
    estimators=frozenset({"ridge"}),
    beside=ALL_BESIDE,
    seconds=_seconds,
)
