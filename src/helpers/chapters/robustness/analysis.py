"""Model recovery, and the networks' order under every reasonable way of comparing them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import encoding, stats, text
from helpers.encoding.simulate import DRAW, OF, TRUE_LAYER, TRUE_MODEL, simulated
from helpers.names import LAYER, METRIC, MODEL, REPETITION, SPLIT, TARGET
from helpers.stats.layers import best_position
from helpers.study import Study

MOST_TARGETS = 12  # of a set: each is simulated from every layer of every network
SCHEMES = ("published", "stratified")  # of splits; the study's own stands in for the first
METRICS = ("r2_pearson", "r2_determination")
NESTED, HIGHEST = "nested", "highest"  # how the layer is chosen: on the train sounds, or by the value itself
UNIVERSE = ["estimator", "choice", METRIC, "scheme"]
MODELS = 2  # with fewer there is nothing to tell apart


def responses(study: Study) -> xr.DataArray:
    """Return the smallest set of responses (sound, target), the mean of repetitions, at most MOST_TARGETS of them."""
    sets = [study.responses(kind) for kind in study.brain.responses]
    chosen = min(sets, key=lambda one: one.sizes[TARGET])
    chosen = chosen.mean(REPETITION) if REPETITION in chosen.dims else chosen
    at = np.linspace(0, chosen.sizes[TARGET] - 1, min(MOST_TARGETS, chosen.sizes[TARGET])).astype(int)
    return chosen.isel({TARGET: np.unique(at)})


def recovered(study: Study, measured: xr.DataArray, n_draws: int = 1) -> pd.DataFrame:
    """Return one row per simulated response: the network and layer it was made from, and those that are picked.

    Columns true_model, true_layer, of, draw, model, layer, r2 (of the picked network), true_r2 (of the true one). The
    layer is chosen on the train sounds, the network by its mean r2 over splits. Empty for a single network.
    """
    networks = list(study.last_checkpoints()) if len(study.models) >= MODELS else []
    found = study.keep(recover, networks=networks, responses=measured, splits=study.splits, n_draws=n_draws, seed=0)
    return found.to_dataframe().reset_index(drop=True)


def recover(
    networks: Sequence[Sequence[xr.DataArray]], responses: xr.DataArray, splits: xr.DataArray, n_draws: int, seed: int
) -> xr.Dataset:
    """Return the table of `recovered` as a dataset (row)."""
    if not networks:
        return xr.Dataset({name: ("row", np.array([])) for name in (TRUE_MODEL, TRUE_LAYER, OF, DRAW, MODEL, LAYER)})
    made = simulated([layer for network in networks for layer in network], responses, seed, n_draws)
    values, layers = [], []
    for network in networks:
        nested = stats.nested_best(encoding.score(network, made, splits, metrics=[METRICS[0]]), METRICS[0])
        values.append(nested["value"].mean(SPLIT).values)
        layers.append(_most_frequent(nested["chosen"].transpose(SPLIT, TARGET).values))
    values, layers = np.stack(values), np.stack(layers)
    names = np.array([str(network[0][MODEL].values) for network in networks])
    picked = values.argmax(0)
    truth = made[TRUE_MODEL].values
    true = np.array([np.flatnonzero(names == name)[0] for name in truth])
    at = np.arange(len(truth))
    columns = {name: made[name].values for name in (TRUE_MODEL, TRUE_LAYER, OF, DRAW)}
    columns |= {MODEL: names[picked], LAYER: layers[picked, at], "r2": values[picked, at], "true_r2": values[true, at]}
    columns["own_layer"] = layers[true, at]  # that is chosen of the true network
    return xr.Dataset({name: ("row", column) for name, column in columns.items()})


def _most_frequent(chosen: np.ndarray) -> np.ndarray:
    """Return the most frequent layer over splits (n_targets,), the shallowest of equals, of (n_splits, n_targets)."""
    numbers = np.unique(chosen[np.isfinite(chosen)])
    if not len(numbers):
        return np.full(chosen.shape[1], np.nan)
    counts = (chosen[None] == numbers[:, None, None]).sum(1)
    return np.where(counts.sum(0) > 0, numbers[counts.argmax(0)], np.nan)


def confusion(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the share of responses made from each network (true_model) for which each network (model) is picked.

    Columns true_model, model, picked_share, n (responses), layer_share (of those made from the network: the layer
    chosen in it is the true one), near_share (or one beside it).
    """
    found = []
    names = list(dict.fromkeys(rows[TRUE_MODEL]))
    for true in names:
        own = rows[rows[TRUE_MODEL] == true]
        off = (own["own_layer"] - own[TRUE_LAYER]).abs()
        layers = {"layer_share": (off == 0).mean(), "near_share": (off <= 1).mean(), "n": len(own)}
        found += [
            {TRUE_MODEL: true, MODEL: name, "picked_share": (own[MODEL] == name).mean()} | layers for name in names
        ]
    return pd.DataFrame(found, columns=[TRUE_MODEL, MODEL, "picked_share", "layer_share", "near_share", "n"])


