# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["lang-es"]
# # Apéndice: lo mismo con julearn
#
# Corre en un entorno propio, porque julearn 0.3.4 no es compatible con las bibliotecas actuales (`make julearn`). Lee
# las tablas que escribió el proyecto, hace la validación cruzada con julearn y escribe sus puntajes. El capítulo sobre
# *ridge* y *lasso* los muestra junto a los nuestros.

# %% [markdown] tags=["lang-en"]
# # Appendix: the same with julearn
#
# It runs in an environment of its own, because julearn 0.3.4 is incompatible with current libraries (`make julearn`).
# It reads the tables that the project wrote, cross-validates with julearn and writes its scores. The chapter on ridge
# and lasso shows them beside ours.

# %% tags=["parameters"]
folder = "outputs/demo/julearn"  # written by `python -m helpers julearn STUDY`

# %%
import json
import sys
import time
import warnings
from pathlib import Path

import julearn
import pandas as pd
import sklearn
from julearn import PipelineCreator, run_cross_validation
from julearn.utils import configure_logging
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso
from sklearn.model_selection import KFold

folder = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
task = json.loads((folder / "task.json").read_text())
splits = pd.read_parquet(folder / "splits.parquet")


# %% [markdown] tags=["lang-es"]
# Las medias que se restan son las de los sonidos de entrenamiento de cada partición; el alfa se elige por validación
# cruzada en bloques contiguos de esos sonidos. julearn predice un componente por vez, así que el *lasso* es el
# univariado.

# %% [markdown] tags=["lang-en"]
# The means that are subtracted are those of each split's train sounds; alpha is chosen by cross-validation on
# contiguous folds of these sounds. julearn predicts one component at a time, so the lasso is the single-task one.


# %%
def pipeline(estimator: str) -> PipelineCreator:
    model = "ridge" if estimator == "ridge" else Lasso(tol=task["tolerance"], max_iter=task["most"])
    creator = PipelineCreator(problem_type="regression", apply_to="unit")
    creator.add("zscore", with_std=False)
    creator.add(model, name="model", alpha=task["alphas"][estimator])
    return creator


# %%
def outer(sounds: list[str]) -> list[tuple]:
    place = {sound: position for position, sound in enumerate(sounds)}
    rows = splits.assign(row=splits["sound"].map(place)).sort_values(["split", "position"])
    parts = [split.groupby("part")["row"].apply(list) for _, split in rows.groupby("split")]
    return [(part["train"], part["test"]) for part in parts]


# %%
def scores(data: pd.DataFrame, estimator: str, target: str) -> pd.DataFrame:
    units = [column for column in data if column.startswith("unit_")]
    search = {"kind": "grid", "cv": KFold(task["n_folds"]), "scoring": task["criterion"][estimator]}
    start = time.perf_counter()
    found, _ = run_cross_validation(
        X=units, y=target, X_types={"unit": units}, data=data, model=pipeline(estimator), cv=outer(list(data["sound"])),
        scoring="r2", search_params=search, return_estimator="all",
    )  # fmt: skip
    spent = time.perf_counter() - start
    alphas = [fitted.best_params_["model__alpha"] for fitted in found["estimator"]]
    frame = pd.DataFrame(
        {"split": sorted(splits["split"].unique()), "r2": found["test_score"].to_numpy(), "alpha": alphas}
    )
    return frame.assign(estimator=estimator, target=target, seconds=spent / len(frame))


# %%
configure_logging(level="ERROR")
warnings.simplefilter("ignore", ConvergenceWarning)  # at alphas that are not chosen
tables = []
for model in task["models"]:
    data = pd.read_parquet(folder / "models" / f"{model}.parquet")
    for estimator in task["alphas"]:
        for target in task["targets"]:
            tables.append(scores(data, estimator, target).assign(model=model))
            print(f"julearn: {model}, {estimator}, {target}: {tables[-1]['seconds'].sum():.1f} s", flush=True)

# %%
versions = {"julearn": julearn.__version__, "scikit-learn": sklearn.__version__}
(folder / "versions.json").write_text(json.dumps(versions))
pd.concat(tables).to_parquet(folder / "scores.part", index=False)
(folder / "scores.part").replace(folder / "scores.parquet")  # atomically
