"""A new study of somebody's own responses: its YAML, and the `dataset.yml` that it points to.

Responses and sounds stay where they are. Beside the responses a small folder called like the study gets a
`dataset.yml` with the way to both; the study's `data_dir` is that folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from helpers import brain
from helpers.brain import described, table
from helpers.errors import UserError
from helpers.names import CATEGORY, COMPONENTS, TIME, VOXELS
from helpers.stats import rsa
from helpers.store.checkout import ROOT
from helpers.study.params import NAME

CHAPTERS = {VOXELS: "02_voxelwise", COMPONENTS: "03_components"}  # besides those that every study gets
ON_TIME, ON_SIMILARITY = "10_time_course", "11_similarity"
UNPUBLISHED = "own responses, not published"
STUDY = """\
# Your own responses. Change what you like; `python -m helpers check {source}` says whether it is still valid.
name: {name}
dataset: table
data_dir: {folder}  # dataset.yml there says where responses and sounds are
seed: 0
chapters:
{chapters}
{window}
models:  # trained here, on these sounds; params/networks.yml and params/huggingface.yml name others
  - {{name: mixture, family: mini, steps: 300, batch_size: 16, warm_up: 20, checkpoints: [30, 100]}}

baselines:
{baselines}
"""


@dataclass(frozen=True)
class Data:
    """What a study is made from, as a user gives it.

    categories: a file with the columns sound and category
    decimal: the decimal sign of a .csv
    """

    responses: Path
    sounds: Path
    categories: Path | None = None
    citation: str = ""
    synthetic: bool = False
    decimal: str = "."


@contextlib.contextmanager
def made(place: str, data: Data) -> Iterator[Path]:
    """Yield the path of a new study, params/PLACE.yml or PLACE itself where it ends in .yml, of which data are read.

    Nothing is replaced, and where anything fails, here or in the `with` block, both files are removed again. Raises
    UserError for names that are taken or cannot be, and for data that cannot be used.
    """
    path = _place(place)
    for given, is_there, what in (
        (data.responses, Path.is_file, "a file of responses"),
        (data.sounds, Path.is_dir, "a folder of sounds"),
        (data.categories, Path.is_file, "a file with the columns sound and category"),
    ):
        if given is not None and not is_there(given):
            raise UserError(f"{given}: found no such {what.split()[1]}, expected {what}; correct the path")
    folder = data.responses.absolute().parent / path.stem
    if folder.exists():
        raise UserError(f"{folder}: found this, expected nothing there yet; remove it, or choose another name")
    with contextlib.ExitStack() as undo:
        with _explained():
            folder.mkdir()
        undo.callback(_remove, folder.rmdir)
        _write(folder / described.FILE, yaml.safe_dump(_said(folder, data), allow_unicode=True, sort_keys=False), undo)
        found = brain.open(table.NAME, str(folder))
        _write(path, _study(path, folder, found), undo)
        yield path
        undo.pop_all()


def _write(path: Path, content: str, undo: contextlib.ExitStack) -> None:
    """Write a file that is not there yet, and let `undo` remove it; raises UserError where it is there or cannot be."""
    with _explained():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            undo.callback(_remove, path.unlink)
            file.write(content)


def _remove(removing: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):  # what is reported is why it is removed
        removing()


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Raise UserError for what cannot be written, or was not there a moment before."""
    try:
        yield
    except FileExistsError as error:
        raise UserError(f"{error.filename}: found this, expected nothing there yet; choose another name") from None
    except OSError as error:
        todo = "put the responses, and the study, into a folder that can be written to"
        raise UserError(f"{error.filename}: could not be written ({error.strerror}); {todo}") from None


def _place(place: str) -> Path:
    """Return where a new study goes; raises UserError where that is taken or is no name."""
    path = Path(place) if place.endswith((".yml", ".yaml")) else ROOT / "params" / f"{place}.yml"
    name = path.stem
    if not re.fullmatch(NAME, name) or (path.parent == ROOT / "params" and f"{name}.yml" != path.name):
        raise UserError(f"name: found '{place}', expected letters, digits, - and _, or a path that ends in .yml")
    for taken in (path, ROOT / "params" / f"{name}.yml"):
        if taken.exists():
            raise UserError(
                f"{taken}: found a study of that name, expected none, since its results lie beside it; "
                "choose another name"
            )
    return path


def _said(folder: Path, data: Data) -> dict:
    """Return what `dataset.yml` says, its paths relative to its own place."""

    def way(path: Path) -> str:
        return Path(os.path.relpath(path.absolute(), folder)).as_posix()

    said = {"citation": data.citation or f"{folder.name}: {UNPUBLISHED}", "synthetic": data.synthetic}
    said |= {"responses": way(data.responses), "sounds": way(data.sounds)}
    said |= {"categories": way(data.categories)} if data.categories else {}
    return said | ({"decimal": data.decimal} if data.decimal != "." else {})


def _study(path: Path, folder: Path, found: brain.Brain) -> str:
    """Return a study's YAML, with the chapters, window and baselines that the data allow."""
    (kind,) = found.responses
    own = [CHAPTERS[kind]] if kind in CHAPTERS else []
    own += [ON_TIME] if TIME in found.responses[kind].dims else []
    own += [ON_SIMILARITY] if rsa.subjects(found.responses[kind]) else []
    chapters = ["15_summary", "09_comparison", "01_extract", *own, "14_references"]
    baselines = ["spectrotemporal", "cochleagram"]
    baselines += ["categories"] if len(np.unique(found.waveforms[CATEGORY])) > 1 else []
    source = path.stem if path.parent == ROOT / "params" else str(path)
    return STUDY.format(
        source=source,
        name=path.stem,
        folder=json.dumps(str(folder), ensure_ascii=False),
        chapters="\n".join(f"  - {chapter}" for chapter in chapters),
        window=_window(found.responses[kind]),
        baselines="\n".join(f"  - {{name: {family}, family: {family}}}" for family in baselines),
    )


def _window(responses) -> str:
    """Return the line of the window that responses in time are averaged over: all times from 0 on, or all.

    A window's end is not in it: it ends as long after the last time as the two last ones lie apart.
    """
    if TIME not in responses.dims:
        return ""
    times = responses[TIME].values
    times = times[times >= 0] if (times >= 0).any() else times
    after = times[-1] + (responses[TIME].values[-1] - responses[TIME].values[-2])
    ends = ", ".join(repr(round(float(time), 6)) for time in (times[0], after))
    return f"window: [{ends}]  # s, averaged over\n"


def told(found: brain.Brain) -> str:
    """Return in one line what was read: how many sounds, targets, repetitions and times, and how the set is called."""
    (kind,) = found.responses
    responses = found.responses[kind]
    sizes = ", ".join(f"{length} {dim}{'s' * (length != 1)}" for dim, length in responses.sizes.items())
    left_out = sum(found.excluded.values())
    more = f", {left_out} targets that cannot be used left out" if left_out else ""
    return f"{kind}: {sizes}{more}; categories of sounds: {len(np.unique(found.waveforms[CATEGORY]))}"
