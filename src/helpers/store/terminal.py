"""The terminal: a sign that it cannot show must not end a run, and lines of several threads must stay whole."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

WRITING = threading.Lock()


def show_anyway() -> None:
    """Make stdout and stderr show a `?` for each letter that their encoding lacks, in place of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where a program has put something else in their place
            stream.reconfigure(errors="replace")


def said(line: str) -> None:
    """Print a line in one piece, whatever other threads print."""
    with WRITING:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


class Lines:
    """A stream that hands on whole lines only, each after the name of whose they are: several share a terminal.

    What ends in a carriage return, as a progress bar's states do, is a line, too.
    """

    def __init__(self, stream: TextIO, name: str):
        self.stream, self.name, self._rest = stream, name, ""

    def write(self, text: str) -> int:
        *whole, self._rest = (self._rest + text).replace("\r", "\n").split("\n")
        lines = [f"{self.name}: {line}\n" for line in whole if line.strip()]
        with WRITING:
            self.stream.write("".join(lines))
            self.stream.flush()
        return len(text)

    def flush(self) -> None:
        """Keep what is no whole line yet."""

    def close(self) -> None:
        """Hand on what is left."""
        if self._rest.strip():
            self.write("\n")
