"""Chapter 08: this run against the published figures, curve by curve, where the published networks were run."""

from helpers.chapters.chapter import STUDY, Chapter
from helpers.chapters.reproduction import figures
from helpers.chapters.reproduction.analysis import curves, points, sentences, shown

__all__ = ["CHAPTER", "curves", "figures", "points", "sentences", "shown"]

CHAPTER = Chapter("08_reproduction", per=STUDY)
