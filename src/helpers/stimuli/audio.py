"""Waveforms as small MP3 files, for a page that embeds its sounds."""

from __future__ import annotations

import base64
import io

import numpy as np
import soundfile
import xarray as xr

from helpers.names import SOUND

COMPRESSION = 0.5  # 0 best ... 1 smallest; about 9 kB for two seconds, some 2 MB for 165 sounds


def mp3(waveform: np.ndarray, rate: int) -> bytes:
    """Return a mono waveform (n_samples,) at `rate` Hz as MP3."""
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format="MP3", subtype="MPEG_LAYER_III", compression_level=COMPRESSION)
    return file.getvalue()


def of(waveforms: xr.DataArray, name: str) -> bytes:
    """Return one sound of `waveforms` (sound, sample; rate in the attribute `rate_hz`) as MP3, without its padding."""
    sound = waveforms.sel({SOUND: name})
    return mp3(sound.values[: int(sound["n_samples"])], waveforms.attrs["rate_hz"])


def addresses(waveforms: xr.DataArray) -> dict[str, str]:
    """Return each sound of `waveforms` (sound, sample) by name as a data: URL that an audio element can play."""
    names = waveforms[SOUND].values.tolist()
    return {name: "data:audio/mpeg;base64," + base64.b64encode(of(waveforms, name)).decode() for name in names}
