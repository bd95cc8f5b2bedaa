"""Filters of temporal and spectral modulation, as transfer functions, after the cortical model of Chi et al. 2005.

Source: Chi, Ru & Shamma 2005, JASA 118:887, as in github.com/snormanhaignere/spectrotemporal-synthesis-v2 and
github.com/jenellefeather/cochdnn (robustness/audio_models/spectemp_filts.py).
"""

from __future__ import annotations

import numpy as np

DECAY = 3.5  # of the temporal filter, per cycle


def temporal(
    rate: float, n_frames: int, n_padded: int, frame_rate: float, highpass: bool = False, centred: bool = True
) -> np.ndarray:
    """Return the transfer function (n_padded // 2 + 1,) of a causal filter at frequencies from 0 to half a frame rate.

    sin(2 pi u) u^2 exp(-3.5 u) at u = time * rate, scaled to the maximum 1; at rate 0 only what is constant passes.

    Parameters
    ----------
    rate : in Hz, of the modulation that passes
    n_frames, n_padded : length of the filter, and of what it is applied to
    highpass : let all faster modulation pass too, with the filter's phase
    centred : remove the filter's mean over `n_frames`, so that nothing constant passes
    """
    if rate == 0:
        return np.eye(1, n_padded // 2 + 1, dtype=complex)[0]
    cycles = np.arange(n_frames) / frame_rate * rate
    response = np.sin(2 * np.pi * cycles) * cycles**2 * np.exp(-DECAY * cycles)
    transfer = np.fft.rfft(response - response.mean() * centred, n_padded)
    return _scaled(np.abs(transfer), highpass) * np.exp(1j * np.angle(transfer))


def spectral(scale: float, n_padded: int, channel_rate: float, highpass: bool = False) -> np.ndarray:
    """Return the gains (n_padded,) of a symmetric filter at the frequencies of a complex transform over channels.

    R exp(-R) at R = (frequency / scale)^2, scaled to the maximum 1; at scale 0 only what is constant passes.

    Parameters
    ----------
    scale : in cycles per ERB or octave, of the modulation that passes
    channel_rate : channels per ERB or octave
    highpass : let all finer modulation pass too
    """
    if scale == 0:
        return np.eye(1, n_padded)[0]
    ratio = (np.fft.rfftfreq(n_padded, 1 / channel_rate) / scale) ** 2
    half = _scaled(ratio * np.exp(-ratio), highpass)
    return half[np.minimum(np.arange(n_padded), n_padded - np.arange(n_padded))]


def directed(n_padded: int, sign: int) -> np.ndarray:
    """Return which spectral frequencies (n_padded,) pass at positive temporal ones: those of that sign.

    Those without a sign, 0 and half the number of channels a unit, belong to both directions.
    """
    index = np.arange(n_padded)
    unsigned = (index == 0) | (2 * index == n_padded)
    return unsigned | ((2 * index < n_padded) == (sign > 0))


def _scaled(gains: np.ndarray, highpass: bool) -> np.ndarray:
    scaled = gains / gains.max()
    if highpass:
        scaled[scaled.argmax() :] = 1
    return scaled
