"""The real flat map: other networks' published results on the voxels of NH2015, in the tables of this chapter.

Feather, Leclerc, Madry & McDermott 2023 (`helpers.brain.published.real_voxels`). They are results, not responses, so
nothing is refitted: medians over ten splits are summed up as those of the study are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from helpers import text
from helpers.brain import nh2015_voxels, regions
from helpers.brain.published import real_voxels
from helpers.chapters.voxelwise import tables
from helpers.names import LAYER, METRIC, MODEL, SPLIT, STAGE, SUBJECT, TARGET
from helpers.study import Study

PUBLISHED, RUN = "published", "run"  # whose results
CURVES = ["results", MODEL, LAYER, STAGE, "region", SUBJECT, "median_r2", "n_voxels", METRIC]
DEPTHS = [MODEL, "region", SUBJECT, "relative", "n_voxels"]
PLACES = ["hemisphere", "x", "y", "n", "subjects", regions.FUNCTIONAL]
DIGITS = 3  # of r2 by place: finer than any colour


def networks(study: Study) -> list[xr.Dataset]:
    """Return the published scores (layer, split, target), one dataset a network; none for synthetic data.

    `r2_corrected` has a single split, the median of the ten published ones.
    """
    return [] if study.brain.synthetic else [_scored(one) for one in real_voxels.networks()]


def _scored(network: xr.DataArray) -> xr.Dataset:
    return network.expand_dims({SPLIT: [1]}, 1).to_dataset(name=tables.CORRECTED)


def said(study: Study, published: Sequence[xr.Dataset]) -> text.Bilingual:
    """Return whose results they are, what they allow, and how they stand to this study's voxels."""
    if not published:
        return text.both("say.no_real_map")
    numbers = {"n": published[0].sizes[TARGET], "n_subjects": len(np.unique(published[0][SUBJECT]))}
    first = text.both("say.real_map", source=real_voxels.SOURCE, **numbers)
    return text.markdown([first, text.both("say.real_same" if is_same(study) else "say.real_other")])


def is_same(study: Study) -> bool:
    """Return whether the published results are of this study's own voxels."""
    return study.brain.name == nh2015_voxels.NAME


def own(study: Study, scores: Sequence[xr.Dataset], metric: str) -> list[xr.Dataset]:
    """Return the study's scores if they may stand beside the published ones: same voxels, same metric."""
    return list(scores) if is_same(study) and metric == tables.CORRECTED else []


def curves(published: Sequence[xr.Dataset], run: Sequence[xr.Dataset] = ()) -> pd.DataFrame:
    """Return the median r2 over voxels by network, layer, functional region and subject.

    Region "all" is all voxels, subject "all" all subjects. A voxel in two regions counts in both.
    """
    parts = [_curves(one, PUBLISHED) for one in published] + [_curves(one, RUN) for one in run]
    return pd.concat(parts, ignore_index=True)[CURVES] if parts else pd.DataFrame(columns=CURVES)


def _curves(scores: xr.Dataset, results: str) -> pd.DataFrame:
    medians = tables.medians_of(scores, tables.CORRECTED).transpose(LAYER, TARGET)
    subject = medians[SUBJECT].values.astype(str)
    everyone = np.ones(len(subject), bool)
    inside = {tables.ALL: everyone} | regions.members(medians[regions.FUNCTIONAL].values, regions.FUNCTIONAL)
    of_subject = {tables.ALL: everyone} | {name: subject == name for name in dict.fromkeys(subject) if name}
    rows = []
    for region, in_region in inside.items():
        for name, of_name in of_subject.items():
            chosen = in_region & of_name
            values = np.nanmedian(medians.values[:, chosen], axis=1) if chosen.any() else np.nan
            columns = {LAYER: medians[LAYER].values, STAGE: medians[STAGE].values, "median_r2": values}
            rows.append(pd.DataFrame(columns).assign(region=region, subject=name, n_voxels=int(chosen.sum())))
    whole = pd.concat(rows, ignore_index=True)
    return whole.assign(**{"results": results, MODEL: str(scores[MODEL].values), METRIC: tables.CORRECTED})


def depths(published: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Return each subject's median relative depth of the best layer, by network and functional region.

    The first layer is 0, the last 1. Networks of a single layer have no depth.
    """
    several = [one for one in published if one.sizes[LAYER] > 1]
    parts = [tables.depth(one, tables.CORRECTED, by=regions.FUNCTIONAL) for one in several]
    if not parts:
        return pd.DataFrame(columns=DEPTHS)
    whole = pd.concat(parts, ignore_index=True)
    return whole.loc[whole["hemisphere"] == tables.BOTH, DEPTHS].reset_index(drop=True)


def mean_depths(depths: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over subjects of `depths`, with the lowest and the highest subject.

    The columns are model, region, relative, low, high, n_subjects.
    """
    columns = {"relative": "mean", "low": "min", "high": "max", "n_subjects": "count"}
    grouped = depths.groupby([MODEL, "region"], sort=False)["relative"]
    return pd.DataFrame({name: grouped.agg(how) for name, how in columns.items()}).reset_index()


def places(published: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Return one row per place of the map with the median r2 of its voxels, a column `network/layer` for each.

    Besides: hemisphere, x, y (mm), n (voxels), subjects (names), functional (names of regions, "/" between them).
    """
    if not published:
        return pd.DataFrame(columns=PLACES)
    values = {}
    for one in published:
        medians = tables.medians_of(one, tables.CORRECTED)
        values |= {f"{one[MODEL].item()}/{layer}": medians.sel({LAYER: layer}).values for layer in one[LAYER].values}
    known = {name: published[0][name].values for name in ("hemisphere", "x", "y", SUBJECT, regions.FUNCTIONAL)}
    grouped = pd.DataFrame(known | values).groupby(["hemisphere", "x", "y"], sort=False)
    about = {
        "n": grouped.size(),
        "subjects": grouped[SUBJECT].agg(lambda names: ", ".join(sorted(set(names)))),
        regions.FUNCTIONAL: grouped[regions.FUNCTIONAL].agg(_together),
    }
    return pd.DataFrame(about).join(grouped[list(values)].median().round(DIGITS)).reset_index()


def _together(labels: pd.Series) -> str:
    """Return the functional regions of several voxels as one text, in the published order."""
    return regions.BETWEEN.join(regions.members(labels, regions.FUNCTIONAL))
