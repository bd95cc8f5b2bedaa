"""`python -m helpers new NAME --responses FILE --sounds FOLDER`."""

from __future__ import annotations

import argparse

from helpers.chapters import registry
from helpers.report.build import report
from helpers.store.checkout import ROOT
from helpers.study import new, open_study


def run(options: argparse.Namespace) -> None:
    """Write a study of somebody's own data and check it; with `--report`, make its page, too."""
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
    follows = "its report follows" if options.report else f"next: python -m helpers report {source}"
    print(f"study '{study.parameters.name}' is valid; {follows}", flush=True)
    if options.report:
        report(open_study(source))
