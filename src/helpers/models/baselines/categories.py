"""Family `categories`: which category a sound belongs to, one unit each; what stays beyond it is not about labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from helpers.errors import UserError
from helpers.models.base import NOTHING, Card
from helpers.models.baselines.baseline import LABELS, Baseline
from helpers.names import CATEGORY, SOUND
from helpers.stimuli import sounds
from helpers.store import settings

__all__ = ["RATE", "Settings", "example", "open"]

RATE = sounds.RATE  # no sample is looked at; these are the sounds that every dataset has at hand


class Settings(settings.Settings):
    """Settings of an entry of this family: none."""


class CategoriesModel(Baseline):
    """Labels (sound, category), 1 where the sound belongs to the category, 0 elsewhere; categories in sorted order.

    The categories are those of the sounds that the model was opened with.
    """

    family, stage = "categories", "category"
    card = Card(training=NOTHING, architecture=LABELS)

    def __init__(self, name: str, settings: Settings, waveforms: xr.DataArray, device: str, batch_size: int):
        super().__init__(name, settings, waveforms, device, batch_size)
        self.categories = sorted(set(waveforms[CATEGORY].values.tolist()))

    @property
    def n_units(self) -> int:
        return len(self.categories)

    def features(self) -> np.ndarray:
        own = self.waveforms[CATEGORY].values.tolist()
        for sound, category in zip(self.waveforms[SOUND].values, own, strict=True):
            if category not in self.categories:
                raise UserError(
                    f"model '{self.name}': sound '{sound}' is of category '{category}', expected one of: "
                    f"{', '.join(self.categories)}; open the model with all sounds"
                )
        return (np.array(own)[:, None] == np.array(self.categories)).astype(np.float32)

    def identity(self, step: int) -> dict:
        """As `AudioModel.identity`, with the labels, which a digest of the sounds does not cover."""
        own = self.waveforms[CATEGORY].values.tolist()
        return super().identity(step) | {"categories": self.categories, "labels": own}


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> CategoriesModel:
    """Return the model of an entry."""
    return CategoriesModel(name, settings, waveforms, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {}
