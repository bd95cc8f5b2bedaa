"""Load the voxel responses packaged with Tuckute et al. 2023 and drop unusable voxels."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from helpers.brain.base import EXCLUSIONS, some
from helpers.brain.regions import FUNCTIONAL, FUNCTIONAL_REGIONS, joined
from helpers.brain.tuckute2023 import REGIONS, RESPONSES, VOXELS, load, wrong
from helpers.encoding.constant import is_constant
from helpers.names import REPETITION, SOUND, TARGET
from helpers.store import unpickle

REPETITIONS = 3  # of every voxel that is analysed
PLACE = ["subj_idx", "hemi", "x_ras", "y_ras"]


def read(
    folder: Path, names: list[str], voxels: pd.DataFrame, further_sounds: bool = False
) -> tuple[xr.DataArray, dict[str, int]]:
    """Return the usable voxels (sound, target, repetition), and how many were excluded by each of EXCLUSIONS.

    `names`: the sounds of the array's rows, or of its first rows if `further_sounds` may follow. `voxels`: one row for
    each column of the array with voxel_id, and with n_reps, subj_idx, hemi, x_ras, y_ras where the dataset has them.
    Raises UserError where the files contradict each other.
    """
    responses, regions = load(folder / RESPONSES), unpickle.frame(folder / REGIONS)
    repeated = _repeated(voxels)
    _check(folder, responses, repeated, len(regions))
    if len(responses) < len(names) or (len(responses) > len(names) and not further_sounds):
        raise wrong(folder / RESPONSES, f"{len(responses)} sounds", f"one row for each of {len(names)}")
    regions = _matched(voxels[repeated], regions, folder)
    responses = responses[: len(names), repeated]
    excluded, kept = {"few_repetitions": int((~repeated).sum())}, np.ones(len(regions), bool)
    for reason, applies in unusable(responses).items():
        excluded[reason] = int((kept & applies).sum())
        kept &= ~applies
    if not kept.any():
        counts = ", ".join(f"{count}: {EXCLUSIONS[reason]}" for reason, count in excluded.items())
        raise wrong(folder, f"no voxel that can be used ({counts})", "some")
    voxels = _labelled(responses[:, kept], names, regions[kept])
    functional = _functional(regions, folder)
    if len(functional.columns):
        voxels = voxels.assign_coords({FUNCTIONAL: (TARGET, joined(functional[kept]))})
    return voxels, excluded


def sound_names(names: list[str], known: xr.DataArray, path: Path) -> list[str]:
    """Return `names` without '.wav'; raises UserError unless they are exactly the sounds of `known`."""
    names = [str(name).removesuffix(".wav") for name in names]
    expected = known[SOUND].values
    strange, absent = np.setdiff1d(names, expected), np.setdiff1d(expected, names)
    if strange.size or absent.size or len(names) != len(expected):
        found = f"{len(names)} sounds, unknown: {some(strange) or 'none'}, missing: {some(absent) or 'none'}"
        raise wrong(path, found, f"the {len(expected)} sounds of NH2015, each once")
    return names


def unusable(responses: np.ndarray) -> dict[str, np.ndarray]:
    """Return criterion -> mask (n_voxels,) of responses (n_sounds, n_voxels, n_repetitions) that it excludes.

    A constant repetition has no correlation with the others; two that are copies would make a reliability of 1.
    """
    pairs = combinations(range(responses.shape[2]), 2)
    return {
        "not_finite": ~np.isfinite(responses).all((0, 2)),
        "constant": is_constant(responses).numpy().any(1),
        "identical": np.any([(responses[..., i] == responses[..., j]).all(0) for i, j in pairs], axis=0),
    }


def _repeated(voxels: pd.DataFrame) -> np.ndarray:
    """Return which voxels (n_voxels,) have all repetitions: every one where the dataset does not count them."""
    return voxels["n_reps"].to_numpy() == REPETITIONS if "n_reps" in voxels else np.ones(len(voxels), bool)


def _check(folder: Path, responses: np.ndarray, repeated: np.ndarray, n_regions: int) -> None:
    """Raise UserError unless array, list of voxels and regions have consistent sizes."""
    if responses.ndim != 3 or responses.shape[2] != REPETITIONS or responses.dtype.kind != "f":
        found = f"{responses.dtype} values of shape {responses.shape}"
        raise wrong(folder / RESPONSES, found, f"real numbers (sounds, voxels, {REPETITIONS})")
    if responses.shape[1] != len(repeated) or repeated.sum() != n_regions:
        found = (
            f"{responses.shape[1]} voxels in {RESPONSES}, {len(repeated)} in {VOXELS} ({repeated.sum()} with "
            f"{REPETITIONS} repetitions) and {n_regions} in {REGIONS}"
        )
        raise wrong(folder, found, "the same voxels in the first two, and the last to have those with all repetitions")


def _matched(voxels: pd.DataFrame, regions: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return `regions` in the order of `voxels`, matched by voxel_id; raises UserError where the two disagree."""
    missing = [name for name in (*PLACE, "voxel_id", "roi_label_general") if name not in regions]
    if missing:
        raise wrong(folder / REGIONS, f"the columns {', '.join(regions)}", f"also {', '.join(missing)}")
    ids, labelled = pd.Index(voxels["voxel_id"]), pd.Index(regions["voxel_id"])
    for index, name in ((ids, VOXELS), (labelled, REGIONS)):
        if index.has_duplicates:
            raise wrong(folder / name, f"voxel_id {some(index[index.duplicated()])} more than once", "each once")
    only = ids.difference(labelled), labelled.difference(ids)
    if any(map(len, only)):
        found = f"voxel_id {some(only[0])} in {VOXELS} but not in {REGIONS}, and {some(only[1])} the other way round"
        raise wrong(folder, found, "the same voxels in both")
    regions = regions.set_index("voxel_id").loc[ids]
    for name in [name for name in PLACE if name in voxels]:
        other = voxels[name].to_numpy() != regions[name].to_numpy()
        if other.any():
            raise wrong(
                folder, f"{name} of voxel_id {some(ids[other])} not equal in {VOXELS} and {REGIONS}", "one value"
            )
    return regions


