"""Chapter 02: every voxel by layer and model, at the last checkpoint of each model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd
import xarray as xr

from helpers import published, storage, text, voxels
from helpers.names import MODEL, REPETITION, STEP, UserError
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


@cache
def depth(work: Work, last: bool = True) -> pd.DataFrame:
    """Relative depth of the best layer, by model, subject, region and hemisphere; with or without the last layer."""
    return work.kept("voxel_depth" if last else "voxel_depth_inner", _of_models(work, voxels.depth, last))


@cache
def hierarchy(work: Work, last: bool = True) -> pd.DataFrame:
    """Whether Primary is best predicted by earlier layers than the other regions; with or without the last layer."""
    table = voxels.hierarchy(depth(work, last), work.study.seed)
    return work.kept("voxel_hierarchy" if last else "voxel_hierarchy_inner", table)


def models(work: Work) -> pd.DataFrame:
    """Model against model, layers chosen and read on different splits."""
    table = voxels.models([scores(work, name) for name in work.model_names], work.study.seed)
    return work.kept("voxel_models", table)


def summary(work: Work) -> pd.DataFrame:
    """Per model: voxels, those left out or clipped, ceilings, shares above the ceiling and above chance."""
    table = voxels.summary(best(work))
    table.insert(2, "n_excluded", sum(work.brain.excluded.values()))
    clipped = pooled(work).groupby(MODEL, sort=False)["n_clipped"].first().rename("n_clipped").reset_index()
    return work.kept("voxel_summary", table.merge(clipped, on=MODEL, validate="one_to_one"))


def ceilings(work: Work) -> pd.DataFrame:
    """Median noise ceiling of r2_pearson over voxels, by model; NaN where the data have no repetitions."""
    table = best(work)
    return (
        table.assign(ceiling=table.get("ceiling", float("nan")))
        .groupby(MODEL, sort=False)["ceiling"]
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
    """A published table to lay over a figure of the same quantity.

    None for synthetic data, which nobody has published about, and where noise cannot be corrected as it was there.
    """
    if work.brain.synthetic or REPETITION not in work.brain.voxels.dims:
        return None
    frame = published.table(name)
    if name == "models":
        return frame[frame["model"].str.startswith("EnCodecMAE")]
    return frame.rename(columns={"roi": "region"})


def facts(work: Work) -> text.Bilingual:
    """Sentences: how many voxels and subjects, which metric, how many clipped, and which model predicts them best."""
    return text.markdown([_counted(work), _clipped(work), _best_model(work)])


def _counted(work: Work) -> text.Bilingual:
    first, n_subjects = pooled(work).iloc[0], best(work)["subject"].nunique()
    words = {"metric": lambda labeller: labeller.name("metric", first["metric"]), "n": int(first["n_voxels"])}
    if n_subjects < 2:
        return text.both("say.voxels_pooled", **words)
    return text.both("say.voxels", n_subjects=n_subjects, **words)


def _clipped(work: Work) -> text.Bilingual:
    """How many voxels of each model were clipped at 1, which only corrected values are."""
    if REPETITION not in work.brain.voxels.dims:
        return text.both("say.uncorrected")
    touched = pooled(work).groupby(MODEL, sort=False)["n_clipped"].first()
    if not touched.any():
        return text.both("say.none_clipped")

    def counts(labeller: text.Labeller) -> str:
        return ", ".join(f"{labeller.number(n, 0)} ({labeller.name('model', model)})" for model, n in touched.items())

    return text.both("say.clipped", counts=counts)


def _best_model(work: Work) -> text.Bilingual:
    top = models(work).nlargest(1, "mean_r2").iloc[0]
    words = {"r2": top["mean_r2"], "model": _model(top["model"])}
    if top["n_subjects"] < 2:
        return text.both("say.best_model_pooled", **words)
    return text.both("say.best_model", low=top["low"], high=top["high"], **words)


def hierarchy_sentences(work: Work) -> text.Bilingual:
    """The hierarchy test of each model in words, without a merged last layer too; on synthetic data called planted.

    Nothing where it cannot be tested, which the figure says in its place.
    """
    said = []
    for name in work.model_names:
        said += [_tested_hierarchy(work, name, True, "say.hierarchy")]
        said += [_tested_hierarchy(work, name, False, "say.hierarchy_inner")] if work.merged_last else []
    said = [sentence for sentence in said if sentence is not None]
    note = [text.both("say.hierarchy_synthetic")] if work.brain.synthetic and said else []
    return text.markdown([*said, *note])


def _tested_hierarchy(work: Work, name: str, last: bool, key: str) -> text.Bilingual | None:
    """The sentence of one model; None where the voxels are not told apart by region and subject."""
    table = hierarchy(work, last)
    rows = table[(table[MODEL] == name) & (table["region"] == "others")]
    if rows.empty or rows["n_subjects"].item() < 2:
        return None
    row = rows.iloc[0]
    words = {"model": _model(name), "difference": row["difference"], "n": int(row["n_subjects"])}
    if pd.isna(row["p_value"]):
        return text.both("say.untested", **words) if last else None
    numbers = {"low": row["low"], "high": row["high"], "w": row["w"], "p": row["p_value"]}
    return text.both(key, **words, **numbers)


def _model(name: str) -> Callable[[text.Labeller], str]:
    return lambda labeller: labeller.name("model", name)


def _of_models(work: Work, table: Callable[..., pd.DataFrame], *arguments) -> pd.DataFrame:
    return pd.concat([table(scores(work, name), *arguments) for name in work.model_names], ignore_index=True)
