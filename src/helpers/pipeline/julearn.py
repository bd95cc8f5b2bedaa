"""The same regressions by julearn, which lives in an environment of its own: what it is given and what it gave back."""

from __future__ import annotations

import html
import json
import subprocess
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from helpers import splits, storage, text
from helpers.names import ESTIMATOR, LAYER, MODEL, SOUND, SPLIT, STEP, TARGET, UNIT, UserError
from helpers.params import ROOT
from helpers.pipeline import regularisation
from helpers.pipeline.work import Work
from helpers.regression import lasso_kfold, ridge_kfold
from helpers.regression.kfold import N_FOLDS
from helpers.regression.lasso import ROUNDS

SCRIPT = ROOT / "notebooks" / "appendix_julearn.py"
PYTHON = ROOT / ".venv-julearn" / "bin" / "python"
# scikit-learn's ridge, which julearn calls, gives up far below; at these ends alpha has stopped mattering already
ALPHAS = {"ridge": [10.0**k for k in range(-6, 13)], "lasso": [10.0**k for k in range(0, -8, -1)]}
CRITERION = {"ridge": "r2", "lasso": "neg_mean_squared_error"}
TOLERANCE, MOST = 1e-6, 20_000
COLUMNS = [MODEL, LAYER, ESTIMATOR, TARGET, SPLIT]


def folder(work: Work) -> Path:
    return work.folder / "julearn"


def run(work: Work, models: list[str], python: Path = PYTHON) -> pd.DataFrame:
    """Write the tables, let julearn score them, score them here; raises UserError where its environment is missing."""
    if not python.exists():
        raise UserError(f"{python} is missing; `make julearn` builds julearn's environment and runs this")
    given = export(work, models or work.model_names[:1])
    done = subprocess.run([python, SCRIPT, given], check=False)
    if done.returncode:
        raise UserError(f"julearn ended with {done.returncode}; its words are above; `make julearn` rebuilds it")
    return compare(work)


def export(work: Work, models: list[str]) -> Path:
    """Each model's best layer beside the components, the splits and the task, as Parquet and JSON; the folder."""
    given = folder(work)
    chosen = {name: _best_layer(work, name) for name in models}
    for name, layer in chosen.items():
        storage.write_table(given / f"{name}.parquet", _table(work, name, layer))
    order = splits.permuted(list(work.brain.waveforms[SOUND].values)).to_dataframe().reset_index()
    storage.write_table(given / "splits.parquet", order)
    task = {"models": models, "layers": chosen, "targets": list(work.brain.components[TARGET].values)}
    task |= {"alphas": ALPHAS, "criterion": CRITERION, "n_folds": N_FOLDS, "tolerance": TOLERANCE, "most": MOST}
    storage.write_text(given / "task.json", json.dumps(task | {"inputs": _inputs(work, chosen)}, indent=1))
    return given


def _best_layer(work: Work, name: str) -> int:
    """The layer in which ridge has the highest R2, mean over components."""
    table = regularisation.curves(work)
    table = table[(table[MODEL] == name) & (table[ESTIMATOR] == "ridge")]
    return int(table.groupby(LAYER)["median_r2_determination"].mean().idxmax())


def _features(work: Work, name: str, layer: int) -> xr.DataArray:
    return work.features(name).isel({STEP: -1}).sel({LAYER: layer}).transpose(SOUND, UNIT)


def _table(work: Work, name: str, layer: int) -> pd.DataFrame:
    x = _features(work, name, layer)
    units = pd.DataFrame(x.values.astype(np.float64), columns=[f"unit_{unit}" for unit in range(x.sizes[UNIT])])
    y = work.brain.components.sel({SOUND: x[SOUND].values}).transpose(SOUND, TARGET)
    targets = pd.DataFrame(y.values, columns=y[TARGET].values)
    return pd.concat([pd.DataFrame({SOUND: x[SOUND].values}), units, targets], axis=1)


def _inputs(work: Work, chosen: dict[str, int]) -> str:
    """What a comparison depends on; one that was made from something else is out of date."""
    features = [_features(work, name, layer).values for name, layer in chosen.items()]
    return storage.digest(*features, work.brain.components.values, ALPHAS, chosen)


