"""Family `cochleagram`: the cochleagram that the spectrotemporal model filters, averaged over time, 211 channels.

Sounds are taken as long as they are, at one level. The published analysis of "the cochleagram" kept its frames.
"""

from __future__ import annotations

from pathlib import Path

import xarray as xr
from torch import Tensor, nn

from helpers.models.baselines import cochlea
from helpers.models.baselines.baseline import Acoustic
from helpers.store import settings

__all__ = ["RATE", "Settings", "example", "open"]

RATE = cochlea.Cochleagram.RATE


class Settings(settings.Settings):
    """Settings of an entry of this family: none."""


class MeanCochleagram(cochlea.Cochleagram):
    """The mean over time (channel,) of the cochleagram of a waveform (sample,)."""

    def forward(self, waveform: Tensor) -> Tensor:
        return super().forward(waveform).mean(-1)


class CochleagramModel(Acoustic):
    """The time-averaged cochleagram."""

    family, stage = "cochleagram", "cochleagram"
    seconds = 0.066
    n_units, shortest = MeanCochleagram.N_CHANNELS, MeanCochleagram.SHORTEST
    citation = (
        "Feather, Leclerc, Madry & McDermott (2023), Model metamers reveal divergent invariances between biological "
        "and artificial neural networks, Nature Neuroscience 26:2017"
    )

    def transform(self, n_samples: int) -> nn.Module:
        return MeanCochleagram(n_samples)


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> CochleagramModel:
    """Return the model of an entry."""
    return CochleagramModel(name, settings, waveforms, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {}
