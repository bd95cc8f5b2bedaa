"""The components by layer, model and checkpoint: scores, best layers, predictions of single sounds."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import encoding, stats, text
from helpers.models.weights import CONTROLS
from helpers.names import CATEGORY, COMPONENTS, LAYER, MODEL, SOUND, SPLIT, STEP, TARGET
from helpers.plotting import facts
from helpers.stats.references import DIGITS
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


def about_beside(study: Study, curves: pd.DataFrame) -> text.Bilingual | None:
    """Return what is drawn in grey beside the networks of `curves`, as far as the study has it; None for nothing."""
    entries = [entry for entry in study.parameters.models if entry.controls]
    controls = [one for one in CONTROLS if any(one in entry.controls for entry in entries)]
    names, seeds = study.baselines, [entry.seeds for entry in entries]
    said = []
    if (stats.trained(curves)[STEP] > 0).any() and (curves[STEP] == 0).any():
        said.append(text.both("say.beside_start"))
    if controls:
        key = "say.beside_controls" if len(set(seeds)) == 1 else "say.beside_controls_varied"

        def kinds(labeller: text.Labeller) -> str:
            return ", ".join(labeller.name("control", one) for one in controls)

        said.append(text.both(key, n=min(seeds), most=max(seeds), names=kinds))
    if names:

        def of_baselines(labeller: text.Labeller) -> str:
            return ", ".join(labeller.name("model", name) for name in names)

        said.append(text.both("say.beside_baselines", n=len(names), names=of_baselines))
    if not said:
        return None
    drawn = controls or (curves[STEP] == 0).any()
    return text.markdown([text.both("say.beside"), *said, *[text.both("say.beside_spread")] * bool(drawn)])


def sentences(best: pd.DataFrame, references: pd.DataFrame, n_layers: int) -> text.Bilingual:
    """Return how the best layers were chosen, then a sentence per component: model, layer, and what is as high.

    Parameters
    ----------
    best : a row per model, step and component, as `stats.best_rows` returns it
    references : baselines and controls, as `stats.references` returns them
    n_layers : of all networks, among which the highest is taken
    """
    last = stats.trained(best)
    said = [text.both("say.chosen_here", n=n_layers)]
    return text.markdown(
        said + [_sentence(last[last[TARGET] == target], best, references) for target in last[TARGET].unique()]
    )


def _sentence(rows: pd.DataFrame, best: pd.DataFrame, references: pd.DataFrame) -> text.Bilingual:
    top = rows.nlargest(1, "median_r2").iloc[0]
    component = {"component": lambda labeller: labeller.name("target", top[TARGET])}
    if np.isnan(top[LAYER]):
        return text.both("say.not_predicted", **component)
    same = (best[MODEL] == top[MODEL]) & (best[TARGET] == top[TARGET])
    before = stats.untrained(best[same])["median_r2"]
    values = component | {"model": lambda labeller: labeller.name("model", top[MODEL])}
    values |= {"r2": top["median_r2"], "layer": int(top[LAYER]), "n": int(top["n_splits"])}
    values |= {"q25": top["q25"], "q75": top["q75"], "metric": lambda labeller: labeller.name("metric", top["metric"])}
    beside = references[references[TARGET] == top[TARGET]]

    def start(labeller: text.Labeller) -> str:
        if before.empty or top[STEP] == 0:
            return ""
        r2 = float(before.iloc[0])
        return labeller(
            "start.as_high" if round(r2, DIGITS) >= round(top["median_r2"], DIGITS) else "start.lower", r2=r2
        )

    as_high = partial(facts.against, beside, float(top["median_r2"]))
    return text.both("say.best", start=start, rivals=lambda labeller: as_high(labeller=labeller), **values)
