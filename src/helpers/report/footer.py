"""Provenance section of a report: code, versions, parameters, checksums, times."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import version

import nbformat
import yaml

from helpers import text
from helpers.store.checkout import ROOT, commit
from helpers.study import Study

PACKAGES = ("numpy", "scikit-learn", "torch", "xarray", "pandas", "plotly", "papermill", "nbconvert")


def facts(study: Study, notebooks: list[nbformat.NotebookNode]) -> dict:
    """Return plain text by topic, which the template escapes, and the table of times."""
    provenance = study.provenance
    return {
        **commit(ROOT),
        "versions": versions(),
        "study": yaml.safe_dump(provenance["study"], allow_unicode=True, sort_keys=False),
        "checksums": yaml.safe_dump({k: v for k, v in provenance.items() if k != "study"}, allow_unicode=True),
        "citation": {language: _citation(study, labeller) for language, labeller in text.labellers().items()},
        "command": f"python -m helpers report {study.source}",
        "times": times(notebooks).pieces,
    }


def _citation(study: Study, labeller: text.Labeller) -> str:
    """Return how the data are to be cited; synthetic data have a sentence in each language instead."""
    return labeller.words.get(f"citation.{study.brain.name}", study.brain.provenance.get("citation", ""))


def times(notebooks: list[nbformat.NotebookNode]) -> text.Bilingual:
    """Return when each chapter was executed, and how long it took."""
    return text.cells([_times(notebook) for notebook in notebooks], ("chapter", "executed", "executing"))


def _times(notebook: nbformat.NotebookNode) -> list[Callable[[text.Labeller], str]]:
    made = notebook.metadata["papermill"]
    return [
        lambda labeller: _title(notebook, labeller.language),
        lambda labeller: made["end_time"][:16].replace("T", " "),
        lambda labeller: labeller.number(made["duration"], 1),
    ]


def _title(notebook: nbformat.NotebookNode, language: str) -> str:
    """Return a chapter's title in a language; a dash if it has none."""
    own = [cell.source for cell in notebook.cells if f"lang-{language}" in cell.metadata.get("tags", [])]
    return next(iter(own), "–").splitlines()[0].lstrip("# ")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages behind numbers and figures."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
