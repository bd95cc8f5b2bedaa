"""Chapter 11: do a network and the brain find the same sounds alike, and is that what regression says?"""

from helpers.chapters.chapter import STUDY, Chapter
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
    values,
)
from helpers.stats.rsa import LEAST

__all__ = [
    "CHAPTER", "about", "baselines", "by_subject", "ceilings", "curves", "figures", "limits", "metric", "of_people",
    "responses", "sentences", "values",
]  # fmt: skip

CHAPTER = Chapter("11_similarity", per=STUDY, n_targets=LEAST, estimators=frozenset({"ridge"}))
