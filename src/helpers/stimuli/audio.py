"""Waveforms as small MP3 files, for a page that embeds its sounds."""

from __future__ import annotations

import base64
import io

import numpy as np
import soundfile
import xarray as xr

from helpers.names import SOUND

COMPRESSION = 0.8  # 0 best ... 1 smallest; about 8 kB for two seconds, 1.4 MB for 165 sounds


def mp3(waveform: np.ndarray, rate: int) -> bytes:
    """Return a mono waveform (n_samples,) at `rate` Hz as MP3."""
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format="MP3", subtype="MPEG_LAYER_III", compression_level=COMPRESSION)
    return file.getvalue()


def of(waveforms: xr.DataArray, name: str) -> bytes:
    """Return one sound of `waveforms` (sound, sample; rate in the attribute `rate_hz`) as MP3, without its padding."""
    sound = waveforms.sel({SOUND: name})
    return mp3(sound.values[: int(sound["n_samples"])], waveforms.attrs["rate_hz"])


def compressed(waveforms: xr.DataArray, rate: int) -> xr.Dataset:
    """Return the sounds of `waveforms` (sound, sample) at `rate` Hz as MP3: `mp3` (byte), one after the other, and how
    many bytes each takes, `n_bytes` (sound)."""
    names = waveforms[SOUND].values.tolist()
    files = [of(waveforms.assign_attrs(rate_hz=rate), name) for name in names]
    n_bytes = (SOUND, [len(file) for file in files])
    return xr.Dataset({"mp3": ("byte", np.frombuffer(b"".join(files), np.uint8)), "n_bytes": n_bytes}, {SOUND: names})


def addresses(sounds: xr.Dataset) -> dict[str, str]:
    """Return each sound of `compressed` by name as a data: URL that an audio element can play."""
    files = np.split(sounds["mp3"].values, np.cumsum(sounds["n_bytes"].values)[:-1])
    named = zip(sounds[SOUND].values.tolist(), files, strict=True)
    return {name: "data:audio/mpeg;base64," + base64.b64encode(file).decode() for name, file in named}
