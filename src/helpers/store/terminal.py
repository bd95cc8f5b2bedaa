"""The terminal: a sign that it cannot show, or colours that a file cannot hold, must not end a run."""

from __future__ import annotations

import sys


def show_anyway() -> None:
    """Make stdout and stderr show a `?` for each letter that their encoding lacks, in place of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where a program has put something else in their place
            stream.reconfigure(errors="replace")
