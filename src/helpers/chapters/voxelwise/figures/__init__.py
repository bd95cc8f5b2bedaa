"""The figures of the voxel chapter."""

from helpers.chapters.voxelwise.figures.curves import pooled, regions
from helpers.chapters.voxelwise.figures.maps import best_map, r2_map, region_map
from helpers.chapters.voxelwise.figures.published import published_depth, published_layers, published_map
from helpers.chapters.voxelwise.figures.subjects import depth, models
from helpers.chapters.voxelwise.figures.surface import best_surface, difference_surface, r2_surface

__all__ = [
    "best_map",
    "best_surface",
    "depth",
    "difference_surface",
    "models",
    "pooled",
    "published_depth",
    "published_layers",
    "published_map",
    "r2_map",
    "r2_surface",
    "region_map",
    "regions",
]
