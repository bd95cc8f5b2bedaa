"""Which state of this checkout runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]  # the checkout: this file is src/helpers/store/checkout.py
UNKNOWN = {"commit": "", "clean": False}


def commit(root: Path) -> dict[str, str | bool]:
    """Return the `commit` of the checkout at `root`, "" where it is unknown, and whether it is `clean`, unchanged.

    A folder that is no repository of its own, such as an unpacked archive or an installed package within somebody's
    repository, has no commit: git would name that of the other one.
    """
    top, head, status = (
        _git(root, *question)
        for question in (("rev-parse", "--show-toplevel"), ("rev-parse", "HEAD"), ("status", "--porcelain"))
    )
    inside = str(Path(__file__).resolve().relative_to(ROOT)) if root == ROOT else "."
    own = top and Path(top).resolve() == root.resolve() and _git(root, "ls-files", "--", inside)
    return {"commit": head, "clean": status == ""} if own and head and status is not None else UNKNOWN


def _git(root: Path, *arguments: str) -> str | None:
    """Return what git says in a folder, with nothing from outside that leads it elsewhere; None where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError):
        return None
    return os.fsdecode(done.stdout).strip()
