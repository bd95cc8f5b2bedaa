"""The components by layer, model and checkpoint: scores, best layers, predictions of single sounds."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import encoding, stats, text
from helpers.names import CATEGORY, COMPONENTS, LAYER, MODEL, SOUND, SPLIT, STEP, TARGET
from helpers.study import Study

BEST = [MODEL, STEP, TARGET]  # a best layer is one of these


def scores(study: Study) -> list[xr.Dataset]:
    """Return scores (layer, split, target) of the components, of every network at every checkpoint, as kept on disk."""
    responses = study.responses(COMPONENTS)
    score = partial(study.keep, encoding.score, responses=responses, splits=study.splits, **study.encoding)
    return [score(features=features) for features in study.every_checkpoint()]


def predicted(study: Study, best: pd.DataFrame) -> pd.DataFrame:
    """Return the measured and predicted response of every sound, by the best model and layer of each component.

    `best` has a row per model, step and component, with its best layer. Both responses are in standard deviations of
    the measured one around its mean; a prediction is the mean over the splits that tested the sound, so never of a
    sound that was trained on (NaN: no split tested it). `r_pearson` is the correlation of both over sounds. Components
    that no layer predicts are left out.
    """
    responses = study.responses(COMPONENTS)
    top = stats.trained(best.dropna(subset=LAYER)).sort_values("median_r2").drop_duplicates(TARGET, keep="last")
    chosen = top.set_index(TARGET).reindex([name for name in responses[TARGET].values if name in set(top[TARGET])])
    parts = [_predicted(study, row, responses.sel({TARGET: [row.Index]})) for row in chosen.itertuples()]
    return pd.concat(parts, ignore_index=True)


def _predicted(study: Study, row, response: xr.DataArray) -> pd.DataFrame:
    layer = next(one for one in study.features(row.model, row.step) if int(one[LAYER]) == row.layer)
    how = {name: study.encoding[name] for name in ("estimator", "alphas", "device")}
    found = encoding.predict(layer, response, study.splits, **how).squeeze(TARGET, drop=True)
    measured = response.squeeze(TARGET, drop=True).sel({SOUND: found[SOUND]})
    mean, scale, n_splits = float(measured.mean()), float(measured.std()), found.notnull().sum(SPLIT)
    columns = {
        SOUND: found[SOUND].values,
        "measured": (measured.values - mean) / scale,
        "predicted": ((found.sum(SPLIT) / n_splits.where(n_splits > 0)).values - mean) / scale,
        "n_splits": n_splits.values,
        CATEGORY: study.brain.waveforms[CATEGORY].sel({SOUND: found[SOUND]}).values,
    }
    table = pd.DataFrame(columns).assign(**{TARGET: row.Index, MODEL: row.model, LAYER: int(row.layer)})
    return table.assign(r_pearson=table["measured"].corr(table["predicted"]))


def sentences(best: pd.DataFrame) -> text.Bilingual:
    """Return one sentence per component: the best model and layer, and the value of the untrained network."""
    last = stats.trained(best)
    return text.markdown([_sentence(last[last[TARGET] == target], best) for target in last[TARGET].unique()])


def _sentence(rows: pd.DataFrame, best: pd.DataFrame) -> text.Bilingual:
    top = rows.nlargest(1, "median_r2").iloc[0]
    component = {"component": lambda labeller: labeller.name("component", top[TARGET])}
    if np.isnan(top[LAYER]):
        return text.both("say.not_predicted", **component)
    same = (best[MODEL] == top[MODEL]) & (best[TARGET] == top[TARGET])
    before = stats.untrained(best[same])["median_r2"]
    values = component | {"model": lambda labeller: labeller.name("model", top[MODEL])}
    values |= {"r2": top["median_r2"], "layer": int(top[LAYER]), "n": int(top["n_splits"])}
    values |= {"q25": top["q25"], "q75": top["q75"], "metric": lambda labeller: labeller.name("metric", top["metric"])}
    if before.empty or top[STEP] == 0:
        return text.both("say.best_trained_only", **values)
    return text.both("say.best", untrained=float(before.iloc[0]), **values)
