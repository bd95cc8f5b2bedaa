"""Tidy tables of the voxel chapter, from labelled scores (layer, split, target) of one model each.

`r2` is the study's metric (median over splits, clipped at 1 where it is r2_corrected); every table says which in its
column `metric`. Coordinates that the data do not have (subject, hemisphere, region, functional, x, y) are missing in
the tables. `by` is the coordinate that says in which region a voxel is: the anatomical ones or the functional ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import wilcoxon

from helpers import stats
from helpers.brain.regions import FUNCTIONAL, FUNCTIONAL_REGIONS, REGION, members
from helpers.names import LAYER, MODEL, NOTE, SPLIT, STEP, SUBJECT, TARGET, VOXELS
from helpers.stats.intervals import over_subjects, subject_interval
from helpers.stats.layers import best_layer, independent_choice
from helpers.stats.subjects import by_subject, over_splits, within_subject_error

CORRECTED = "r2_corrected"
UNKNOWN = {SUBJECT: "", "hemisphere": "", REGION: "", FUNCTIONAL: "", "x": np.nan, "y": np.nan}
BOTH, ALL, OTHERS = "both", "all", "others"  # hemispheres together, regions together, all but the reference region
PRIMARY = "Primary"  # the region that the others are compared with
FDR = 0.05  # of voxels above chance
REFERENCE = {REGION: PRIMARY, FUNCTIONAL: FUNCTIONAL_REGIONS[0]}  # by division of cortex
DIVISION = "division"  # column that says which coordinate the regions of a row are of
BESIDE = [DIVISION, "region", "role", MODEL, "mean_r2", "n_subjects", "metric"]
HIERARCHY = [DIVISION, MODEL, "region", "difference", "low", "high", "w", "p_value", "n_subjects", "n_different"]


def located(scores: xr.Dataset) -> xr.Dataset:
    """Return scores whose targets have every coordinate of a voxel, unknown ones missing."""
    absent = {name: value for name, value in UNKNOWN.items() if name not in scores.coords}
    n_targets = scores.sizes[TARGET]
    return scores.assign_coords({name: (TARGET, [value] * n_targets) for name, value in absent.items()})


def medians_of(scores: xr.Dataset, metric: str) -> xr.DataArray:
    """Return a metric's median over splits (layer, target), clipped at 1 if noise-corrected (`n_clipped` counts)."""
    return over_splits(scores[metric], clip=metric == CORRECTED)


def by_layer(scores: xr.Dataset, metric: str) -> pd.DataFrame:
    """Return one row per voxel and layer: r2, r2_pearson, the noise ceiling of r2_pearson, and where the voxel is."""
    r2_pearson = scores["r2_pearson"].median(SPLIT)
    ceiling = scores["reliability"].median(SPLIT) if "reliability" in scores else xr.full_like(r2_pearson, np.nan)
    columns = xr.Dataset({"r2": medians_of(scores, metric), "r2_pearson": r2_pearson, "ceiling": ceiling})
    return _complete(columns, scores, metric)


def by_voxel(scores: xr.Dataset, metric: str, test: xr.Dataset | None = None) -> pd.DataFrame:
    """Return one row per voxel: its best layer among all and among plain ones, r2 there, ceiling, permutation test.

    Plain layers are those without a note, such as that of a merged last layer. A voxel that no layer predicts has no
    best layer.
    """
    medians = medians_of(scores, metric)
    best, plain = best_layer(medians), best_layer(plain_layers(medians))
    at_best = scores["r2_pearson"].median(SPLIT).sel({LAYER: best["best_layer"].fillna(medians[LAYER][0])})
    unmerged = {"best_layer_unmerged": plain["best_layer"], "best_r2_unmerged": plain["best_value"]}
    columns = best.assign(unmerged | {"best_r2_pearson": at_best.drop_vars([LAYER, NOTE], errors="ignore")})
    if "reliability" in scores:
        columns = columns.assign(ceiling=scores["reliability"].median([SPLIT, LAYER]))
    if test is not None:
        columns = columns.merge(test[["p_value", "q_value"]], join="exact", compat="equals")
    return _complete(columns.rename(best_value="best_r2"), scores, metric)


def pooled(scores: xr.Dataset, metric: str) -> pd.DataFrame:
    """Return the median r2 over all voxels by layer, with quartiles over voxels and the number clipped at 1."""
    medians = medians_of(scores, metric)
    values = medians.quantile([0.25, 0.5, 0.75], TARGET)
    columns = {"q25": values[0], "median_r2": values[1], "q75": values[2]}
    table = _complete(xr.Dataset({name: c.drop_vars("quantile") for name, c in columns.items()}), scores, metric)
    return table.assign(n_voxels=medians.sizes[TARGET], n_clipped=medians.attrs.get("n_clipped", 0))


