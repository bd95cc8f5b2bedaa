"""A study's computed things: `Work` is what all chapters share, and each chapter has a module of its own beside it.

Every table is made on first use, from results that are kept on disk, and written to `outputs/<study>/tables/`.
"""

from helpers.pipeline import (
    branches,
    claims,
    components,
    dynamics,
    julearn,
    listening,
    regularisation,
    reproduction,
    voxelwise,
)
from helpers.pipeline.work import Work

__all__ = [
    "Work",
    "branches",
    "claims",
    "components",
    "dynamics",
    "julearn",
    "listening",
    "regularisation",
    "reproduction",
    "voxelwise",
]
