"""Family `spectrotemporal`: a model of auditory cortex that learned nothing, energy in filters of modulation.

`full` is the model of Tuckute et al. 2023 (PLoS Biology 21:e3002366) after Chi, Ru & Shamma 2005 (JASA 118:887): 111
filters of a cochleagram, 211 channels each. `small` has the 69 features that Norman-Haignere et al. 2022 (Current
Biology 32:1470) published of their sounds, computed anew: energy in 6 octaves and in 63 modulation filters.

Sounds are taken as long as they are. The model was made for 2 s; in shorter ones, rates below 1 / length mean little.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from helpers.models.baselines.baseline import Acoustic
from helpers.models.baselines.cochlea import Cochleagram
from helpers.models.baselines.modulation import directed, spectral, temporal
from helpers.models.baselines.octaves import Octaves
from helpers.store import settings

__all__ = ["RATE", "Settings", "Spectrotemporal", "example", "open"]

RATE = Cochleagram.RATE


class Settings(settings.Settings):
    """Settings of an entry of this family."""

    size: Literal["full", "small"] = "full"


class Spectrotemporal(nn.Module):
    """The full model: mean power (filter * channel,) of a waveform (sample,), the channel fastest.

    Filters: scale by scale and rate by rate, rising modulation first; without a direction (rate or scale 0) only once.
    """

    RATES = (0, 0.5, 1, 2, 4, 8, 16, 32, 64)  # Hz
    SCALES = (0, 0.0625, 0.125, 0.25, 0.5, 1, 2)  # cycles per ERB
    CHANNEL_RATE = 6  # channels per ERB, about: 211 from 50 Hz to 10 kHz
    GAIN, LEAST = 100, 1e-8  # of the cochleagram; of power
    N_FILTERS = len(RATES) * len(SCALES) + (len(RATES) - 1) * (len(SCALES) - 1)
    N_UNITS = N_FILTERS * Cochleagram.N_CHANNELS

    def __init__(self, n_samples: int):
        super().__init__()
        self.cochleagram, self.n_frames = Cochleagram(n_samples), Cochleagram.n_frames(n_samples)
        self.padded = 2 * Cochleagram.N_CHANNELS, 3 * self.n_frames  # so that no end reaches the other one
        in_time = [self._in_time(rate) for rate in self.RATES]
        over_channels = [
            [self._over_channels(scale, sign) for scale in self.SCALES if scale > 0 or sign < 0] for sign in (-1, 1)
        ]
        self.register_buffer("in_time", torch.from_numpy(np.stack(in_time)).to(torch.complex64))
        self.register_buffer("rising", torch.from_numpy(np.stack(over_channels[0])).float())
        self.register_buffer("falling", torch.from_numpy(np.stack(over_channels[1])).float())

    def _in_time(self, rate: float) -> np.ndarray:
        fastest = rate == max(self.RATES)
        return temporal(rate, self.n_frames, self.padded[1], Cochleagram.FRAME_RATE, highpass=fastest)

    def _over_channels(self, scale: float, sign: int) -> np.ndarray:
        """Return the gains (spectral frequency, temporal frequency) of one scale in one direction."""
        gains = spectral(scale, self.padded[0], self.CHANNEL_RATE, highpass=scale == max(self.SCALES))
        every = np.arange(self.padded[1] // 2 + 1)
        unsigned = (every == 0) | (2 * every == self.padded[1])  # temporal frequencies that have no direction
        return gains[:, None] * (directed(self.padded[0], sign)[:, None] | unsigned)

    def forward(self, waveform: Tensor) -> Tensor:
        return self.from_cochleagram(self.GAIN * self.cochleagram(waveform))

    def from_cochleagram(self, cochleagram: Tensor) -> Tensor:
        """Return the features of a cochleagram (channel, frame), already multiplied by GAIN."""
        spectrum = torch.fft.rfft2(cochleagram, s=self.padded)
        parts = [self._power(spectrum, gains, self.in_time) for gains in self.rising]
        parts += [self._power(spectrum, gains, self.in_time[1:]) for gains in self.falling]
        return torch.cat(parts).flatten()

    def _power(self, spectrum: Tensor, gains: Tensor, in_time: Tensor) -> Tensor:
        """Return the mean power (rate, channel) at one scale in one direction.

        The transforms over channels and over time are undone one after the other, so that the one over channels,
        which does not depend on the rate, is computed once.
        """
        channels = torch.fft.ifft(spectrum * gains, dim=0)[: Cochleagram.N_CHANNELS]
        powers = []
        for transfer in in_time:
            filtered = torch.fft.irfft(channels * transfer, n=self.padded[1])[:, : self.n_frames]
            powers.append(filtered.square().clamp(min=self.LEAST).mean(-1))
        return torch.stack(powers)


class SpectrotemporalModel(Acoustic):
    """The model in one of its sizes."""

    family = "spectrotemporal"

    @property
    def kind(self) -> type[Spectrotemporal | Octaves]:
        return Spectrotemporal if self.settings.size == "full" else Octaves

    @property
    def stage(self) -> str:
        return "avgpool" if self.settings.size == "full" else "F_coch+F_mod"  # as the published ones are called

    @property
    def citation(self) -> str:
        if self.settings.size == "full":
            return "Chi, Ru & Shamma (2005), Multiresolution spectrotemporal analysis of complex sounds, JASA 118:887"
        return (
            "Norman-Haignere et al. (2022), A neural population selective for song in human auditory cortex, "
            "Current Biology 32:1470"
        )

    @property
    def n_units(self) -> int:
        return self.kind.N_UNITS

    @property
    def seconds(self) -> float:
        return 0.1 if self.settings.size == "full" else 0.31

    @property
    def shortest(self) -> int:
        return Cochleagram.SHORTEST

    def transform(self, n_samples: int) -> nn.Module:
        return self.kind(n_samples)


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> SpectrotemporalModel:
    """Return the model of an entry."""
    return SpectrotemporalModel(name, settings, waveforms, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests: of short sounds, the full one is."""
    return {"size": "full"}