def references(scores: Sequence[xr.Dataset], metric: str) -> pd.DataFrame:
    """Return `stats.references` of baselines and controls, summed up as the median over all voxels."""
    table = stats.references(scores, metric)
    keys = ["role", MODEL, LAYER, "n_seeds", "metric"]
    medians = table.groupby(keys, sort=False, dropna=False)[["low", "median_r2", "high"]].median().reset_index()
    return medians.assign(**{TARGET: VOXELS})[list(table)]


def regions_beside(scores: Sequence[xr.Dataset], metric: str) -> pd.DataFrame:
    """Return baselines and controls by region of both hemispheres: `regions` at the highest layer, with its `role`."""
    parts = [regions(one, metric, by).assign(role=stats.role_of(one)) for one in scores for by in divisions(one)]
    if not parts:
        return pd.DataFrame(columns=BESIDE)
    table = pd.concat(parts, ignore_index=True)
    table = table[(table["hemisphere"] == BOTH) & (table["region"] != ALL)].sort_values("mean_r2", ascending=False)
    return table.drop_duplicates([DIVISION, "region", "role", MODEL])[BESIDE]  # of seeds the highest


def models_beside(scores: Sequence[xr.Dataset], metric: str) -> pd.DataFrame:
    """Return `models` of baselines and controls, with their `role`; of several seeds the highest."""
    parts = [models([one], metric).assign(role=stats.role_of(one)) for one in scores]
    if not parts:
        return pd.DataFrame(columns=["role", MODEL, "mean_r2"])
    table = pd.concat(parts, ignore_index=True).sort_values("mean_r2", ascending=False, kind="stable")
    return table.drop_duplicates(["role", MODEL]).sort_index()  # in the study's order, as in every figure


def divisions(scores: xr.Dataset) -> list[str]:
    """Return the coordinates that divide the voxels into regions: those with a name, else the anatomical one."""
    found = [by for by in (REGION, FUNCTIONAL) if by in scores.coords and (scores[by].values != "").any()]
    return found or [REGION]


def regions(scores: xr.Dataset, metric: str, by: str = REGION) -> pd.DataFrame:
    """Return the mean over subjects of their median r2 by layer, region and hemisphere, with error and interval."""
    medians = medians_of(scores, metric)
    parts = [
        _subject_means(medians.sel({TARGET: chosen})).assign(region=region, hemisphere=hemisphere)
        for region, hemisphere, chosen in _places(medians, by)
    ]
    return _named(pd.concat(parts, ignore_index=True).assign(division=by), scores, metric)


def _subject_means(medians: xr.DataArray) -> pd.DataFrame:
    subjects = by_subject(medians)
    interval = subject_interval(subjects)
    columns = {
        "mean_r2": subjects.mean(SUBJECT),
        "error": within_subject_error(subjects, LAYER),
        "low": interval.sel(bound="low", drop=True),
        "high": interval.sel(bound="high", drop=True),
    }
    counts = {"n_subjects": subjects.sizes[SUBJECT], "n_voxels": medians.sizes[TARGET]}
    return xr.Dataset(columns).to_dataframe().reset_index().assign(**counts)


def depth(scores: xr.Dataset, metric: str, plain: bool = False, by: str = REGION) -> pd.DataFrame:
    """Return the median relative depth (0 first, 1 last layer) of the best layer, by subject, region and hemisphere.

    With `plain`, layers that have a note are left out, and 1 is the last one without.
    """
    medians = medians_of(scores, metric)
    best = best_layer(plain_layers(medians) if plain else medians)
    parts = [
        by_subject(best["best_relative"].sel({TARGET: chosen}))
        .rename("relative")
        .to_dataframe()
        .reset_index()
        .assign(region=region, hemisphere=hemisphere, n_voxels=int(chosen.sum()))
        for region, hemisphere, chosen in _places(best, by)
    ]
    return _named(pd.concat(parts, ignore_index=True).assign(division=by), scores, metric)


