"""Tidy frames of the voxel chapter, from labelled scores (layer, split, target) of one model each.

`r2` below is r2_corrected (median over splits, clipped at 1) where the data have repetitions, else r2_pearson; every
frame says which in its column `metric`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import wilcoxon

from helpers.aggregation import (
    best_layer,
    bootstrap_interval,
    by_subject,
    independent_choice,
    over_splits,
    within_subject_error,
)
from helpers.names import LAYER, MODEL, REGIONS, SPLIT, SUBJECT, TARGET

PLACE = (SUBJECT, "hemisphere", "region", "x", "y")
BOTH, ALL = "both", "all"  # hemispheres together, regions together
HIERARCHY = [MODEL, "region", "difference", "low", "high", "w", "p_value", "n_subjects"]


def metric_of(scores: xr.Dataset) -> str:
    """The metric that voxels are judged by: noise-corrected where that could be computed."""
    return "r2_corrected" if "r2_corrected" in scores else "r2_pearson"


def medians_of(scores: xr.Dataset) -> xr.DataArray:
    """That metric's median over splits (layer, target), clipped at 1 if noise-corrected (`n_clipped` says how many)."""
    metric = metric_of(scores)
    return over_splits(scores[metric], clip=metric == "r2_corrected")


def by_layer(scores: xr.Dataset) -> pd.DataFrame:
    """One row per voxel and layer: r2, r2_pearson, the noise ceiling of r2_pearson, and where the voxel is."""
    r2_pearson = scores["r2_pearson"].median(SPLIT)
    ceiling = scores["reliability"].median(SPLIT) if "reliability" in scores else xr.full_like(r2_pearson, np.nan)
    columns = xr.Dataset({"r2": medians_of(scores), "r2_pearson": r2_pearson, "ceiling": ceiling})
    return _frame(columns, scores)


def by_voxel(scores: xr.Dataset, test: xr.Dataset | None = None) -> pd.DataFrame:
    """One row per voxel: its best layer with and without the last one, r2 there, ceiling, and the permutation test."""
    medians = medians_of(scores)
    best, inner = best_layer(medians), best_layer(_inner(medians))
    at_best = scores["r2_pearson"].median(SPLIT).sel({LAYER: best["best_layer"].fillna(medians[LAYER][0])})
    unmerged = {"best_layer_unmerged": inner["best_layer"], "best_r2_unmerged": inner["best_value"]}
    columns = best.assign(unmerged | {"best_r2_pearson": at_best.drop_vars(LAYER)})
    if "reliability" in scores:
        columns = columns.assign(ceiling=scores["reliability"].median([SPLIT, LAYER]))
    if test is not None:
        columns = columns.merge(test[["p_value", "q_value"]], join="exact", compat="equals")
    return _frame(columns.rename(best_value="best_r2"), scores)


def pooled(scores: xr.Dataset) -> pd.DataFrame:
    """Median r2 over all voxels of all subjects, by layer, with quartiles over voxels and the voxels clipped at 1."""
    medians = medians_of(scores)
    values = medians.quantile([0.25, 0.5, 0.75], TARGET)
    columns = {"q25": values[0], "median_r2": values[1], "q75": values[2]}
    frame = _frame(xr.Dataset({name: c.drop_vars("quantile") for name, c in columns.items()}), scores)
    return frame.assign(n_voxels=medians.sizes[TARGET], n_clipped=medians.attrs.get("n_clipped", 0))


def regions(scores: xr.Dataset, seed: int) -> pd.DataFrame:
    """Mean over subjects of their median r2, by layer, region and hemisphere, within-subject error and interval."""
    medians = medians_of(scores)
    parts = [
        _subject_means(medians.sel({TARGET: chosen}), seed).assign(region=region, hemisphere=hemisphere)
        for region, hemisphere, chosen in _places(medians)
    ]
    return _complete(pd.concat(parts, ignore_index=True), scores)


def _subject_means(medians: xr.DataArray, seed: int) -> pd.DataFrame:
    subjects = by_subject(medians)
    interval = bootstrap_interval(subjects, seed)
    columns = {
        "mean_r2": subjects.mean(SUBJECT),
        "error": within_subject_error(subjects, LAYER),
        "low": interval.sel(bound="low", drop=True),
        "high": interval.sel(bound="high", drop=True),
    }
    counts = {"n_subjects": subjects.sizes[SUBJECT], "n_voxels": medians.sizes[TARGET]}
    return xr.Dataset(columns).to_dataframe().reset_index().assign(**counts)


def depth(scores: xr.Dataset, last: bool = True) -> pd.DataFrame:
    """Median relative depth (0 first, 1 last layer) of the best layer, by subject, region and hemisphere.

    Without `last` the last layer is left out, and 1 is the one before it.
    """
    medians = medians_of(scores)
    best = best_layer(medians if last else _inner(medians))
    parts = [
        by_subject(best["best_relative"].sel({TARGET: chosen}))
        .rename("relative")
        .to_dataframe()
        .reset_index()
        .assign(region=region, hemisphere=hemisphere, n_voxels=int(chosen.sum()))
        for region, hemisphere, chosen in _places(best)
    ]
    return _complete(pd.concat(parts, ignore_index=True), scores)


