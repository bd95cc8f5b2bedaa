"""Chapter 01: stimuli and networks."""

from helpers.chapters.chapter import CHECKPOINT, PER_HEARD, Chapter, Size
from helpers.chapters.extract import figures
from helpers.chapters.extract.analysis import categories, dimensions, facts, networks, pretraining, spectra

__all__ = ["CHAPTER", "categories", "dimensions", "facts", "figures", "networks", "pretraining", "spectra"]


def _seconds(size: Size) -> float:
    return PER_HEARD * size.sound_s * size.n_weights


CHAPTER = Chapter("01_extract", per=CHECKPOINT, extracts=True, seconds=_seconds, holds_frames=True)
