"""The arithmetic of claims: each function returns one number with its interval.

They take tidy tables of scores (a row per model, step, layer, split and target), so that the same arithmetic gives this
run's number and the published one. `train_share` is the share of a split's sounds that train. Intervals are 95 %: over
splits by the t interval for overlapping splits (Nadeau & Bengio 2003), over subjects by a bootstrap, over sounds by a
grouped jackknife; NaN where there is one split or too few subjects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from helpers.names import ESTIMATOR, LAYER, MODEL, SPLIT, STEP, TARGET
from helpers.stats.intervals import bootstrap_interval, jackknifed, resampled_interval
from helpers.stats.layers import best_position, best_rows, relative_depth
from helpers.stats.learning import reaching_step
from helpers.stats.similarity import cka

METRIC = "r2_pearson"  # of the published claims about components, independent of the metric that the study shows


@dataclass(frozen=True)
class Evidence:
    """A number, its 95 % interval and what it varies over ("splits", "subjects", "sounds")."""

    value: float
    low: float = np.nan
    high: float = np.nan
    over: str = "splits"

    def __neg__(self) -> Evidence:
        return Evidence(-self.value, -self.high, -self.low, self.over)


def over_splits(values: pd.Series | np.ndarray, train_share: float) -> Evidence:
    """Return the mean of `values` (n_splits,) with its interval; splits without a value are left out."""
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    mean = float(values.mean()) if len(values) else np.nan
    return Evidence(mean, *resampled_interval(values, train_share))


def over_subjects(values: xr.DataArray, seed: int) -> Evidence:
    """Return the mean of `values` (subject,) with its interval."""
    low, high = bootstrap_interval(values, seed).values
    return Evidence(float(values.mean()), float(low), float(high), "subjects")


def over_sounds(statistic: Callable[[np.ndarray], float], n_sounds: int, seed: int) -> Evidence:
    """Return `statistic` of all sounds, a bool mask (n_sounds,), with its interval."""
    return Evidence(*jackknifed(statistic, n_sounds, seed), "sounds")


def depth_effect(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """Return the mean r2 of the deeper half of the layers minus that of the shallower half, over all targets.

    Of an odd number of layers the middle one is in neither half.
    """
    values = _by_layer(rows, model)
    half = values.shape[1] // 2
    difference = values.iloc[:, -half:].mean(axis=1) - values.iloc[:, :half].mean(axis=1)
    return over_splits(difference.groupby(SPLIT).mean(), train_share)


def best_depth(rows: pd.DataFrame, model: str, train_share: float, targets: Sequence[str]) -> Evidence:
    """Return the relative depth (0 first, 1 last layer) of the best layer, mean over `targets`."""
    return over_splits(_depths(rows, model)[list(targets)].mean(axis=1), train_share)


def depth_difference(
    rows: pd.DataFrame, model: str, train_share: float, deep: Sequence[str], shallow: Sequence[str]
) -> Evidence:
    """Return the relative depth of the best layer, mean over the targets `deep` minus mean over `shallow`."""
    depths = _depths(rows, model)
    return over_splits(depths[list(deep)].mean(axis=1) - depths[list(shallow)].mean(axis=1), train_share)


def _by_layer(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return r2 of one model, rows (split, target), columns layers."""
    own = rows[rows[MODEL] == model]
    return own.pivot(index=[SPLIT, TARGET], columns=LAYER, values=METRIC).sort_index(axis=1)


