"""Interactive figures: a tidy frame and a labeller in, a Plotly figure that speaks both languages out."""

from helpers.figures import (
    branches,
    dynamics,
    exploring,
    flatmap,
    julearn,
    regularisation,
    reproduction,
    selection,
    sounds,
    subjects,
    voxels,
)
from helpers.figures.components import by_layer
from helpers.figures.listening import dimensions, spectra

__all__ = [
    "branches",
    "by_layer",
    "dimensions",
    "dynamics",
    "exploring",
    "flatmap",
    "julearn",
    "regularisation",
    "reproduction",
    "selection",
    "sounds",
    "spectra",
    "subjects",
    "voxels",
]
