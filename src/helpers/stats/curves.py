"""Tidy tables of scores: one row per fit, and curves by layer with their spread over splits."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import xarray as xr

from helpers.names import LAYER, MODEL, NOTE, SPLIT, STEP, TARGET

CURVE = [MODEL, STEP, LAYER, TARGET]


def rows(scores: Iterable[xr.Dataset]) -> pd.DataFrame:
    """Return one row per model, step, layer, split and target of `scores` (layer, split, target), in that order.

    Each dataset has its model and step as scalar coordinates.
    """
    return pd.concat([_rows(one) for one in scores], ignore_index=True)


def _rows(scores: xr.Dataset) -> pd.DataFrame:
    plain = scores[[name for name in scores.data_vars if set(scores[name].dims) <= {LAYER, SPLIT, TARGET}]]
    frame = plain.to_dataframe(dim_order=(LAYER, SPLIT, TARGET)).reset_index()
    first = [MODEL, STEP, LAYER, SPLIT, TARGET, NOTE]
    return frame[[name for name in first if name in frame] + list(plain.data_vars)]


def curves(table: pd.DataFrame, metric: str = "r2_pearson") -> pd.DataFrame:
    """Return median_r2, q25 and q75 of `metric` over splits, per model, step, layer and target."""
    keys = [*CURVE, NOTE] if NOTE in table else CURVE
    grouped = table.groupby(keys, sort=False, observed=True)[metric]
    found = grouped.quantile([0.25, 0.5, 0.75]).unstack().set_axis(["q25", "median_r2", "q75"], axis=1)
    found["n_splits"] = grouped.count()
    return found.reset_index()[[*CURVE, "median_r2", "q25", "q75", "n_splits", *keys[len(CURVE) :]]].assign(
        metric=metric
    )


def trained(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each model's last training step."""
    return table[table[STEP] == table.groupby(MODEL)[STEP].transform("max")].reset_index(drop=True)