def hierarchy(depths: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Is Primary best predicted by earlier layers? Its depth against each other region's, over subjects.

    One-sided Wilcoxon signed-rank test of the differences (other - Primary), as in Tuckute et al. 2023; `low` and
    `high` bound the mean difference by a bootstrap over subjects. No rows where voxels of Primary are not told apart.
    """
    table = depths[depths.hemisphere == BOTH].pivot(index=[MODEL, SUBJECT], columns="region", values="relative")
    if "Primary" not in table:
        return pd.DataFrame(columns=HIERARCHY)
    others = table[[region for region in REGIONS if region != "Primary" and region in table]]
    contrasts = others.assign(**{"others": others.mean(axis=1)}).sub(table["Primary"], axis=0)
    rows = [
        {MODEL: model, "region": region} | _signed_rank(values[region].dropna(), seed)
        for model, values in contrasts.groupby(MODEL, sort=False)
        for region in contrasts
    ]
    return pd.DataFrame(rows, columns=HIERARCHY)


def _signed_rank(differences: pd.Series, seed: int) -> dict:
    values = xr.DataArray(differences.values, dims=SUBJECT, coords={SUBJECT: np.arange(len(differences))})
    enough = len(differences) > 2 and (differences != 0).any()
    statistic, p_value = wilcoxon(differences, alternative="greater") if enough else (np.nan, np.nan)
    low, high = bootstrap_interval(values, seed).values if len(differences) else (np.nan, np.nan)
    mean = float(differences.mean()) if len(differences) else np.nan
    n_subjects = len(differences)
    return {"difference": mean, "low": low, "high": high, "w": statistic, "p_value": p_value, "n_subjects": n_subjects}


def models(scores: list[xr.Dataset], seed: int) -> pd.DataFrame:
    """Model against model: layer chosen on half of the splits, r2 read on the other half, mean over subjects."""
    chosen = [chosen_layer(one) for one in scores]
    names = [str(one[MODEL].values) for one in scores]
    subjects = xr.concat(chosen, pd.Index(names, name=MODEL))
    interval = bootstrap_interval(subjects, seed)
    columns = {
        "mean_r2": subjects.mean(SUBJECT),
        "error": within_subject_error(subjects, MODEL) if len(names) > 1 else subjects.mean(SUBJECT) * np.nan,
        "low": interval.sel(bound="low", drop=True),
        "high": interval.sel(bound="high", drop=True),
    }
    frame = xr.Dataset(columns).to_dataframe().reset_index()
    return frame.assign(n_subjects=subjects.sizes[SUBJECT], metric=metric_of(scores[0]))


def subject_medians(scores: xr.Dataset) -> xr.DataArray:
    """Each subject's median r2 (layer, subject)."""
    return by_subject(medians_of(scores))


def chosen_layer(scores: xr.Dataset) -> xr.DataArray:
    """Each subject's median r2 (subject,), the layer chosen on half of the splits and read on the other."""
    metric = metric_of(scores)
    choice = independent_choice(scores[metric], clip=metric == "r2_corrected")
    return by_subject(choice["best_value"]).mean("iteration")


def summary(voxels: pd.DataFrame, alpha: float = 0.05) -> pd.DataFrame:
    """Per model: voxels, median noise ceiling, shares above the ceiling and above chance (false-discovery rate)."""
    grouped = voxels.groupby(MODEL, sort=False)
    rows = {"n_voxels": grouped.size(), "median_best_r2": grouped["best_r2"].median()}
    if "ceiling" in voxels:
        rows["median_ceiling"] = grouped["ceiling"].median()
        rows["share_above_ceiling"] = (voxels["best_r2_pearson"] > voxels["ceiling"]).groupby(voxels[MODEL]).mean()
    if "q_value" in voxels:
        rows["share_significant"] = (voxels["q_value"] < alpha).groupby(voxels[MODEL]).mean()
    return pd.DataFrame(rows).reset_index()


def _inner(medians: xr.DataArray) -> xr.DataArray:
    """All layers but the last, which may be the sum of both branches."""
    return medians.isel({LAYER: slice(None, -1)})


def _places(voxels: xr.DataArray | xr.Dataset):
    """(region, hemisphere, mask): all voxels and each region, in both hemispheres and each, where there are any."""
    hemisphere, region = (_coordinate(voxels, name) for name in ("hemisphere", "region"))
    for where in (ALL, *REGIONS):
        for side in (BOTH, "lh", "rh"):
            chosen = ((region == where) | (where == ALL)) & ((hemisphere == side) | (side == BOTH))
            if chosen.any():
                yield where, side, chosen


def _coordinate(voxels: xr.DataArray | xr.Dataset, name: str) -> np.ndarray:
    return voxels[name].values if name in voxels.coords else np.full(voxels.sizes[TARGET], "")


def _frame(columns: xr.Dataset, scores: xr.Dataset) -> pd.DataFrame:
    return _complete(columns.to_dataframe().reset_index(), scores)


def _complete(frame: pd.DataFrame, scores: xr.Dataset) -> pd.DataFrame:
    """With the model and the metric; without coordinates that say nothing of a row."""
    keep = [name for name in frame if name not in {MODEL, "step", "tower", "quantile"}]
    return frame[keep].assign(**{MODEL: str(scores[MODEL].values), "metric": metric_of(scores)})
