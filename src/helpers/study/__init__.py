"""A study: its YAML, and the opened study that notebooks work with."""

from helpers.study.params import Parameters
from helpers.study.study import Study, open_study

__all__ = ["Parameters", "Study", "open_study"]
