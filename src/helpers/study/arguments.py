"""Command-line arguments shared by the commands that work on a study."""

from __future__ import annotations

import argparse

from helpers.store.files import expanded
from helpers.study.study import Study, open_study


def add(command: argparse.ArgumentParser) -> None:
    """Add the arguments that choose a study and parts of it."""
    command.add_argument("study", help="a YAML file or the name of one in params/")
    command.add_argument("--models", default="", metavar="A,B", help="comma-separated subset of its models")
    command.add_argument(
        "--outputs",
        metavar="FOLDER",
        help="for everything computed, from where the command runs, as are paths in a study; without it, the project's "
        "outputs/",
    )


def add_chapters(command: argparse.ArgumentParser) -> None:
    """Add the argument that chooses some of a study's chapters."""
    command.add_argument("--chapters", default="", metavar="A,B", help="comma-separated subset of its chapters")


def opened(options: argparse.Namespace) -> Study:
    """Return the requested study; raises UserError if it is invalid."""
    outputs = "outputs" if options.outputs is None else str(expanded(options.outputs).absolute())
    return open_study({"study": options.study, "models": listed(options.models), "outputs": outputs})


def listed(names: str) -> list[str]:
    """Return comma-separated names as a list."""
    return [name for name in names.split(",") if name]
