"""`python -m helpers batch STUDY`."""

from __future__ import annotations

import argparse

from helpers.batch.batch import Options, batch
from helpers.commands.chosen import chosen


def run(options: argparse.Namespace) -> None:
    """Run a study's jobs, or list them."""
    names = {"chapters": options.chapters, "models": options.models}
    how = {"jobs": options.jobs, "threads": options.threads, "limit_s": options.time_limit}
    batch(chosen(options), Options(**names, **how, scheduler=options.scheduler, dry_run=options.dry_run))
