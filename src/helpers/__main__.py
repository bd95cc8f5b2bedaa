"""The command line: `python -m helpers report STUDY`, `batch STUDY`, `check STUDY`, `fetch DATA`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from pathlib import Path

from helpers import brain
from helpers.batch.command import Options, batch
from helpers.chapters import ChapterError
from helpers.names import UserError
from helpers.pipeline import Work, julearn
from helpers.report import report


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns 0, 2 for what the user can mend, 1 for what the user cannot, 130 for Ctrl-C."""
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
    except Exception as error:  # a mistake of ours: one line for who runs it, the rest for who mends it
        print(f"error: {type(error).__name__}: {error}; where it happened is in {_noted(error)}", file=sys.stderr)
        return 1
    return 0


def _noted(error: Exception) -> Path:
    """A new file that holds the traceback; its folder is the system's, because ours may be what failed."""
    with tempfile.NamedTemporaryFile("w", prefix="helpers-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.writelines(traceback.format_exception(error))
    return Path(file.name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m helpers", description="How an audio network hears like a brain")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("report", help="run a study's chapters and write outputs/STUDY/report.html")
    _study(command)
    command.set_defaults(run=_report)
    command = commands.add_parser("batch", help="run a study in jobs: each chapter for each model and checkpoint")
    _study(command)
    _batch_options(command)
    command.set_defaults(run=_batch)
    command = commands.add_parser("check", help="say what is wrong with a study before anything is computed")
    _study(command)
    command.set_defaults(run=_check)
    command = commands.add_parser("julearn", help="score the components with julearn too, in its own environment")
    _study(command)
    command.set_defaults(run=_julearn)
    command = commands.add_parser("fetch", help=f"download and verify data: {', '.join(brain.DOWNLOADS)}")
    command.add_argument("name")
    command.set_defaults(run=lambda options: print(brain.fetch(options.name)))
    return parser


def _study(command: argparse.ArgumentParser) -> None:
    command.add_argument("study", help="a YAML file or the name of one in params/")
    command.add_argument("--models", default="", help="some of its models, separated by commas")
    command.add_argument("--outputs", default="outputs", help="folder for everything computed")


def _batch_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--chapters", default="", help="some of its chapters, separated by commas")
    command.add_argument("--jobs", type=_positive, default=1, help="how many at once on this machine")
    command.add_argument("--threads", type=_positive, help="per job; without it, jobs share the cores")
    command.add_argument("--time-limit", type=float, metavar="SECONDS", help="after which a job is ended, and failed")
    command.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="of a Dask cluster, such as tcp://host:8786"
    )
    command.add_argument("--dry-run", action="store_true", help="list the jobs, what is missing, time and memory")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {number}, expected 1 or more")
    return number


def _work(options: argparse.Namespace) -> tuple[Work, list[str]]:
    models = [name for name in options.models.split(",") if name]
    return Work.of(options.study, models, options.outputs), models


def _report(options: argparse.Namespace) -> None:
    work, models = _work(options)
    report(work, models)


def _batch(options: argparse.Namespace) -> None:
    work, models = _work(options)
    chapters = [name for name in options.chapters.split(",") if name]
    batch(
        work,
        models,
        Options(chapters, options.jobs, options.threads, options.time_limit, options.scheduler, options.dry_run),
    )


def _julearn(options: argparse.Namespace) -> None:
    work, models = _work(options)
    print(julearn.run(work, models).groupby("estimator")[["r2_julearn", "r2_ours"]].median())


def _check(options: argparse.Namespace) -> None:
    work, _ = _work(options)
    work.check()
    print(f"study '{work.study.name}' is sound")


if __name__ == "__main__":
    sys.exit(main())
