"""Every network's nested-best layer for every target, beside baselines, untrained and permuted weights.

The layer is chosen on the train sounds of each split (`stats.nested_best`), so what is compared was never chosen on the
sounds that it is read on. Many targets with
regions or groups, such as voxels and electrodes, are summed up as the median over each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import stats, text
from helpers.models.base import TRAININGS
from helpers.models.weights import CONTROLS, MATCHED, PERMUTED, TRAINED, UNTRAINED
from helpers.names import LAYER, METRIC, MODEL, QUARTILES, SEED, SPLIT, TARGET
from helpers.plotting import facts
from helpers.stats.layers import relative_depth
from helpers.stats.references import BASELINE
from helpers.stats.targets import groups as groups_of
from helpers.study import Study

PLAIN = "r2_pearson"
ABOUT = {  # of controls
    PERMUTED: "say.controls_permuted",
    UNTRAINED: "say.controls_untrained",
    MATCHED: "say.controls_matched",
}
Scores = Mapping[str, Sequence[xr.Dataset]]  # set of responses -> scores of each network
VALUES = ["median_r2", "q25", "q75", LAYER, "relative"]


def responses(study: Study) -> dict[str, xr.DataArray]:
    """Return the sets of responses (sound, target[, repetition]) that networks are compared on: all that there are."""
    return {kind: study.responses(kind) for kind in study.brain.responses}


def metric(study: Study, scores: Scores) -> str:
    """Return the metric that all sets of responses allow: the study's own, else r2_pearson where any has only that."""
    names = [study.metric(own[0]) for own in scores.values()]
    return names[0] if len(set(names)) == 1 else PLAIN


def values(scores: Scores, references: Scores, metric: str) -> pd.DataFrame:
    """Return one row per network, role and target: r2 at the nested-best layer, and how deep that layer is.

    Columns model, role ("trained", a control of `weights.CONTROLS`, "baseline"), target, median_r2, q25 and q75 over
    splits, lowest_seed and highest_seed (of controls), layer (the most frequent choice), relative (its median depth
    from 0 to 1), n_seeds, metric.

    Parameters
    ----------
    scores : set of responses -> (layer, split, target) of each network
    references : the same of baselines and controls; those of controls have a `state` and a `seed`
    """
    found = [_nested(one, metric).assign(role=TRAINED, seed=0) for own in scores.values() for one in own]
    for one in (one for own in references.values() for one in own):
        role, seed = stats.role_of(one), int(one[SEED]) if SEED in one.coords else 0
        found.append(_nested(one, metric).assign(role=role, seed=seed))
    grouped = pd.concat(found, ignore_index=True).groupby([MODEL, "role", TARGET], sort=False, observed=True)
    extremes = {
        "lowest_seed": grouped["median_r2"].min(),
        "highest_seed": grouped["median_r2"].max(),
        "n_seeds": grouped[SEED].nunique(),
    }
    return grouped[VALUES].median().assign(**extremes).reset_index().assign(**{METRIC: metric})


def _nested(scores: xr.Dataset, metric: str) -> pd.DataFrame:
    """Return a row per target, or per region of targets, of one network."""
    found, groups = stats.nested_best(scores, metric).transpose(SPLIT, TARGET), groups_of(scores)
    numbers = scores[LAYER].values
    position = np.searchsorted(numbers, found["chosen"].values).astype(float)
    depth = relative_depth(np.where(np.isnan(found["chosen"].values), np.nan, position), len(numbers))
    rows = []
    for name, own in groups.items():
        low, middle, high = np.quantile(np.median(found["value"].values[:, own], 1), [0.25, 0.5, 0.75])
        row = {TARGET: name, "median_r2": middle, "q25": low, "q75": high}
        rows.append(row | {LAYER: _most_frequent(found["chosen"].values[:, own]), "relative": _median(depth[:, own])})
    return pd.DataFrame(rows).assign(**{MODEL: str(scores[MODEL].values)})


def _most_frequent(layers: np.ndarray) -> float:
    known, counts = np.unique(layers[np.isfinite(layers)], return_counts=True)
    return float(known[counts.argmax()]) if len(known) else np.nan


def _median(numbers: np.ndarray) -> float:
    return float(np.nanmedian(numbers)) if np.isfinite(numbers).any() else np.nan


def curves(scores: Scores, metric: str) -> pd.DataFrame:
    """Return r2 of each layer of each network: its median over splits and the quartiles.

    Columns model, layer, relative (0 first, 1 last), target, q25, median_r2, q75, metric. Of the targets of a group
    they are those of the median target of a split.
    """
    parts = []
    for one in (one for own in scores.values() for one in own):
        values = one[metric].transpose(SPLIT, LAYER, TARGET).values
        about = {MODEL: str(one[MODEL].values), LAYER: one[LAYER].values}
        about |= {"relative": relative_depth(np.arange(float(values.shape[1])), values.shape[1])}
        for name, own in groups_of(one).items():
            quartiles = np.quantile(np.median(values[..., own], -1), [0.25, 0.5, 0.75], axis=0)
            spread = dict(zip(QUARTILES, quartiles, strict=True))
            parts.append(pd.DataFrame(about | {TARGET: name} | spread))
    return pd.concat(parts, ignore_index=True).assign(**{METRIC: metric})


