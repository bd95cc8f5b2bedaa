"""Every voxel by layer and model, at the last checkpoint of each model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import xarray as xr

from helpers import encoding, text
from helpers.brain import published
from helpers.brain.regions import FUNCTIONAL, REGION
from helpers.chapters.voxelwise import places, tables
from helpers.names import LAYER, MODEL, NOTE, REPETITION, SUBJECT, VOXELS
from helpers.plotting.facts import against
from helpers.store.progress import progress
from helpers.study import Study


def scores(study: Study) -> list[xr.Dataset]:
    """Return scores (layer, split, target) of every voxel, of each network's last checkpoint, as kept on disk."""
    score = partial(
        study.keep, encoding.score, responses=study.responses(VOXELS), splits=study.splits, **study.encoding
    )
    return [tables.located(score(features=features)) for features in study.last_checkpoints()]


def permuted(study: Study, features: Sequence[xr.DataArray], scores: xr.Dataset) -> xr.Dataset:
    """Return the permutation test of every voxel of one network, as kept on disk; `scores` are of the same features."""
    chosen = study.parameters
    how = {"seed": chosen.seed, "n_permutations": chosen.permutations, "device": chosen.device, "progress": progress}
    kept = scores[["alpha", "r2_pearson"]]
    responses, splits = study.responses(VOXELS), study.splits
    return study.keep(
        encoding.permutation_test, features=features, responses=responses, splits=splits, scores=kept, **how
    )


def of_models(scores: Sequence[xr.Dataset], table: Callable[..., pd.DataFrame], *arguments, **options) -> pd.DataFrame:
    """Return `table(scores, ...)` of all models, one below the other."""
    return pd.concat([table(one, *arguments, **options) for one in scores], ignore_index=True)


def in_divisions(
    scores: Sequence[xr.Dataset], table: Callable[..., pd.DataFrame], *arguments, **options
) -> pd.DataFrame:
    """Return `of_models` by anatomical region, then by functional region, of those that the voxels have.

    The column `division` says which.
    """
    found = dict.fromkeys(by for one in scores for by in tables.divisions(one))
    parts = [of_models(scores, table, *arguments, **options, by=by) for by in found]
    return pd.concat(parts, ignore_index=True)


