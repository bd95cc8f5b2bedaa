"""Small parts that sounds are made of: sources, filters, envelopes; everything is two seconds at 24 kHz."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import fftconvolve, istft, stft

from helpers.stimuli.sounds import RATE

N = 2 * RATE  # samples of every sound
TIME = np.arange(N) / RATE  # s
RMS = 0.01  # of every finished sound, the level of the published NH2015 files
RAMP = RATE // 50  # samples: 20 ms in and out, so that no sound begins or ends with a click

STFT = {"fs": RATE, "nperseg": 480, "noverlap": 360}  # 20 ms every 5 ms
FREQUENCIES = np.linspace(0, RATE / 2, 241)  # Hz, (n_frequencies,): the rows of a gain
FRAMES = N // 120 + 1  # columns of a gain that changes over time


def curve(values: Sequence[float], times: Sequence[float] | None = None, n: int = N) -> np.ndarray:
    """Return `values` at `times` (s; evenly spread by default), interpolated linearly, (n,)."""
    times = np.linspace(0, 2, len(values)) if times is None else times
    return np.interp(np.linspace(0, 2, n), times, values)


def wander(rng: np.random.Generator, centre: float, depth: float, rate: float, n: int = N) -> np.ndarray:
    """Return a positive curve around `centre`, turning at random `rate` times a second, within a factor exp(depth)."""
    return centre * np.exp(curve(rng.uniform(-depth, depth, int(2 * rate) + 2), n=n))


def noise(rng: np.random.Generator, n: int = N) -> np.ndarray:
    """Return white noise, standard deviation 1."""
    return rng.standard_normal(n)


def tone(pitch: np.ndarray | float) -> np.ndarray:
    """Return a sine that follows `pitch` (Hz; a number or one value per sample)."""
    return np.sin(_phase(pitch))


def pulses(pitch: np.ndarray | float) -> np.ndarray:
    """Return a pulse train without aliasing: all harmonics of `pitch` below 11 kHz at equal strength.

    sum_{k=1..m} cos(k p) = sin(m p / 2) cos((m + 1) p / 2) / sin(p / 2)
    """
    phase = _phase(pitch)
    count = max(1, int(11_000 // np.max(pitch)))
    below = np.sin(phase / 2)
    at_peak = np.abs(below) < 1e-6
    train = np.sin(count * phase / 2) * np.cos((count + 1) * phase / 2) / np.where(at_peak, 1, below)
    return np.where(at_peak, count, train) / np.sqrt(count)


def filtered(source: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return `source` times `gain` in time and frequency: (n_frequencies,) or (n_frequencies, FRAMES)."""
    return istft(stft(source, **STFT)[2] * (gain if gain.ndim == 2 else gain[:, None]), **STFT)[1][:N]


def tilt(db_per_octave: float, corner: float = 200.0) -> np.ndarray:
    """Return gain (n_frequencies,) that falls (or rises) above `corner` Hz."""
    return np.maximum(FREQUENCIES / corner, 1) ** (db_per_octave / 6.02)


def band(low: float, high: float) -> np.ndarray:
    """Return gain (n_frequencies,): 1 between two frequencies in Hz, falling by 24 dB per octave outside."""
    f = np.maximum(FREQUENCIES, 1)
    return np.minimum(1, f / low) ** 4 * np.minimum(1, high / f) ** 4


def formants(centres: np.ndarray, width: float = 90.0) -> np.ndarray:
    """Return the gain of resonances at `centres` (Hz), (n_formants,) or (n_formants, FRAMES); each 5 dB down."""
    still = np.ndim(centres) == 1
    centres = np.reshape(centres, (len(centres), 1, -1))  # (n_formants, 1, n_frames or 1)
    strength = 10 ** (-0.25 * np.arange(len(centres)))[:, None, None]
    widths = width * (1 + centres / 2_000)
    gain = (strength / (1 + ((FREQUENCIES[:, None] - centres) / widths) ** 2)).sum(axis=0)
    return gain[:, 0] if still else gain


def bursts(onsets: Sequence[float], rise: float, fall: float, strengths: Sequence[float] | float = 1.0) -> np.ndarray:
    """Return envelope (N,): at each onset (s) a linear rise and an exponential fall (time constants in s)."""
    shape = np.minimum(TIME / rise, 1) * np.exp(-TIME / fall)
    train = np.bincount((np.asarray(onsets) * RATE).astype(int), np.broadcast_to(strengths, len(onsets)), N)
    return np.maximum(fftconvolve(train, shape)[:N], 0)  # rounding must not make an envelope negative


def placed(parts: Sequence[np.ndarray], onsets: Sequence[float]) -> np.ndarray:
    """Return the sum of `parts`, each beginning at its onset (s), cut at the end, (N,)."""
    total = np.zeros(N)
    for part, onset in zip(parts, onsets, strict=True):
        start = int(onset * RATE)
        piece = part[: max(0, N - start)]
        total[start : start + len(piece)] += piece
    return total


def struck(frequencies: Sequence[float], decay: float, tilt_power: float = 1.0, seconds: float = 0.6) -> np.ndarray:
    """Return one stroke: sines at `frequencies` (Hz) whose strength and decay time (s) fall with frequency."""
    time = TIME[: int(seconds * RATE)]
    audible = np.array([f for f in frequencies if f < 11_000])[:, None]
    relative = audible / audible.min()
    partials = np.sin(2 * np.pi * audible * time) * relative**-tilt_power
    return (partials * np.exp(-time / decay * np.sqrt(relative))).sum(axis=0)


def regular(rng: np.random.Generator, rate: float, jitter: float = 0.0) -> np.ndarray:
    """Return onsets (s) `rate` times a second, each moved by up to `jitter` of the interval."""
    onsets = (np.arange(int(2 * rate)) + rng.uniform(0, 1)) / rate
    return np.clip(onsets + rng.uniform(-jitter, jitter, len(onsets)) / rate, 0, 1.98)


def scattered(rng: np.random.Generator, rate: float) -> np.ndarray:
    """Return onsets (s) at random, `rate` times a second on average."""
    return np.sort(rng.uniform(0, 1.98, max(1, rng.poisson(2 * rate))))


def level(sound: np.ndarray) -> np.ndarray:
    """Return `sound` with a root mean square of 1, for mixing."""
    return sound / np.sqrt(np.mean(sound**2))


def finished(rng: np.random.Generator, sound: np.ndarray) -> np.ndarray:
    """Return a sound as if recorded: noise 15 to 40 dB down, a colouring of up to 6 dB, ramps, RMS level, float32."""
    knots = np.geomspace(50, RATE / 2, 8)
    colour = 10 ** (np.interp(np.log(FREQUENCIES + 1), np.log(knots), rng.uniform(-6, 6, 8)) / 20)
    ramp = np.sin(np.linspace(0, np.pi / 2, RAMP)) ** 2
    edges = np.concatenate([ramp, np.ones(N - 2 * RAMP), ramp[::-1]])
    recorded = level(sound) + 10 ** (-rng.uniform(15, 40) / 20) * noise(rng)
    return (RMS * level(filtered(recorded, colour) * edges)).astype(np.float32)


def _phase(pitch: np.ndarray | float) -> np.ndarray:
    return 2 * np.pi * np.cumsum(np.broadcast_to(pitch, N)) / RATE
