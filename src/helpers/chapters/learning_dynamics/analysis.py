"""How the components, and the voxels, are learned over training checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import spearmanr

from helpers import encoding, text
from helpers.brain import published
from helpers.chapters.comparison.leads import LEVEL, anonymous, without_each_sound
from helpers.chapters.voxelwise.tables import medians_of, references
from helpers.encoding.left_out import GROUP
from helpers.names import LAYER, MODEL, NOTE, STEP, TARGET, VOXELS
from helpers.stats import learning
from helpers.stats.intervals import holm, r2_difference
from helpers.study import Study
from helpers.study.study import BASELINES

SHOWN = 2  # components whose gain gets a sentence, those with the largest
STEPS = ("reached_step", "gained_step")  # by the way from 0, and by the gain over the first checkpoint


def series(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of models with more than one checkpoint."""
    several = table.groupby(MODEL)[STEP].transform("nunique") > 1
    return table[several].reset_index(drop=True)


def learned(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the step at which each component reaches most of its final value in each layer, with quartiles.

    rows: one per model, step, layer, split and component; steps are whole numbers.
    """
    return learning.learned(rows, metric).round(dict.fromkeys((*STEPS, "q25", "q75"), 0))


def gains(study: Study, responses: xr.DataArray, curves: pd.DataFrame) -> pd.DataFrame:
    """Return how much training adds to each component, and whether other sounds would say so too.

    Columns model, target, first_r2, last_r2 (r2_pearson at the first and the last checkpoint, mean over splits, at the
    layer chosen on the train sounds), gain, low, high (95 %, for other sounds), p_adjusted (two-sided, by Holm's method
    over all networks and components). By an estimator other than ridge no sound can be left out: r2 are the medians of
    the best layer, and low, high and p_adjusted are NaN.

    responses : (sound, component); curves : model, step, layer, target, median_r2 of every checkpoint
    """
    if study.parameters.encoding.estimator != "ridge":
        return learning.gains(curves).assign(low=np.nan, high=np.nan, p_adjusted=np.nan)
    steps = {model: own[STEP].agg(["min", "max"]).astype(int) for model, own in curves.groupby(MODEL, sort=False)}
    rows = [row for model, ends in steps.items() for row in _gains(study, responses, model, *ends)]
    columns = [MODEL, TARGET, "first_r2", "last_r2", "gain", "low", "high", "p_adjusted"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_adjusted=holm(table["p_adjusted"].to_numpy(float)))


def _gains(study: Study, responses: xr.DataArray, model: str, first: int, last: int) -> list[dict]:
    checkpoints = (study.features(model, step) for step in (last, first))
    found = [without_each_sound(study, responses, features) for features in checkpoints]
    rows = []
    for target in found[0][GROUP].values.tolist():
        after, before = (anonymous(one.sel({GROUP: target})) for one in found)
        gain = r2_difference(after, before, study.splits)
        values = {"first_r2": float(before["chosen_r2"].mean()), "last_r2": float(after["chosen_r2"].mean())}
        bounds = dict(zip(("low", "high"), gain.interval(), strict=True))
        own = {MODEL: model, TARGET: target, **values, "gain": gain.value, **bounds}
        rows.append(own | {"p_adjusted": gain.p_differs()})  # `gains` adjusts them
    return rows


def voxels(study: Study, names: list[str]) -> pd.DataFrame:
    """Return median and quartiles over voxels by model, step and layer, of the networks in `names`.

    Empty without voxels.
    """
    if not study.has(VOXELS):
        return pd.DataFrame(columns=[MODEL, STEP, LAYER, TARGET, "median_r2", "q25", "q75", NOTE, "metric"])
    return pd.DataFrame(
        [row for name in names for step in study.usable_steps(name) for row in _voxels(study, name, step)]
    )


def _voxels(study: Study, name: str, step: int) -> list[dict]:
    features, responses = study.features(name, step), study.responses(VOXELS)
    scores = study.keep(encoding.score, features=features, responses=responses, splits=study.splits, **study.encoding)
    metric = study.metric(scores)
    spread = medians_of(scores, metric).quantile([0.5, 0.25, 0.75], TARGET)
    return [
        {MODEL: name, STEP: step, LAYER: int(one[LAYER]), TARGET: VOXELS}
        | dict(zip(("median_r2", "q25", "q75"), one.values.tolist(), strict=True))
        | {NOTE: str(one[NOTE].values), "metric": metric}
        for one in spread.transpose(LAYER, ...)
    ]


def voxel_baselines(study: Study) -> pd.DataFrame | None:
    """Return the median r2 over voxels of the baselines, as `tables.references`; None without voxels or baselines."""
    if not study.has(VOXELS) or not study.baselines:
        return None
    responses = study.responses(VOXELS)
    score = partial(study.keep, encoding.score, responses=responses, splits=study.splits, **study.encoding)
    scores = [score(features=features) for features in study.references([BASELINES])]
    return references(scores, study.metric(scores[0]))


def left_out(study: Study) -> text.Bilingual | None:
    """Return which checkpoints could not be used, and why; None where all could."""
    for name in study.models:
        study.usable_steps(name)
    said = [
        text.both("say.left_out", model=model, reasons="; ".join(reasons)) for model, reasons in study.left_out.items()
    ]
    return text.markdown(said) if said else None


def overlay(study: Study) -> pd.DataFrame | None:
    """Return the published curves, for studies of the published network only."""
    families = {entry.family for entry in study.parameters.models}
    return published.table("learning_dynamics") if families == {"encodecmae"} and not study.brain.synthetic else None


def sentences(table: pd.DataFrame, gains: pd.DataFrame, curves: pd.DataFrame, trained_here: bool) -> text.Bilingual:
    """Return what training adds beyond chance, what of that is learned late, and whether first layers learn for longer.

    table: of `learned`; gains: of `gains`; curves: model and step of every checkpoint; trained_here: whether another
    seed of training could say otherwise.
    """
    if table.empty:
        return text.both("say.no_series")
    steps = {model: np.sort(own[STEP].unique()) for model, own in curves.groupby(MODEL, sort=False)}
    said = [text.paragraph(_said(model, rows, gains, steps[model])) for model, rows in table.groupby(MODEL, sort=False)]
    return text.markdown([*said, text.both("say.one_seed")] if trained_here else said)


def _said(model: str, rows: pd.DataFrame, gains: pd.DataFrame, steps: np.ndarray) -> list[text.Bilingual]:
    top = gains[gains[MODEL] == model].sort_values("gain", ascending=False, kind="stable")
    said = [text.both("say.of_model", model=lambda labeller: labeller.name("model", model))]
    if top["p_adjusted"].isna().all():
        return [*said, text.both("say.no_interval", component=_component(top.iloc[0][TARGET]), **_ends(top.iloc[0]))]
    certain = top["p_adjusted"] <= LEVEL
    gained, lost = top[certain & (top["gain"] > 0)], top[certain & (top["gain"] < 0)]
    if gained.empty:
        last = top.iloc[-1]
        least = _least(last) if lost.empty and last["high"] < 0 else ""  # worse, if that one is looked at alone
        words = {"k": len(top), "m": len(gains), "component": _component(top.iloc[0][TARGET]), "least": least}
        said.append(text.both("say.no_gain", **words, **_ends(top.iloc[0])))
    else:
        several = [row for _, row in gained.head(SHOWN).iterrows()]
        said += [text.both("say.gain", component=_component(row[TARGET]), **_ends(row)) for row in several]
        said.append(text.both("say.gained", n=len(gained), k=len(top)))
    if len(lost):
        worst = lost.iloc[-1]
        said.append(text.both("say.lost", n=len(lost), k=len(top), component=_component(worst[TARGET]), **_ends(worst)))
    grown = rows[(rows["final_r2"] > rows["first_r2"]) & (rows["reached_step"] > 0)]  # what was there is not learned
    grown = grown[grown[TARGET].isin(gained[TARGET])]
    if grown[LAYER].nunique() < 3 or grown[TARGET].nunique() < 2:
        return said
    said += [_order(grown, name, steps) for name in STEPS]
    varies = grown["reached_step"].nunique() > 1
    rho = spearmanr(grown[LAYER], grown["reached_step"]).statistic if varies else np.nan
    return [*said, text.both("say.layers", rho=float(rho), n=len(grown))]


def _order(grown: pd.DataFrame, column: str, steps: np.ndarray) -> text.Bilingual:
    """Return which component is the first and which the last to reach `column`, one of STEPS."""
    late = grown.groupby(TARGET, sort=False)[column].median().sort_values()
    first, last = np.searchsorted(steps, late.iloc[[0, -1]])
    if first == last:  # only interpolation would put them in an order
        between = {"before": int(steps[first - 1]), "after": int(steps[first])}
        return text.both(f"say.no_order.{column}", **between)
    words = {"first": _component(late.index[0]), "last": _component(late.index[-1])}
    return text.both(f"say.order.{column}", **words, first_step=int(late.iloc[0]), last_step=int(late.iloc[-1]))


def _least(row: pd.Series) -> Callable[[text.Labeller], str]:
    return lambda labeller: labeller("say.least", component=labeller.name("target", row[TARGET]), **_ends(row))


def _component(target: str):
    return lambda labeller: labeller.name("target", target)


def _ends(row: pd.Series) -> dict:
    return {name: float(row[name]) for name in ("first_r2", "last_r2", "gain", "low", "high", "p_adjusted")}
