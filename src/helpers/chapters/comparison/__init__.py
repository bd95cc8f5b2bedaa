"""Chapter 09: many networks beside each other, beside baselines and beside their own controls."""

from helpers.chapters.chapter import ALL_BESIDE, LAST, Chapter, scoring
from helpers.chapters.comparison import figures, leads
from helpers.chapters.comparison.analysis import (
    about_beside,
    best,
    cards,
    curves,
    metric,
    of_networks,
    responses,
    sentences,
    values,
)

__all__ = [
    "CHAPTER", "about_beside", "best", "cards", "curves", "figures", "leads", "metric", "of_networks", "responses",
    "sentences", "values",
]  # fmt: skip

CHAPTER = Chapter("09_comparison", per=LAST, estimators=frozenset({"ridge"}), beside=ALL_BESIDE, seconds=scoring)