def by_voxel(scores: Sequence[xr.Dataset], metric: str, tests: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Return one row per model and voxel: best layers, r2 there, ceiling, permutation test."""
    pairs = zip(scores, tests, strict=True)
    return pd.concat([tables.by_voxel(one, metric, test) for one, test in pairs], ignore_index=True)


def summary(study: Study, best: pd.DataFrame, pooled: pd.DataFrame) -> pd.DataFrame:
    """Return per model: voxels, those left out or clipped, ceilings, shares above the ceiling and above chance."""
    table = tables.summary(best)
    table.insert(2, "n_excluded", sum(study.brain.excluded.values()))
    clipped = pooled.groupby(MODEL, sort=False)["n_clipped"].first().rename("n_clipped").reset_index()
    return table.merge(clipped, on=MODEL, validate="one_to_one")


def attainable(study: Study) -> text.Bilingual:
    """Return how small p can be with so many permutations, and which share of the voxels must have it to be found.

    The smallest p is 1 / (n + 1). By Benjamini & Hochberg's rule k of m voxels with that p are called if it is at most
    `tables.FDR` k / m.
    """
    smallest = 1 / (study.parameters.permutations + 1)
    share = 100 * smallest / tables.FDR
    numbers = {"n": study.parameters.permutations, "p": smallest, "share": share}
    return text.both(f"say.{'attainable' if share < 100 else 'unattainable'}", **numbers)


def excluded(study: Study) -> pd.DataFrame:
    """Return how many voxels were left out, by reason."""
    reasons = study.brain.excluded
    return pd.DataFrame({"reason": list(reasons), "n_excluded": list(reasons.values())})


def shown_excluded(table: pd.DataFrame) -> text.Bilingual:
    """Return `excluded` as a table, or a sentence where nothing was left out."""
    return text.table(table) if table["n_excluded"].sum() else text.both("say.none_excluded")


def overlay(study: Study, name: str) -> pd.DataFrame | None:
    """Return a published table to lay over a figure of the same quantity.

    None for synthetic data, which have no published values, and where the metric is not the published one.
    """
    if study.brain.synthetic or not encoding.is_correctable(study.responses(VOXELS)):
        return None
    if study.parameters.encoding.metric not in (None, tables.CORRECTED):
        return None
    table = published.table(name)
    if name == "models":
        return table[table["model"].str.startswith("EnCodecMAE")]
    return table.rename(columns={"roi": "region"})


def facts(study: Study, best: pd.DataFrame, pooled: pd.DataFrame, models: pd.DataFrame) -> text.Bilingual:
    """Return sentences: how many voxels and subjects, which metric, how many clipped, which model predicts best."""
    return text.markdown([_counted(pooled, best), _clipped(study, pooled), _best_model(models)])


def _counted(pooled: pd.DataFrame, best: pd.DataFrame) -> text.Bilingual:
    first, n_subjects = pooled.iloc[0], best[SUBJECT].nunique()
    words = {"metric": lambda labeller: labeller.name("metric", first["metric"]), "n": int(first["n_voxels"])}
    if n_subjects < 2:
        return text.both("say.voxels_pooled", **words)
    return text.both("say.voxels", n_subjects=n_subjects, **words)


def _clipped(study: Study, pooled: pd.DataFrame) -> text.Bilingual:
    """Return how many voxels of each model were clipped at 1, which only happens to corrected values."""
    if not encoding.is_correctable(study.responses(VOXELS)):
        return _uncorrected(study.responses(VOXELS))
    touched = pooled.groupby(MODEL, sort=False)["n_clipped"].first()
    if not touched.any():
        return text.both("say.none_clipped")

    def counts(labeller: text.Labeller) -> str:
        return labeller.listed(
            f"{labeller.number(n, 0)} ({labeller.name('model', model)})" for model, n in touched.items()
        )

    return text.both("say.clipped", counts=counts)


def _best_model(models: pd.DataFrame) -> text.Bilingual:
    top = models.nlargest(1, "mean_r2").iloc[0]
    words = {"r2": top["mean_r2"], "model": _model(top["model"])}
    words |= {"metric": lambda labeller: labeller.name("metric", top["metric"])}
    if top["n_subjects"] < 2:
        return text.both("say.best_model_pooled", **words)
    return text.both("say.best_model", low=top["low"], high=top["high"], **words)


def beside(pooled: pd.DataFrame, references: pd.DataFrame) -> text.Bilingual | None:
    """Return the highest median over all voxels, and which baselines and controls are as high; None without any."""
    if references.empty:
        return None
    top = pooled.nlargest(1, "median_r2").iloc[0]
    words = {"r2": float(top["median_r2"]), "layer": int(top[LAYER]), "model": _model(top[MODEL])}
    words |= {"metric": lambda labeller: labeller.name("metric", top["metric"])}
    return text.both("say.voxels_beside", rivals=lambda labeller: against(references, words["r2"], labeller), **words)


def noise(study: Study) -> text.Bilingual:
    """Return how reliabilities are computed from this study's repetitions, and the floors that they are raised to."""
    responses = study.responses(VOXELS)
    if REPETITION not in responses.dims:
        return _uncorrected(responses)
    counts = {part: int((study.splits[0] == part).sum()) for part in ("train", "test")}
    floors = {f"floor_{part}": encoding.critical_correlation(n) for part, n in counts.items()}
    known = encoding.n_repetitions(responses)
    if len(set(known)) == 1:
        return text.both("say.reliability", m=int(known[0]), **counts, **floors)
    said = text.both("say.reliability_unequal", fewest=int(known.min()), most=int(known.max()), **counts, **floors)
    return said if encoding.is_correctable(responses) else text.markdown([said, _uncorrected(responses)])


def _uncorrected(responses: xr.DataArray) -> text.Bilingual:
    """Return why r2 is not corrected for noise: no voxel has repetitions, or some have a single one."""
    single = encoding.n_repetitions(responses) < 2
    return text.both("say.uncorrected") if single.all() else text.both("say.uncorrected_some", n=int(single.sum()))


def surface(best: pd.DataFrame) -> text.Bilingual | None:
    """Return how the figures on the surface are made, and how many voxels they leave out; None without vertices.

    best: of `by_voxel`.
    """
    left_out = places.beyond(best)
    if left_out is None:
        return None
    return text.markdown([text.both("say.surface"), *([text.both("say.off_surface", n=left_out)] if left_out else [])])


def noted(scores: Sequence[xr.Dataset]) -> bool:
    """Return whether some model has a layer with a note, such as a merged last one."""
    return any((one[NOTE].values != "").any() for one in scores)


def hierarchy_sentences(study: Study, hierarchy: pd.DataFrame, plain: pd.DataFrame | None) -> text.Bilingual:
    """Return the hierarchy test of each model in words, and that without layers that have a note, if `plain` is given.

    Both tables are of `tables.hierarchy`. On synthetic data the hierarchy is planted. Nothing where it cannot be
    tested; the figure then says so.
    """
    said = []
    for name in study.models:
        said += [_tested_hierarchy(hierarchy, name, "say.hierarchy")]
        said += [] if plain is None else [_tested_hierarchy(plain, name, "say.hierarchy_inner")]
        said += [_tested_hierarchy(hierarchy, name, "say.hierarchy_functional", FUNCTIONAL)]
    said = [sentence for sentence in said if sentence is not None]
    planted = [text.both("say.hierarchy_synthetic")] if study.brain.synthetic and said else []
    return text.markdown([*said, *planted])


def _tested_hierarchy(table: pd.DataFrame, name: str, key: str, division: str = REGION) -> text.Bilingual | None:
    """Return the sentence of one model; None where the voxels have no region or subject labels."""
    rows = table[(table[MODEL] == name) & (table["region"] == tables.OTHERS) & (table[tables.DIVISION] == division)]
    if rows.empty or rows["n_subjects"].item() < 2:
        return None
    row = rows.iloc[0]
    words = {"model": _model(name), "difference": row["difference"], "n": int(row["n_subjects"])}
    words |= {"m": int(row["n_different"])}
    if pd.isna(row["p_value"]):
        return text.both("say.untested", **words) if key == "say.hierarchy" else None
    return text.both(key, low=row["low"], high=row["high"], w=row["w"], p=row["p_value"], **words)


def _model(name: str) -> Callable[[text.Labeller], str]:
    return lambda labeller: labeller.name("model", name)
