"""How the components, and the voxels, are learned over training checkpoints."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from helpers import encoding, text
from helpers.brain import published
from helpers.chapters.voxelwise.tables import medians_of, references
from helpers.names import LAYER, MODEL, NOTE, STEP, TARGET, VOXELS
from helpers.stats import learning
from helpers.study import Study
from helpers.study.study import BASELINES

SHOWN = 2  # components whose gain gets a sentence, those with the largest


def series(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of models with more than one checkpoint."""
    several = table.groupby(MODEL)[STEP].transform("nunique") > 1
    return table[several].reset_index(drop=True)


def learned(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the step at which each component reaches most of its final value in each layer, with quartiles.

    rows: one per model, step, layer, split and component; steps are whole numbers.
    """
    return learning.learned(rows, metric).round({"reached_step": 0, "q25": 0, "q75": 0})


def gains(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the median of the best layer at the first and the last checkpoint, by model and component."""
    return learning.gains(curves)


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


def sentences(table: pd.DataFrame, gains: pd.DataFrame, curves: pd.DataFrame) -> text.Bilingual:
    """Return which components are learned late, and whether first layers learn for longer.

    table: of `learned`; gains: of `gains`; curves: model and step of every checkpoint.
    """
    if table.empty:
        return text.both("say.no_series")
    steps = {model: np.sort(own[STEP].unique()) for model, own in curves.groupby(MODEL, sort=False)}
    networks = table.groupby(MODEL, sort=False)
    return text.markdown([text.paragraph(_said(model, rows, gains, steps[model])) for model, rows in networks])


def _said(model: str, rows: pd.DataFrame, gains: pd.DataFrame, steps: np.ndarray) -> list[text.Bilingual]:
    top = gains[gains[MODEL] == model].sort_values("gain", ascending=False, kind="stable")
    gained = top[top["gain"].round(2) > 0]  # as it is shown
    pieces = [(row, "say.gain") for _, row in gained.head(SHOWN).iterrows()] or [(top.iloc[0], "say.no_gain")]
    said = [text.both("say.of_model", model=lambda labeller: labeller.name("model", model))]
    said += [text.both(key, component=_component(row[TARGET]), **_ends(row)) for row, key in pieces]
    lost = top[top["gain"].round(2) < 0]
    if len(gained) and len(lost):
        worst = lost.iloc[-1]
        said.append(text.both("say.lost", n=len(lost), k=len(top), component=_component(worst[TARGET]), **_ends(worst)))
    grown = rows[(rows["final_r2"] > rows["first_r2"]) & (rows["reached_step"] > 0)]  # what was there is not learned
    grown = grown[grown[TARGET].isin(gained[TARGET])]  # not in some layer alone
    if grown[LAYER].nunique() < 3:
        return said
    late = grown.groupby(TARGET, sort=False)["reached_step"].median().sort_values()
    if len(late) > 1:
        first, last = np.searchsorted(steps, late.iloc[[0, -1]])
        if first == last:  # only interpolation would put them in an order
            between = {"before": int(steps[first - 1]), "after": int(steps[first])}
            said.append(text.both("say.no_order", **between))
        else:
            words = {"first": _component(late.index[0]), "last": _component(late.index[-1])}
            said.append(text.both("say.order", **words, first_step=int(late.iloc[0]), last_step=int(late.iloc[-1])))
    varies = grown["reached_step"].nunique() > 1
    rho = spearmanr(grown[LAYER], grown["reached_step"]).statistic if varies else np.nan
    return [*said, text.both("say.layers", rho=float(rho), n=len(grown))]


def _component(target: str):
    return lambda labeller: labeller.name("target", target)


def _ends(row: pd.Series) -> dict:
    return {name: float(row[name]) for name in ("first_r2", "last_r2", "gain")}
