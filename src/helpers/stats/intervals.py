"""Intervals for what varies: over subjects a bootstrap, over overlapping splits a t interval, over sounds a jackknife.

What each covers: METHODS of the individual functions; all are nominally 95 %.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import stats

from helpers.names import SUBJECT

N_GROUPS = 15  # of sounds, each left out once


def bootstrap_interval(values: xr.DataArray, seed: int, n_draws: int = 2000, level: float = 0.95) -> xr.DataArray:
    """Return a percentile interval (bound, ...) of the mean over subjects, resampled with replacement (Efron 1979).

    NaN with fewer than three subjects: there is nothing to draw from.
    """
    subjects = values.transpose(SUBJECT, ...)
    drawn = np.random.default_rng(seed).integers(len(subjects), size=(n_draws, len(subjects)))
    means = xr.DataArray(np.nanmean(subjects.values[drawn], axis=1), dims=("draw", *subjects.dims[1:]))
    bounds = means.quantile([(1 - level) / 2, (1 + level) / 2], "draw").drop_vars("quantile")
    bounds = bounds if len(subjects) > 2 else bounds * np.nan
    return bounds.rename(quantile="bound").assign_coords(
        bound=["low", "high"], **subjects.isel(subject=0).drop_vars(SUBJECT).coords
    )


def resampled_interval(values: np.ndarray, train_share: float, level: float = 0.95) -> tuple[float, float]:
    """Return a t interval of the mean of `values` (n_splits,) from overlapping random splits.

    Splits share sounds, so the variance is that of Nadeau & Bengio 2003 (equation 9), s² (1/J + n_test / n_train) for J
    splits; `train_share` is n_train / (n_train + n_test).
    """
    n_splits = len(values)
    if n_splits < 2:
        return np.nan, np.nan
    variance = np.var(values, ddof=1) * (1 / n_splits + (1 - train_share) / train_share)
    half = stats.t.ppf((1 + level) / 2, n_splits - 1) * np.sqrt(variance)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def jackknifed(statistic: Callable[[np.ndarray], float], n_sounds: int, seed: int = 0) -> tuple[float, float, float]:
    """Return `statistic` of all sounds (a bool mask) and its t interval from leaving out each of N_GROUPS groups.

    Of fewer sounds than groups, each is a group of its own.
    """
    n_groups = min(N_GROUPS, n_sounds)
    groups = np.random.default_rng(seed).permutation(np.arange(n_sounds) % n_groups)
    whole = statistic(np.ones(n_sounds, dtype=bool))
    parts = np.array([statistic(groups != group) for group in range(n_groups)])
    error = np.sqrt((n_groups - 1) / n_groups * np.square(parts - parts.mean()).sum())
    half = stats.t.ppf(0.975, n_groups - 1) * error
    return float(whole), float(whole - half), float(whole + half)
