"""Ridge and both lassos on the same splits: scores, agreement of the selected units, and sentences about them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import encoding, text
from helpers.brain import published
from helpers.chapters.method import method as method_of_splits
from helpers.encoding.kfold import N_FOLDS
from helpers.names import COMPONENTS, ESTIMATOR, LAYER, MODEL, NOTE, SPLIT, TARGET
from helpers.stats import selection
from helpers.study import Study

NAME = "06_regularisation"  # of the chapter
SCHEME = "permuted"  # the splits of the published comparison, independent of the study's
METRICS = ("r2_pearson", "r2_determination")
# How tables call the estimators -> which ones they are
ESTIMATORS = {"ridge": "ridge_kfold", "lasso": "multi_task_lasso", "lasso_single": "single_task_lasso"}
REFERENCE, OTHER, SINGLE = ESTIMATORS  # ridge is compared with `OTHER`
PUBLISHED_FIGURE = "models_alphas.png"


def scores(study: Study, name: str) -> xr.Dataset:
    """Return scores (estimator, layer, split, target[, unit]) of the components, as kept on disk.

    Of a network's last checkpoint, by every one of ESTIMATORS, on the study's grid of alphas if it has one, else on
    the estimators' own.
    """
    how = study.encoding | {"splits": study.split(SCHEME), "metrics": METRICS}
    features, responses = study.features(name), study.responses(COMPONENTS)
    score = partial(study.keep, encoding.score, features=features, responses=responses)
    return selection.beside({known: score(**how | {"estimator": kind}) for known, kind in ESTIMATORS.items()})


def method(splits: xr.DataArray, compared: xr.Dataset) -> text.Bilingual:
    """Return how many sounds train and test, which alphas were searched, and how one is chosen."""
    counts = {"n_folds": N_FOLDS, "n_targets": compared.sizes[TARGET]}
    return text.markdown([method_of_splits(splits, compared, SCHEME), text.both("say.folds", **counts)])


def overlay(study: Study) -> pd.DataFrame | None:
    """Return the published medians of ridge and multi-task lasso; None for synthetic data, which has none."""
    if study.brain.synthetic:
        return None
    table = published.table("ridge_vs_lasso")
    return table[table["figure"] == PUBLISHED_FIGURE]


def agreement(compared: list[xr.Dataset]) -> pd.DataFrame:
    """Return how far the units selected in different splits agree, by model, estimator, layer and target.

    The units of the multi-task lasso are those of all targets, so it has one row a layer, with the target "all".
    """
    return pd.concat([_between_splits(one) for one in compared], ignore_index=True)


def _between_splits(compared: xr.Dataset) -> pd.DataFrame:
    together = compared.sel({ESTIMATOR: [OTHER]}).isel({TARGET: [0]}).assign_coords({TARGET: [selection.ALL]})
    parts = [selection.between_splits(part) for part in (together, compared.sel({ESTIMATOR: [SINGLE]}))]
    keys = [MODEL, ESTIMATOR, LAYER, TARGET]
    table = pd.concat([selection.summary(part, keys) for part in parts], ignore_index=True)
    return table.assign(**{NOTE: table[LAYER].map(compared[NOTE].to_series())})


def shared(compared: list[xr.Dataset], curves: pd.DataFrame) -> pd.DataFrame:
    """Return how far the single-task lasso selects the same units for two targets, `one` and `two`.

    In each model's layer with the highest R², averaged over targets; a model without one has no rows.
    """
    parts = []
    for one in compared:
        layer = selection.best_for_all(curves, str(one[MODEL].values), SINGLE)
        at = one.sel({ESTIMATOR: [SINGLE], LAYER: [] if np.isnan(layer) else [layer]})
        parts.append(selection.summary(selection.between_targets(at), [MODEL, LAYER, "one", "two"]))
    table = pd.concat(parts, ignore_index=True)
    return table[[MODEL, LAYER, *selection.AGREEMENT, "n_pairs", "one", "two"]]


def ridge_ahead(differences: pd.DataFrame) -> text.Bilingual:
    """Return a sentence per model: ridge minus lasso in R², and for how many targets the interval excludes 0."""
    return text.markdown([_ahead(name, rows) for name, rows in differences.groupby(MODEL, sort=False)])


def _ahead(name: str, rows: pd.DataFrame) -> text.Bilingual:
    known = rows.dropna(subset="difference")
    clear, behind = int((known["low"] > 0).sum()), int((known["high"] < 0).sum())
    numbers = {"mean": float(known["difference"].mean()), "n": len(known), "clear": clear, "behind": behind}
    key = "say.ridge_open" if len(known) and not clear and not behind else "say.ridge_ahead"
    return text.both(key, **_model(name), **numbers, open=len(known) - clear - behind)


def units_selected(compared: list[xr.Dataset], best: pd.DataFrame, agreement: pd.DataFrame) -> text.Bilingual:
    """Return two sentences per model: how many units the multi-task lasso uses, and how well both lassos agree."""
    return text.markdown([piece for one in compared for piece in _selected(one, best, agreement)])


def _selected(compared: xr.Dataset, best: pd.DataFrame, agreement: pd.DataFrame) -> list[text.Bilingual]:
    name = str(compared[MODEL].values)
    top = best[(best[MODEL] == name) & (best[ESTIMATOR] == OTHER)].dropna(subset=LAYER)
    of = compared["n_units"].sel({LAYER: top[LAYER].astype(int).to_numpy()})
    units = {"active": float(top["median_active"].median()), "n_units": int(of.median())}
    means = agreement[agreement[MODEL] == name].groupby(ESTIMATOR)[["jaccard", "expected"]].mean()
    values = {f"{kind}_{column}": float(means.loc[kind, column]) for kind in (OTHER, SINGLE) for column in means}
    return [
        text.both("say.lasso_units", **_model(name), **units),
        text.both("say.lasso_agreement", **_model(name), **values),
    ]


def _model(name: str) -> dict:
    return {"model": lambda labeller: labeller.name("model", name)}


def alphas_chosen(alphas: pd.DataFrame, rows: pd.DataFrame) -> text.Bilingual:
    """Return how many of the chosen alphas are at an edge of the grid, and how many fits stopped early."""
    return text.markdown([_edges(alphas), _unconverged(rows)])


def _edges(alphas: pd.DataFrame) -> text.Bilingual:
    hits = alphas[alphas["at_edge"]]
    if hits.empty:
        return text.both("say.no_edges", n=len(alphas))
    names = hits[ESTIMATOR].value_counts(sort=False)

    def counts(labeller: text.Labeller) -> str:
        return labeller.listed(
            f"{labeller.number(n, 0)} ({labeller.name('estimator', name)})" for name, n in names.items()
        )

    return text.both("say.edges", n=len(alphas), hits=len(hits), counts=counts)


def _unconverged(rows: pd.DataFrame) -> text.Bilingual:
    fits = rows.drop_duplicates([MODEL, ESTIMATOR, LAYER, SPLIT])
    n = int(fits["n_unconverged"].sum())
    if not n:
        return text.both("say.all_converged")
    chosen, worst = int((rows["alpha"] <= rows["worst_alpha"]).sum()), np.nanmax(fits["worst_alpha"])
    return text.both("say.unconverged", n=n, chosen=chosen, alpha=lambda labeller: labeller.power(worst))
