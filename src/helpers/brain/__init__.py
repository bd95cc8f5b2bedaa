"""Registry of brain data: one module per dataset, each with `open(data_dir, seed) -> Brain`."""

from __future__ import annotations

from pathlib import Path

from helpers.brain import b2021, demo, junifer, nh2015, nh2015_rank6, nh2015_voxels, tuckute2023
from helpers.brain.base import Brain
from helpers.names import UserError
from helpers.params import suggestion

DATASETS = {
    "demo": demo,
    "nh2015_components": nh2015,
    "nh2015": nh2015_voxels,
    "nh2015_rank6": nh2015_rank6,
    "b2021": b2021,
    "junifer": junifer,
}
DOWNLOADS = {"nh2015": nh2015, "voxels": tuckute2023}  # what `fetch` knows: modules with `fetch(folder) -> Path`

__all__ = ["DATASETS", "DOWNLOADS", "Brain", "fetch", "open"]


def open(name: str, data_dir: str | None = None, seed: int = 0) -> Brain:
    """The dataset called `name`, read and checked; raises UserError for an unknown one."""
    return _known(name, DATASETS, "dataset").open(data_dir, seed)


def fetch(name: str, folder: str | Path | None = None) -> Path:
    """Download and verify the data called `name`; returns the folder; raises UserError for an unknown one."""
    return _known(name, DOWNLOADS, "download").fetch(folder)


def _known(name: str, registry: dict, what: str):
    if name not in registry:
        raise UserError(f"unknown {what} '{name}'; {suggestion(name, list(registry))}")
    return registry[name]
