"""All chapters, found by their folders: `<name>/__init__.py` defines CHAPTER, and `notebooks/NN_<name>.py` shows it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from helpers.chapters.chapter import Chapter
from helpers.errors import UserError, suggestion
from helpers.store.checkout import ROOT
from helpers.store.own import is_own
from helpers.study import Study

FOLDER = Path(__file__).parent
SOURCES = ROOT / "notebooks"
NUMBERED = re.compile(r"\d\d_(\w+)")


@cache
def chapters() -> dict[str, Chapter]:
    """Return all chapters by name, in the order of their numbers.

    Raises RuntimeError where a folder and a notebook do not belong together, saying which half is missing.
    """
    folders = {path.parent.name for path in FOLDER.glob("*/__init__.py") if is_own(path.parent.name)}
    sources = [path for path in SOURCES.glob("*.py") if is_own(path.name) and path.is_file()]
    notebooks = {found[1]: path.stem for path in sources if (found := NUMBERED.fullmatch(path.stem))}
    found = {}
    for folder in sorted(folders):
        chapter = getattr(importlib.import_module(f"helpers.chapters.{folder}"), "CHAPTER", None)
        if chapter is None and folder not in notebooks:
            continue  # what only notebooks outside of reports use, such as explore
        if not isinstance(chapter, Chapter):
            notebook = f"notebooks/{notebooks.get(folder)}.py"
            raise RuntimeError(f"chapters/{folder}/__init__.py defines no CHAPTER, but {notebook} is one")
        if notebooks.get(folder) != chapter.name:
            raise RuntimeError(f"chapters/{folder}: CHAPTER is named '{chapter.name}', but there is no such notebook")
        found[chapter.name] = chapter
    if alone := notebooks.keys() - folders:
        names = ", ".join(f"notebooks/{notebooks[name]}.py" for name in sorted(alone))
        raise RuntimeError(f"{names}: no folder chapters/{'|'.join(sorted(alone))} defines its CHAPTER")
    return dict(sorted(found.items()))


def get(name: str) -> Chapter:
    """Return a chapter; raises UserError, naming those there are, for an unknown one."""
    known = chapters()
    if name not in known:
        raise UserError(f"chapters: no chapter '{name}'; {suggestion(name, known)}")
    return known[name]


def path_of(name: str) -> Path:
    """Return the source of a chapter; raises UserError for an unknown one."""
    return SOURCES / f"{get(name).name}.py"


def modules_of(name: str) -> list[str]:
    """Return the dotted names of all modules in the folder of a chapter."""
    folder = FOLDER / NUMBERED.fullmatch(get(name).name)[1]
    inside = [path.relative_to(FOLDER) for path in sorted(folder.rglob("*.py"))]
    paths = [path.with_suffix("") for path in inside if all(map(is_own, path.parts))]
    return [".".join(("helpers.chapters", *path.parts)).removesuffix(".__init__") for path in paths]


def chosen(study: Study, names: Sequence[str] = ()) -> list[Chapter]:
    """Return the study's chapters, or only those of `names`, in the study's order.

    Raises UserError for names that are unknown, repeated or not in the study, for none at all, and for chapters that
    the study's data or models cannot have.
    """
    listed = study.parameters.chapters
    if not listed:
        raise UserError(f"chapters: found none, expected some of: {', '.join(chapters())}")
    if twice := sorted({name for name in listed if listed.count(name) > 1}):
        raise UserError(f"chapters: found {', '.join(twice)} more than once, expected each once; remove one")
    found = [get(name) for name in listed]
    for name in names:
        if name not in listed:
            raise UserError(f"unknown chapter '{name}' in study '{study.parameters.name}'; {suggestion(name, listed)}")
    found = [chapter for chapter in found if not names or chapter.name in names]
    for chapter in found:
        if reason := chapter.missing(study):
            raise UserError(f"{reason}; leave it out of `chapters`")
    return found


def check(study: Study, names: Sequence[str] = (), weights: bool = True) -> list[Chapter]:
    """Return the chosen chapters after all checks that need no computation.

    Raises UserError for chapters (see `chosen`), models, devices, data, and labels in both languages.
    """
    study.check(weights)
    return chosen(study, names)
