"""A study: its YAML, and what a notebook holds of it."""

from helpers.study.params import Parameters
from helpers.study.study import Study, open_study

__all__ = ["Parameters", "Study", "open_study"]
