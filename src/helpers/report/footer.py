"""What a report says of its own making: code, versions, parameters, checksums."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version

import yaml

from helpers.params import ROOT
from helpers.pipeline import Work

PACKAGES = ("numpy", "scikit-learn", "torch", "xarray", "pandas", "plotly", "papermill", "nbconvert")


def facts(work: Work) -> dict:
    """Plain text by topic; the template escapes it."""
    provenance = work.provenance
    return {
        "commit": _git("rev-parse", "HEAD"),
        "clean": _git("status", "--porcelain") == "",
        "versions": versions(),
        "study": yaml.safe_dump(provenance["study"], allow_unicode=True, sort_keys=False),
        "checksums": yaml.safe_dump({k: v for k, v in provenance.items() if k != "study"}, allow_unicode=True),
        "citation": provenance["dataset"].get("citation", ""),
        "command": f"python -m helpers report {work.source}",
    }


def versions() -> dict[str, str]:
    """Of Python and of what the numbers and figures are made with."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def _git(*arguments: str) -> str:
    """What git says of this checkout; empty where there is no git or no checkout."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
