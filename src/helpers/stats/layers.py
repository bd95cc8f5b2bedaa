"""The best layer of a target, defined once: its rule for ties, for targets that no layer predicts, and for depth.

The best layer has the highest value; of equal layers the shallowest wins. A target whose value is 0 or missing in every
layer has no best layer (NaN): nothing was predicted, so no layer did it best. Relative depth is
(position - 1) / (n_layers - 1): 0 is the first layer, 1 the last.
"""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from helpers.names import LAYER, SPLIT, TARGET

SHALLOWEST, PUBLISHED = "shallowest", "published"  # rules for ties
ITERATION = "iteration"
N_ITERATIONS = 10  # random halves of the splits, as published


def best_position(values: np.ndarray, ties: str = SHALLOWEST) -> np.ndarray:
    """Return the position of the best layer of each row of `values` (n, n_layers) as floats (n,), NaN where none is.

    `ties` "published" draws one of equal layers uniformly, row by row, from the legacy generator seeded 0, and takes
    targets that nothing predicts for a tie of all layers (Tuckute et al. 2023, published code).
    """
    values = np.asarray(values, dtype=float)
    missing = np.isnan(values)
    best = np.where(missing, -np.inf, values).max(1, keepdims=True)
    tied = (values == best) & ~missing
    if ties == PUBLISHED:
        return np.where(missing.all(1), np.nan, _drawn(tied))
    return np.where((np.nan_to_num(values) == 0).all(1), np.nan, tied.argmax(1))


def _drawn(tied: np.ndarray) -> np.ndarray:
    """Return the position of one True per row (n, n_layers), drawn among several."""
    generator = np.random.RandomState(0)  # the published, legacy generator
    position = tied.argmax(1)
    for row in np.flatnonzero(tied.sum(1) > 1):
        position[row] = generator.choice(np.flatnonzero(tied[row]))
    return position


def best_layer(medians: xr.DataArray, ties: str = SHALLOWEST) -> xr.Dataset:
    """Return each target's best layer of `medians` (layer, target): best_layer, best_relative, best_value, best_n_tied.

    `best_n_tied` is the number of equal layers, 0 where the best one is alone.
    """
    values = medians.transpose(TARGET, LAYER).values
    position = best_position(values, ties)
    known, n_layers = ~np.isnan(position), medians.sizes[LAYER]
    at = np.where(known, position, 0).astype(int)
    highest = np.where(np.isnan(values), -np.inf, values).max(1)
    best = np.where(np.isfinite(highest), highest, np.nan)  # 0, not missing, where nothing is predicted
    n_tied = (values == best[:, None]).sum(1)
    columns = {
        LAYER: np.where(known, medians[LAYER].values[at], np.nan),
        "relative": np.where(known, relative_depth(position, n_layers), np.nan),
        "value": best,
        "n_tied": np.where(known & (n_tied > 1), n_tied, 0),
    }
    found = xr.Dataset({f"best_{name}": (TARGET, column) for name, column in columns.items()})
    return found.assign_coords({name: c for name, c in medians.coords.items() if c.dims == (TARGET,)})


def relative_depth(position: np.ndarray, n_layers: int) -> np.ndarray:
    """Return positions from 0 as shares of the way from the first to the last layer; NaN for a single layer."""
    return position / (n_layers - 1) if n_layers > 1 else np.full_like(position, np.nan, dtype=float)


def nested_best(scores: xr.Dataset, metric: str) -> xr.Dataset:
    """Return each target's value at the layer chosen on the train sounds of each split: `value` and `chosen`.

    The layer has the smallest leave-one-out error on the train sounds, so no test sound takes part in the choice. Where
    all layers have the same error, none predicts more than the mean: `chosen` is NaN and `value` 0.

    Parameters
    ----------
    scores : (layer, split, target) with `loo_error` and `metric`, as `encoding.score` returns them for ridge

    Both variables returned are (split, target).
    """
    errors = scores["loo_error"].transpose(LAYER, SPLIT, TARGET)
    values = scores[metric].transpose(LAYER, SPLIT, TARGET)
    at = errors.argmin(LAYER)
    none = (errors == errors.isel({LAYER: 0})).all(LAYER) if scores.sizes[LAYER] > 1 else xr.zeros_like(at, dtype=bool)
    value = values.isel({LAYER: at}).drop_vars(LAYER).where(~none, 0.0)
    return xr.Dataset({"value": value, "chosen": scores[LAYER][at].drop_vars(LAYER).where(~none)})


def best_rows(table: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Return the row at the best layer for each group of a tidy `table`, in the order of the groups.

    A group without a best layer keeps its row, with `layer` and what belongs to a layer missing and `value` 0.
    """
    return pd.concat([_best_row(own, by, value) for _, own in table.groupby(by, sort=False, observed=True)])[
        list(table)
    ].reset_index(drop=True)


def _best_row(own: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    ordered = own.sort_values(LAYER, kind="stable")
    position = best_position(ordered[value].to_numpy()[None])[0]
    if np.isnan(position):
        none = ordered.iloc[[0]].astype({LAYER: float})
        of_layers = [name for name in table_columns(own) if name not in by]
        return none.assign(**dict.fromkeys(of_layers, np.nan)).assign(**{value: 0.0})
    return ordered.iloc[[int(position)]]


def table_columns(table: pd.DataFrame) -> list[str]:
    """Return the numeric columns of a table."""
    return list(table.select_dtypes("number"))


def independent_choice(r2: xr.DataArray, clip: bool = True, n_iterations: int = N_ITERATIONS) -> xr.Dataset:
    """Return best layers chosen on a random half of the splits and read on the other (iteration, target), as published.

    For every layer and target its own half is drawn, ten times, with the published rule for ties. Reading where the
    choice was not made removes part of the optimism of choosing the maximum; the splits share sounds, so not all of it.
    """
    values = r2.transpose(LAYER, TARGET, SPLIT)
    runs = [_one_choice(values, clip, iteration) for iteration in range(n_iterations)]
    return xr.concat(runs, ITERATION).assign_coords({ITERATION: np.arange(1, n_iterations + 1)})


def _one_choice(values: xr.DataArray, clip: bool, iteration: int) -> xr.Dataset:
    chosen = _halves(*values.shape, iteration)
    choose, read = (_masked_median(values, half, clip) for half in (chosen, ~chosen))
    best = best_layer(choose, PUBLISHED).drop_vars(["best_value", "best_n_tied"])
    known = best["best_layer"].notnull()
    at = best["best_layer"].where(known, values[LAYER][0]).astype(values[LAYER].dtype)
    return best.assign(best_value=read.sel({LAYER: at}).drop_vars(LAYER).where(known))


def _masked_median(values: xr.DataArray, mask: np.ndarray, clip: bool) -> xr.DataArray:
    kept = values.values[mask].reshape(*values.shape[:2], -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the median of no number is missing
        medians = values.isel({SPLIT: 0}, drop=True).copy(data=np.nanmedian(kept, axis=-1))
    return medians.clip(max=1) if clip else medians


@lru_cache(maxsize=2 * N_ITERATIONS)
def _halves(n_layers: int, n_targets: int, n_splits: int, iteration: int) -> np.ndarray:
    """Return which splits choose, (n_layers, n_targets, n_splits): 0, 1, 0, 1, ... shuffled per layer and target."""
    generator = np.random.RandomState(iteration)  # the published, legacy generator
    halves = np.tile(np.arange(n_splits) % 2, (n_layers * n_targets, 1))
    for half in halves:
        generator.shuffle(half)
    return halves.reshape(n_layers, n_targets, n_splits) == 1
