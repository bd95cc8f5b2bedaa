"""The summary: what was asked, compared and found, on the first screen of the report."""

from helpers.chapters.chapter import ALL_BESIDE, LEAD, STUDY, Chapter, scoring
from helpers.chapters.summary import figures
from helpers.chapters.summary.analysis import cautions, compared, findings, seeds, values, verdicts

__all__ = ["CHAPTER", "cautions", "compared", "figures", "findings", "seeds", "values", "verdicts"]

CHAPTER = Chapter("15_summary", per=STUDY, part=LEAD, beside=ALL_BESIDE, seconds=scoring)
