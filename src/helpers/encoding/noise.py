"""How reliable repeated measurements, and predictions made from them, are; what noise allows a model to reach."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import torch
import xarray as xr
from scipy import stats

from helpers.encoding.metrics import pearson
from helpers.names import REPETITION, TARGET

LEVEL = 0.05  # one-tailed, of the critical correlation below which a reliability is not distinguished from chance


def spearman_brown(r: torch.Tensor, n_repetitions: int) -> torch.Tensor:
    """Return the reliability of the mean of m repetitions, m r / (1 + (m - 1) r) (Spearman 1910, Brown 1910)."""
    return n_repetitions * r / (1 + (n_repetitions - 1) * r)


def critical_correlation(n_sounds: int, level: float = LEVEL) -> float:
    """Return the correlation of `n_sounds` pairs that chance exceeds with probability `level`, to three digits.

    The published floors are those of 83 and 82 sounds, .182 and .183. NaN for fewer than three sounds.
    """
    if n_sounds < 3:
        return float("nan")
    t = stats.t.ppf(1 - level, n_sounds - 2)
    return round(float(t / np.sqrt(n_sounds - 2 + t**2)), 3)


def pair_correlations(repetitions: list[torch.Tensor]) -> torch.Tensor:
    """Return correlations (n_pairs, n_targets) between all pairs of repetitions, each (n_sounds, n_targets)."""
    order = sorted(combinations(range(len(repetitions)), 2), key=lambda pair: (pair[1] - pair[0], pair))
    return torch.stack([pearson(repetitions[i], repetitions[j]) for i, j in order])


def reliability(repetitions: list[torch.Tensor], ignore_nan: bool, floor: float | None = None) -> torch.Tensor:
    """Return the Spearman-Brown corrected median pair correlation (n_targets) of repetitions (n_sounds, n_targets).

    It is raised to `floor`, by default the critical correlation of that many sounds, which also stands for NaN. It is
    not bounded above: a median below -1/(m - 1) makes the formula positive again, as in the published code.
    """
    floor = critical_correlation(len(repetitions[0])) if floor is None else floor
    pairs = pair_correlations(repetitions).cpu().numpy()
    median = _median_ignoring_nan(pairs) if ignore_nan else np.median(pairs, axis=0)
    corrected = spearman_brown(torch.as_tensor(median), len(repetitions))
    return torch.nan_to_num(corrected, nan=floor).clamp(min=floor)


def present(responses: xr.DataArray) -> xr.DataArray:
    """Return which repetitions each target has (target, repetition); one that it lacks is NaN throughout.

    Responses without the dimension are one repetition of every target.
    """
    if REPETITION not in responses.dims:
        responses = responses.expand_dims({REPETITION: 1})
    return responses.notnull().any([dim for dim in responses.dims if dim not in (TARGET, REPETITION)])


def n_repetitions(responses: xr.DataArray) -> np.ndarray:
    """Return how many repetitions each target has (n_targets,)."""
    return present(responses).sum(REPETITION).values


def is_correctable(responses: xr.DataArray) -> bool:
    """Return whether the noise of every target can be estimated, which takes two repetitions.

    Where it can for some targets only, r2 is corrected for none: corrected and uncorrected values are not comparable.
    """
    return REPETITION in responses.dims and bool((n_repetitions(responses) > 1).all())


def by_repetitions(responses: xr.DataArray) -> list[tuple[np.ndarray, xr.DataArray]]:
    """Return positions of targets with the same repetitions, and their responses without those that they lack.

    Targets with a single repetition come without the dimension.
    """
    if REPETITION not in responses.dims:
        return [(np.arange(responses.sizes[TARGET]), responses)]
    known = present(responses).transpose(TARGET, REPETITION).values
    if known.all():
        return [(np.arange(responses.sizes[TARGET]), responses)]
    patterns, of_target = np.unique(known, axis=0, return_inverse=True)
    parts = []
    for number, pattern in enumerate(patterns):
        positions, kept = np.flatnonzero(of_target.ravel() == number), np.flatnonzero(pattern)
        one = {TARGET: positions, REPETITION: kept if len(kept) > 1 else kept[0]}
        parts.append((positions, responses.isel(one).drop_vars([] if len(kept) > 1 else REPETITION, errors="ignore")))
    return parts


def _median_ignoring_nan(pairs: np.ndarray) -> np.ndarray:
    empty = np.isnan(pairs).all(0)
    return np.where(empty, np.nan, np.nanmedian(np.where(empty, 0, pairs), axis=0))
