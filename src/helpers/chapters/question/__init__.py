"""Chapter 00: the question, the networks and the brain."""

from helpers.chapters.chapter import STUDY, Chapter
from helpers.chapters.question.analysis import networks, overview

__all__ = ["CHAPTER", "networks", "overview"]

CHAPTER = Chapter("00_question", per=STUDY)
