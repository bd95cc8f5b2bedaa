"""Chapter 07: what the original study claims, each as one number with an interval, a threshold and a verdict."""

from helpers.chapters.chapter import STUDY, Chapter
from helpers.chapters.claims.analysis import about, again, hypotheses, named, sentences, shown, table
from helpers.chapters.claims.claims import CLAIMS

__all__ = ["CHAPTER", "CLAIMS", "about", "again", "hypotheses", "named", "sentences", "shown", "table"]

CHAPTER = Chapter("07_claims", per=STUDY, others=lambda study: study.halves() if study.parameters.unheard else [])
