"""Chapter 04: how the components, and the voxels, are learned over training checkpoints."""

from helpers.chapters.chapter import PER_VOXEL, SERIES, Chapter, Size
from helpers.chapters.learning_dynamics import figures
from helpers.chapters.learning_dynamics.analysis import (
    gains,
    learned,
    left_out,
    overlay,
    sentences,
    series,
    voxel_baselines,
    voxels,
)
from helpers.study.study import BASELINES

__all__ = [
    "CHAPTER",
    "figures",
    "gains",
    "learned",
    "left_out",
    "overlay",
    "sentences",
    "series",
    "voxel_baselines",
    "voxels",
]


def _seconds(size: Size) -> float:
    return PER_VOXEL * size.n_voxels * size.n_splits * (size.n_layers * size.n_checkpoints + size.n_beside)


CHAPTER = Chapter(
    "04_learning_dynamics",
    per=SERIES,
    responses=frozenset({"components"}),
    beside=frozenset({BASELINES}),
    seconds=_seconds,
)
