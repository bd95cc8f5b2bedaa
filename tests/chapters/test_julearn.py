"""julearn beside this project: the tables it is given, its own scores where it is installed, and its absence."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers.__main__ import main
from helpers.chapters.regularisation import CHAPTER, ESTIMATORS, figures, julearn
from helpers.errors import UserError
from helpers.stats import selection
from helpers.study import Study
from helpers.study.params import Parameters
from small_study import SMALL

PYTHON = julearn.PYTHON if julearn.PYTHON.exists() else None


@pytest.fixture
def study(small_brain, tmp_path, monkeypatch):
    grids = {"ridge": [1e-2, 1.0, 1e2, 1e4], "lasso_single": [1.0, 0.1, 0.01, 0.001]}
    monkeypatch.setattr(julearn, "ALPHAS", grids)
    entry = {"name": "mixture", **SMALL, "crop_s": 0.1, "decoder_layers": 1}
    settings = {"name": "small", "dataset": "demo", "models": [entry]}
    settings |= {"encoding": {"alphas": [1e-3, 1e-1, 1e1, 1e3]}}
    return Study(Parameters.model_validate(settings), tmp_path)


def test_the_tables_hold_activations_components_and_splits(study):
    given = julearn.export(study, ["mixture"])
    task = json.loads((given / "task.json").read_text())
    data = pd.read_parquet(given / "models" / "mixture.parquet").set_index("sound")
    layer = task["layers"]["mixture"]
    features = next(one for one in study.features("mixture") if one["layer"] == layer)
    np.testing.assert_array_equal(data.filter(like="unit_").loc["s03"], features.sel(sound="s03").values.astype(float))
    components = study.responses("components")
    assert data.loc["s07", "pitch"] == components.sel(sound="s07", target="pitch").item()
    order = pd.read_parquet(given / "splits.parquet").query("split == 4").sort_values("position")
    expected = study.split("permuted").sel(split=4).sortby("position")
    np.testing.assert_array_equal(order["sound"], expected["sound"])
    np.testing.assert_array_equal(order["part"], expected)


def test_a_model_that_ridge_predicts_nothing_from_is_refused(study, monkeypatch):
    monkeypatch.setattr(selection, "best_for_all", lambda *_: np.nan)
    with pytest.raises(UserError, match="model 'mixture': ridge predicts no component"):
        julearn.export(study, ["mixture"])


def test_a_missing_environment_is_said_and_the_chapter_goes_on(study, tmp_path):
    with pytest.raises(UserError, match="make julearn"):
        julearn.run(study, [], tmp_path / "nowhere" / "python")
    said = julearn.sentences(study, None).pieces
    assert "make julearn STUDY=small" in said["en"] and "entorno propio" in said["es"]
    assert julearn.tables(study) == {} and figures.julearn(None, None, synthetic=True) is None


def finished(study, difference: float) -> None:
    """As if julearn had scored the exported tables, `difference` off."""
    given = julearn.export(study, ["mixture"])
    order, data = (pd.read_parquet(given / f"{name}.parquet") for name in ("splits", "models/mixture"))
    scores = julearn._ours(data, order, "mixture", json.loads((given / "task.json").read_text()))
    scores.assign(r2=scores["r2"] + difference).to_parquet(given / "scores.parquet")
    (given / "versions.json").write_text("{}")
    julearn.compare(study)


def test_scores_are_matched_and_said(study):
    finished(study, 1e-3)
    both, summary = (julearn.tables(study)[name] for name in ("julearn", "julearn_summary"))
    assert summary["estimator"].tolist() == ["ridge", "lasso_single"] and len(both) == 2 * 6 * 10
    assert summary["largest_difference"].tolist() == pytest.approx([1e-3, 1e-3]) and (summary["same_alpha"] == 1).all()
    figure = figures.julearn(both, summary, synthetic=True)
    np.testing.assert_allclose(figure.data[0].y - figure.data[0].x, 1e-3)


def test_the_lasso_of_one_target_at_a_time_is_called_the_single_task_one(study):
    finished(study, 1e-3)
    tables = julearn.tables(study)
    said = julearn.sentences(study, tables["julearn_summary"]).pieces
    assert "<strong>Single-task lasso</strong>" in said["en"] and "<strong>Lasso univariado</strong>" in said["es"]
    assert "ulti-task" not in said["en"] and "multitarea" not in said["es"] and "10⁻³" in said["es"]
    names = {trace.name for trace in figures.julearn(**_frames(tables), synthetic=True).data}
    assert "Single-task lasso" in names and "Multi-task lasso" not in names
    assert set(tables["julearn"]["estimator"]) <= set(ESTIMATORS)


def _frames(tables: dict) -> dict:
    return {"frame": tables["julearn"], "summary": tables["julearn_summary"]}


def test_what_the_chapter_shows_depends_on_the_comparison_at_hand(study):
    assert CHAPTER.outside(study) == ""
    finished(study, 0)
    first = CHAPTER.outside(study)
    finished(study, 1e-3)
    assert "" != first != CHAPTER.outside(study)


def test_showing_the_comparison_writes_nothing(study):
    finished(study, 0)
    before = {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()}
    julearn.sentences(study, julearn.tables(study)["julearn_summary"])
    assert {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()} == before


def other_alphas(study, monkeypatch):
    monkeypatch.setattr(julearn, "ALPHAS", {"ridge": [1.0, 2.0], "lasso_single": [1.0, 0.5]})


def other_components(study, monkeypatch):
    study.brain.responses["components"] = study.brain.responses["components"] + 1


def other_code(study, monkeypatch):
    monkeypatch.setattr(julearn, "code_digest", lambda *_: "changed")


@pytest.mark.parametrize("change", [other_alphas, other_components, other_code])
def test_a_comparison_of_something_else_is_out_of_date(study, monkeypatch, change):
    finished(study, 0)
    assert julearn.tables(study)
    change(study, monkeypatch)
    assert julearn.tables(study) == {} and "no comparison" in julearn.sentences(study, None).pieces["en"]


@pytest.mark.skipif(PYTHON is None, reason="julearn's environment is not here; `make julearn` builds it")
def test_julearn_itself_agrees(study):
    both = julearn.run(study, ["mixture"], PYTHON)
    assert len(both) == 2 * 6 * 10
    ridge = both[both["estimator"] == "ridge"]
    np.testing.assert_allclose(ridge["r2_julearn"], ridge["r2_ours"], rtol=0, atol=1e-9)
    assert np.isclose(ridge["alpha_julearn"], ridge["alpha_ours"]).all()
    lasso = both[both["estimator"] == "lasso_single"]
    same = np.isclose(lasso["alpha_julearn"], lasso["alpha_ours"])
    assert same.mean() > 0.9
    np.testing.assert_allclose(lasso["r2_julearn"][same], lasso["r2_ours"][same], rtol=0, atol=1e-3)


def test_the_command_needs_a_study_that_exists(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(julearn, "PYTHON", tmp_path / "none")
    assert main(["julearn", "nothing"]) == 2
    assert "no study 'nothing'" in capsys.readouterr().err
