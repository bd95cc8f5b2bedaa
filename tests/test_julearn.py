"""julearn beside this project: the tables it is given, its own scores where it is installed, and its absence."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers import splits
from helpers.__main__ import main
from helpers.figures import julearn as figures
from helpers.names import UserError
from helpers.params import ModelEntry, Study
from helpers.pipeline import Work, julearn

SMALL = {"layers": 2, "width": 16, "heads": 2, "feed_forward": 32, "steps": 2, "checkpoints": [1], "batch": 2}
SMALL |= {"crop_s": 0.1, "span": 2, "components": 8, "codebooks": 2, "codes": 8, "warm_up": 1, "decoder_layers": 1}
PYTHON = julearn.PYTHON if julearn.PYTHON.exists() else None


@pytest.fixture
def work(small_brain, tmp_path, monkeypatch):
    monkeypatch.setattr(julearn, "ALPHAS", {"ridge": [1e-2, 1.0, 1e2, 1e4], "lasso": [1.0, 0.1, 0.01, 0.001]})
    models = [ModelEntry(name="mixture", family="mini", **SMALL)]
    return Work(Study(name="small", dataset="small", models=models), tmp_path)


def test_the_tables_hold_activations_components_and_splits(work):
    given = julearn.export(work, ["mixture"])
    task = json.loads((given / "task.json").read_text())
    data = pd.read_parquet(given / "mixture.parquet").set_index("sound")
    features = work.features("mixture").isel(step=-1).sel(layer=task["layers"]["mixture"])
    np.testing.assert_array_equal(data.filter(like="unit_").loc["s03"], features.sel(sound="s03").values.astype(float))
    assert data.loc["s07", "pitch"] == work.brain.components.sel(sound="s07", target="pitch").item()
    order = pd.read_parquet(given / "splits.parquet")
    expected = splits.permuted(list(work.brain.waveforms["sound"].values))
    np.testing.assert_array_equal(order.query("split == 4").sort_values("position")["sound"], expected.sel(split=4))


def test_a_missing_environment_is_said_and_the_chapter_goes_on(work, tmp_path):
    with pytest.raises(UserError, match="make julearn"):
        julearn.run(work, [], tmp_path / "nowhere" / "python")
    said = julearn.sentences(work).pieces
    assert "make julearn STUDY=small" in said["en"] and "entorno propio" in said["es"]
    assert julearn.table(work) is None and figures.compare(None, synthetic=True) is None


def finished(work, difference: float) -> None:
    """As if julearn had scored the exported tables, `difference` off."""
    given = julearn.export(work, ["mixture"])
    order, data = (pd.read_parquet(given / f"{name}.parquet") for name in ("splits", "mixture"))
    scores = julearn._ours(data, order, "mixture", json.loads((given / "task.json").read_text()))
    scores.assign(r2=scores["r2"] + difference).to_parquet(given / "scores.parquet")
    (given / "versions.json").write_text("{}")
    julearn.compare(work)


def test_scores_are_matched_and_said(work):
    finished(work, 1e-3)
    summary = julearn.summary(work)
    assert summary["largest_difference"].tolist() == pytest.approx([1e-3, 1e-3]) and (summary["same_alpha"] == 1).all()
    assert "10⁻³" in julearn.sentences(work).pieces["es"]
    figure = figures.compare(julearn.table(work), synthetic=True)
    np.testing.assert_allclose(figure.data[0].y - figure.data[0].x, 1e-3)


def test_a_comparison_of_other_activations_is_out_of_date(work, monkeypatch):
    finished(work, 0)
    before = julearn.stamp(work)
    assert julearn.table(work) is not None and before
    monkeypatch.setattr(julearn, "ALPHAS", {"ridge": [1.0, 2.0], "lasso": [1.0, 0.5]})
    assert julearn.table(work) is None and "no comparison" in julearn.sentences(work).pieces["en"]


@pytest.mark.skipif(PYTHON is None, reason="julearn's environment is not here; `make julearn` builds it")
def test_julearn_itself_agrees(work):
    both = julearn.run(work, ["mixture"], PYTHON)
    assert len(both) == 2 * 6 * 10
    ridge = both[both["estimator"] == "ridge"]
    np.testing.assert_allclose(ridge["r2_julearn"], ridge["r2_ours"], rtol=0, atol=1e-9)
    assert np.isclose(ridge["alpha_julearn"], ridge["alpha_ours"]).all()
    lasso = both[both["estimator"] == "lasso"]
    same = np.isclose(lasso["alpha_julearn"], lasso["alpha_ours"])
    assert same.mean() > 0.9
    np.testing.assert_allclose(lasso["r2_julearn"][same], lasso["r2_ours"][same], rtol=0, atol=1e-3)


def test_the_command_needs_components_and_an_environment(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(julearn, "PYTHON", tmp_path / "none")
    assert main(["julearn", "nothing"]) == 2
