"""Tidy frames: one row per thing that is said or drawn, made from labelled scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
import xarray as xr

from helpers.models.mel import BANDS, HIGHEST, LOWEST, log_mel, mel_bank
from helpers.names import LAYER, MODEL, SOUND, SPLIT, STEP, TARGET, UNIT
from helpers.params import ModelEntry
from helpers.regression import RidgeLOO
from helpers.similarity import participation_ratio

CURVE = [MODEL, STEP, LAYER, TARGET]


def tidy(scores: xr.Dataset) -> pd.DataFrame:
    """Scores (step, layer, split, target) of one model, which is its scalar coordinate, as one row per fit."""
    frame = scores.to_dataframe().reset_index()
    first = [MODEL, STEP, LAYER, SPLIT, TARGET]
    return frame[first + [name for name in scores.data_vars if name not in first]]


def curves(rows: pd.DataFrame, metric: str = "r2_pearson") -> pd.DataFrame:
    """Median and quartiles of `metric` over splits, per model, step, layer and target."""
    grouped = rows.groupby(CURVE, sort=False, observed=True)[metric]
    table = grouped.quantile([0.25, 0.5, 0.75]).unstack().set_axis(["q25", "median_r2", "q75"], axis=1)
    table["n_splits"] = grouped.count()
    return table.reset_index()[[*CURVE, "median_r2", "q25", "q75", "n_splits"]].assign(metric=metric)


def best_layers(table: pd.DataFrame) -> pd.DataFrame:
    """Per model, step and target the row of `curves` with the highest median; of equals the shallowest layer."""
    by_depth = table.sort_values(LAYER, kind="stable")
    highest = by_depth.groupby([MODEL, STEP, TARGET], sort=False, observed=True)["median_r2"].idxmax()
    order = table.drop_duplicates([MODEL, STEP, TARGET])[[MODEL, STEP, TARGET]]
    return order.merge(table.loc[highest], on=[MODEL, STEP, TARGET], how="left")[list(table)]


def predicted(x: xr.DataArray, y: xr.DataArray, train: xr.DataArray) -> pd.DataFrame:
    """Mean ridge prediction of each sound over the splits that test it.

    x (sound, unit), y (sound,), train (split, sound). In standard deviations of y around its mean; sounds that no split
    tests are NaN.
    """
    totals, counts = np.zeros(len(y)), np.zeros(len(y))
    for mask in train.values:
        fitted = RidgeLOO(x.values[mask], x.values[~mask]).fit(y.values[mask, None])
        totals[~mask] += fitted.test[:, 0].numpy() + y.values[mask].mean()
        counts[~mask] += 1
    mean, scale = float(y.mean()), float(y.std())
    found = np.divide(totals, counts, out=np.full(len(y), np.nan), where=counts > 0)
    columns = {
        "measured": (y.values - mean) / scale,
        "predicted": (found - mean) / scale,
        "n_splits": counts.astype(int),
    }
    return pd.DataFrame({SOUND: y[SOUND].values} | columns)


def trained(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of each model's last training step."""
    return table[table[STEP] == table.groupby(MODEL)[STEP].transform("max")].reset_index(drop=True)


def untrained(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of step 0: networks before any training."""
    return table[table[STEP] == 0].reset_index(drop=True)


def counted(categories: xr.DataArray) -> pd.DataFrame:
    """Categories in the order of their first sound, with their number of sounds."""
    counts = categories.to_series().value_counts(sort=False)
    return counts.rename_axis("category").reset_index(name="n_sounds")


def network(entry: ModelEntry, features: xr.DataArray) -> dict:
    """One row that says what a model is."""
    learned_from = entry.settings.get("categories", []) if entry.family == "mini" else None
    return {
        MODEL: entry.name,
        "family": entry.family,
        "n_layers": features.sizes[LAYER],
        "n_units": features.sizes[UNIT],
        "steps": ", ".join(str(step) for step in features[STEP].values),
        "learned_from": None if learned_from is None else ", ".join(learned_from) or "all",
    }


def dimensions(features: xr.DataArray) -> pd.DataFrame:
    """Participation ratio of every layer (layer, sound, unit)."""
    values = [participation_ratio(features.sel({LAYER: layer}).values) for layer in features[LAYER]]
    frame = pd.DataFrame({LAYER: features[LAYER].values, "dimensions": values})
    return frame.assign(**{MODEL: str(features[MODEL].values), STEP: int(features[STEP])})


def spectra(waveforms: xr.DataArray) -> pd.DataFrame:
    """Mean log mel spectrum of each category's sounds (sound, sample); bands that hold no FFT bin are left out."""
    corners = np.linspace(*(1127 * np.log1p(hertz / 700) for hertz in (LOWEST, HIGHEST)), BANDS + 2)
    centres = 700 * np.expm1(corners[1:-1] / 1127) / 1000
    used = (mel_bank().sum(1) > 0).numpy()
    sounds = zip(waveforms.values, waveforms["n_samples"].values, strict=True)
    levels = np.stack([log_mel(torch.from_numpy(wave[None, :length]))[0].mean(0).numpy() for wave, length in sounds])
    means = (
        pd.DataFrame(levels[:, used], columns=centres[used]).groupby(waveforms["category"].values, sort=False).mean()
    )
    return means.rename_axis(index="category", columns="frequency_khz").stack().rename("level").reset_index()


def component_sentences(best: pd.DataFrame) -> list[tuple[str, dict]]:
    """(text key, values) per component, from `best_layers`; names are asked of the labeller when they are said."""
    rows = trained(best)
    return [_sentence(rows[rows[TARGET] == target], best[best[TARGET] == target]) for target in rows[TARGET].unique()]


def _sentence(rows: pd.DataFrame, all_steps: pd.DataFrame) -> tuple[str, dict]:
    top = rows.nlargest(1, "median_r2").iloc[0]
    before = untrained(all_steps).query(f"{MODEL} == @top.{MODEL}")["median_r2"]
    values = {
        "component": lambda labeller: labeller.name("component", top[TARGET]),
        "model": lambda labeller: labeller.name("model", top[MODEL]),
        "r2": top["median_r2"],
        "layer": int(top[LAYER]),
        "n": int(top["n_splits"]),
        "q25": top["q25"],
        "q75": top["q75"],
    }
    if before.empty or top[STEP] == 0:
        return "say.best_trained_only", values
    return "say.best", values | {"untrained": float(before.iloc[0])}
