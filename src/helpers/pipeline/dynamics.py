"""Chapter 04: how the components (and voxels) are learned over training checkpoints."""

from __future__ import annotations

import html
from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from helpers import dynamics, published, text
from helpers.names import LAYER, MODEL, STEP, TARGET
from helpers.pipeline import components
from helpers.pipeline.work import Work
from helpers.voxels import medians_of, metric_of

VOXELS = "voxels"  # in the column `target`: the median over all voxels


def curves(work: Work) -> pd.DataFrame:
    """Median r² over splits by model, step, layer and component, of models with more than one checkpoint."""
    table = components.curves(work)
    several = table.groupby(MODEL)[STEP].transform("nunique") > 1
    return table[several].reset_index(drop=True)


@cache
def voxels(work: Work) -> pd.DataFrame:
    """Median over voxels of r² by model, step and layer; empty where the study has no voxels or no series."""
    if work.brain.voxels is None:
        return pd.DataFrame(columns=[MODEL, STEP, LAYER, TARGET, "median_r2", "metric"])
    rows = [row for name in dict.fromkeys(curves(work)[MODEL]) for row in _voxel_rows(work, name)]
    return work.kept("dynamics_voxels", pd.DataFrame(rows))


def _voxel_rows(work: Work, name: str) -> list[dict]:
    scores = work.scores(name, VOXELS, work.brain.voxels)
    steps = [scores.sel({STEP: step}) for step in scores[STEP].values]
    return [
        {MODEL: name, STEP: int(one[STEP]), LAYER: int(layer), TARGET: VOXELS, "median_r2": float(value)}
        | {"metric": metric_of(scores)}
        for one in steps
        for layer, value in zip(one[LAYER].values, medians_of(one).median("target").values, strict=True)
    ]


def learned(work: Work) -> pd.DataFrame:
    """The step at which each component reaches 95 % of its final value in each layer, with quartiles over splits."""
    table = dynamics.learned(components.scores(work))
    return work.kept("dynamics_learned", table.round({"reached_step": 0, "q25": 0, "q75": 0}))


def gains(work: Work) -> pd.DataFrame:
    """r² of the best layer at the first and the last checkpoint."""
    return work.kept("dynamics_gains", dynamics.gains(curves(work)))


def left_out(work: Work) -> text.Bilingual | None:
    """Checkpoints that could not be used, and why; nothing where all could."""
    for name in work.model_names:
        work.activations(name)
    said = [
        text.both("say.left_out", model=name, reasons=html.escape("; ".join(reasons)))
        for name, reasons in work.left_out.items()
    ]
    return text.markdown(said) if said else None


def overlay(work: Work) -> pd.DataFrame | None:
    """The published curves, for studies of the published network only."""
    families = {entry.family for entry in work.study.models}
    return published.table("learning_dynamics") if families == {"encodecmae"} and not work.brain.synthetic else None


def sentences(work: Work) -> text.Bilingual:
    """Which components are learned late, and whether first layers learn longer, from the table of steps."""
    table = learned(work)
    if table.empty:
        return text.both("say.no_series")
    return text.markdown(
        [piece for model, rows in table.groupby(MODEL, sort=False) for piece in _said(work, model, rows)]
    )


def _said(work: Work, model: str, rows: pd.DataFrame) -> list[text.Bilingual]:
    name = {"model": lambda labeller: labeller.name("model", model)}
    grown = rows[rows["final_r2"] > rows["first_r2"]]
    said = [
        text.both("say.gain", **name, **_component(row), **_ends(row)) for _, row in _gains_of(work, model).iterrows()
    ]
    if grown[LAYER].nunique() < 3:
        return said
    late = grown.groupby(TARGET, sort=False)["reached_step"].median().sort_values()
    words = {
        "first": _component({TARGET: late.index[0]})["component"],
        "last": _component({TARGET: late.index[-1]})["component"],
    }
    said.append(text.both("say.order", **name, **words, first_step=int(late.iloc[0]), last_step=int(late.iloc[-1])))
    rho, p_value = (
        spearmanr(grown[LAYER], grown["reached_step"]) if grown["reached_step"].nunique() > 1 else (np.nan, np.nan)
    )
    return [*said, text.both("say.layers", **name, rho=float(rho), p=float(p_value), n=len(grown))]


def _gains_of(work: Work, model: str) -> pd.DataFrame:
    table = gains(work)
    return table[table[MODEL] == model].sort_values("gain", ascending=False).head(2)


def _component(row) -> dict:
    return {"component": lambda labeller, target=row[TARGET]: labeller.name("component", target)}


def _ends(row: pd.Series) -> dict:
    return {name: float(row[name]) for name in ("first_r2", "last_r2", "gain")}