def _functional(regions: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return whether each voxel is in each functional region that the file knows, a column for each.

    A region that is missing in every row is not known; a voxel for which it is missing is not in it. Raises UserError
    for values other than 0 and 1.
    """
    known = [name for name in FUNCTIONAL_REGIONS if name in regions and regions[name].notna().any()]
    for name in known:
        other = regions.loc[~regions[name].isin([0, 1]) & regions[name].notna(), name].unique()
        if len(other):
            raise wrong(folder / REGIONS, f"{some(other)} in {name}", "1 in this functional region, 0 outside it")
    return pd.DataFrame({name: regions[name].isin([1]) for name in known}, regions.index)


def _labelled(responses: np.ndarray, names: list[str], regions: pd.DataFrame) -> xr.DataArray:
    """Return responses (sound, target, repetition) with their coordinates; x and y (mm) are the files' x_ras, y_ras.

    These are positions on a map of auditory cortex flattened from fsaverage's surface, on a grid of 2 mm. Each
    hemisphere has a map of its own: the two must not be drawn over each other.
    """
    coords = {
        SOUND: names,
        TARGET: [str(voxel).removesuffix(".0") for voxel in regions.index],
        REPETITION: np.arange(1, REPETITIONS + 1),
        "subject": (TARGET, [f"S{int(subject)}" for subject in regions["subj_idx"]]),
        "hemisphere": (TARGET, [str(side) for side in regions["hemi"]]),
        "region": (TARGET, ["" if pd.isna(region) else str(region) for region in regions["roi_label_general"]]),
        "x": (TARGET, regions["x_ras"].to_numpy(float)),
        "y": (TARGET, regions["y_ras"].to_numpy(float)),
    }
    return xr.DataArray(responses, coords, (SOUND, TARGET, REPETITION))
