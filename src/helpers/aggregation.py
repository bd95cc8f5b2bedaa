"""From scores by layer, split and voxel to what is said of subjects, regions and models, as published.

Follows the published code of Tuckute et al. 2023: median over splits, clipped at 1; medians over a subject's voxels;
within-subject standard errors; best layers with random ties; layers chosen on one half of the splits and read on the
other. The arrays are labelled: `r2` is (layer, split, target), `subject` and `region` are coordinates on target.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import xarray as xr

from helpers.names import LAYER, SPLIT, SUBJECT, TARGET

ITERATION = "iteration"
N_ITERATIONS = 10  # random halves of the splits, as published


def over_splits(r2: xr.DataArray, clip: bool = True) -> xr.DataArray:
    """Median over splits (layer, target), clipped at 1 unless told not to; `n_clipped` counts the targets touched."""
    medians = r2.median(SPLIT).transpose(LAYER, TARGET)
    if not clip:
        return medians
    touched = int((medians > 1).any(LAYER).sum())
    return medians.clip(max=1).assign_attrs(n_clipped=touched)


def by_subject(values: xr.DataArray) -> xr.DataArray:
    """Median over each subject's voxels: (..., target) -> (..., subject); NaN voxels are left out."""
    return values.groupby(SUBJECT).median(TARGET)


def within_subject_error(values: xr.DataArray, over: str) -> xr.DataArray:
    """Within-subject standard error: the spread over subjects left when each one's mean over `over` is subtracted.

    Population standard deviation over n subjects / sqrt(n - 1); subjects without a value are left out.
    """
    centred = values - values.mean(over)
    n_subjects = centred.notnull().sum(SUBJECT)
    return centred.std(SUBJECT) / np.sqrt((n_subjects - 1).where(n_subjects > 1))


def bootstrap_interval(values: xr.DataArray, seed: int, n_draws: int = 2000, level: float = 0.95) -> xr.DataArray:
    """Percentile interval (bound, ...) of the mean over subjects, subjects drawn with replacement (Efron 1979).

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


def best_layer(medians: xr.DataArray) -> xr.Dataset:
    """The layer with the highest value for each target (layer, target) -> layer, relative depth, value, number tied.

    Of equal layers one is drawn uniformly, in target order, from the legacy generator seeded 0, as published.
    `relative` is (position - 1) / (n_layers - 1), NaN for a single layer; NaN targets have no best layer.
    """
    values = medians.transpose(TARGET, LAYER).values
    best = np.nanmax(np.where(np.isnan(values), -np.inf, values), axis=1)
    tied = values == best[:, None]
    position = _drawn(tied)
    known = tied.any(1)
    n_layers = medians.sizes[LAYER]
    columns = {
        LAYER: np.where(known, medians[LAYER].values[position], np.nan),
        "relative": np.where(known, position / (n_layers - 1) if n_layers > 1 else np.nan, np.nan),
        "value": np.where(known, best, np.nan),
        "n_tied": np.where(tied.sum(1) > 1, tied.sum(1), 0),
    }
    found = xr.Dataset({f"best_{name}": (TARGET, column) for name, column in columns.items()})
    return found.assign_coords({name: c for name, c in medians.coords.items() if c.dims == (TARGET,)})


def _drawn(tied: np.ndarray) -> np.ndarray:
    """Position of one True per row (n_targets, n_layers), drawn among several."""
    generator = np.random.RandomState(0)  # the published, legacy generator
    position = tied.argmax(1)
    for row in np.flatnonzero(tied.sum(1) > 1):
        position[row] = generator.choice(np.flatnonzero(tied[row]))
    return position


def independent_choice(r2: xr.DataArray, clip: bool = True, n_iterations: int = N_ITERATIONS) -> xr.Dataset:
    """Best layer chosen on a random half of the splits and read on the other (iteration, target).

    For every layer and target its own half is drawn, ten times, as published; reading where the choice was not made
    keeps the value free of the optimism of choosing the maximum.
    """
    values = r2.transpose(LAYER, TARGET, SPLIT)
    runs = [_one_choice(values, clip, iteration) for iteration in range(n_iterations)]
    return xr.concat(runs, ITERATION).assign_coords({ITERATION: np.arange(1, n_iterations + 1)})


def _one_choice(values: xr.DataArray, clip: bool, iteration: int) -> xr.Dataset:
    chosen = _halves(*values.shape, iteration)
    choose, read = (_masked_median(values, half, clip) for half in (chosen, ~chosen))
    best = best_layer(choose).drop_vars(["best_value", "best_n_tied"])
    return best.assign(best_value=read.sel({LAYER: best["best_layer"]}).drop_vars(LAYER))


def _masked_median(values: xr.DataArray, mask: np.ndarray, clip: bool) -> xr.DataArray:
    kept = values.values[mask].reshape(*values.shape[:2], -1)
    medians = values.isel({SPLIT: 0}, drop=True).copy(data=np.median(kept, axis=-1))
    return medians.clip(max=1) if clip else medians


@lru_cache(maxsize=2 * N_ITERATIONS)
def _halves(n_layers: int, n_targets: int, n_splits: int, iteration: int) -> np.ndarray:
    """Which splits choose, (n_layers, n_targets, n_splits): 0, 1, 0, 1, ... shuffled anew for each layer and target."""
    generator = np.random.RandomState(iteration)  # the published, legacy generator
    halves = np.tile(np.arange(n_splits) % 2, (n_layers * n_targets, 1))
    for half in halves:
        generator.shuffle(half)
    return halves.reshape(n_layers, n_targets, n_splits) == 1
