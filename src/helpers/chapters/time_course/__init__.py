"""Chapter 10: at which moment of a response each layer predicts it."""

from helpers.chapters.chapter import LAST, Chapter, scoring
from helpers.chapters.time_course import figures
from helpers.chapters.time_course.analysis import (
    about,
    binned,
    by_group,
    curves,
    floor,
    latencies,
    later,
    predicted,
    responses,
    sentences,
    singles,
    sound_ends,
    stacked,
)

__all__ = [
    "CHAPTER", "about", "binned", "by_group", "curves", "figures", "floor", "latencies", "later", "predicted",
    "responses", "sentences", "singles", "sound_ends", "stacked",
]  # fmt: skip

CHAPTER = Chapter("10_time_course", per=LAST, in_time=True, estimators=frozenset({"ridge"}), seconds=scoring)
