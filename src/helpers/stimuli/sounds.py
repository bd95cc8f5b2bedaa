"""The stimuli: audio files of any rate and channel count as mono waveforms of one rate, in a given order."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import soundfile
import soxr
import xarray as xr

from helpers.errors import UserError
from helpers.names import CATEGORY, SAMPLE, SOUND
from helpers.store.files import digest as digest_of

RATE = 24_000  # Hz: what is played, and what most models take; others ask for theirs
MIN_SECONDS = 0.01  # a shorter file is no sound; models may require more
MAX_SECONDS = 60
MAX_CHANNELS = 8
RATES = (1_000, 384_000)  # Hz; a header outside them is damaged or hostile


def read(files: dict[str, Path], categories: dict[str, str], rate: int = RATE) -> xr.DataArray:
    """Return the sounds of `files` (name -> path) in that order, as `labelled` does, resampled to `rate` Hz.

    Raises UserError naming the first file that cannot be used, or sounds without a category.
    """
    return labelled({name: load(Path(path), rate) for name, path in files.items()}, categories, rate)


def load(path: Path, rate: int = RATE) -> np.ndarray:
    """Return one audio file as a mono waveform at `rate` Hz, (n_samples,), float32, full scale 1.

    Several channels become their mean. Raises UserError with the reason why the file cannot be used.
    """
    samples, own_rate = _decoded(path)
    return _resampled(samples.mean(axis=1), own_rate, rate)


def labelled(waveforms: dict[str, np.ndarray], categories: dict[str, str], rate: int = RATE) -> xr.DataArray:
    """Return waveforms (n_samples,) at `rate` Hz by name as one array (sound, sample), float32, zero-padded at the end.

    The coordinates `category` and `n_samples` (the length before padding) lie on sound; the attribute `rate_hz` is
    `rate`. Raises UserError for sounds without a category.
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
        CATEGORY: (SOUND, [categories[name] for name in waveforms]),
        "n_samples": (SOUND, lengths),
    }
    return xr.DataArray(padded, coords, (SOUND, SAMPLE), "waveforms", {"rate_hz": rate})


def resampled(waveforms: xr.DataArray, rate: int) -> xr.DataArray:
    """Return `waveforms` (sound, sample), as `labelled` makes them, at `rate` Hz: each sound without its padding."""
    names, own_rate = waveforms[SOUND].values.tolist(), waveforms.attrs["rate_hz"]
    rows = zip(names, waveforms.values, waveforms["n_samples"].values, strict=True)
    parts = {name: _resampled(row[:length], own_rate, rate) for name, row, length in rows}
    categories = dict(zip(names, waveforms[CATEGORY].values.tolist(), strict=True))
    return labelled(parts, categories, rate).assign_attrs(waveforms.attrs | {"rate_hz": rate})


def digest(waveforms: xr.DataArray) -> str:
    """Return a digest that is equal exactly when names, order, lengths and samples are."""
    return digest_of(waveforms.values, waveforms[SOUND].values.tolist(), waveforms["n_samples"].values.tolist())


def _decoded(path: Path) -> tuple[np.ndarray, int]:
    """Return the file's samples (n_samples, n_channels), float32 in -1..1, and its rate in Hz; raises UserError."""
    try:
        with soundfile.SoundFile(path) as stream:
            _check_header(path, stream)
            samples = stream.read(dtype="float32", always_2d=True)
            rate = stream.samplerate
    except (OSError, soundfile.SoundFileError) as error:
        found = _state(path) or " ".join(str(error).split())
        raise _refused(path, found, "a readable audio file") from None
    if len(samples) < MIN_SECONDS * rate:
        found = f"{len(samples)} samples at {rate} Hz ({1000 * len(samples) / rate:.1f} ms)"
        raise _refused(path, found, f"at least {1000 * MIN_SECONDS:.0f} ms")
    if not np.isfinite(samples).all():
        raise _refused(path, "NaN or infinite samples", "finite numbers")
    return samples, rate


def _check_header(path: Path, stream: soundfile.SoundFile) -> None:
    """Raise UserError before a single sample is decoded, so that a header cannot claim the machine's memory."""
    if not RATES[0] <= stream.samplerate <= RATES[1]:
        raise _refused(path, f"{stream.samplerate} Hz", f"a rate from {RATES[0]} to {RATES[1]} Hz")
    if stream.channels > MAX_CHANNELS:
        raise _refused(path, f"{stream.channels} channels", f"at most {MAX_CHANNELS}")
    if stream.frames > MAX_SECONDS * stream.samplerate:
        raise _refused(path, f"{stream.frames / stream.samplerate:.1f} s", f"at most {MAX_SECONDS} s")


def _resampled(waveform: np.ndarray, own_rate: int, rate: int) -> np.ndarray:
    """Return a waveform (n_samples,) at `own_rate` Hz resampled to `rate` Hz, ceil(n * (rate / own_rate)) samples.

    The reference pipeline (librosa 0.11, `load(..., sr=24000)`) computes that length in floating point, where
    88200 * (24000 / 44100) is slightly above 48000: a 2-s sound at 44.1 kHz has 48001 samples, the last one a zero.
    """
    if own_rate == rate:
        return waveform
    length = math.ceil(len(waveform) * (float(rate) / own_rate))
    resampled = soxr.resample(waveform, own_rate, rate, "HQ")[:length]
    return np.pad(resampled, (0, length - len(resampled)))


def _state(path: Path) -> str:
    if not path.is_file():
        return "no such file"
    return "an empty file" if path.stat().st_size == 0 else ""


def _refused(path: Path, found: str, expected: str) -> UserError:
    return UserError(f"{path}: found {found}, expected {expected}; replace the file or leave this sound out")
