"""What stands beside a network in a figure of r²: baselines that learned nothing, and controls of its own weights."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from helpers.names import LAYER, METRIC, MODEL, NOTE, SPLIT, STAGE, STATE, TARGET
from helpers.stats.layers import nested_best

BASELINE = "baseline"
DIGITS = 2  # with which values are shown
COLUMNS = ["role", MODEL, LAYER, TARGET, "low", "median_r2", "high", "n_seeds", METRIC]


def role_of(scores: xr.Dataset | xr.DataArray) -> str:
    """Return what scores or features stand for beside a network: "baseline", or the state of a control."""
    return str(scores[STATE].values) if STATE in scores.coords else BASELINE


def references(scores: Iterable[xr.Dataset], metric: str) -> pd.DataFrame:
    """Return the values of baselines and controls: role, model, layer, target, low, median_r2, high, n_seeds, metric.

    `role` is "baseline" or the state of a control, such as "untrained". A baseline has one row per target, the median
    over splits at the layer chosen on the train sounds (`layer` is NaN), with its quartiles as `low` and `high`. A
    control has a row for each layer: medians over splits, of which `median_r2` is the median over seeds, `low` and
    `high` the extremes.

    Parameters
    ----------
    scores : (layer, split, target), as `encoding.score` returns them; those of controls have a `state` and a `seed`
    """
    baselines, controls = [], []
    for one in scores:
        (controls if STATE in one.coords else baselines).append(one)
    parts = [_baseline(one, metric) for one in baselines]
    if controls:
        parts.append(_controls(controls, metric))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return found.assign(**{METRIC: metric})[COLUMNS]


def rivals(beside: pd.DataFrame, value: float) -> pd.DataFrame:
    """Return the highest row of each role that is as high as a network's value or higher; none where none is.

    What is shown with DIGITS digits as the same number counts as equal.

    Parameters
    ----------
    beside : baselines and controls of one target, with role and median_r2, as `references` returns them
    """
    known = beside.dropna(subset="median_r2").sort_values("median_r2", ascending=False, kind="stable")
    highest = known.drop_duplicates("role")
    return highest[highest["median_r2"].round(DIGITS) >= round(value, DIGITS)].reset_index(drop=True)


def _baseline(scores: xr.Dataset, metric: str) -> pd.DataFrame:
    values = nested_best(scores, metric)["value"] if scores.sizes[LAYER] > 1 else scores[metric].isel({LAYER: 0})
    quartiles = values.quantile([0.25, 0.5, 0.75], SPLIT, skipna=True).transpose(TARGET, "quantile").values
    table = pd.DataFrame(quartiles, columns=["low", "median_r2", "high"])
    table = table.assign(**{TARGET: scores[TARGET].values, MODEL: str(scores[MODEL].values), LAYER: np.nan})
    return table.assign(role=BASELINE, n_seeds=1)


def _controls(scores: list[xr.Dataset], metric: str) -> pd.DataFrame:
    parts = []
    for one in scores:
        medians = one[metric].median(SPLIT).drop_vars([STAGE, NOTE, "n_units"], errors="ignore")
        table = medians.rename("value").to_dataframe().reset_index()[[LAYER, TARGET, "value"]]
        parts.append(table.assign(role=str(one[STATE].values), **{MODEL: str(one[MODEL].values)}))
    keys = ["role", MODEL, LAYER, TARGET]
    grouped = pd.concat(parts, ignore_index=True).groupby(keys, sort=False, observed=True)["value"]
    found = pd.DataFrame({"low": grouped.min(), "median_r2": grouped.median(), "high": grouped.max()})
    return found.assign(n_seeds=grouped.count()).reset_index()
