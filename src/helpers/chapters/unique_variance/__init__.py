"""Chapter 12: what each network explains beyond acoustics, beyond labels, and beyond both."""

from helpers.chapters.chapter import ALL_BESIDE, LAST, Chapter, Size
from helpers.chapters.unique_variance import figures
from helpers.chapters.unique_variance.analysis import (
    beside_labels,
    beyond,
    of_labels,
    others,
    partitions,
    responses,
    said,
    sentences,
    summary,
    untrained,
)

__all__ = [
    "CHAPTER", "beside_labels", "beyond", "figures", "of_labels", "others", "partitions", "responses", "said",
    "sentences", "summary", "untrained",
]  # fmt: skip

PER_PARTITION = 0.25  # seconds per layer and split: a banded ridge on few responses


def _seconds(size: Size) -> float:
    return PER_PARTITION * (size.n_layers + size.n_beside) * size.n_splits


CHAPTER = Chapter(
    "12_unique_variance",
    per=LAST,
    n_baselines=1,
    estimators=frozenset({"ridge"}),
    beside=ALL_BESIDE,
    seconds=_seconds,
)
