"""Chapter 04: how the components, and the voxels, are learned over training checkpoints."""

from helpers.chapters.chapter import PER_VOXEL, SERIES, Chapter, Size
from helpers.chapters.learning_dynamics import figures
from helpers.chapters.learning_dynamics.analysis import gains, learned, left_out, overlay, sentences, series, voxels

__all__ = ["CHAPTER", "figures", "gains", "learned", "left_out", "overlay", "sentences", "series", "voxels"]


def _seconds(size: Size) -> float:
    return PER_VOXEL * size.n_voxels * size.n_layers * size.n_splits * size.n_checkpoints


CHAPTER = Chapter("04_learning_dynamics", per=SERIES, responses=frozenset({"components"}), seconds=_seconds)
