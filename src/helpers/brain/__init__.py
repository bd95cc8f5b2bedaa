"""Registry of brain data. A dataset is one module: `NAME`, `LABEL` (its words) and `open(data_dir, seed) -> Brain`.

One that reads files also has `example(folder) -> data_dir`, which writes some that are small enough for tests. One that
takes seconds to simulate may have `simulated(seed) -> xr.Dataset`, which is kept on disk and given to `open` as its
third argument. Contract tests run over all of them (tests/brain).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

from helpers import text
from helpers.brain import (
    b2021,
    demo,
    ecog2022,
    ecog2022_surface,
    junifer,
    nh2015,
    nh2015_rank6,
    nh2015_voxels,
    table,
    tuckute2023,
)
from helpers.brain.base import Brain
from helpers.errors import UserError, suggestion

DATASETS: dict[str, ModuleType] = {
    "demo": demo,
    "nh2015_components": nh2015,
    "nh2015": nh2015_voxels,
    "nh2015_rank6": nh2015_rank6,
    "b2021": b2021,
    "ecog2022": ecog2022,
    "ecog2022_surface": ecog2022_surface,
    "junifer": junifer,
    "table": table,
}
DOWNLOADS = {
    "nh2015": nh2015,
    "voxels": tuckute2023,
    "ecog2022": ecog2022,
}  # what `fetch` knows: modules with `fetch(folder) -> Path`

__all__ = ["DATASETS", "DOWNLOADS", "Brain", "check", "open"]


def check(name: str) -> None:
    """Raise UserError unless there is a dataset called `name` whose module is complete; no data are read."""
    if name not in DATASETS:
        raise UserError(f"unknown dataset '{name}'; {suggestion(name, list(DATASETS))}")
    module = DATASETS[name]
    missing = _missing(name, module)
    if missing:
        raise UserError(
            f"dataset '{name}': found {module.__name__} without {'; without '.join(missing)}; add what is missing there"
        )


def open(name: str, data_dir: str | None = None, seed: int = 0, keep: Callable | None = None) -> Brain:
    """Return the dataset called `name`, validated; raises UserError for an unknown or incomplete one.

    `keep(function, **arguments)` returns what the function does, and may read it from disk.
    """
    check(name)
    simulated = getattr(DATASETS[name], "simulated", None)
    made = [partial(keep, simulated)] if keep and simulated else []
    return DATASETS[name].open(data_dir, seed, *made)


def _missing(name: str, module: ModuleType) -> list[str]:
    """Return what a dataset's module lacks of what the registry needs, in words."""
    missing = []
    if getattr(module, "NAME", None) != name:
        missing.append(f"NAME = '{name}', as in the registry")
    if not callable(getattr(module, "open", None)):
        missing.append("the function open(data_dir, seed)")
    known = all(f"dataset.{name}" in labeller.words for labeller in text.labellers().values())
    if getattr(module, "LABEL", None) != "dataset" or not known:
        missing.append("its label: LABEL = text.words('dataset', en={NAME: ...}, es={NAME: ...})")
    return missing
