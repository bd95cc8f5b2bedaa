"""The 69 acoustic features of Norman-Haignere et al. 2022 (Current Biology 32:1470), computed anew.

The features were published (github.com/snormanhaignere/song-ecog-current-biology, data/acoustic_features.mat), the code
that made them was not. Cochleagram and filters here are those of the first author's toolbox at its default parameters
(github.com/snormanhaignere/spectrotemporal-synthesis-v2); what is then summed and averaged was chosen among the plain
possibilities by its agreement with the published numbers, never with a brain response.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.baselines import cochlea
from helpers.models.baselines.modulation import directed, spectral, temporal


class Octaves(nn.Module):
    """Features (69,) of a waveform (sample,): energy in 6 octaves, then in modulation filters, 9 rates a scale.

    A cochleagram of 24 channels an octave from 20 Hz to 10 kHz at 400 Hz. The first features are its mean over time,
    summed over the ERBs in each octave; the lowest and the highest octave take all that is beyond them. The others are
    the standard deviation over time of each filter's output, averaged over channels and over both directions. Sounds
    are taken as loud as they are.
    """

    RATE, FRAME_RATE = 20_000, 400  # Hz
    N, LOWEST, HIGHEST, OVERLAP = 30, 20, 10_000, 4
    CHANNEL_RATE = 24  # channels per octave
    OCTAVES = tuple(200 * 2**octave for octave in range(6))  # Hz
    RATES = tuple(0.5 * 2**octave for octave in range(9))  # Hz
    SCALES = (0, 0.25, 0.5, 1, 2, 4, 8)  # cycles per octave
    N_UNITS = len(OCTAVES) + len(SCALES) * len(RATES)
    STEP = RATE // FRAME_RATE

    def __init__(self, n_samples: int):
        super().__init__()
        channels = np.arange(np.log2(self.LOWEST), np.log2(self.HIGHEST), 1 / self.CHANNEL_RATE)  # octaves above 1 Hz
        gains = cochlea.filters(n_samples, self.RATE, self.N, self.LOWEST, self.HIGHEST, self.OVERLAP)
        self._keep("gains", gains)
        self._keep("kernel", cochlea.lowpass(self.STEP))
        self._keep("between", self._between(channels))
        self._keep("in_octaves", self._in_octaves(channels))
        # Twice the longest period over channels and three times that in time, so that no end reaches the other one
        self.n_channels, self.n_frames = len(channels), (n_samples - 1) // self.STEP + 1
        self.padded = (
            self.n_channels + round(2 / self.SCALES[1] * self.CHANNEL_RATE),
            self.n_frames + round(3 / self.RATES[0] * self.FRAME_RATE),
        )
        n_padded = self.padded[1]
        in_time = [temporal(rate, n_padded, n_padded, self.FRAME_RATE, centred=False) for rate in self.RATES]
        self.register_buffer("in_time", torch.from_numpy(np.stack(in_time)).to(torch.complex64))

    def _keep(self, name: str, values: np.ndarray) -> None:
        self.register_buffer(name, torch.from_numpy(values).float())

    def _between(self, channels: np.ndarray) -> np.ndarray:
        """Return what interpolates linearly over log frequency, (channel, cochlear filter)."""
        middle = cochlea.centres(self.N, self.LOWEST, self.HIGHEST, self.OVERLAP)
        step = middle[1] - middle[0]
        beyond = step * np.arange(1, self.OVERLAP + 1)
        every = np.concatenate([middle[0] - beyond[::-1], middle, middle[-1] + beyond])
        at = np.log2(np.maximum(cochlea.hertz_of(every), 1))
        return np.stack([np.interp(channels, at, one) for one in np.eye(len(at))], 1)

    def _in_octaves(self, channels: np.ndarray) -> np.ndarray:
        """Return the weights (octave, channel): ERBs in a channel, in the octave that is nearest to it."""
        nearest = np.abs(channels - np.log2(self.OCTAVES)[:, None]).argmin(0)
        return (nearest == np.arange(len(self.OCTAVES))[:, None]) * np.gradient(cochlea.erb_of(2**channels))

    def cochleagram(self, waveform: Tensor) -> Tensor:
        """Return envelopes of a waveform (sample,), compressed before they are sampled, (channel, frame)."""
        sampled = []
        for some in cochlea.envelopes(waveform, self.gains):
            around = F.pad((2 * some) ** cochlea.POWER, (cochlea.N_TAPS // 2, cochlea.N_TAPS // 2))
            sampled.append(around.unfold(-1, cochlea.N_TAPS, self.STEP) @ self.kernel)
        return self.between @ torch.cat(sampled).relu()

    def forward(self, waveform: Tensor) -> Tensor:
        cochleagram = self.cochleagram(waveform)
        mean = cochleagram.mean()
        spectrum = torch.fft.rfft2(cochleagram - mean, s=self.padded)
        spectrum[0, 0] += mean * self.padded[0] * self.padded[1]  # what pads it is its mean
        modulation = [self._deviation(spectrum, scale) for scale in self.SCALES]
        return torch.cat([self.in_octaves @ cochleagram.mean(1), *modulation])

    def _deviation(self, spectrum: Tensor, scale: float) -> Tensor:
        """Return the standard deviation (rate,) at one scale, averaged over channels and directions."""
        gains = spectral(scale, self.padded[0], self.CHANNEL_RATE)[:, None]
        every = np.arange(self.padded[1] // 2 + 1)
        unsigned = (every == 0) | (2 * every == self.padded[1])
        found = []
        for sign in (-1, 1):
            one = torch.from_numpy(gains * (directed(self.padded[0], sign)[:, None] | unsigned)).to(self.gains)
            channels = torch.fft.ifft(spectrum * one, dim=0)[: self.n_channels]
            filtered = (torch.fft.irfft(channels * transfer, n=self.padded[1]) for transfer in self.in_time)
            found.append(torch.stack([output[:, : self.n_frames].std(1).mean() for output in filtered]))
        return (found[0] + found[1]) / 2
