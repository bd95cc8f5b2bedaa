"""Tidy frames: one row per thing that is said or drawn, made from labelled scores."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from helpers.names import LAYER, MODEL, SPLIT, STEP, TARGET

CURVE = [MODEL, STEP, LAYER, TARGET]


def tidy(scores: xr.Dataset) -> pd.DataFrame:
    """Scores (step, layer, split, target) of one model, which is its scalar coordinate, as one row per fit."""
    frame = scores.to_dataframe().reset_index()
    first = [MODEL, STEP, LAYER, SPLIT, TARGET]
    return frame[first + [name for name in scores.data_vars if name not in first]]


def curves(rows: pd.DataFrame, metric: str = "r2_pearson") -> pd.DataFrame:
    """Median and quartiles of `metric` over splits, per model, step, layer and target."""
    grouped = rows.groupby(CURVE, sort=False, observed=True)[metric]
    table = grouped.quantile([0.25, 0.5, 0.75]).unstack().set_axis(["q25", "median_r2", "q75"], axis=1)
    table["n_splits"] = grouped.count()
    return table.reset_index()[[*CURVE, "median_r2", "q25", "q75", "n_splits"]].assign(metric=metric)


def best_layers(table: pd.DataFrame) -> pd.DataFrame:
    """Per model, step and target the row of `curves` with the highest median; of equals the shallowest layer."""
    groups = [MODEL, STEP, TARGET]
    ordered = table.sort_values([*groups, "median_r2", LAYER], ascending=[True, True, True, False, True])
    return ordered.groupby(groups, sort=False, observed=True).head(1).reset_index(drop=True)


def trained(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of each model's last training step."""
    return table[table[STEP] == table.groupby(MODEL)[STEP].transform("max")].reset_index(drop=True)


def untrained(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of step 0: networks before any training."""
    return table[table[STEP] == 0].reset_index(drop=True)
