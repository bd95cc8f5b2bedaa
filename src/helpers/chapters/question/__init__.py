"""Chapter 00: the question, the networks and the brain."""

from helpers.chapters.chapter import STUDY, Chapter
from helpers.chapters.question.analysis import experiment, heard_here, hypotheses, networks, overview

__all__ = ["CHAPTER", "experiment", "heard_here", "hypotheses", "networks", "overview"]

CHAPTER = Chapter("00_question", per=STUDY)
