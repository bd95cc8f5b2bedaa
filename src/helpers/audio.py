"""Waveforms as small MP3 files, for a page that must carry its sounds with it."""

from __future__ import annotations

import base64
import io

import numpy as np
import soundfile
import xarray as xr

from helpers.names import SAMPLE_RATE, SOUND

COMPRESSION = 0.5  # 0 best ... 1 smallest; about 9 kB for two seconds, some 2 MB for 165 sounds


def mp3(waveform: np.ndarray) -> bytes:
    """A mono waveform (n_samples,) at 24 kHz as MP3."""
    file = io.BytesIO()
    soundfile.write(file, waveform, SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III", compression_level=COMPRESSION)
    return file.getvalue()


def of(waveforms: xr.DataArray, name: str) -> bytes:
    """One sound of `waveforms` (sound, sample) as MP3; padding is left out."""
    sound = waveforms.sel({SOUND: name})
    return mp3(sound.values[: int(sound["n_samples"])])


def addresses(waveforms: xr.DataArray) -> dict[str, str]:
    """Each sound as a data: address that an audio element can play."""
    names = waveforms[SOUND].values.tolist()
    return {name: "data:audio/mpeg;base64," + base64.b64encode(of(waveforms, name)).decode() for name in names}
