"""Tables of the comparison of estimators: curves, alphas, what the lasso selects, and by how much ridge is ahead."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from helpers.names import ESTIMATOR, LAYER, MODEL, SPLIT, TARGET, UNIT

KEY = [MODEL, ESTIMATOR, LAYER, TARGET]


def rows(compared: xr.Dataset) -> pd.DataFrame:
    """One row per fit and target of one model, its scalar coordinate; `n_active` counts the units used."""
    counted = compared.assign(n_active=compared["active"].sum(UNIT)).drop_vars(["active", UNIT])
    return counted.to_dataframe().reset_index()[[*KEY, SPLIT, *counted.data_vars]]


def curves(table: pd.DataFrame) -> pd.DataFrame:
    """Median and quartiles of r2_determination, and median r2_pearson and number of units, over splits."""
    groups = table.groupby(KEY, sort=False, observed=True)
    spread = groups["r2_determination"].quantile([0.25, 0.5, 0.75]).unstack().set_axis(["q25", "median", "q75"], axis=1)
    spread = spread.rename(columns={"median": "median_r2_determination"})
    spread["median_r2_pearson"] = groups["r2_pearson"].median()
    spread["median_active"] = groups["n_active"].median()
    return spread.assign(n_splits=groups["r2_determination"].count()).reset_index()


def best(table: pd.DataFrame) -> pd.DataFrame:
    """The layer with the highest median r2_determination, per model, estimator and target; of equals the first."""
    ordered = table.sort_values(LAYER, kind="stable")
    kept = ordered.groupby([MODEL, ESTIMATOR, TARGET], sort=False, observed=True)["median_r2_determination"].idxmax()
    return table.loc[kept].reset_index(drop=True)


def differences(table: pd.DataFrame, train_share: float, other: str = "lasso") -> pd.DataFrame:
    """Ridge minus `other` in r2_determination, each at its best layer: mean over splits with a 95 % interval.

    Splits share sounds, so the t interval takes the variance of Nadeau & Bengio 2003 (equation 9), s² (1/J + n_test /
    n_train) for J splits; `train_share` is n_train / n_sounds.
    """
    top = best(curves(table))
    found = [
        {MODEL: model, TARGET: target, "other": other} | _difference(own, top, train_share, (model, target), other)
        for (model, target), own in table.groupby([MODEL, TARGET], sort=False, observed=True)
    ]
    return pd.DataFrame(found)


def _difference(own: pd.DataFrame, top: pd.DataFrame, train_share: float, key: tuple, other: str) -> dict:
    layers = top[(top[MODEL] == key[0]) & (top[TARGET] == key[1])].set_index(ESTIMATOR)[LAYER]
    one, two = (
        own[(own[ESTIMATOR] == name) & (own[LAYER] == layers[name])].set_index(SPLIT)["r2_determination"]
        for name in ("ridge", other)
    )
    difference = one - two
    low, high = resampled_interval(difference.to_numpy(), train_share)
    return {
        "layer_ridge": int(layers["ridge"]),
        "layer_lasso": int(layers[other]),
        "difference": difference.mean(),
        "low": low,
        "high": high,
        "n_splits": len(difference),
    }


def resampled_interval(values: np.ndarray, train_share: float, level: float = 0.95) -> tuple[float, float]:
    """t interval of the mean of `values` (n_splits,) from overlapping random splits (Nadeau & Bengio 2003)."""
    n_splits = len(values)
    if n_splits < 2:
        return np.nan, np.nan
    variance = np.var(values, ddof=1) * (1 / n_splits + (1 - train_share) / train_share)
    half = stats.t.ppf((1 + level) / 2, n_splits - 1) * np.sqrt(variance)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def between_splits(compared: xr.Dataset) -> pd.DataFrame:
    """Agreement of the selected units between all pairs of splits, per estimator, layer and target."""
    return _agreement(compared, SPLIT, [ESTIMATOR, LAYER, TARGET])


def between_targets(compared: xr.Dataset) -> pd.DataFrame:
    """Agreement of the units selected for two targets in the same split; `pair` names them."""
    return _agreement(compared, TARGET, [ESTIMATOR, LAYER, SPLIT])


def _agreement(compared: xr.Dataset, over: str, keys: list[str]) -> pd.DataFrame:
    """Jaccard index and its expectation by chance for all pairs along `over`; `excess` is (J - E) / (1 - E)."""
    stacked = compared["active"].stack(cell=keys).transpose("cell", over, UNIT)
    cells = [dict(zip(keys, cell, strict=True)) for cell in stacked["cell"].values]
    names = compared[over].values
    found = [
        cell | {"pair": f"{names[i]}, {names[j]}"} | jaccard(sets[i], sets[j])
        for cell, sets in zip(cells, stacked.values, strict=True)
        for i, j in combinations(range(len(names)), 2)
    ]
    return pd.DataFrame(found).assign(**{MODEL: str(compared[MODEL].values)})


def jaccard(one: np.ndarray, two: np.ndarray) -> dict[str, float]:
    """|A and B| / |A or B| of two sets of units, bool (n_units,), beside its expectation for random sets as large.

    The overlap of two random sets is hypergeometric. NaN where both are empty, or where both hold every unit and
    nothing was selected.
    """
    n_units, n_one, n_two = len(one), int(one.sum()), int(two.sum())
    if not n_one + n_two or n_one + n_two == 2 * n_units:
        return {"jaccard": np.nan, "expected": np.nan, "excess": np.nan}
    observed = float((one & two).sum() / (one | two).sum())
    shared = np.arange(max(0, n_one + n_two - n_units), min(n_one, n_two) + 1)
    chance = float((shared / (n_one + n_two - shared) * stats.hypergeom.pmf(shared, n_units, n_one, n_two)).sum())
    return {"jaccard": observed, "expected": chance, "excess": (observed - chance) / (1 - chance)}


def summary(agreement: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean agreement over pairs, and the number of pairs that have one, by `keys`."""
    groups = agreement.groupby(keys, sort=False, observed=True)
    table = groups[["jaccard", "expected", "excess"]].mean()
    return table.assign(n_pairs=groups["jaccard"].count()).reset_index()


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """One row per alpha that was chosen: estimators with one alpha for all targets say it once (`target` "all")."""
    return pd.concat(_chosen(table), ignore_index=True)


def _chosen(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    columns = [MODEL, ESTIMATOR, LAYER, TARGET, SPLIT, "alpha", "at_edge"]
    for _, own in table.groupby([MODEL, ESTIMATOR], sort=False, observed=True):
        alone = (own.groupby([LAYER, SPLIT])["alpha"].nunique() > 1).any()
        once = own if alone else own.drop_duplicates([LAYER, SPLIT]).assign(**{TARGET: "all"})
        yield once[columns]