def universes(study: Study, measured: xr.DataArray) -> pd.DataFrame:
    """Return the r2 of every network and target in every universe, a way of comparing them.

    Columns estimator, choice, metric, scheme, model, target, r2. A universe is a rule for alpha (`ridge`: each target
    its own, by leave-one-out; `ridge_kfold`: one for all), one for the layer, a metric, and a scheme of splits.
    """
    found = []
    for scheme in SCHEMES:
        splits = study.splits if scheme == SCHEMES[0] else study.split(scheme)
        how = {name: value for name, value in study.encoding.items() if name != "estimator"}
        score = partial(study.keep, encoding.score, responses=measured, splits=splits, **how)
        for features in study.last_checkpoints():
            for estimator in ("ridge", "ridge_kfold"):
                scores = score(features=features, estimator=estimator)
                for metric in METRICS:
                    found += _values(scores, estimator, metric, scheme)
    return pd.DataFrame(found)


def _values(scores: xr.Dataset, estimator: str, metric: str, scheme: str) -> list[dict]:
    medians = scores[metric].median(SPLIT).transpose(TARGET, LAYER).values
    known = np.nan_to_num(medians, nan=-np.inf)  # a constant target has no value at any layer
    chosen = {HIGHEST: np.where(np.isnan(best_position(medians)), 0, known.max(1))}
    if "loo_error" in scores:
        chosen[NESTED] = stats.nested_best(scores, metric)["value"].median(SPLIT).values
    return [
        {"estimator": estimator, "choice": choice, METRIC: metric, "scheme": scheme}
        | {MODEL: str(scores[MODEL].values), TARGET: target, "r2": float(value)}
        for choice, values in chosen.items()
        for target, value in zip(scores[TARGET].values.tolist(), values, strict=True)
    ]


def ranks(values: pd.DataFrame) -> pd.DataFrame:
    """Return each network's place (1: best) by its mean over targets in every universe: UNIVERSE, model, r2, rank."""
    means = values.groupby([*UNIVERSE, MODEL], sort=False)["r2"].mean().reset_index()
    return means.assign(rank=means.groupby(UNIVERSE, sort=False)["r2"].rank(ascending=False, method="min").astype(int))


def firsts(values: pd.DataFrame) -> pd.DataFrame:
    """Return for each target which network is first in most universes: target, model, n_first, n_universes, others."""
    rows = []
    for target, own in values.groupby(TARGET, sort=False):
        best = own.loc[own.groupby(UNIVERSE, sort=False)["r2"].idxmax(), MODEL]
        counts = best.value_counts()
        row = {TARGET: target, MODEL: counts.index[0], "n_first": int(counts.iloc[0]), "n_universes": len(best)}
        rows.append(row | {"others": ", ".join(counts.index[1:]) or None})
    return pd.DataFrame(rows)


def sentences(rows: pd.DataFrame, ranked: pd.DataFrame, heard: dict[str, int]) -> text.Bilingual:
    """Return how often the true network and layer are found, and which network leads in how many universes.

    heard : how many sounds networks were trained on that are trained here; said where these are not as many for all
    """
    if rows.empty:
        return text.both("say.one_network")
    off = (rows["own_layer"] - rows[TRUE_LAYER]).abs()
    n_networks = rows[TRUE_MODEL].nunique()
    right = rows[MODEL] == rows[TRUE_MODEL]
    numbers = {"share": 100 * float(right.mean()), "chance": 100 / n_networks}
    numbers |= {"layer": 100 * float((off == 0).mean()), "near": 100 * float((off <= 1).mean()), "n": len(rows)}
    numbers |= {f"{name}_chance": 100 * one for name, one in _by_chance(rows).items()}
    said = [text.both("say.recovered", n_networks=n_networks, **numbers)]
    if n_networks > 2 and not right.all():  # of two there is but one other
        to = rows.loc[~right, MODEL].value_counts()
        words = {"n": int(to.sum()), "n_to": int(to.iloc[0])}
        said.append(text.both("say.mistaken", **words, model=lambda labeller: labeller.name("model", to.index[0])))
    n_universes = len(ranked[UNIVERSE].drop_duplicates())
    first = ranked[ranked["rank"] == 1][MODEL].value_counts()
    names = {"model": lambda labeller: labeller.name("model", first.index[0])}
    lead = text.both("say.first_in", n_first=int(first.iloc[0]), n_universes=n_universes, **names)
    return text.markdown([text.paragraph(said), text.paragraph([lead, *_unequal(heard)])])


def _unequal(heard: dict[str, int]) -> list[text.Bilingual]:
    if len(set(heard.values())) < 2:
        return []

    def names(labeller: text.Labeller) -> str:
        return labeller.listed(
            labeller("say.heard", model=labeller.name("model", name), n=n) for name, n in heard.items()
        )

    return [text.both("say.unequal", names=names)]


def _by_chance(rows: pd.DataFrame) -> dict[str, float]:
    """Return how often a layer drawn at random would be the true one (layer), and it or one beside it (near)."""
    shares = []
    for _, own in rows.groupby(TRUE_MODEL):
        numbers = np.unique(own[TRUE_LAYER])
        away = np.abs(numbers[:, None] - own[TRUE_LAYER].to_numpy())
        shares += zip((away == 0).mean(0), (away <= 1).mean(0), strict=True)
    return dict(zip(("layer", "near"), map(float, np.mean(shares, 0)), strict=True))
