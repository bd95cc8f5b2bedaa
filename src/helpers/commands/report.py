"""`python -m helpers report STUDY`."""

from __future__ import annotations

import argparse

from helpers.commands.chosen import chosen
from helpers.report.build import report


def run(options: argparse.Namespace) -> None:
    """Run the chapters of a study and write its page."""
    report(chosen(options), options.chapters, still=options.pictures)
