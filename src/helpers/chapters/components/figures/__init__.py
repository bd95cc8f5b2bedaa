"""The figures of the components chapter."""

from helpers.chapters.components.figures.layers import by_layer
from helpers.chapters.components.figures.sounds import predicted

__all__ = ["by_layer", "predicted"]
