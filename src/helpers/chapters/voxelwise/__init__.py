"""Chapter 02: every voxel by layer and model."""

from helpers.chapters.chapter import ALL_BESIDE, LAST, PER_PERMUTED, PER_VOXEL, Chapter, Size
from helpers.chapters.voxelwise import analysis, figures, places, real_map, tables

__all__ = ["CHAPTER", "analysis", "figures", "places", "real_map", "tables"]


def _seconds(size: Size) -> float:
    fits = size.n_voxels * size.n_splits
    tests = size.n_layers * (PER_VOXEL + PER_PERMUTED * size.n_permutations)  # of the networks alone
    return fits * (tests + PER_VOXEL * size.n_beside)


CHAPTER = Chapter(
    "02_voxelwise",
    per=LAST,
    responses=frozenset({"voxels"}),
    estimators=frozenset({"ridge", "ridge_kfold"}),  # the permutation test takes over the alphas that ridge chose
    beside=ALL_BESIDE,
    seconds=_seconds,
)