def compare(work: Work) -> pd.DataFrame:
    """julearn's scores beside ours of the same tables; written to tables/julearn.parquet."""
    given = folder(work)
    task = json.loads((given / "task.json").read_text(encoding="utf-8"))
    theirs = pd.read_parquet(given / "scores.parquet").assign(**{LAYER: lambda t: t[MODEL].map(task["layers"])})
    order = pd.read_parquet(given / "splits.parquet")
    ours = pd.concat([_ours(pd.read_parquet(given / f"{name}.parquet"), order, name, task) for name in task["models"]])
    both = theirs.merge(ours, on=[MODEL, ESTIMATOR, TARGET, SPLIT], suffixes=("_julearn", "_ours"), validate="1:1")
    work.kept("julearn", both)
    versions = json.loads((given / "versions.json").read_text(encoding="utf-8"))
    storage.write_text(given / "done.json", json.dumps({"inputs": task["inputs"], "versions": versions}))
    return both


def _ours(data: pd.DataFrame, order: pd.DataFrame, name: str, task: dict) -> pd.DataFrame:
    data = data.set_index(SOUND)
    units = [column for column in data if column.startswith("unit_")]
    # every alpha at julearn's tolerance: this is to be the same procedure, not the faster one
    lasso = partial(lasso_kfold, multi_task=False, rounds=(ROUNDS[-1],), tolerance=TOLERANCE)
    rows = []
    for split, part in order.sort_values("position").groupby(SPLIT):
        train, test = (data.loc[part.loc[part["half"] == half, SOUND]] for half in ("train", "test"))
        for target in task["targets"]:
            for estimator, fit in (("ridge", ridge_kfold), ("lasso", lasso)):
                start = time.perf_counter()
                alphas = np.sort(task["alphas"][estimator])
                fitted = fit(train[units], train[[target]], test[units], alphas)
                spent = time.perf_counter() - start
                y = test[target].to_numpy()
                r2 = 1 - np.square(y - fitted.test[:, 0]).sum() / np.square(y - y.mean()).sum()
                row = (name, estimator, target, split, r2, fitted.alpha[0], spent)
                rows.append(row)
    return pd.DataFrame(rows, columns=[MODEL, ESTIMATOR, TARGET, SPLIT, "r2", "alpha", "seconds"])


def stamp(work: Work) -> str:
    """What the comparison at hand was made from; empty where there is none. A chapter that shows it depends on it."""
    done = folder(work) / "done.json"
    return done.read_text(encoding="utf-8") if done.exists() else ""


def table(work: Work) -> pd.DataFrame | None:
    """The comparison, if there is one of just these activations and components."""
    given, kept = folder(work), work.folder / "tables" / "julearn.parquet"
    if not (kept.exists() and (given / "done.json").exists()):
        return None
    task, done = (json.loads((given / f"{name}.json").read_text(encoding="utf-8")) for name in ("task", "done"))
    known = set(task["models"]) <= set(work.model_names)
    current = known and done["inputs"] == _inputs(work, task["layers"])
    return pd.read_parquet(kept) if current else None


def summary(work: Work) -> pd.DataFrame | None:
    """By estimator: how far both agree, how often they choose the same alpha, and what each took."""
    both = table(work)
    if both is None:
        return None
    grouped = both.assign(apart=(both["r2_julearn"] - both["r2_ours"]).abs(), same=_same(both)).groupby(
        ESTIMATOR, sort=False
    )
    columns = {
        "n_fits": grouped.size(),
        "largest_difference": grouped["apart"].max(),
        "same_alpha": grouped["same"].mean(),
    }
    columns |= {f"seconds_{name}": grouped[f"seconds_{name}"].sum() for name in ("julearn", "ours")}
    return work.kept("julearn_summary", pd.DataFrame(columns).reset_index())


def _same(both: pd.DataFrame) -> np.ndarray:
    return np.isclose(both["alpha_julearn"], both["alpha_ours"], rtol=1e-9)


def sentences(work: Work) -> text.Bilingual:
    """How well both agree and why they differ, or how to get the comparison."""
    rows = summary(work)
    if rows is None:
        return text.both("say.no_julearn", study=html.escape(work.source))
    said = [text.both("say.julearn", **_said(row)) for row in rows.itertuples()]
    return text.markdown([*said, text.both("say.julearn_differs")])


def _said(row) -> dict:
    return {
        "estimator": lambda labeller: labeller.name("estimator", row.estimator),
        "n": int(row.n_fits),
        "apart": lambda labeller: labeller.power(row.largest_difference),
        "same": float(100 * row.same_alpha),
        "theirs": float(row.seconds_julearn),
        "ours": float(row.seconds_ours),
    }
