"""The same regressions by julearn, run in an environment of its own: its input and its output.

`run` is a command: it writes to the study's folder `julearn`. Everything that the chapter shows reads that folder.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr

from helpers import text
from helpers.chapters.regularisation import analysis
from helpers.encoding.kfold import N_FOLDS, RidgeKFold
from helpers.encoding.lasso import SingleTaskLasso
from helpers.encoding.metrics import r2_determination
from helpers.encoding.splits import TEST, TRAIN
from helpers.errors import UserError
from helpers.names import COMPONENTS, ESTIMATOR, LAYER, MODEL, SOUND, SPLIT, TARGET, UNIT
from helpers.stats import selection
from helpers.store import files
from helpers.store.checkout import ROOT
from helpers.store.code import code_digest
from helpers.study import Study

SCRIPT = ROOT / "notebooks" / "appendix_julearn.py"
PYTHON = ROOT / ".venv-julearn" / "bin" / "python"
RIDGE, LASSO = analysis.REFERENCE, analysis.SINGLE  # julearn predicts one target at a time
# scikit-learn's ridge, which julearn calls, fails far below; at these ends alpha no longer matters
ALPHAS = {RIDGE: [10.0**k for k in range(-6, 13)], LASSO: [10.0**k for k in range(0, -8, -1)]}
CRITERION = {RIDGE: "r2", LASSO: "neg_mean_squared_error"}
TOLERANCE, MOST = 1e-6, 20_000
OURS = ("helpers.encoding.kfold", "helpers.encoding.lasso", "helpers.encoding.metrics")  # code behind our half


def folder(study: Study) -> Path:
    """Return the folder of julearn's input and output."""
    return study.folder / "julearn"


def run(study: Study, models: list[str], python: Path = PYTHON) -> pd.DataFrame:
    """Write the tables, let julearn score them, score them here, and return both; the chapter then shows them.

    Of `models`, or of the study's first one if there are none. Raises UserError where julearn's environment is missing
    or fails.
    """
    if not python.exists():
        raise UserError(f"{python} is missing; `make julearn` builds julearn's environment and runs this")
    given = export(study, models or study.models[:1])
    done = subprocess.run([python, SCRIPT, given], check=False)
    if done.returncode:
        raise UserError(f"julearn ended with {done.returncode}; its messages are above; `make julearn` rebuilds it")
    return compare(study)


def export(study: Study, models: list[str]) -> Path:
    """Write each model's best layer beside the components, the splits and the task, as Parquet and JSON.

    Returns their folder. Raises UserError for a model whose layers ridge predicts nothing from.
    """
    given = folder(study)
    layers = {name: _best_layer(study, name) for name in models}
    for name, layer in layers.items():
        files.write_table(given / "models" / f"{name}.parquet", _table(study, name, layer))
    files.write_table(given / "splits.parquet", study.split(analysis.SCHEME).to_dataframe().reset_index())
    task = _task(study, layers)
    files.write_text(given / "task.json", json.dumps(task | {"inputs": _inputs(study, task)}, indent=1))
    return given


def _best_layer(study: Study, name: str) -> int:
    """Return the layer in which ridge has the highest R², averaged over components."""
    curves = selection.curves(selection.rows([analysis.scores(study, name)]))
    layer = selection.best_for_all(curves, name, RIDGE)
    if np.isnan(layer):
        raise UserError(f"model '{name}': ridge predicts no component from any of its layers; choose another model")
    return layer


def _task(study: Study, layers: dict[str, int]) -> dict:
    """Return julearn's task, in addition to the tables."""
    targets = study.responses(COMPONENTS)[TARGET].values.tolist()
    task = {"models": list(layers), "layers": layers, "targets": targets, "alphas": ALPHAS, "criterion": CRITERION}
    return task | {"n_folds": N_FOLDS, "tolerance": TOLERANCE, "most": MOST}


def _inputs(study: Study, task: dict) -> str:
    """Return a digest of all that a comparison depends on; one that was made from something else is out of date."""
    features = [_features(study, name, layer).values for name, layer in task["layers"].items()]
    splits, responses = study.split(analysis.SCHEME), study.responses(COMPONENTS)
    arrays = [splits.values.tolist(), splits["position"].values, responses.values]
    return files.digest(*features, *arrays, responses[SOUND].values.tolist(), task, code_digest(*OURS))


def _features(study: Study, name: str, layer: int) -> xr.DataArray:
    return next(one for one in study.features(name) if int(one[LAYER]) == layer).transpose(SOUND, UNIT)


def _table(study: Study, name: str, layer: int) -> pd.DataFrame:
    x = _features(study, name, layer)
    units = pd.DataFrame(x.values.astype(np.float64), columns=[f"unit_{unit}" for unit in range(x.sizes[UNIT])])
    y = study.responses(COMPONENTS).sel({SOUND: x[SOUND].values}).transpose(SOUND, TARGET)
    targets = pd.DataFrame(y.values, columns=y[TARGET].values)
    return pd.concat([pd.DataFrame({SOUND: x[SOUND].values}), units, targets], axis=1)


