"""Chapter 03: the components by layer, model and checkpoint."""

from helpers.chapters.chapter import ALL_BESIDE, CHECKPOINT, Chapter, scoring
from helpers.chapters.components import figures
from helpers.chapters.components.analysis import BEST, about_beside, predicted, scores, sentences

__all__ = ["BEST", "CHAPTER", "about_beside", "figures", "predicted", "scores", "sentences"]

CHAPTER = Chapter(
    "03_components", per=CHECKPOINT, responses=frozenset({"components"}), beside=ALL_BESIDE, seconds=scoring
)
