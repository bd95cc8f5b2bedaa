"""`python -m helpers julearn STUDY`."""

from __future__ import annotations

import argparse

from helpers.chapters import registry
from helpers.chapters.regularisation import julearn
from helpers.commands.chosen import chosen


def run(options: argparse.Namespace) -> None:
    """Score a study's components with julearn and print the medians of both."""
    study = chosen(options)
    registry.check(study)
    both = julearn.run(study, options.models)
    print(both.groupby("estimator")[["r2_julearn", "r2_ours"]].median())
