"""The stimuli: audio files of any rate and channel count as mono waveforms of one rate, in a given order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
import soxr
import xarray as xr

from helpers.errors import UserError
from helpers.names import CATEGORY, SAMPLE, SOUND, composed
from helpers.stimuli import headers
from helpers.store.files import digest as digest_of

RATE = 24_000  # Hz: what is played, and what most models take; others ask for theirs
MIN_SECONDS = 0.01  # a shorter file is no sound; models may require more
MAX_SECONDS = 60
MAX_CHANNELS = 8
RATES = (1_000, 384_000)  # Hz; a header outside them is damaged or hostile
CANCELLED = 1e-3  # of the loudest channel's level: below it the mean of the channels is what they leave of each other
LOSSY = 2.0  # times full scale that decoders of MP3, Vorbis and Opus may reach between the samples of a sound below it
LOSSLESS = 1.0 + 1e-6
MP3_FRAME = 1152  # samples that headers may claim too many: some programs count the header itself as a frame
REMARKS = "remarks"  # attribute of what `read` returns: SILENT and BEYOND -> names of sounds, where there are any
SILENT, BEYOND = "silent", "beyond"
ENDING = ".wav"  # in any case


def read(files: dict[str, Path], categories: dict[str, str], rate: int = RATE) -> xr.DataArray:
    """Return the sounds of `files` (name -> path) in that order, as `labelled` does, resampled to `rate` Hz.

    The attribute `remarks` names those that are silent and those beyond full scale, where there are such. Raises
    UserError naming the first file that cannot be used, or sounds without a category.
    """
    waveforms, remarks = {}, {}
    for name, path in files.items():
        samples, own_rate, beyond = _decoded(Path(path))
        waveforms[name] = _resampled(_mono(Path(path), samples), own_rate, rate)
        silent = (samples == samples[0]).all()
        for key in [SILENT] * bool(silent) + [BEYOND] * bool(beyond):
            remarks.setdefault(key, []).append(name)
    found = labelled(waveforms, categories, rate)
    return found.assign_attrs({REMARKS: remarks}) if remarks else found


def found(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return name -> wav file in `folder`; names are compared as `composed` does, and `.WAV` is a wav.

    A name that no file has gets the path that it should have. Raises UserError for two files of one name.
    """
    there: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or path.suffix.lower() != ENDING:
            continue
        name = composed(path.stem)
        if name in there:
            raise UserError(
                f"{folder}: found {there[name].name!r} and {path.name!r}, expected one file for the sound '{name}': "
                "remove one"
            )
        there[name] = path
    return {name: there.get(composed(name), folder / f"{name}{ENDING}") for name in names}


def load(path: Path, rate: int = RATE) -> np.ndarray:
    """Return one audio file as a mono waveform at `rate` Hz, (n_samples,), float32, full scale 1.

    Several channels become their mean. Raises UserError with the reason why the file cannot be used.
    """
    samples, own_rate, _ = _decoded(path)
    return _resampled(_mono(path, samples), own_rate, rate)


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


def _decoded(path: Path) -> tuple[np.ndarray, int, bool]:
    """Return the file's samples (n_samples, n_channels), float32, its rate in Hz, and whether they exceed full scale.

    Raises UserError for files that cannot be decoded, or are not as their header says.
    """
    if state := _state(path):  # a pipe, too, which nobody may ever write to
        raise _refused(path, state, "a readable audio file")
    try:
        claim = headers.claim(path)
        with soundfile.SoundFile(path) as stream:
            _check_header(path, stream)
            n_claimed, rate = stream.frames, stream.samplerate
            samples = stream.read(frames=n_claimed, dtype="float32", always_2d=True)  # GSM 6.10 cannot be sought in
            lossy = stream.subtype in ("VORBIS", "OPUS") or "MPEG" in stream.subtype
    except (OSError, soundfile.SoundFileError) as error:
        raise _refused(path, " ".join(str(error).split()), "a readable audio file") from None
    missing = claim.missing if claim else ""
    if not missing and len(samples) < n_claimed - (MP3_FRAME if lossy else 0):
        missing = f"{len(samples)} of the {n_claimed} samples that its header says"
    if missing:
        raise _refused(path, missing, "all of them: its copy stopped in the middle")
    if len(samples) < MIN_SECONDS * rate:
        found = f"{len(samples)} samples at {rate} Hz ({1000 * len(samples) / rate:.1f} ms)"
        raise _refused(path, found, f"at least {1000 * MIN_SECONDS:.0f} ms")
    if not np.isfinite(samples).all():
        raise _refused(path, "NaN or infinite samples", "finite numbers")
    return samples, rate, bool(np.abs(samples).max() > (LOSSY if lossy else LOSSLESS))


def _mono(path: Path, samples: np.ndarray) -> np.ndarray:
    """Return the mean of the channels (n_samples,); raises UserError where they cancel each other."""
    mono = samples.mean(axis=1)
    loudest, left = np.sqrt(np.square(samples, dtype=float).mean(0)).max(), np.sqrt(np.square(mono, dtype=float).mean())
    if left < CANCELLED * loudest:
        expected = "channels whose mean is a sound (one may have the wrong sign)"
        raise _refused(path, f"{samples.shape[1]} channels that cancel each other", expected)
    return mono


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