def mean_depths(depths: pd.DataFrame, hierarchy: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the mean relative depth over subjects by division, model and region, and each region's contrast.

    The contrast, of `hierarchy`, is with the first region of the division: Primary, or tonotopic.
    """
    shown = depths[(depths["hemisphere"] == BOTH) & (depths["region"] != ALL)]
    keys = [DIVISION, MODEL, "region"]
    means = shown.groupby(keys, sort=False)["relative"].mean().reset_index()
    if hierarchy is None:
        return means
    return means.merge(hierarchy, on=keys, how="left", validate="one_to_one")


def hierarchy(depths: pd.DataFrame) -> pd.DataFrame:
    """Return, over subjects, how much deeper each other region's best layers are than those of the first.

    The first is Primary; of functional regions, which are a division of their own, tonotopic. One-sided Wilcoxon
    signed-rank test of the differences (other - first); `low` and `high` are the t interval of the mean difference over
    subjects. No rows without region labels.
    """
    both = depths[depths["hemisphere"] == BOTH]
    parts = [_contrasts(own, division) for division, own in both.groupby(DIVISION, sort=False)]
    rows = [row for part in parts for row in part]
    return pd.DataFrame(rows, columns=HIERARCHY)


def _contrasts(depths: pd.DataFrame, division: str) -> list[dict]:
    table, reference = depths.pivot(index=[MODEL, SUBJECT], columns="region", values="relative"), REFERENCE[division]
    if reference not in table:
        return []
    names = [region for region in dict.fromkeys(depths["region"]) if region not in (reference, ALL)]
    others = table[names]
    contrasts = others.assign(**{OTHERS: others.mean(axis=1)}).sub(table[reference], axis=0)
    return [
        {DIVISION: division, MODEL: model, "region": region} | _signed_rank(values[region].dropna())
        for model, values in contrasts.groupby(MODEL, sort=False)
        for region in contrasts
    ]


def _signed_rank(differences: pd.Series) -> dict:
    enough = len(differences) > 2 and (differences != 0).any()
    statistic, p_value = wilcoxon(differences, alternative="greater") if enough else (np.nan, np.nan)
    estimate = over_subjects(xr.DataArray(differences.to_numpy(), dims=SUBJECT))
    low, high = estimate.interval()
    found = {"difference": estimate.value, "low": low, "high": high, "w": statistic, "p_value": p_value}
    return found | {"n_subjects": len(differences), "n_different": int((differences != 0).sum())}


def models(scores: Sequence[xr.Dataset], metric: str) -> pd.DataFrame:
    """Return model against model: layer chosen on half of the splits, r2 read on the other half, mean over subjects."""
    names = [str(one[MODEL].values) for one in scores]
    subjects = xr.concat([chosen_layer(one, metric) for one in scores], pd.Index(names, name=MODEL), coords="minimal")
    interval = subject_interval(subjects)
    columns = {
        "mean_r2": subjects.mean(SUBJECT),
        "error": within_subject_error(subjects, MODEL) if len(names) > 1 else subjects.mean(SUBJECT) * np.nan,
        "low": interval.sel(bound="low", drop=True),
        "high": interval.sel(bound="high", drop=True),
    }
    table = xr.Dataset(columns).to_dataframe().reset_index()
    return table.assign(n_subjects=subjects.sizes[SUBJECT], metric=metric)


def chosen_layer(scores: xr.Dataset, metric: str) -> xr.DataArray:
    """Return each subject's median r2 (subject,), the layer chosen on half of the splits and read on the other."""
    choice = independent_choice(scores[metric], clip=metric == CORRECTED)
    subjects = by_subject(choice["best_value"]).mean("iteration")
    return subjects.drop_vars([MODEL, STEP], errors="ignore")  # networks that end at other steps stand side by side


def summary(voxels: pd.DataFrame, level: float = FDR) -> pd.DataFrame:
    """Return per model: voxels, median noise ceiling, shares above the ceiling and above chance (FDR at `level`)."""
    grouped = voxels.groupby(MODEL, sort=False)
    rows = {"n_voxels": grouped.size(), "median_best_r2": grouped["best_r2"].median()}
    if "ceiling" in voxels:
        rows["median_ceiling"] = grouped["ceiling"].median()
        rows["share_above_ceiling"] = (voxels["best_r2_pearson"] > voxels["ceiling"]).groupby(voxels[MODEL]).mean()
    if "q_value" in voxels:
        rows["share_significant"] = (voxels["q_value"] < level).groupby(voxels[MODEL]).mean()
    return pd.DataFrame(rows).reset_index()


def ceilings(voxels: pd.DataFrame) -> pd.DataFrame:
    """Return the median noise ceiling of r2_pearson over voxels, by model; NaN where the data have no repetitions."""
    table = voxels.assign(ceiling=voxels.get("ceiling", np.nan))
    return table.groupby(MODEL, sort=False)["ceiling"].median().reset_index()


def plain_layers(medians: xr.DataArray) -> xr.DataArray:
    """Return the layers without a note; one that has a note, such as a merged last layer, is unlike all others."""
    return medians if NOTE not in medians.coords else medians.isel({LAYER: (medians[NOTE] == "").values})


def _places(voxels: xr.DataArray | xr.Dataset, by: str) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield (region, hemisphere, mask): all voxels and each region, in both hemispheres and in each, if not empty."""
    hemisphere = voxels["hemisphere"].values
    everywhere = (ALL, np.ones(len(hemisphere), bool))
    for where, inside in (everywhere, *members(voxels[by].values, by).items()):
        for side in (BOTH, "lh", "rh"):
            chosen = inside & ((hemisphere == side) | (side == BOTH))
            if chosen.any():
                yield where, side, chosen


def _complete(columns: xr.Dataset, scores: xr.Dataset, metric: str) -> pd.DataFrame:
    return _named(columns.to_dataframe().reset_index(), scores, metric)


def _named(table: pd.DataFrame, scores: xr.Dataset, metric: str) -> pd.DataFrame:
    """Return the rows with model and metric, without coordinates that are empty in all of them."""
    keep = [name for name in table if name not in {MODEL, "step", "stage", "n_units", "quantile"}]
    return table[keep].assign(**{MODEL: str(scores[MODEL].values), "metric": metric})
