"""Chapter 03: the components by layer, model and checkpoint."""

from helpers.chapters.chapter import CHECKPOINT, Chapter
from helpers.chapters.components import figures
from helpers.chapters.components.analysis import BEST, predicted, scores, sentences

__all__ = ["BEST", "CHAPTER", "figures", "predicted", "scores", "sentences"]

CHAPTER = Chapter("03_components", per=CHECKPOINT, responses=frozenset({"components"}))
