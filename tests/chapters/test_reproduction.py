"""Run and published curves meet by name; what cannot be compared is not."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from drawings import in_language
from helpers import brain, models, stats, text
from helpers.brain import published
from helpers.chapters import components, regularisation, reproduction
from helpers.chapters.reproduction import figures
from helpers.models.encodecmae import published as encodecmae
from helpers.stats import selection
from helpers.study import Parameters, Study

WEIGHTS = {"mixture": "mel256-ec-base", "mine": "mel256-ec-base-ll", "other": "nowhere.pt"}


@pytest.fixture
def study(small_brain, tmp_path, monkeypatch):
    """Three networks, two of them called by published weights (random ones in their place), on data said to be real."""
    monkeypatch.setattr(brain, "open", lambda *_: dataclasses.replace(small_brain, synthetic=False))
    example = models.FAMILIES["encodecmae"].example(tmp_path)
    monkeypatch.setattr(encodecmae, "located", lambda *_: tmp_path / "random.pt")
    entries = [
        {"name": name, "family": "encodecmae", "weights": weights, "heads": example["heads"]}
        for name, weights in WEIGHTS.items()
    ]
    chapters = ["03_components", "06_regularisation"]
    parameters = {"name": "small", "dataset": "demo", "models": entries, "chapters": chapters}
    return Study(Parameters.model_validate(parameters), tmp_path)


def test_points_are_joined_by_the_weights_name(study):
    points = reproduction.points(study)
    assert set(points["quantity"]) == {"components", "learning", "voxels", "regions", "ridge", "lasso"}
    assert set(points["model"]) == {"mixture", "speech"}  # "mine" has the speech weights, "other" nobody's
    curves = stats.curves(stats.rows(components.scores(study)))
    for name, model in (("mixture", "mixture"), ("mine", "speech")):
        where = f"layer == 2 and model == '{model}'"
        ours = curves.query(f"model == '{name}' and layer == 2 and target == 'pitch'")["median_r2"].item()
        read = published.table("components_by_layer")
        theirs = read.query(f"{where} and component == 'pitch'")["median_r2"].item()
        row = points.query(f"{where} and quantity == 'components' and target == 'pitch'")
        assert (row["run"].item(), row["published"].item()) == (ours, theirs)
    assert set(points.query("quantity == 'learning'")["step"]) == {500_000}
    row = points.query("quantity == 'lasso' and target == 'music' and layer == 2").iloc[0]
    ours = selection.curves(selection.rows([regularisation.scores(study, "mixture")]))
    ours = ours.query("estimator == 'lasso' and layer == 2").set_index("target")
    theirs = regularisation.overlay(study).query("estimator == 'lasso' and component == 'music' and layer == 2")
    assert row["run"] == ours.loc["music", "median_r2_determination"]
    assert row["published"] == theirs["median_r2"].item()
    assert not (study.folder / "tables").exists()  # the notebook writes them


def test_estimators_are_compared_only_where_the_study_has_their_chapter(study):
    parameters = study.parameters.model_copy(update={"chapters": ["03_components"]}).only(["mixture"])
    points = reproduction.points(Study(parameters, study.outputs))
    assert set(points["quantity"]) == {"components", "learning", "voxels", "regions"}


def test_a_series_of_checkpoints_is_the_mixtures_if_it_is_called_so(study):
    series = {"family": "encodecmae", "checkpoints": {0: "a.pt", 500_000: "b.pt"}}
    names = {name: reproduction.analysis._figure_name(entry(name, **series)) for name in ("mixture", "other")}
    assert names == {"mixture": "mixture", "other": None}
    assert reproduction.analysis._figure_name(entry("mixture", family="mini")) is None


def entry(name: str, **settings) -> models.ModelEntry:
    return models.ModelEntry(name=name, **settings)


def test_the_summary_counts_what_reading_does_not_explain(study):
    points = reproduction.points(study)
    curves = reproduction.curves(points)
    row = curves.query("quantity == 'regions' and target == 'Primary'").iloc[0]
    own = points.query("quantity == 'regions' and target == 'Primary'")
    difference = (own["run"] - own["published"]).abs()
    assert row["largest"] == difference.max() and row["n_beyond"] == (difference > own["uncertainty"]).sum() == 2
    said = reproduction.sentences(curves).pieces
    assert f"{len(points)} points" in said["en"] and f"{len(points)} puntos" in said["es"]
    table = reproduction.shown(curves).pieces["es"]
    assert "Primaria" in table and "Todas" in table and "Primary" not in table


def test_the_figure_holds_both_curves(study):
    points = reproduction.points(study)
    figure = figures.curve_by_curve(points, reproduction.curves(points), **study.look)
    labels = [button.label for button in figure.layout.updatemenus[0].buttons]
    place = labels.index("All voxels: Mixture network, All")
    run, read = figure.data[2 * place : 2 * place + 2]
    own = points.query("quantity == 'voxels' and model == 'mixture'")
    np.testing.assert_array_equal(run.y, own["run"])
    np.testing.assert_array_equal(read.y, own["published"])
    np.testing.assert_array_equal(read.error_y.array, own["uncertainty"])
    assert [trace.visible for trace in figure.data[:4]] == [True, True, False, False]
    button = in_language(figure, "es").layout.updatemenus[0].buttons[place]
    assert button.label == "Todos los vóxeles: Red de mezcla, Todas"


def test_nothing_is_compared_on_synthetic_data_or_with_other_networks(study, small_brain, monkeypatch):
    others = Study(study.parameters.only(["other"]), study.outputs)
    assert_nothing(others)
    monkeypatch.setattr(brain, "open", lambda *_: small_brain)
    assert_nothing(Study(study.parameters, study.outputs))


def assert_nothing(study: Study) -> None:
    points = reproduction.points(study)
    curves = reproduction.curves(points)
    assert isinstance(points, pd.DataFrame) and points.empty and curves.empty
    assert reproduction.sentences(curves) is None
    assert figures.curve_by_curve(points, curves, **study.look) is None
    assert "encodecmae" in reproduction.shown(curves).pieces["es"]
    assert isinstance(reproduction.shown(curves), text.Bilingual)
