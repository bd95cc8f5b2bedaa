"""`python -m helpers studies`: what is in params/."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from helpers.errors import UserError
from helpers.store.checkout import ROOT
from helpers.study.params import load, there

WIDTH, INDENTED = 110, {"initial_indent": "    ", "subsequent_indent": "    ", "break_long_words": False}


def run(options: argparse.Namespace) -> None:  # noqa: ARG001
    """Print the studies in params/."""
    print("\n".join(listed()))


def listed() -> list[str]:
    """Return lines on each study in params/: its data, its networks, its report, and what its file says of it."""
    lines = []
    for path in there():
        lines += [f"{path.stem}: {_said(path)}", *textwrap.wrap(_comment(path), WIDTH, **INDENTED)]
    return [*lines, "a report of one: python -m helpers report NAME"]


def _said(path: Path) -> str:
    try:
        study = load(path)
    except UserError as error:
        return f"not valid: {error}"
    n, n_baselines = len(study.models), len(study.baselines)
    said = f"{n} network{'s' * (n != 1)}, {n_baselines} baseline{'s' * (n_baselines != 1)}, dataset {study.dataset}"
    page = Path("outputs", study.name, "report.html")
    return f"{said}; report: {page}" if (ROOT / page).is_file() else said


def _comment(path: Path) -> str:
    """Return the comment that a study's file begins with."""
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ") for line in lines[:end])
