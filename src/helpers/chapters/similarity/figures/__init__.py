"""The figures of the chapter on similarity."""

from helpers.chapters.similarity.figures.depth import by_depth
from helpers.chapters.similarity.figures.scatter import scatter
from helpers.chapters.similarity.figures.together import together

__all__ = ["by_depth", "scatter", "together"]
