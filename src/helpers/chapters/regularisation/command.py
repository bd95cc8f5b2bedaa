"""`python -m helpers julearn STUDY`."""

from __future__ import annotations

import argparse

from helpers.chapters import registry
from helpers.chapters.regularisation import julearn
from helpers.study import arguments


def register(commands) -> None:
    """Add the command to an argparse group of commands."""
    command = commands.add_parser("julearn", help="score the components with julearn too, in its own environment")
    arguments.add(command)
    command.set_defaults(run=_julearn)


def _julearn(options: argparse.Namespace) -> None:
    study = arguments.opened(options)
    registry.check(study)
    both = julearn.run(study, arguments.listed(options.models))
    print(both.groupby("estimator")[["r2_julearn", "r2_ours"]].median())
