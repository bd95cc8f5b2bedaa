"""Chapter 06: ridge beside lasso on the same splits, for every model's last checkpoint."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

from helpers import comparison, published, selection, splits, storage, text
from helpers.names import ESTIMATOR, LAYER, MODEL, SOUND, STEP, TARGET, UNIT, UserError
from helpers.pipeline.work import Work
from helpers.progress import progress
from helpers.regression.kfold import ALPHAS

CODE = ("helpers.comparison", "helpers.regression.kfold", "helpers.regression.lasso", "helpers.splits")
LASSOS = ("lasso", "lasso_single")
EDGES = tuple(float(alpha) for alpha in ALPHAS[[0, -1]])  # of the grid


@cache
def compared(work: Work, name: str) -> xr.Dataset:
    """Ridge and both lassos of one model, (estimator, layer, split, target[, unit]); kept as netCDF."""
    if work.brain.components is None:
        raise UserError(f"dataset '{work.study.dataset}' has no components; leave 06_regularisation out of `chapters`")
    features = work.features(name).isel({STEP: -1})
    order = splits.permuted(list(work.brain.waveforms[SOUND].values))
    arrays = {"features": features, "responses": work.brain.components}
    inputs = {key: storage.digest(array.values, array[SOUND].values.tolist()) for key, array in arrays.items()}
    inputs["code"] = storage.code_digest(*CODE)
    path = work.folder / "scores" / "regularisation" / name / f"step-{int(features[STEP]):07d}.nc"

    def compute() -> xr.Dataset:
        label = f"ridge and lasso, {name}"
        plain = features.reset_coords(drop=True)
        return comparison.compare(
            plain, work.brain.components, order, progress=lambda fits, what, total: progress(fits, label, total)
        )

    return storage.cached(path, inputs, compute).assign_coords({MODEL: name})


@cache
def rows(work: Work) -> pd.DataFrame:
    """One row per model, estimator, layer, component and split."""
    parts = [selection.rows(compared(work, name)) for name in work.model_names]
    return work.kept("regularisation_scores", pd.concat(parts, ignore_index=True))


@cache
def curves(work: Work) -> pd.DataFrame:
    """Median of both metrics and of the number of units, by model, estimator, layer and component."""
    return work.kept("regularisation_curves", selection.curves(rows(work)))


def n_units(work: Work) -> dict[str, int]:
    """How many units each model's layers have."""
    return {name: compared(work, name).sizes[UNIT] for name in work.model_names}


def best(work: Work) -> pd.DataFrame:
    """The best layer of each model, estimator and component."""
    return work.kept("regularisation_best", selection.best(curves(work)))


def alphas(work: Work) -> pd.DataFrame:
    """Every alpha that was chosen."""
    return work.kept("regularisation_alphas", selection.chosen(rows(work)))


@cache
def agreement(work: Work) -> pd.DataFrame:
    """How far the units selected in different splits agree, by model, estimator, layer and component."""
    keys = [MODEL, ESTIMATOR, LAYER, TARGET]
    parts = [_between_splits(compared(work, name), keys) for name in work.model_names]
    return work.kept("regularisation_agreement", pd.concat(parts, ignore_index=True))


def _between_splits(whole: xr.Dataset, keys: list[str]) -> pd.DataFrame:
    """The units of the multi-task lasso are those of all components, so its agreement is said once."""
    together = whole.sel({ESTIMATOR: ["lasso"]}).isel({TARGET: [0]}).assign_coords({TARGET: ["all"]})
    parts = [together, whole.sel({ESTIMATOR: ["lasso_single"]})]
    return pd.concat([selection.summary(selection.between_splits(part), keys) for part in parts], ignore_index=True)


@cache
def shared(work: Work) -> pd.DataFrame:
    """How far the single-task lasso selects the same units for two components, in each model's best layer."""
    parts = [_between_components(work, name) for name in work.model_names]
    return work.kept("regularisation_shared", pd.concat(parts, ignore_index=True))


def _between_components(work: Work, name: str) -> pd.DataFrame:
    table = curves(work).query(f"{MODEL} == @name and {ESTIMATOR} == 'lasso_single'")
    layer = int(table.groupby(LAYER)["median_r2_determination"].mean().idxmax())
    one = compared(work, name).sel({ESTIMATOR: ["lasso_single"], LAYER: [layer]})
    table = selection.summary(selection.between_targets(one), [MODEL, LAYER, "pair"])
    table[["one", "two"]] = table.pop("pair").str.split(", ", expand=True)
    return table


@cache
def differences(work: Work) -> pd.DataFrame:
    """Ridge minus multi-task lasso for each model and component, with an interval."""
    n_sounds = work.brain.waveforms.sizes[SOUND]
    share = (n_sounds - n_sounds // 2) / n_sounds
    return work.kept("regularisation_differences", selection.differences(rows(work), share))


def overlay(work: Work) -> pd.DataFrame | None:
    """The published medians of ridge and lasso; None for synthetic data, which nobody has published about."""
    if work.brain.synthetic:
        return None
    table = published.table("ridge_vs_lasso")
    return table[table["figure"] == "models_alphas.png"]


def sentences(work: Work) -> text.Bilingual:
    """Who is ahead, how many units the lasso needs, how well its choices agree, which alphas lie at the edge."""
    said = [piece for name in work.model_names for piece in _said(work, name)]
    return text.markdown([*said, _edges(work), _unconverged(work)])


def _said(work: Work, name: str) -> list[text.Bilingual]:
    model = {"model": lambda labeller: labeller.name("model", name)}
    table = differences(work).query(f"{MODEL} == @name")
    ahead = {"mean": float(table["difference"].mean()), "n": len(table), "clear": int((table["low"] > 0).sum())}
    ahead["behind"] = int((table["high"] < 0).sum())
    top = best(work).query(f"{MODEL} == @name and {ESTIMATOR} == 'lasso'")
    units = {"active": float(top["median_active"].median()), "n_units": n_units(work)[name]}
    agree = agreement(work).query(f"{MODEL} == @name").groupby(ESTIMATOR)[["jaccard", "expected"]].mean()
    values = {f"{kind}_{column}": float(agree.loc[kind, column]) for kind in LASSOS for column in agree}
    return [
        text.both("say.ridge_ahead", **model, **ahead),
        text.both("say.lasso_units", **model, **units),
        text.both("say.lasso_agreement", **model, **values),
    ]


def _edges(work: Work) -> text.Bilingual:
    table = alphas(work)
    hits = table[table["at_edge"]]
    if hits.empty:
        return text.both("say.no_edges", n=len(table))
    names = hits[ESTIMATOR].value_counts(sort=False)

    def counts(labeller: text.Labeller) -> str:
        return ", ".join(f"{labeller.number(n, 0)} ({labeller.name('estimator', name)})" for name, n in names.items())

    return text.both("say.edges", n=len(table), hits=len(hits), counts=counts)


def _unconverged(work: Work) -> text.Bilingual:
    fits = rows(work).drop_duplicates([MODEL, ESTIMATOR, LAYER, "split"])
    n = int(fits["n_unconverged"].sum())
    if not n:
        return text.both("say.all_converged")
    chosen = int((rows(work)["alpha"] <= rows(work)["worst_alpha"]).sum())
    return text.both("say.unconverged", n=n, chosen=chosen, alpha=lambda say: say.power(np.nanmax(fits["worst_alpha"])))
