"""Chapter 02: every voxel by layer and model, at the last checkpoint of each model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd
import xarray as xr

from helpers import published, storage, text, voxels
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


def ceilings(work: Work) -> pd.DataFrame:
    """Median noise ceiling of r2_pearson over voxels, by model; NaN where the data have no repetitions."""
    table = best(work)
    return (
        table.assign(ceiling=table.get("ceiling", float("nan")))
        .groupby(voxels.MODEL, sort=False)["ceiling"]
        .median()
        .reset_index()
    )


def excluded(work: Work) -> text.Bilingual:
    """How many voxels were left out, and why."""
    reasons = work.brain.excluded
    table = pd.DataFrame({"reason": list(reasons), "n_excluded": list(reasons.values())})
    work.kept("voxel_excluded", table)
    return text.table(table) if sum(reasons.values()) else text.both("say.none_excluded")


def overlay(work: Work, name: str) -> pd.DataFrame | None:
    """A published table to lay over a figure; None for synthetic data, which nobody has published about."""
    if work.brain.synthetic:
        return None
    frame = published.table(name)
    if name == "models":
        return frame[frame["model"].str.startswith("EnCodecMAE")]
    return frame.rename(columns={"roi": "region"})


def facts(work: Work) -> text.Bilingual:
    """Sentences: how many voxels and subjects, which metric, how many clipped, and which model predicts them best."""
    first, top = pooled(work).iloc[0], models(work).nlargest(1, "mean_r2").iloc[0]
    counts = {
        "n": int(first["n_voxels"]),
        "n_subjects": best(work)["subject"].nunique(),
        "n_clipped": int(first["n_clipped"]),
    }
    words = {"metric": lambda labeller: labeller.name("metric", first["metric"]), "model": _model(first["model"])}
    values = {"r2": top["mean_r2"], "low": top["low"], "high": top["high"], "model": _model(top["model"])}
    return text.markdown([text.both("say.voxels", **counts, **words), text.both("say.best_model", **values)])


def hierarchy_sentences(work: Work) -> text.Bilingual:
    """The hierarchy test of each model in words; on synthetic data it is called planted."""
    table = hierarchy(work)
    rows = table[table["region"] == "others"].itertuples() if len(table) else ()
    said = [
        text.both(
            "say.hierarchy",
            model=_model(row.model), difference=row.difference, low=row.low, high=row.high, w=row.w, p=row.p_value,
            n=row.n_subjects,
        )
        for row in rows
    ]  # fmt: skip
    note = [text.both("say.hierarchy_synthetic")] if work.brain.synthetic and said else []
    return text.markdown([*said, *note] or [text.both("say.no_depth")])


def _model(name: str) -> Callable[[text.Labeller], str]:
    return lambda labeller: labeller.name("model", name)


def _of_models(work: Work, table: Callable[..., pd.DataFrame], *arguments) -> pd.DataFrame:
    return pd.concat([table(scores(work, name), *arguments) for name in work.model_names], ignore_index=True)
