"""Front end: 24 kHz waveforms to normalised log-mel frames in float32, equal to the reference's."""

import math
from functools import cache

import torch

RATE = 24_000  # Hz, of the waveforms
WINDOW, HOP, FFT = 637, 318, 1024  # samples: 26.56 ms and 13.28 ms, truncated
BANDS, LOWEST, HIGHEST = 256, 20.0, 12_000.0  # Hz
PRE_EMPHASIS = 0.97
FLOOR = torch.finfo(torch.float32).eps  # of the energy, before the logarithm
MEAN, DEVIATION = -6.12, 4.82  # of log energies over the published training sounds


def normalised_mel(waveforms: torch.Tensor) -> torch.Tensor:
    """Return (n_sounds, 1 + (n_samples - 637) // 318, 256) of waveforms (n_sounds, n_samples) at 24 kHz, in -1..1."""
    return (log_mel(waveforms) - MEAN) / DEVIATION


def log_mel(waveforms: torch.Tensor) -> torch.Tensor:
    """Return the natural log energy in 256 triangular bands of each whole frame, as Kaldi defines it (no dither)."""
    frames = waveforms.unfold(-1, WINDOW, HOP)  # (n_sounds, n_frames, 637)
    frames = frames - frames.mean(-1, keepdim=True)
    before = torch.cat([frames[..., :1], frames[..., :-1]], -1)  # a frame's first sample against itself
    frames = (frames - PRE_EMPHASIS * before) * window().to(frames)
    power = torch.fft.rfft(frames, n=FFT).abs() ** 2  # (n_sounds, n_frames, 513)
    energy = power[..., :-1] @ mel_bank().T.to(power)  # the highest bin carries no weight
    return energy.clamp_min(FLOOR).log()


@cache
def window() -> torch.Tensor:
    """Return a symmetric Hann window (637,); the periodic form of torch's default shifts every value."""
    return torch.hann_window(WINDOW, periodic=False)


@cache
def mel_bank() -> torch.Tensor:
    """Return triangles (256, 512) over FFT bins, spaced evenly on 1127 ln(1 + f / 700) mel.

    All in float32, differences of corners included: a float64 bank moves single log energies by up to 2e-3.
    """
    low, high = (1127.0 * math.log(1.0 + hertz / 700.0) for hertz in (LOWEST, HIGHEST))
    corners = low + torch.arange(BANDS + 2.0)[:, None] * ((high - low) / (BANDS + 1))  # (258, 1)
    left, centre, right = corners[:-2], corners[1:-1], corners[2:]
    bins = 1127.0 * (1.0 + RATE / FFT * torch.arange(FFT // 2) / 700.0).log()  # (512,)
    return torch.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)).clamp_min(0)
