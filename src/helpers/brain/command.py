"""`python -m helpers fetch DATA`."""

from __future__ import annotations

from helpers import brain


def register(commands) -> None:
    """Add the command to an argparse group of commands."""
    command = commands.add_parser("fetch", help=f"download and verify data: {', '.join(brain.DOWNLOADS)}")
    command.add_argument("name")
    command.set_defaults(run=lambda options: print(brain.fetch(options.name)))