def cards(study: Study) -> pd.DataFrame:
    """Return what is known of each network and baseline: training, sounds, architecture, layers, licence, citation."""
    entries = [*study.parameters.models, *study.parameters.baselines]
    table = pd.DataFrame([_card(study, entry.name) for entry in entries])
    order = {training: place for place, training in enumerate(TRAININGS)}
    return table.sort_values("training", key=lambda own: own.map(order), kind="stable").reset_index(drop=True)


def _card(study: Study, name: str) -> dict:
    model = study.model(name)
    card, sizes = model.card, model.sizes
    known = {key: getattr(card, key) or None for key in ("training", "trained_on", "architecture")}
    sized = {"n_layers": sizes.n_layers, "n_units": sizes.n_units}
    return {MODEL: name} | known | sized | {"licence": card.licence or None, "citation": card.citation or None}


def of_networks(table: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return `values` or `curves` with each network's training and training sounds beside its numbers."""
    return table.merge(known[[MODEL, "training", "trained_on"]], on=MODEL, how="left", validate="many_to_one")


def best(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per target of `values`: the best network and its r2, those of its controls, the best baseline.

    Columns target, model, median_r2, q25, q75, untrained, permuted, matched, baseline, baseline_r2, metric; missing is
    NaN, and a control that no network of the study has is left out. Whether the best network is better than what stands
    beside it is said by `sentences`.
    """
    rows, controls = [], [control for control in CONTROLS if (table["role"] == control).any()]
    for target, own in table.groupby(TARGET, sort=False):
        top = own[own["role"] == TRAINED].nlargest(1, "median_r2").iloc[0]
        same = own[own[MODEL] == top[MODEL]].set_index("role")["median_r2"]
        row = {TARGET: target} | {key: top[key] for key in (MODEL, "median_r2", "q25", "q75")}
        row |= {control: same.get(control, np.nan) for control in controls}
        baselines = own[own["role"] == BASELINE].nlargest(1, "median_r2")
        row |= {"baseline": baselines[MODEL].iloc[0] if len(baselines) else None}
        rows.append(row | {"baseline_r2": baselines["median_r2"].iloc[0] if len(baselines) else np.nan})
    return pd.DataFrame(rows).assign(**{METRIC: table[METRIC].iloc[0]})


def sentences(table: pd.DataFrame, values: pd.DataFrame) -> text.Bilingual:
    """Return sentences per target of `best`: the best network, its controls, the best baseline, and what is as high.

    As high as the best network may be a baseline or a control, its own or another network's, among all `values`.
    """
    n_networks = values.loc[values["role"] == TRAINED, MODEL].nunique()
    beside = values[values["role"] != TRAINED]
    return text.markdown(
        [_sentence(row, beside[beside[TARGET] == row.target], n_networks) for row in table.itertuples()]
    )


def _sentence(row, others: pd.DataFrame, n_networks: int) -> text.Bilingual:
    words = {
        "target": lambda labeller: labeller.name("target", row.target),
        "first": lambda labeller: _first(row.model, n_networks, labeller),
        "metric": lambda labeller: labeller.name("metric", row.metric),
        "r2": row.median_r2, "q25": row.q25, "q75": row.q75,
    }  # fmt: skip
    beside = [control for control in CONTROLS if np.isfinite(getattr(row, control, np.nan))]

    def controls(labeller: text.Labeller) -> str:
        said = [labeller(f"beside.{control}", r2=float(getattr(row, control))) for control in beside]
        if np.isfinite(row.baseline_r2):
            name = labeller.name("model", row.baseline)
            said.append(labeller("beside.baseline", baseline=name, r2=float(row.baseline_r2)))
        return "; ".join(said)

    if not row.median_r2 > 0:
        rest = {"controls": lambda labeller: f"; {found}" if (found := controls(labeller)) else ""}
        return text.both("say.compared_none", target=words["target"], n=n_networks, **rest)
    if not beside and not np.isfinite(row.baseline_r2):
        return text.both("say.compared_alone", **words)
    as_high = partial(facts.against, others, row.median_r2)
    return text.both("say.compared", controls=controls, rivals=lambda labeller: as_high(labeller=labeller), **words)


def _first(model: str, n_networks: int, labeller: text.Labeller) -> str:
    return labeller(
        f"first.{'one' if n_networks == 1 else 'several'}", model=labeller.name("model", model), n=n_networks
    )


def about_beside(study: Study) -> text.Bilingual:
    """Return what the study's controls and baselines say, as far as it has them."""
    controls = {control for entry in study.parameters.models for control in entry.controls}
    said = [key for control, key in ABOUT.items() if control in controls]
    pieces = [text.both(key) for key in said + ["say.controls_learned"] * bool(said)]
    if names := study.baselines:
        pieces.append(text.both("say.above_baselines", names=text.listed(MODEL, names)))
    return text.markdown(pieces or [text.both("say.nothing_beside")])
