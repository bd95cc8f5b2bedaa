"""The figures of the comparison chapter."""

from helpers.chapters.comparison.figures.depth import by_depth
from helpers.chapters.comparison.figures.heat import heat
from helpers.chapters.comparison.figures.leads import leads
from helpers.chapters.comparison.figures.rows import rows
from helpers.chapters.comparison.figures.scatter import scatter

__all__ = ["by_depth", "heat", "leads", "rows", "scatter"]
