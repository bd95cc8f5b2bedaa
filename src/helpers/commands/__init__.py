"""What the command line knows: each command, the words that it takes, and the module of its name that runs it.

Only this and the parser are imported to answer `--help` or a wrong word; a command's module, and with it whatever
computes, is imported when the command runs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command: what it is for, examples of it, and what adds its arguments to a parser.

    The module of its name, here, has `run(options)`.
    """

    help: str
    examples: tuple[str, ...]
    add: Callable[[argparse.ArgumentParser], None]


def run(options: argparse.Namespace) -> None:
    """Run the command that was parsed."""
    import_module(f"{__name__}.{options.command}").run(options)


def _report(parser: argparse.ArgumentParser) -> None:
    _check(parser)
    parser.add_argument(
        "--pictures",
        action="store_true",
        help="a still picture of each figure for readers without scripts; needs Chrome or Chromium",
    )


def _check(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    _add_chapters(parser)


def _batch(parser: argparse.ArgumentParser) -> None:
    _add_study(parser)
    _add_chapters(parser)
    parser.add_argument("--jobs", type=_positive, default=1, help="how many at once on this machine")
    parser.add_argument("--threads", type=_positive, help="per job; without it, jobs share the cores")
    parser.add_argument(
        "--time-limit", type=_seconds, metavar="SECONDS", help="terminate a job after SECONDS and mark it failed"
    )
    parser.add_argument("--scheduler", default="", metavar="ADDRESS", help="of a Dask cluster, such as tcp://host:8786")
    parser.add_argument("--dry-run", action="store_true", help="list the jobs, what is missing, time and memory")


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", metavar="NAME", help="of the study, params/NAME.yml; or a path that ends in .yml")
    parser.add_argument("--responses", type=Path, required=True, help=".csv, .parquet, .nc, .npz or -ave.fif")
    parser.add_argument("--sounds", type=Path, required=True, help="folder with an audio file for each sound")
    parser.add_argument("--categories", type=Path, help=".csv with the columns sound and category")
    parser.add_argument("--citation", default="", help="how the data are to be cited")
    parser.add_argument("--synthetic", action="store_true", help="the responses were simulated")
    parser.add_argument("--decimal", choices=[".", ","], default=".", help="decimal sign of a .csv")
    parser.add_argument("--report", action="store_true", help="make its report, too")


def _fetch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="nh2015, voxels, ecog2022 or networks")


def _nothing(parser: argparse.ArgumentParser) -> None:
    """Add no argument."""


def _add_study(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose a study and parts of it."""
    parser.add_argument("study", help="a YAML file or the name of one in params/")
    parser.add_argument(
        "--models", type=_listed, default=[], metavar="A,B", help="comma-separated subset of its models"
    )
    parser.add_argument(
        "--outputs",
        metavar="FOLDER",
        help="for everything computed, from where the command runs, as are paths in a study; without it, the project's "
        "outputs/",
    )


def _add_chapters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--chapters", type=_listed, default=[], metavar="A,B", help="comma-separated subset of its chapters"
    )


def _listed(names: str) -> list[str]:
    """Return comma-separated names as a list; what names nothing, such as a variable that is not set, is no subset."""
    found = [name.strip() for name in names.split(",") if name.strip()]
    if not found:
        raise argparse.ArgumentTypeError(f"found {names!r}, expected names with commas between them")
    return found


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {number}, expected 1 or more")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number of seconds above 0")
    return number


COMMANDS = {
    "report": Command(
        "run a study's chapters and write outputs/STUDY/report.html",
        ("report demo", "report networks --models crepe,MSD_vgg", "report demo --pictures"),
        _report,
    ),
    "check": Command(
        "validate a study without computing anything; list layers and costs",
        ("check networks", "check my-study.yml"),
        _check,
    ),
    "batch": Command(
        "run a study in jobs: each chapter for each model and checkpoint",
        ("batch networks --dry-run", "batch networks --jobs 2", "batch learning --scheduler tcp://host:8786"),
        _batch,
    ),
    "new": Command(
        "make a study of your own responses to your own sounds",
        ("new my-study --responses responses.csv --sounds sounds --report",),
        _new,
    ),
    "fetch": Command("download and verify data or trained networks", ("fetch nh2015", "fetch networks"), _fetch),
    "studies": Command("list the studies in params/, with their data, networks and reports", ("studies",), _nothing),
    "models": Command("list the families of networks and baselines, and their settings", ("models",), _nothing),
    "julearn": Command("score the components with julearn too, in its own environment", ("julearn demo",), _add_study),
}
