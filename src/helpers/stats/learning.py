"""How fast a network learns a target: the training step at which a curve reaches most of its final value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.names import LAYER, MODEL, SPLIT, STEP, TARGET

SHARE = 0.95  # of the way from 0 to the final value


def reaching_step(steps: np.ndarray, values: np.ndarray, share: float = SHARE) -> float:
    """Return the first step at which `values` (n_steps,) reach `share` of their last one, interpolated linearly.

    NaN where the last value is not positive: there is nothing to reach. The first step where all of it was there
    from the beginning.
    """
    goal = share * values[-1]
    if not goal > 0:
        return np.nan
    first = int(np.argmax(values >= goal))
    if first == 0:
        return float(steps[0])
    before, after = values[first - 1], values[first]
    return float(steps[first - 1] + (goal - before) / (after - before) * (steps[first] - steps[first - 1]))


def learned(rows: pd.DataFrame, metric: str = "r2_pearson", share: float = SHARE) -> pd.DataFrame:
    """Return when each layer learns each target: `reached_step` of the median curve, quartiles of those of single
    splits, and `gained_step`, at which the curve has `share` of what it gains over the first checkpoint.

    rows: one per model, step, layer, split and target. `first_r2`, `final_r2` are the medians at both ends, so that a
    step is not read where nothing was learned. Models with one checkpoint have no curve and no row.
    """
    groups = rows.groupby([MODEL, TARGET, LAYER], sort=False, observed=True)
    table = [
        dict(zip((MODEL, TARGET, LAYER), key, strict=True)) | _learned(group, metric, share)
        for key, group in groups
        if group[STEP].nunique() > 1
    ]
    return pd.DataFrame(table)


def _learned(group: pd.DataFrame, metric: str, share: float) -> dict:
    curves = group.pivot(index=STEP, columns=SPLIT, values=metric).sort_index()
    steps, median = curves.index.to_numpy(), curves.median(axis=1).to_numpy()
    single = np.array([reaching_step(steps, curve, share) for curve in curves.to_numpy().T])
    known = single[~np.isnan(single)]
    q25, q75 = np.quantile(known, [0.25, 0.75]) if len(known) else (np.nan, np.nan)
    return {
        "reached_step": reaching_step(steps, median, share),
        "q25": q25,
        "q75": q75,
        "gained_step": reaching_step(steps, median - median[0], share),
        "n_splits": len(known),
        "first_r2": median[0],
        "final_r2": median[-1],
    }


def gains(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the best layer's median r2 at the first and last checkpoint and their difference, by model and target."""
    best = curves.groupby([MODEL, TARGET, STEP], sort=False, observed=True)["median_r2"].max().reset_index()
    ordered = best.sort_values(STEP).groupby([MODEL, TARGET], sort=False, observed=True)["median_r2"]
    table = pd.DataFrame({"first_r2": ordered.first(), "last_r2": ordered.last()}).reset_index()
    return table.assign(gain=table.last_r2 - table.first_r2)
