"""Chapter 01: stimuli and networks."""

from helpers.chapters.chapter import APPENDIX, CHECKPOINT, Chapter
from helpers.chapters.extract import figures
from helpers.chapters.extract.analysis import categories, dimensions, facts, networks, pretraining, spectra, times

__all__ = ["CHAPTER", "categories", "dimensions", "facts", "figures", "networks", "pretraining", "spectra", "times"]


CHAPTER = Chapter(
    "01_extract",
    per=CHECKPOINT,
    part=APPENDIX,
    extracts=True,
    seconds=lambda size: size.heard_s,
    holds_frames=True,
)
