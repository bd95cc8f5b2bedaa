"""The figures of the voxel chapter."""

from helpers.chapters.voxelwise.figures.curves import pooled, regions
from helpers.chapters.voxelwise.figures.maps import best_map, r2_map, region_map
from helpers.chapters.voxelwise.figures.subjects import depth, models

__all__ = ["best_map", "depth", "models", "pooled", "r2_map", "region_map", "regions"]
