"""The comparison of estimators: scores side by side, curves, differences, chosen alphas and selected units.

`compared` is a dataset (estimator, layer, split, target[, unit]) of one model, as `beside` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from helpers.names import ESTIMATOR, LAYER, MODEL, NOTE, SPLIT, TARGET, UNIT
from helpers.stats.intervals import resampled
from helpers.stats.layers import best_position, best_rows

KEY = [MODEL, ESTIMATOR, LAYER, TARGET]
BEST = [MODEL, ESTIMATOR, TARGET]  # a best layer is one of these
VALUE = "median_r2_determination"  # what a best layer is best in
COMPARED = ["alpha", "at_edge", "r2_pearson", "r2_determination", "n_unconverged", "worst_alpha", "active"]
AGREEMENT = ["jaccard", "expected", "excess"]
ALL = "all"  # in place of a target: what holds for all of them together


def beside(scores: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Return the scores of one model by several estimators as one dataset (estimator, layer, split, target[, unit]).

    Adds `at_edge`, whether alpha is the lowest or the highest of the grid that was searched, and for estimators that
    select nothing `active` (every unit that the layer has), `n_unconverged` 0 and `worst_alpha` NaN.

    Parameters
    ----------
    scores : name of an estimator -> (layer, split, target), as `encoding.score` returns them
    """
    n_units = next(iter(scores.values()))["n_units"]
    units = xr.DataArray(np.arange(int(n_units.max())), dims=UNIT)
    how = {"data_vars": "all", "coords": "minimal", "compat": "override", "join": "exact"}
    parts = [_completed(one, units)[COMPARED] for one in scores.values()]
    whole = xr.concat(parts, ESTIMATOR, combine_attrs="drop_conflicts", **how)
    return whole.assign_coords({ESTIMATOR: list(scores), UNIT: units.values})


def _completed(scores: xr.Dataset, units: xr.DataArray) -> xr.Dataset:
    scores = scores.drop_vars(UNIT, errors="ignore")
    edges = [scores.attrs["lowest_alpha"], scores.attrs["highest_alpha"]]
    scores = scores.assign(at_edge=scores["alpha"].isin(edges))
    if "active" in scores:
        return scores
    active = (units < scores["n_units"]) & xr.ones_like(scores["alpha"], dtype=bool)
    none = {"n_unconverged": xr.zeros_like(scores["alpha"], dtype=int), "worst_alpha": scores["alpha"] * np.nan}
    return scores.assign(active=active.transpose(LAYER, SPLIT, TARGET, UNIT), **none)


def edges(compared: xr.Dataset) -> tuple[float, float]:
    """Return the lowest and the highest alpha of the grid that all estimators searched."""
    return float(compared.attrs["lowest_alpha"]), float(compared.attrs["highest_alpha"])


def n_units(compared: Iterable[xr.Dataset]) -> dict[str, int]:
    """Return how many units the widest layer of each model has."""
    return {str(one[MODEL].values): one.sizes[UNIT] for one in compared}


def rows(compared: Iterable[xr.Dataset]) -> pd.DataFrame:
    """Return one row per model, split, layer, estimator and target; `n_active` counts the units used."""
    return pd.concat([_rows(one) for one in compared], ignore_index=True)


def _rows(compared: xr.Dataset) -> pd.DataFrame:
    counted = compared.assign(n_active=compared["active"].sum(UNIT)).drop_vars(["active", UNIT])
    frame = counted.to_dataframe(dim_order=(SPLIT, LAYER, ESTIMATOR, TARGET)).reset_index()
    return frame[[*KEY, SPLIT, *counted.data_vars, NOTE]]


def curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return median and quartiles over splits of r2_determination, and medians of r2_pearson and of the units used."""
    groups = table.groupby(KEY, sort=False, observed=True)
    spread = groups["r2_determination"].quantile([0.25, 0.5, 0.75]).unstack().set_axis(["q25", VALUE, "q75"], axis=1)
    spread["median_r2_pearson"] = groups["r2_pearson"].median()
    spread["median_active"] = groups["n_active"].median()
    return spread.assign(n_splits=groups["r2_determination"].count(), **{NOTE: groups[NOTE].first()}).reset_index()


def best(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the row of `curves` at the best layer of each model, estimator and target (`layers.best_rows`)."""
    return best_rows(curves, BEST, VALUE).drop(columns=NOTE)


def best_for_all(curves: pd.DataFrame, model: str, estimator: str) -> float:
    """Return a model's layer with the highest median_r2_determination, averaged over targets; NaN where none is."""
    own = curves[(curves[MODEL] == model) & (curves[ESTIMATOR] == estimator)]
    means = own.groupby(LAYER)[VALUE].mean()
    position = best_position(means.to_numpy()[None])[0]
    return np.nan if np.isnan(position) else int(means.index[int(position)])


