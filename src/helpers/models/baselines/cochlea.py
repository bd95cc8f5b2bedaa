"""Cochleagrams: envelopes of half-cosine filters that lie evenly on the ERB scale, compressed.

Scale: Glasberg & Moore 1990, Hearing Research 47:103. Filters: McDermott & Simoncelli 2011, Neuron 71:926.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

Q, MINIMUM = 9.265, 24.7  # of auditory filters: asymptotic sharpness; bandwidth in Hz at 0 Hz
LEVEL = 0.1  # root mean square that every sound is brought to
LEAST = 1e-8  # of envelopes
POWER, OFFSET = 0.3, 1e-8  # of compression
BLOCK = 16  # channels at a time, of which a core's cache holds 2 s
N_TAPS, BETA = 1001, 5  # of the filter before envelopes are sampled at a lower rate


def erb_of(hertz: np.ndarray | float) -> np.ndarray:
    """Return how many ERBs (equivalent rectangular bandwidths) lie below frequencies in Hz."""
    return Q * np.log1p(np.asarray(hertz) / (MINIMUM * Q))


def hertz_of(erb: np.ndarray | float) -> np.ndarray:
    """Return frequencies in Hz of places on the ERB scale."""
    return MINIMUM * Q * np.expm1(np.asarray(erb) / Q)


def centres(n: int, lowest: float, highest: float, overlap: int) -> np.ndarray:
    """Return the centres (overlap * (n + 1) - 1,) in ERB of the filters of `filters` that pass a band."""
    return np.linspace(erb_of(lowest), erb_of(highest), overlap * (n + 1) + 1)[1:-1]


def filters(n_samples: int, rate: int, n: int, lowest: float, highest: float, overlap: int) -> np.ndarray:
    """Return the gains (overlap * (n + 3) - 1, n_samples // 2 + 1) of filters at the frequencies of a real transform.

    Half-cosines on the ERB scale, then on each side `overlap` filters that pass what the nearest ones leave, so that
    the squared gains of all filters add up to 1 at every frequency.

    Parameters
    ----------
    n : half-cosines that lie between `lowest` and `highest` in Hz when neighbours overlap by half
    overlap : how many times more filters there are, as wide as they were
    """
    middle, erb = centres(n, lowest, highest, overlap), erb_of(np.fft.rfftfreq(n_samples, 1 / rate))
    half_width = overlap * (erb_of(highest) - erb_of(lowest)) / (overlap * (n + 1))
    distance = (erb - middle[:, None]) / half_width
    bands = np.where(np.abs(distance) < 1, np.cos(np.pi / 2 * distance), 0)
    rest = np.sqrt(1 - bands**2)
    low = np.where(erb < middle[:overlap, None], rest[:overlap], 0)
    high = np.where(erb > middle[-overlap:, None], rest[-overlap:], 0)
    return np.concatenate([low, bands, high]) / np.sqrt(overlap)


def lowpass(step: int) -> np.ndarray:
    """Return the filter (N_TAPS,) before every `step`-th sample is taken: a sinc in a Kaiser window.

    Its middle lies half a sample off, as in the original.
    """
    time = np.arange(N_TAPS) - N_TAPS / 2
    return np.sinc(time / step) / step * np.kaiser(N_TAPS, BETA)


def at_level(waveform: Tensor, level: float = LEVEL) -> Tensor:
    """Return a waveform (sample,) without its mean, at a root mean square; silence stays silence."""
    centred = waveform - waveform.mean()
    size = centred.square().mean().sqrt()
    return torch.where(size > 0, centred * (level / size), torch.zeros_like(centred))


def envelopes(waveform: Tensor, gains: Tensor) -> Iterator[Tensor]:
    """Yield the envelopes (channel, sample), float32, of a waveform (sample,) in the filters of `gains`, few at a time.

    They are magnitudes of the inverse transform of the positive frequencies, half of those of the analytic signal.
    """
    spectrum = torch.fft.rfft(waveform).to(torch.complex64)
    for some in gains.split(BLOCK):
        yield torch.fft.ifft(some * spectrum, n=len(waveform)).abs().clamp(min=LEAST)


class Cochleagram(nn.Module):
    """A cochleagram (channel, frame) of a waveform (sample,): the front end `cochleagram_1` of chcochleagram.

    211 channels from 50 Hz to 10 kHz; frames at 200 Hz that lie within the sound as a whole, 390 of 2 s.
    Source: github.com/jenellefeather/chcochleagram, as configured in jenellefeather/cochdnn (Tuckute et al. 2023, PLoS
    Biology 21:e3002366), whose networks take sounds without their mean at a root mean square of 0.1.
    """

    RATE, FRAME_RATE = 20_000, 200  # Hz
    N, LOWEST, HIGHEST, OVERLAP = 50, 50, 10_000, 4
    N_CHANNELS = OVERLAP * (N + 3) - 1
    STEP = RATE // FRAME_RATE
    SHORTEST = N_TAPS + 9 * STEP  # samples: 10 frames

    def __init__(self, n_samples: int):
        super().__init__()
        gains = filters(n_samples, self.RATE, self.N, self.LOWEST, self.HIGHEST, self.OVERLAP)
        self.register_buffer("gains", torch.from_numpy(gains).float())
        self.register_buffer("kernel", torch.from_numpy(lowpass(self.STEP)).float())

    @classmethod
    def n_frames(cls, n_samples: int) -> int:
        """Return how many frames a sound has."""
        return (n_samples - N_TAPS) // cls.STEP + 1

    def forward(self, waveform: Tensor) -> Tensor:
        every = envelopes(at_level(waveform), self.gains)
        sampled = torch.cat([some.unfold(-1, N_TAPS, self.STEP) @ self.kernel for some in every])
        return (sampled.relu() + OFFSET) ** POWER
