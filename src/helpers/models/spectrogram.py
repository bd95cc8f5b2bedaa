"""Power spectrograms in Slaney's mel bands, as several networks take them.

Bands as in Malcolm Slaney's Auditory Toolbox (1998): linear below 1 kHz, logarithmic above, each triangle with the
area 1 over frequency.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

KNEE, LINEAR, OCTAVES = 1000.0, 200 / 3, np.log(6.4) / 27  # Hz; Hz a mel below; natural log of frequency a mel above


def mel_of(hertz: np.ndarray) -> np.ndarray:
    """Return frequencies in Hz on Slaney's mel scale."""
    hertz = np.asarray(hertz, dtype=float)
    return np.where(hertz < KNEE, hertz / LINEAR, KNEE / LINEAR + np.log(np.maximum(hertz, 1e-9) / KNEE) / OCTAVES)


def hertz_of(mel: np.ndarray) -> np.ndarray:
    """Return places on Slaney's mel scale in Hz."""
    mel = np.asarray(mel, dtype=float)
    return np.where(mel < KNEE / LINEAR, mel * LINEAR, KNEE * np.exp((mel - KNEE / LINEAR) * OCTAVES))


def mel_bank(n_bands: int, n_fft: int, rate: int) -> Tensor:
    """Return triangles (n_bands, n_fft // 2 + 1) of area 1 from 0 to `rate` / 2 Hz, float32."""
    corners = hertz_of(np.linspace(mel_of(0), mel_of(rate / 2), n_bands + 2))
    bins = np.linspace(0, rate / 2, n_fft // 2 + 1)
    rising = (bins - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - bins) / np.diff(corners)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return torch.from_numpy(triangles * (2 / (corners[2:] - corners[:-2]))[:, None]).float()


class MelPower(nn.Module):
    """Power in mel bands (sound, time, band) of waveforms (sound, sample): periodic Hann windows, zero-padded ends."""

    def __init__(self, rate: int, n_fft: int, hop: int, n_bands: int):
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.register_buffer("bank", mel_bank(n_bands, n_fft, rate), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        padded = F.pad(waveforms, (self.n_fft // 2, self.n_fft // 2))
        spectrum = torch.stft(padded, self.n_fft, self.hop, window=self.window, center=False, return_complex=True)
        return spectrum.abs().square().mT @ self.bank.T
