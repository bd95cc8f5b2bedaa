"""Chapter 13: can these sounds tell the networks apart, and does their order depend on how they are compared?"""

from helpers.chapters.chapter import APPENDIX, LAST, PER_SCORED, PER_VOXEL, Chapter, Size
from helpers.chapters.robustness import figures, seeds
from helpers.chapters.robustness.analysis import confusion, firsts, ranks, recovered, responses, sentences, universes

__all__ = [
    "CHAPTER", "confusion", "figures", "firsts", "ranks", "recovered", "responses", "seeds", "sentences",
    "universes",
]  # fmt: skip


def _seconds(size: Size) -> float:
    fits = size.n_layers * size.n_splits
    return 3 * PER_SCORED * fits + 100 * PER_VOXEL * fits * size.n_layers


CHAPTER = Chapter(
    "13_robustness",
    per=LAST,
    part=APPENDIX,
    estimators=frozenset({"ridge"}),
    seconds=_seconds,
    others=lambda study: study.retrained()[1:],
)
