"""`python -m helpers report STUDY` and `python -m helpers check STUDY`."""

from __future__ import annotations

import argparse

from helpers.chapters import registry
from helpers.report.build import report
from helpers.study import arguments


def register(commands) -> None:
    """Add both commands to an argparse group of commands."""
    command = commands.add_parser("report", help="run a study's chapters and write outputs/STUDY/report.html")
    arguments.add(command)
    arguments.add_chapters(command)
    command.set_defaults(run=_report)
    command = commands.add_parser("check", help="validate a study without computing anything")
    arguments.add(command)
    arguments.add_chapters(command)
    command.set_defaults(run=_check)


def _report(options: argparse.Namespace) -> None:
    report(arguments.opened(options), arguments.listed(options.chapters))


def _check(options: argparse.Namespace) -> None:
    study = arguments.opened(options)
    registry.check(study, arguments.listed(options.chapters))
    print(f"study '{study.parameters.name}' is valid")
