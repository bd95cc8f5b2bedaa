"""Chapter 09: many networks beside each other, beside baselines and beside their own controls."""

from helpers.chapters.chapter import STUDY, Chapter
from helpers.chapters.comparison import figures
from helpers.chapters.comparison.analysis import best, cards, curves, metric, of_networks, responses, sentences, values

__all__ = ["CHAPTER", "best", "cards", "curves", "figures", "metric", "of_networks", "responses", "sentences", "values"]

CHAPTER = Chapter("09_comparison", per=STUDY, estimators=frozenset({"ridge"}))