def compare(study: Study) -> pd.DataFrame:
    """Score the exported tables here, write julearn's scores beside ours, and return them.

    A row per model, layer, estimator, target and split; columns that both have end in `_julearn` or `_ours`.
    """
    given = folder(study)
    task = _read(study, "task")
    theirs = pd.read_parquet(given / "scores.parquet").assign(**{LAYER: lambda t: t[MODEL].map(task["layers"])})
    order = pd.read_parquet(given / "splits.parquet")
    data = {name: pd.read_parquet(given / "models" / f"{name}.parquet") for name in task["models"]}
    ours = pd.concat([_ours(table, order, name, task) for name, table in data.items()])
    both = theirs.merge(ours, on=[MODEL, ESTIMATOR, TARGET, SPLIT], suffixes=("_julearn", "_ours"), validate="1:1")
    files.write_table(given / "compared.parquet", both)
    done = {"inputs": task["inputs"], "versions": _read(study, "versions")}
    done["compared"] = files.sha256(given / "compared.parquet")
    files.write_text(given / "done.json", json.dumps(done))
    return both


def _ours(data: pd.DataFrame, order: pd.DataFrame, name: str, task: dict) -> pd.DataFrame:
    """Return our test R² of one model's table, for each estimator, target and split, with alpha and seconds."""
    data = data.set_index(SOUND)
    units = [column for column in data if column.startswith("unit_")]
    rows = []
    for split, part in order.sort_values("position").groupby(SPLIT):
        train, test = (data.loc[part.loc[part["part"] == half, SOUND]] for half in (TRAIN, TEST))
        x = train[units].to_numpy(), test[units].to_numpy()
        for target in task["targets"]:
            for estimator in task["alphas"]:
                start = time.perf_counter()
                fitted = _estimator(estimator, *x, np.sort(task["alphas"][estimator])).fit(train[[target]].to_numpy())
                spent = time.perf_counter() - start
                r2 = r2_determination(fitted.test + fitted.mean, torch.tensor(test[[target]].to_numpy()))
                rows.append((name, estimator, target, split, float(r2), float(fitted.alpha), spent))
    return pd.DataFrame(rows, columns=[MODEL, ESTIMATOR, TARGET, SPLIT, "r2", "alpha", "seconds"])


def _estimator(name: str, x_train: np.ndarray, x_test: np.ndarray, alphas: np.ndarray) -> RidgeKFold | SingleTaskLasso:
    if name == RIDGE:
        return RidgeKFold(x_train, x_test, alphas)
    # the last fit at julearn's tolerance; the search needs none, as paths are exact
    return SingleTaskLasso(x_train, x_test, alphas, tolerance=TOLERANCE)


def _read(study: Study, name: str) -> dict:
    return json.loads((folder(study) / f"{name}.json").read_text(encoding="utf-8"))


def stamp(study: Study) -> str:
    """Return the inputs and results of the current comparison; empty without one."""
    done = folder(study) / "done.json"
    return done.read_text(encoding="utf-8") if done.exists() else ""


def tables(study: Study) -> dict[str, pd.DataFrame]:
    """Return the comparison `julearn` and its `julearn_summary`; empty without one of just these data and this code."""
    if not stamp(study):
        return {}
    task = _read(study, "task")
    known = set(task["models"]) <= set(study.models)
    if not known or _read(study, "done")["inputs"] != _inputs(study, _task(study, task["layers"])):
        return {}
    both = pd.read_parquet(folder(study) / "compared.parquet")
    return {"julearn": both, "julearn_summary": summary(both)}


def summary(both: pd.DataFrame) -> pd.DataFrame:
    """Return by estimator: the largest difference, the share of equal alphas, and the seconds that each took."""
    same = np.isclose(both["alpha_julearn"], both["alpha_ours"], rtol=1e-9)
    apart = (both["r2_julearn"] - both["r2_ours"]).abs()
    grouped = both.assign(apart=apart, same=same).groupby(ESTIMATOR, sort=False)
    columns = {"n_fits": grouped.size(), "largest_difference": grouped["apart"].max()}
    columns["same_alpha"] = grouped["same"].mean()
    columns |= {f"seconds_{name}": grouped[f"seconds_{name}"].sum() for name in ("julearn", "ours")}
    return pd.DataFrame(columns).reset_index()


def sentences(study: Study, summary: pd.DataFrame | None) -> text.Bilingual:
    """Return how well both agree and why they differ, or how to get the comparison where there is no `summary`."""
    if summary is None:
        return text.both("say.no_julearn", study=study.source)
    n_targets = study.responses(COMPONENTS).sizes[TARGET]
    agree = [text.both("say.julearn", **_agreement(row)) for row in summary.itertuples()]
    return text.markdown([*agree, text.both("say.julearn_differs", n=n_targets)])


def _agreement(row) -> dict:
    return {
        "estimator": lambda labeller: labeller.name("estimator", row.estimator),
        "n": int(row.n_fits),
        "apart": lambda labeller: labeller.power(row.largest_difference),
        "same": float(100 * row.same_alpha),
        "theirs": float(row.seconds_julearn),
        "ours": float(row.seconds_ours),
    }
