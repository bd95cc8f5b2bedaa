"""`python -m helpers report STUDY` and `python -m helpers new STUDY`."""

from __future__ import annotations

import argparse
from pathlib import Path

from helpers.chapters import registry
from helpers.report.build import report
from helpers.store.files import ROOT
from helpers.study import arguments, new, open_study


def register(commands) -> None:
    """Add the commands to an argparse group of commands."""
    command = commands.add_parser("report", help="run a study's chapters and write outputs/STUDY/report.html")
    arguments.add(command)
    arguments.add_chapters(command)
    command.set_defaults(run=_report)
    command = commands.add_parser("new", help="make a study of your own responses to your own sounds")
    command.add_argument("place", metavar="NAME", help="of the study, params/NAME.yml; or a path that ends in .yml")
    command.add_argument("--responses", type=Path, required=True, help=".csv, .parquet, .nc, .npz or -ave.fif")
    command.add_argument("--sounds", type=Path, required=True, help="folder with an audio file for each sound")
    command.add_argument("--categories", type=Path, help=".csv with the columns sound and category")
    command.add_argument("--citation", default="", help="how the data are to be cited")
    command.add_argument("--synthetic", action="store_true", help="the responses were simulated")
    command.add_argument("--decimal", choices=[".", ","], default=".", help="decimal sign of a .csv")
    command.set_defaults(run=_new)


def _report(options: argparse.Namespace) -> None:
    report(arguments.opened(options), arguments.listed(options.chapters))


def _new(options: argparse.Namespace) -> None:
    data = new.Data(
        options.responses,
        options.sounds,
        options.categories,
        options.citation,
        options.synthetic,
        options.decimal,
    )
    with new.made(options.place, data) as path:
        source = path.stem if path.parent == ROOT / "params" else str(path)
        study = open_study(source)
        registry.check(study)
        for kind in study.brain.responses:
            study.responses(kind)  # the window has times in it
    print(f"{new.told(study.brain)}\nwrote {path} and {study.parameters.data_dir}/dataset.yml")
    print(f"study '{study.parameters.name}' is valid; next: python -m helpers report {source}")
