"""Family `mel`: the log mel spectrogram averaged over time, 64 bands, the plainest acoustic baseline.

Sounds are taken as long and as loud as they are.
"""

from __future__ import annotations

from pathlib import Path

import torch
import xarray as xr
from torch import Tensor, nn

from helpers.models.baselines.baseline import Acoustic
from helpers.models.spectrogram import MelPower
from helpers.store import settings

__all__ = ["RATE", "Settings", "example", "open"]

RATE, N_FFT, HOP, BANDS = 16_000, 512, 160, 64  # Hz; samples: 32 ms every 10 ms
OFFSET = 1e-6  # of power at full scale 1, so that silence has a logarithm


class Settings(settings.Settings):
    """Settings of an entry of this family: none."""


class MeanLogMel(nn.Module):
    """The mean over time (band,) of the natural logarithm of the mel power of a waveform (sample,)."""

    def __init__(self):
        super().__init__()
        self.power = MelPower(RATE, N_FFT, HOP, BANDS)

    def forward(self, waveform: Tensor) -> Tensor:
        return torch.log(self.power(waveform.float()[None])[0] + OFFSET).mean(0)


class MelModel(Acoustic):
    """The time-averaged log mel spectrogram."""

    seconds = 0.0004
    family, stage = "mel", "log_mel"
    n_units = BANDS
    citation = "Slaney (1998), Auditory Toolbox, version 2, Interval Research technical report 1998-010"

    def transform(self, n_samples: int) -> nn.Module:  # noqa: ARG002  (the same for all lengths)
        return MeanLogMel()


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> MelModel:
    """Return the model of an entry."""
    return MelModel(name, settings, waveforms, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {}
