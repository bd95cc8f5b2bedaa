"""Chapter 02: every voxel by layer and model."""

from helpers.chapters.chapter import LAST, PER_PERMUTED, PER_VOXEL, Chapter, Size
from helpers.chapters.voxelwise import analysis, figures, places, real_map, tables

__all__ = ["CHAPTER", "analysis", "figures", "places", "real_map", "tables"]


def _seconds(size: Size) -> float:
    fits = size.n_voxels * size.n_layers * size.n_splits
    return fits * (PER_VOXEL + PER_PERMUTED * size.n_permutations)


CHAPTER = Chapter(
    "02_voxelwise",
    per=LAST,
    responses=frozenset({"voxels"}),
    estimators=frozenset({"ridge", "ridge_kfold"}),  # the permutation test takes over the alphas that ridge chose
    seconds=_seconds,
)
