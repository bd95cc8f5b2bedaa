"""The components by layer, model and checkpoint: scores, best layers, predictions of single sounds."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import encoding, stats, text
from helpers.models.weights import UNTRAINED
from helpers.names import CATEGORY, COMPONENTS, LAYER, MODEL, SOUND, SPLIT, STEP, TARGET
from helpers.plotting import facts
from helpers.stats.references import BASELINE, DIGITS
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


def about_beside(references: pd.DataFrame) -> text.Bilingual | None:
    """Return what is drawn in grey beside the networks, baselines and controls; None for nothing.

    references : as `stats.references` returns them
    """
    controls = references[references["role"] != BASELINE]
    names = references.loc[references["role"] == BASELINE, MODEL].unique()
    draws = controls.groupby("role", sort=False)["n_seeds"].agg(["min", "max"])
    said = []
    if len(controls):

        def kinds(labeller: text.Labeller) -> str:
            return labeller.listed(
                _drawn(labeller, *one, same=_n_alike(controls, one.Index)) for one in draws.itertuples()
            )

        said.append(text.both("say.beside_controls", names=kinds))
    if len(names):
        said.append(text.both("say.beside_baselines", n=len(names), names=text.listed(MODEL, names)))
    if not said:
        return None
    said += [text.both("say.beside_spread")] if (controls["n_seeds"] > 1).any() else []
    return text.markdown([text.both("say.beside"), *said])


def _drawn(labeller: text.Labeller, role: str, fewest: int, most: int, same: int) -> str:
    key = "control.drawn" if fewest == most else "control.drawn_varied"
    alike = labeller("control.same", n=same) if same else ""
    return labeller(key, name=labeller.name("control", role), n=int(fewest), most=int(most), same=alike)


def _n_alike(controls: pd.DataFrame, role: str) -> int:
    """Return of how many networks the controls of a role are the same, because these start alike; 0: of none."""
    own = controls[controls["role"] == role]
    wide = own.pivot_table("median_r2", [LAYER, TARGET], MODEL)
    alike = wide.shape[1] > 1 and wide.notna().to_numpy().all() and (wide.nunique(axis=1) == 1).all()
    return wide.shape[1] if alike else 0


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
        said + [_sentence(last[last[TARGET] == target], references) for target in last[TARGET].unique()]
    )


def _sentence(rows: pd.DataFrame, references: pd.DataFrame) -> text.Bilingual:
    top = rows.nlargest(1, "median_r2").iloc[0]
    component = {"component": lambda labeller: labeller.name("target", top[TARGET])}
    if np.isnan(top[LAYER]):
        return text.both("say.not_predicted", **component)
    values = component | {"model": lambda labeller: labeller.name("model", top[MODEL])}
    values |= {"r2": top["median_r2"], "layer": int(top[LAYER]), "n": int(top["n_splits"])}
    values |= {"q25": top["q25"], "q75": top["q75"], "metric": lambda labeller: labeller.name("metric", top["metric"])}
    beside = references[references[TARGET] == top[TARGET]]

    own = beside[(beside["role"] == UNTRAINED) & (beside[MODEL] == top[MODEL])]["median_r2"].max()

    def start(labeller: text.Labeller) -> str:
        lower = round(own, DIGITS) < round(top["median_r2"], DIGITS)  # one that is no lower is among the rivals
        return labeller("say.untrained", r2=float(own)) if lower else ""

    as_high = partial(facts.against, beside, float(top["median_r2"]))
    return text.both("say.best", start=start, rivals=lambda labeller: as_high(labeller=labeller), **values)
