"""Chapter 14: the works that the study stands on, and how to cite this one."""

from helpers.chapters.chapter import LAST_PAGES, STUDY, Chapter
from helpers.chapters.references.analysis import cited, how_to_cite, replicated, works

__all__ = ["CHAPTER", "cited", "how_to_cite", "replicated", "works"]

CHAPTER = Chapter("14_references", per=STUDY, part=LAST_PAGES)
