"""Chapter 02: every voxel by layer and model, at the last checkpoint of each model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd
import xarray as xr

from helpers import storage, voxels
from helpers.names import STEP, UserError
from helpers.permutation import permutation_test
from helpers.pipeline.work import Work
from helpers.progress import progress


@cache
def scores(work: Work, name: str) -> xr.Dataset:
    """Scores (layer, split, target) of every voxel from a trained model; raises UserError for data without voxels."""
    if work.brain.voxels is None:
        raise UserError(f"dataset '{work.study.dataset}' has no voxels; leave 02_voxelwise out of `chapters`")
    return work.scores_at(work.features(name).isel({STEP: -1}), "voxels", work.brain.voxels)


@cache
def test(work: Work, name: str) -> xr.Dataset:
    """The permutation test of every voxel for a trained model."""
    features = work.features(name).isel({STEP: -1})
    inputs = work.inputs(features, work.brain.voxels, "helpers.permutation")
    inputs |= {"permutations": work.study.permutations, "seed": work.study.seed}
    path = work.folder / "scores" / "permutation" / name / f"step-{int(features[STEP]):07d}.nc"
    return storage.cached(path, inputs, lambda: _tested(work, name, features))


def _tested(work: Work, name: str, features: xr.DataArray) -> xr.Dataset:
    return permutation_test(
        features,
        work.brain.voxels,
        work.train,
        scores(work, name),
        seed=work.study.seed,
        n_permutations=work.study.permutations,
        device=work.study.device,
        progress=lambda parts, what, total: progress(parts, f"permutations {name}", total),
    )


def layers(work: Work) -> pd.DataFrame:
    """One row per model, layer and voxel."""
    return work.kept("voxel_layers", _of_models(work, voxels.by_layer))


@cache
def best(work: Work) -> pd.DataFrame:
    """One row per model and voxel: best layers, r2 there, ceiling, permutation test."""
    parts = [voxels.by_voxel(scores(work, name), test(work, name)) for name in work.model_names]
    return work.kept("voxel_best", pd.concat(parts, ignore_index=True))


def pooled(work: Work) -> pd.DataFrame:
    """Median over all voxels, by model and layer."""
    return work.kept("voxel_pooled", _of_models(work, voxels.pooled))


def regions(work: Work) -> pd.DataFrame:
    """Mean over subjects, by model, layer, region and hemisphere."""
    return work.kept("voxel_regions", _of_models(work, voxels.regions, work.study.seed))


def depth(work: Work) -> pd.DataFrame:
    """Relative depth of the best layer, by model, subject, region and hemisphere."""
    return work.kept("voxel_depth", _of_models(work, voxels.depth))


def hierarchy(work: Work) -> pd.DataFrame:
    """Whether Primary is best predicted by earlier layers than the other regions."""
    return work.kept("voxel_hierarchy", voxels.hierarchy(depth(work), work.study.seed))


def models(work: Work) -> pd.DataFrame:
    """Model against model, layers chosen and read on different splits."""
    table = voxels.models([scores(work, name) for name in work.model_names], work.study.seed)
    return work.kept("voxel_models", table)


def summary(work: Work) -> pd.DataFrame:
    """Per model: voxels, ceilings, shares above the ceiling and above chance."""
    return work.kept("voxel_summary", voxels.summary(best(work)))


def _of_models(work: Work, table: Callable[..., pd.DataFrame], *arguments) -> pd.DataFrame:
    return pd.concat([table(scores(work, name), *arguments) for name in work.model_names], ignore_index=True)
