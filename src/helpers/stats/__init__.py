"""Statistics of scores and activations: curves, best layers, learning, similarity, intervals."""

from helpers.stats.curves import curves, rows, trained, untrained
from helpers.stats.layers import best_layer, best_rows

__all__ = ["best_layer", "best_rows", "curves", "rows", "trained", "untrained"]
