"""The stimuli: audio files of any rate and channel count as 24 kHz mono waveforms, in a given order."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import soundfile
import soxr
import xarray as xr

from helpers.names import SAMPLE, SAMPLE_RATE, SOUND, UserError
from helpers.storage import digest as digest_of

MIN_SAMPLES = 2049  # at 24 kHz; the reference network refuses inputs of 2048 samples or fewer
MAX_SECONDS = 60
MAX_CHANNELS = 8
RATES = (1_000, 384_000)  # Hz; a header outside them is damaged or hostile


def read(files: dict[str, Path], categories: dict[str, str]) -> xr.DataArray:
    """The sounds of `files` (name -> path) in that order, labelled; raises UserError naming the first bad file."""
    return labelled({name: load(Path(path)) for name, path in files.items()}, categories)


def load(path: Path) -> np.ndarray:
    """One audio file as float32 mono at 24 kHz, (n_samples,); raises UserError with the reason it cannot be used."""
    waveform = _resampled(*_decoded(path))
    if len(waveform) < MIN_SAMPLES:
        raise _refused(
            path, f"{len(waveform)} samples at 24 kHz", f"at least {MIN_SAMPLES}, the network's shortest input"
        )
    return waveform


def labelled(waveforms: dict[str, np.ndarray], categories: dict[str, str]) -> xr.DataArray:
    """Waveforms (n_samples,) by name as one float32 array (sound, sample), zero-padded on the right to the longest.

    The true lengths are in the coordinate `n_samples`. Raises UserError for sounds without a category.
    """
    unknown = [name for name in waveforms if name not in categories]
    if unknown or not waveforms:
        raise UserError(f"no category for {', '.join(unknown[:5]) or 'any sound: there are none'}; label every sound")
    lengths = [len(waveform) for waveform in waveforms.values()]
    padded = np.zeros((len(lengths), max(lengths)), np.float32)
    for row, waveform in zip(padded, waveforms.values(), strict=True):
        row[: len(waveform)] = waveform
    coords = {
        SOUND: list(waveforms),
        "category": (SOUND, [categories[name] for name in waveforms]),
        "n_samples": (SOUND, lengths),
    }
    return xr.DataArray(padded, coords, (SOUND, SAMPLE), "waveforms", {"rate_hz": SAMPLE_RATE})


def digest(waveforms: xr.DataArray) -> str:
    """A digest that is equal exactly when names, order, lengths and samples are."""
    return digest_of(waveforms.values, waveforms[SOUND].values.tolist(), waveforms["n_samples"].values.tolist())


def _decoded(path: Path) -> tuple[np.ndarray, int]:
    """The file's samples (n_samples, n_channels) in -1..1, and its rate in Hz."""
    try:
        with soundfile.SoundFile(path) as stream:
            _check_header(path, stream)
            samples = stream.read(dtype="float32", always_2d=True)
            rate = stream.samplerate
    except (OSError, soundfile.SoundFileError) as error:
        found = _state(path) or " ".join(str(error).split())
        raise _refused(path, found, "a readable audio file") from None
    if not np.isfinite(samples).all():
        raise _refused(path, "NaN or infinite samples", "finite numbers")
    return samples, rate


def _check_header(path: Path, stream: soundfile.SoundFile) -> None:
    """Refuse before a single sample is decoded, so that a header cannot claim the machine's memory."""
    if not RATES[0] <= stream.samplerate <= RATES[1]:
        raise _refused(path, f"{stream.samplerate} Hz", f"a rate from {RATES[0]} to {RATES[1]} Hz")
    if stream.channels > MAX_CHANNELS:
        raise _refused(path, f"{stream.channels} channels", f"at most {MAX_CHANNELS}")
    if stream.frames == 0:
        raise _refused(path, "no samples", f"at least {MIN_SAMPLES} at 24 kHz")
    if stream.frames > MAX_SECONDS * stream.samplerate:
        raise _refused(path, f"{stream.frames / stream.samplerate:.1f} s", f"at most {MAX_SECONDS} s")


def _resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    """Channel mean at 24 kHz, of length ceil(n * (24000 / rate)), float32.

    The reference pipeline (librosa 0.11, `load(..., sr=24000)`) computes that length in floating point, where
    88200 * (24000 / 44100) is a hair above 48000: a 2-s sound at 44.1 kHz has 48001 samples, the last one a zero.
    """
    mono = samples.mean(axis=1)
    if rate == SAMPLE_RATE:
        return mono
    length = math.ceil(len(mono) * (float(SAMPLE_RATE) / rate))
    resampled = soxr.resample(mono, rate, SAMPLE_RATE, "HQ")[:length]
    return np.pad(resampled, (0, length - len(resampled)))


def _state(path: Path) -> str:
    if not path.is_file():
        return "no such file"
    return "an empty file" if path.stat().st_size == 0 else ""


def _refused(path: Path, found: str, expected: str) -> UserError:
    return UserError(f"{path}: found {found}, expected {expected}; replace the file or leave this sound out")
