"""`python -m helpers check STUDY`."""

from __future__ import annotations

import argparse

from helpers.batch.described import described
from helpers.chapters import registry
from helpers.commands.chosen import chosen


def run(options: argparse.Namespace) -> None:
    """Validate a study and print what it has and what its report would take."""
    study = chosen(options)
    registry.check(study, options.chapters)
    for line in described(study, options.chapters):
        print(line)
