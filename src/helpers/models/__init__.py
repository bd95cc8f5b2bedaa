"""The registry of audio models: one file per family, each with a settings class and a function that opens an entry."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import xarray as xr

from helpers.models import encodecmae, mini
from helpers.models.base import DOWNLOAD, TRAINING, AudioModel, device_of
from helpers.names import UserError
from helpers.params import Extraction, ModelEntry, Settings, suggestion, validated

__all__ = ["DOWNLOAD", "FAMILIES", "TRAINING", "AudioModel", "check", "device_of", "open"]


# Each module has `Settings`, `open(name, settings, waveforms, folder, seed, extraction)` and `example(folder)`, the
# settings of a model small enough for tests.
FAMILIES: dict[str, ModuleType] = {"encodecmae": encodecmae, "mini": mini}


def check(entry: ModelEntry) -> Settings:
    """The entry's settings, validated without touching any data; raises UserError for whatever is wrong with them."""
    if entry.family not in FAMILIES:
        known = suggestion(entry.family, list(FAMILIES))
        raise UserError(f"model '{entry.name}': unknown family '{entry.family}'; {known}")
    return validated(FAMILIES[entry.family].Settings, entry.settings, f"model '{entry.name}'")


def open(entry: ModelEntry, waveforms: xr.DataArray, folder: Path, seed: int, extraction: Extraction) -> AudioModel:
    """The model of a study's entry on the study's sounds; `folder` is where it may keep what it trains."""
    return FAMILIES[entry.family].open(entry.name, check(entry), waveforms, Path(folder), seed, extraction)
