"""The command line: `python -m helpers report STUDY`, and `batch`, `check`, `new`, `julearn`; `fetch DATA`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from pathlib import Path

import helpers.batch.command
import helpers.chapters.regularisation.command
import helpers.report.command
import helpers.study.command
from helpers.errors import UserError
from helpers.report.notebooks import ChapterError

COMMANDS = (  # each module has register(commands)
    helpers.report.command,
    helpers.batch.command,
    helpers.chapters.regularisation.command,
    helpers.study.command,
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code: 0 success, 2 user error, 1 internal error, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ChapterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what was computed so far is kept", file=sys.stderr)
        return 130
    except Exception as error:  # an internal error: one line for the user, the traceback for developers
        print(f"error: {type(error).__name__}: {error}; the traceback is in {_traceback(error)}", file=sys.stderr)
        return 1
    return 0


def _traceback(error: Exception) -> Path:
    """Write the traceback to a new file in the system's folder, because ours may be what failed; return its path."""
    with tempfile.NamedTemporaryFile("w", prefix="helpers-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    return Path(file.name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m helpers", description="How an audio network hears like a brain")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.register(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
