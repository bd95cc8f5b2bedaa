"""Statistics of scores and activations: curves, best layers, learning, similarity, intervals."""

from helpers.stats.curves import curves, rows, trained
from helpers.stats.layers import best_layer, best_rows, nested_best
from helpers.stats.references import references, role_of

__all__ = ["best_layer", "best_rows", "curves", "nested_best", "references", "role_of", "rows", "trained"]
