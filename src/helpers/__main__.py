"""The command line: `python -m helpers COMMAND`, and what its errors look like."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path

from helpers import commands
from helpers.commands.parser import Parser
from helpers.errors import ChapterError, UserError
from helpers.store.checkout import ROOT, commit
from helpers.store.terminal import show_anyway

PACKAGE = Path(__file__).parent
CALLED = "python -m helpers"


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code: 0 success, 2 user error, 1 internal error, 130 interrupted."""
    show_anyway()
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments or ["--help"])
    try:
        _check_package()
        _check_home()
        commands.run(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ChapterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # of a file that somebody named or moved; what the network does is told where it happens
        if error.filename is None or not error.strerror:
            return _internal(error)
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else error.filename
        print(f"error: {name}: {error.strerror}; correct the path or its permissions", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what was computed so far is kept", file=sys.stderr)
        return 130
    except Exception as error:
        return _internal(error)
    return 0


def _check_package() -> None:
    """Raise UserError where this package is not that of a checkout, whose chapters and studies it needs."""
    missing = [f"{folder}/" for folder in ("notebooks", "params") if not (ROOT / folder).is_dir()]
    if missing:
        raise UserError(
            f"found the package at {PACKAGE}, without {' and '.join(missing)} in {ROOT}; expected that of a checkout: "
            "`make report` there, or `pip install -e` of it"
        )


def _check_home() -> None:
    """Raise UserError where the user has no home folder, which Jupyter asks for; it need not be there."""
    try:
        Path.home()
    except RuntimeError:
        raise UserError("found no home folder of this user; set HOME to a folder, then run again") from None


def _internal(error: Exception) -> int:
    """Say an internal error, one line for the user, the traceback for developers; return the exit code."""
    try:
        tempfile.gettempdir()
    except OSError:  # which may be the error itself
        todo = "found no folder for temporary files, expected one; set TMPDIR to a folder that can be written to"
        print(f"error: {error}; {todo}, then run again", file=sys.stderr)
        return 2
    print(f"error: {type(error).__name__}: {error}; the traceback is in {_traceback(error)}", file=sys.stderr)
    return 1


def _traceback(error: Exception) -> Path:
    """Write the traceback to a new file in the system's folder, because ours may be what failed; return its path."""
    with tempfile.NamedTemporaryFile("w", prefix="helpers-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    return Path(file.name)


def _parser() -> Parser:
    parser = Parser(
        prog=CALLED,
        description="How an audio network hears like a brain",
        epilog=_examples("report demo", "batch networks --dry-run", "report --help"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="say the version, and the checkout's commit")
    group = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for name, command in commands.COMMANDS.items():
        one = group.add_parser(
            name,
            help=command.help,
            description=command.help[0].upper() + command.help[1:],
            epilog=_examples(*command.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add(one)
    return parser


def _examples(*examples: str) -> str:
    return "\n".join(["examples:", *(f"  {CALLED} {example}" for example in examples)])


class _Version(argparse.Action):
    """Says the version when it is asked for: git is not run for any other command."""

    def __call__(self, parser, *_) -> None:
        state = commit(ROOT)
        changed = "" if state["clean"] else ", with local changes"
        named = f" (commit {state['commit'][:12]}{changed})" if state["commit"] else ""
        print(f"{version('audio-network-brain-report')}{named}")
        parser.exit()


if __name__ == "__main__":
    if not sys.flags.safe_path and Path(sys.path[0]) == Path.cwd():
        del sys.path[0]  # what is imported from here on must not come from the folder that the command runs in
    sys.exit(main())