def _depths(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the best layer's relative depth, rows splits, columns targets; NaN where nothing is predicted."""
    values = _by_layer(rows, model)
    depths = relative_depth(best_position(values.to_numpy()), values.shape[1])
    return pd.Series(depths, values.index).unstack(TARGET)


def margin_over_best(rows: pd.DataFrame, model: str, train_share: float, targets: Sequence[str] = ()) -> Evidence:
    """Return r2 of `model` minus that of the best other model, mean over `targets` (all), each at its best layer."""
    kept = rows[rows[TARGET].isin(targets)] if targets else rows
    means = at_best_layer(kept, MODEL, METRIC).groupby(SPLIT).mean()
    best = means.drop(columns=model).mean().idxmax()
    return over_splits(means[model] - means[best], train_share)


def margin_under_worst(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """Return r2 of the worst other model minus that of `model`, mean over the targets, each at its best layer."""
    means = at_best_layer(rows, MODEL, METRIC).groupby(SPLIT).mean()
    worst = means.drop(columns=model).mean().idxmin()
    return over_splits(means[worst] - means[model], train_share)


def estimator_margin(table: pd.DataFrame, train_share: float, one: str, other: str) -> Evidence:
    """Return R2 of the estimator `one` minus that of `other`, mean over the targets, each at its best layer.

    `table` has the columns estimator, layer, split, target and r2_determination.
    """
    means = at_best_layer(table, ESTIMATOR, "r2_determination").groupby(SPLIT).mean()
    return over_splits(means[one] - means[other], train_share)


def at_best_layer(rows: pd.DataFrame, by: str, metric: str) -> pd.DataFrame:
    """Return `metric` in the layer of its highest median over splits: rows (split, target), columns the values of `by`.

    0 for a target that no layer predicts, as `best_rows` has it: it counts against the model that does not predict it.
    """
    keys = [by, TARGET, LAYER]
    medians = rows.groupby(keys, sort=False, observed=True)[metric].median().reset_index()
    best = best_rows(medians, [by, TARGET], metric).dropna(subset=LAYER)[keys].astype({LAYER: int})
    chosen = rows.merge(best, on=keys, validate="many_to_one")
    table = chosen.pivot(index=[SPLIT, TARGET], columns=by, values=metric)
    index = pd.MultiIndex.from_product([rows[SPLIT].unique(), rows[TARGET].unique()], names=[SPLIT, TARGET])
    return table.reindex(index, columns=rows[by].unique()).fillna(0)


def learning_delay(
    rows: pd.DataFrame, model: str, train_share: float, late: Sequence[str], early: Sequence[str]
) -> Evidence:
    """Return the share of the training until 95 % of the final r2, of `late` targets minus `early` ones.

    Mean over layers; layers that learn nothing are left out.
    """
    means = _reached(rows, model).groupby([SPLIT, TARGET])["reached"].mean().unstack(TARGET)
    return over_splits(means[list(late)].mean(axis=1) - means[list(early)].mean(axis=1), train_share)


def learning_by_layer(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """Return Spearman's rho of layer and that share of the training, over layers and targets of each split.

    A split in which all layers reach it at once has no rho, and is left out.
    """
    table = _reached(rows, model).dropna()
    varying = table.groupby(SPLIT).filter(lambda own: own["reached"].nunique() > 1 and own[LAYER].nunique() > 1)
    by_split = varying.groupby(SPLIT)[[LAYER, "reached"]]
    return over_splits([stats.spearmanr(own[LAYER], own["reached"]).statistic for _, own in by_split], train_share)


def _reached(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return the share of the training until 95 % of the final r2, by split, target and layer."""
    own = rows[rows[MODEL] == model]
    last = own[STEP].max()
    groups = own.sort_values(STEP).groupby([SPLIT, TARGET, LAYER])
    found = groups.apply(lambda g: reaching_step(g[STEP].to_numpy(), g[METRIC].to_numpy()), include_groups=False)
    return (found / last).rename("reached").reset_index()


def similarity_difference(shared: np.ndarray, one: np.ndarray, other: np.ndarray, seed: int) -> Evidence:
    """Return the debiased CKA of `shared` with `one` minus that with `other`, each (n_sounds, n_units)."""

    def difference(kept: np.ndarray) -> float:
        return cka(shared[kept], one[kept], debiased=True) - cka(shared[kept], other[kept], debiased=True)

    return over_sounds(difference, len(shared), seed)


def depth_effect_of_subjects(values: xr.DataArray, seed: int) -> Evidence:
    """Return `values` (layer, subject) in the deeper half of the layers minus those in the shallower half, on average.

    Of an odd number of layers the middle one is in neither half.
    """
    half = values.sizes[LAYER] // 2
    difference = values.isel({LAYER: slice(-half, None)}).mean(LAYER) - values.isel({LAYER: slice(half)}).mean(LAYER)
    return over_subjects(difference, seed)
