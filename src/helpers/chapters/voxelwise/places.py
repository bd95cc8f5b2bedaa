"""Places on the flat map or the surface: voxels of several subjects share one, so its numbers are medians over them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.brain.fsaverage import N_VERTICES
from helpers.brain.regions import FUNCTIONAL, REGION, members
from helpers.names import HEMISPHERES, LAYER, METRIC, MODEL, SUBJECT

PLACE = ["hemisphere", "x", "y"]  # on the flat map
VERTEX = ["hemisphere", "vertex"]  # on the surface, fsaverage5's
DIGITS = 4  # of r² by layer: finer than any colour, and a tenth of the bytes on the page


def regions(voxels: pd.DataFrame) -> pd.DataFrame:
    """Return one row per place and region: hemisphere, x, y, region, n (voxels), subjects, n_subjects, division.

    voxels: a row per voxel and model, with model, subject, hemisphere, x, y (mm), region and functional; those of the
    first model are counted. `division` is the coordinate that the region is of; functional regions follow where there
    are any, and a voxel counts in each of its own. `subjects` counts those of a row, `n_subjects` those of the whole
    map. Empty where no voxel has coordinates.
    """
    own = _placed(voxels[voxels[MODEL] == voxels[MODEL].iloc[0]])
    own = own.assign(**{SUBJECT: own[SUBJECT].replace("", np.nan)})  # voxels without a subject's name are of none
    parts = [_regions(own, REGION)] + ([_regions(own, FUNCTIONAL)] if (own[FUNCTIONAL] != "").any() else [])
    return pd.concat(parts, ignore_index=True).assign(n_subjects=own[SUBJECT].nunique())


def _regions(voxels: pd.DataFrame, by: str) -> pd.DataFrame:
    inside = members(voxels[by], by)
    outside = ~np.any(list(inside.values()), axis=0) if inside else np.ones(len(voxels), bool)
    each = [voxels[mask].assign(region=region) for region, mask in (inside | {"": outside}).items()]
    grouped = pd.concat(each).groupby([*PLACE, "region"], sort=False)
    places = grouped.agg(n=(SUBJECT, "size"), subjects=(SUBJECT, "nunique"))
    return places.reset_index().assign(division=by)


def layers(by_layer: pd.DataFrame, voxels: pd.DataFrame, place: list[str] = PLACE) -> pd.DataFrame:
    """Return `best` with the median r2 of each place at every layer, in columns `r2_layer_1`, `r2_layer_2`, ...

    by_layer: a row per voxel, layer and model, with model, layer, r2 and the columns of `place`; voxels: see `best`.
    """
    places = best(voxels, "best_layer", "best_r2", place)
    values = _placed(by_layer, place).groupby([MODEL, *place, LAYER], sort=False)["r2"].median().unstack(LAYER)
    values = values.reindex(pd.MultiIndex.from_frame(places[[MODEL, *place]])).sort_index(axis=1).round(DIGITS)
    return places.join(values.set_axis(places.index).add_prefix("r2_layer_"))


def best(
    voxels: pd.DataFrame,
    layer: str = "best_layer_unmerged",
    r2: str = "best_r2_unmerged",
    place: list[str] = PLACE,
) -> pd.DataFrame:
    """Return one row per model and place, with the medians of its voxels.

    voxels: a row per voxel and model, with model, metric, subject, region, those of `place` (x and y in mm), `layer`
    and `r2` (a best layer and r2 there) and, where it is known, ceiling. The columns are model, those of `place`, n
    (voxels), layer (of two middle layers the lower), lowest, highest, r2, ceiling, subjects (names), region (names, "/"
    between them), metric.
    """
    own = _placed(voxels, place)
    grouped = own.assign(ceiling=own.get("ceiling", np.nan)).groupby([MODEL, *place], sort=False)
    columns = {
        "n": grouped.size(),
        LAYER: grouped[layer].quantile(0.5, interpolation="lower"),
        "lowest": grouped[layer].min(),
        "highest": grouped[layer].max(),
        "r2": grouped[r2].median(),
        "ceiling": grouped["ceiling"].median(),
        "subjects": grouped[SUBJECT].agg(lambda names: ", ".join(sorted(set(names)))),
        "region": grouped["region"].agg(lambda names: "/".join(sorted(set(names) - {""}))),
        METRIC: grouped[METRIC].first(),
    }
    return pd.DataFrame(columns).reset_index()


def most_frequent(voxels: pd.DataFrame, layer: str = "best_layer_unmerged") -> pd.DataFrame:
    """Return the layer that is the best of most voxels, and of which share of them: model, layer, share (0 to 1)."""
    counts = voxels.groupby(MODEL, sort=False)[layer].value_counts(normalize=True).rename("share").reset_index()
    return counts.drop_duplicates(MODEL).rename(columns={layer: LAYER}).reset_index(drop=True)


def beyond(voxels: pd.DataFrame) -> int | None:
    """Return how many voxels of the first model have no vertex of fsaverage5; None where none has a vertex at all.

    A voxel without a hemisphere, and a vertex of a finer surface, count among them.
    """
    own = voxels[voxels[MODEL] == voxels[MODEL].iloc[0]]
    if own.get("vertex", pd.Series(dtype=float)).isna().all():
        return None
    return len(own) - len(_placed(own, VERTEX))


def _placed(voxels: pd.DataFrame, place: list[str] = PLACE) -> pd.DataFrame:
    """Return the voxels with a known place; regions and subjects that the data do not name are ''."""
    unknown = {SUBJECT: "", REGION: "", FUNCTIONAL: "", "hemisphere": ""} | dict.fromkeys(place[1:], np.nan)
    whole = voxels.assign(**{name: value for name, value in unknown.items() if name not in voxels})
    known = whole[place[1:]].notna().all(axis=1) & whole["hemisphere"].isin(HEMISPHERES)
    if "vertex" in place:
        known &= whole["vertex"].isin(range(N_VERTICES))
    return whole[known]
