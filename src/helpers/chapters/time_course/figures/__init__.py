"""The figures of the chapter on time."""

from helpers.chapters.time_course.figures.curves import by_time, one_by_one
from helpers.chapters.time_course.figures.depth import by_depth
from helpers.chapters.time_course.figures.heat import heat
from helpers.chapters.time_course.figures.moments import moments

__all__ = ["by_depth", "by_time", "heat", "moments", "one_by_one"]