def differences(table: pd.DataFrame, best: pd.DataFrame, train_share: float, one: str, other: str) -> pd.DataFrame:
    """Return the estimator `one` minus `other` in r2_determination: mean over splits with a 95 % interval.

    Each is read at its own best layer; splits are paired. Targets for which one of the two has no best layer have NaN.

    Parameters
    ----------
    table : as `rows` returns it
    best : as `best` returns it
    train_share : share of the sounds of a split that train, as in `intervals.resampled`
    """
    found = []
    for (model, target), own in table.groupby([MODEL, TARGET], sort=False, observed=True):
        layers = best[(best[MODEL] == model) & (best[TARGET] == target)].set_index(ESTIMATOR)[LAYER]
        values = {
            name: own[(own[ESTIMATOR] == name) & (own[LAYER] == layers[name])].set_index(SPLIT)["r2_determination"]
            for name in (one, other)
        }
        difference = values[one] - values[other]
        low, high = resampled(difference.to_numpy(), train_share).interval()
        row = {MODEL: model, TARGET: target, "other": other, "layer_ridge": layers[one], "layer_lasso": layers[other]}
        row |= {"difference": difference.mean(), "low": low, "high": high, "n_splits": int(difference.count())}
        found.append(row)
    return pd.DataFrame(found)


def between_splits(compared: xr.Dataset) -> pd.DataFrame:
    """Return the agreement of the selected units between all pairs of splits, per estimator, layer and target."""
    return _agreement(compared, SPLIT, [ESTIMATOR, LAYER, TARGET])


def between_targets(compared: xr.Dataset) -> pd.DataFrame:
    """Return the agreement of the units selected for two targets, `one` and `two`, in the same split."""
    return _agreement(compared, TARGET, [ESTIMATOR, LAYER, SPLIT])


def _agreement(compared: xr.Dataset, over: str, keys: list[str]) -> pd.DataFrame:
    """Return the Jaccard index and its expectation by chance for all pairs along `over`, among a layer's own units."""
    stacked = compared["active"].stack(cell=keys).transpose("cell", over, UNIT)
    own, names = stacked["n_units"].values, compared[over].values.tolist()
    found = [
        dict(zip(keys, cell, strict=True))
        | {"one": names[i], "two": names[j]}
        | jaccard(sets[i, :n_units], sets[j, :n_units])
        for cell, sets, n_units in zip(stacked["cell"].values, stacked.values, own, strict=True)
        for i, j in combinations(range(len(names)), 2)
    ]
    table = pd.DataFrame(found, columns=[*keys, "one", "two", *AGREEMENT])
    return table.assign(**{MODEL: str(compared[MODEL].values)})


def jaccard(one: np.ndarray, two: np.ndarray) -> dict[str, float]:
    """Return |A and B| / |A or B| of two sets of units, bool (n_units,), and its expectation for random sets as large.

    `excess` is (jaccard - expected) / (1 - expected). The overlap of two random sets is hypergeometric. NaN where both
    are empty, or where both hold every unit and nothing was selected.
    """
    n_units, n_one, n_two = len(one), int(one.sum()), int(two.sum())
    if not n_one + n_two or n_one + n_two == 2 * n_units:
        return dict.fromkeys(AGREEMENT, np.nan)
    observed = float((one & two).sum() / (one | two).sum())
    shared = np.arange(max(0, n_one + n_two - n_units), min(n_one, n_two) + 1)
    chance = float((shared / (n_one + n_two - shared) * stats.hypergeom.pmf(shared, n_units, n_one, n_two)).sum())
    return {"jaccard": observed, "expected": chance, "excess": (observed - chance) / (1 - chance)}


def summary(agreement: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the mean agreement over pairs by `keys`, and the number of pairs that have one."""
    groups = agreement.groupby(keys, sort=False, observed=True)
    return groups[AGREEMENT].mean().assign(n_pairs=groups["jaccard"].count()).reset_index()


def chosen(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per chosen alpha; estimators with one alpha for all targets have it once (`target` "all")."""
    return pd.concat(_chosen(table), ignore_index=True)


def _chosen(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    columns = [MODEL, ESTIMATOR, LAYER, TARGET, SPLIT, "alpha", "at_edge", NOTE]
    for _, own in table.groupby([MODEL, ESTIMATOR], sort=False, observed=True):
        alone = (own.groupby([LAYER, SPLIT])["alpha"].nunique() > 1).any()
        once = own if alone else own.drop_duplicates([LAYER, SPLIT]).assign(**{TARGET: ALL})
        yield once[columns]
