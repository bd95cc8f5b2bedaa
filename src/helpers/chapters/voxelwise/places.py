"""Places on the flat map: voxels of several subjects share one, so its numbers are medians over its voxels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.names import HEMISPHERES, LAYER, METRIC, MODEL, SUBJECT

PLACE = ["hemisphere", "x", "y"]
DIGITS = 4  # of r² by layer: finer than any colour, and a tenth of the bytes on the page


def regions(voxels: pd.DataFrame) -> pd.DataFrame:
    """Return one row per place and region: hemisphere, x, y, region, n (voxels), subjects (how many), n_subjects.

    voxels: a row per voxel and model, with model, subject, hemisphere, region, x, y (mm); those of the first model are
    counted. `n_subjects` counts the subjects of the whole map. Empty where no voxel has coordinates.
    """
    own = _placed(voxels[voxels[MODEL] == voxels[MODEL].iloc[0]])
    places = own.groupby([*PLACE, "region"], sort=False).agg(n=(SUBJECT, "size"), subjects=(SUBJECT, "nunique"))
    return places.reset_index().assign(n_subjects=own[SUBJECT].nunique())


def layers(by_layer: pd.DataFrame, voxels: pd.DataFrame) -> pd.DataFrame:
    """Return `best` with the median r2 of each place at every layer, in columns `r2_layer_1`, `r2_layer_2`, ...

    by_layer: a row per voxel, layer and model, with model, layer, r2, hemisphere, x, y; voxels: see `best`.
    """
    places = best(voxels, "best_layer", "best_r2")
    values = _placed(by_layer).groupby([MODEL, *PLACE, LAYER], sort=False)["r2"].median().unstack(LAYER)
    values = values.reindex(pd.MultiIndex.from_frame(places[[MODEL, *PLACE]])).sort_index(axis=1).round(DIGITS)
    return places.join(values.set_axis(places.index).add_prefix("r2_layer_"))


def best(voxels: pd.DataFrame, layer: str = "best_layer_unmerged", r2: str = "best_r2_unmerged") -> pd.DataFrame:
    """Return one row per model and place, with the medians of its voxels.

    voxels: a row per voxel and model, with model, metric, subject, hemisphere, region, x, y (mm), the columns `layer`
    and `r2` (a best layer and r2 there) and, where it is known, ceiling. The columns are model, hemisphere, x, y, n
    (voxels), layer (of two middle layers the lower), lowest, highest, r2, ceiling, subjects (names), region (names, "/"
    between them), metric.
    """
    own = _placed(voxels)
    grouped = own.assign(ceiling=own.get("ceiling", np.nan)).groupby([MODEL, *PLACE], sort=False)
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


def _placed(voxels: pd.DataFrame) -> pd.DataFrame:
    """Return the voxels with a known place on the map; regions and subjects that the data do not name are ''."""
    unknown = {SUBJECT: "", "region": "", "hemisphere": "", "x": np.nan, "y": np.nan}
    whole = voxels.assign(**{name: value for name, value in unknown.items() if name not in voxels})
    return whole[whole[["x", "y"]].notna().all(axis=1) & whole["hemisphere"].isin(HEMISPHERES)]
