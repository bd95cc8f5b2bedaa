"""The figures of the chapter on ridge and lasso."""

from helpers.chapters.regularisation.figures.chosen import alphas
from helpers.chapters.regularisation.figures.compared import julearn
from helpers.chapters.regularisation.figures.scores import by_layer, differences, metrics
from helpers.chapters.regularisation.figures.selection import agreement, shared, units

__all__ = ["agreement", "alphas", "by_layer", "differences", "julearn", "metrics", "shared", "units"]
