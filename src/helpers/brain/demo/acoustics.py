"""Six acoustic measures of a sound, computed from its waveform, from which the demo's components are made.

Simple formulas in the spirit of the six components of Norman-Haignere et al. 2015, not fitted to them. On the 165 real
sounds each real component correlates best with the formula of its name.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.lib.stride_tricks import sliding_window_view

from helpers.brain.nh2015 import COMPONENTS
from helpers.stimuli.sounds import RATE

WINDOW, HOP, SIZE = 960, 240, 1024  # samples: 40 ms every 10 ms, so 100 frames per second
FRAME_RATE = RATE / HOP  # Hz
FREQUENCIES = scipy.fft.rfftfreq(SIZE, 1 / RATE)  # Hz
BANDS = np.geomspace(150, 8_000, 15)  # Hz, edges of 14 bands of 0.41 octave: wide enough to blur single harmonics
LOW, HIGH = 400.0, 3_000.0  # Hz
PERIODS = slice(RATE // 800, RATE // 70)  # samples: pitches from 70 to 800 Hz
VOICED = 0.15  # autocorrelation peak from which a frame counts as fully voiced
PITCHED = (FREQUENCIES > 70) & (FREQUENCIES < 4_000)  # Hz: where harmonics make a pitch
FLOOR = 1e-4  # -40 dB below the loudest frame: quieter frames and cells count as silence
TINY = np.finfo(np.float32).tiny


def describe(waveform: np.ndarray) -> np.ndarray:
    """Return the measures of one waveform (n_samples,) at 24 kHz in the order of COMPONENTS, (6,), in natural units."""
    power = _spectrogram(waveform)
    loudness = power.sum(axis=1)
    weight = np.sqrt(loudness) / np.sqrt(loudness).sum()
    voicing = _voicing(power)
    values = {
        "lowfreq": _level(power, FREQUENCIES < LOW),
        "highfreq": _level(power, FREQUENCIES > HIGH),
        "envsounds": _modulation(np.sqrt(loudness)[:, None], 8, 45).item(),
        "pitch": voicing @ weight,
        "speech": _formant_motion(power) * (voicing @ weight),
        "music": _plateaus(power, weight),
    }
    return np.array([values[name] for name in COMPONENTS])


def _spectrogram(waveform: np.ndarray) -> np.ndarray:
    """Return the power spectrogram (n_frames, n_frequencies)."""
    frames = sliding_window_view(waveform.astype(np.float32), WINDOW)[::HOP]
    return np.abs(scipy.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), SIZE)) ** 2


def _level(power: np.ndarray, band: np.ndarray) -> float:
    """Return the share of the energy in `band`, in dB, floored at -40: 10 log10(E_band / E)."""
    return 10 * np.log10(power[:, band].sum() / power.sum() + FLOOR)


def _voicing(power: np.ndarray) -> np.ndarray:
    """Return how voiced each frame is, 0..1, (n_frames,): min(1, max_l a(l) / a(0) / VOICED) over periods l of pitch.

    a(l) = irfft(P^(1/3)) is an autocorrelation in which strong low harmonics do not hide the others (the generalised
    autocorrelation of Tolonen & Karjalainen 2000); 70 Hz to 4 kHz.
    """
    autocorrelation = scipy.fft.irfft(np.cbrt(power) * PITCHED)
    peak = autocorrelation[:, PERIODS].max(axis=1) / (autocorrelation[:, 0] + TINY)  # silence has no pitch
    return np.minimum(1, peak / VOICED)


def _modulation(tracks: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the modulation depth of each track (n_frames, n_tracks) between two rates in Hz: their rms / mean."""
    spectrum = scipy.fft.rfft(tracks - tracks.mean(axis=0), axis=0) / len(tracks)
    rates = scipy.fft.rfftfreq(len(tracks), 1 / FRAME_RATE)
    inside = (rates >= low) & (rates <= high)
    return np.sqrt(2 * (np.abs(spectrum[inside]) ** 2).sum(axis=0)) / np.abs(tracks).mean(axis=0)


def _formant_motion(power: np.ndarray) -> float:
    """Return how much the coarse spectral shape, apart from loudness, moves at the rate of syllables, 2.5 to 8 Hz.

    Shape: amplitude in each band as a share of the frame's sum. Frames 20 dB below the loud ones and quieter
    count less and less: their shape fades into the mean. The modulation depth is averaged over bands by energy.
    """
    membership = np.digitize(FREQUENCIES, BANDS)[:, None] == np.arange(1, len(BANDS))
    bands = np.sqrt(power @ membership.astype(np.float32))
    total = bands.sum(axis=1, keepdims=True)
    audible = np.minimum(1, total / (0.1 * np.percentile(total, 95) + TINY))
    mean = bands.sum(axis=0) / bands.sum()
    shape = mean + audible * (bands / (total + TINY) - mean)
    return np.average(_modulation(shape, 2.5, 8), weights=bands.mean(axis=0))


def _plateaus(power: np.ndarray, weight: np.ndarray) -> float:
    """Return how much a sound consists of notes: its fine spectrum lasts 60 ms but not 400 ms, max(0, s(60) - s(400)).

    s(tau) is the correlation, averaged over frames by loudness, of the cube-root spectra (70 Hz to 4 kHz, their local
    mean removed) of frames tau apart. Both are high in a steady hum, both low in noise and in gliding speech.
    """
    fine = np.cbrt(power[:, PITCHED])
    fine = fine - scipy.ndimage.uniform_filter1d(fine, 13, axis=1)
    fine /= np.linalg.norm(fine, axis=1, keepdims=True) + TINY
    return max(0.0, _similarity(fine, weight, 6) - _similarity(fine, weight, 40))


def _similarity(fine: np.ndarray, weight: np.ndarray, lag: int) -> float:
    return np.average((fine[lag:] * fine[:-lag]).sum(axis=1), weights=np.sqrt(weight[lag:] * weight[:-lag]))
