"""Run and published curves meet by name; what cannot be compared is not."""

import dataclasses

import numpy as np
import pytest

from helpers import brain, figures, models, published, text
from helpers.models import encodecmae
from helpers.params import Study
from helpers.pipeline import Work, components, regularisation, reproduction
from test_figures import in_language

WEIGHTS = {"mixture": "mel256-ec-base", "mine": "mel256-ec-base-ll", "other": "nowhere.pt"}


@pytest.fixture
def work(small_brain, tmp_path, monkeypatch):
    """Three networks, two of them called by published weights (random ones in their place), on data said to be real."""
    monkeypatch.setattr(brain, "open", lambda *_: dataclasses.replace(small_brain, synthetic=False))
    example = models.FAMILIES["encodecmae"].example(tmp_path)
    monkeypatch.setattr(encodecmae, "located", lambda *_: tmp_path / "random.pt")
    entries = [
        {"name": name, "family": "encodecmae", "weights": weights, "heads": example["heads"]}
        for name, weights in WEIGHTS.items()
    ]
    study = {"name": "small", "dataset": "demo", "models": entries, "chapters": ["03_components", "06_regularisation"]}
    return Work(Study.model_validate(study), tmp_path)


def test_points_are_joined_by_the_weights_name(work):
    points = reproduction.points(work)
    assert set(points["quantity"]) == {"components", "learning", "voxels", "regions", "ridge", "lasso"}
    assert set(points["model"]) == {"mixture", "speech"}  # "mine" has the speech weights, "other" nobody's
    curves = components.curves(work)
    for name, model in (("mixture", "mixture"), ("mine", "speech")):
        where = f"layer == 2 and model == '{model}'"
        ours = curves.query(f"model == '{name}' and layer == 2 and target == 'pitch'")["median_r2"].item()
        read = published.table("components_by_layer")
        theirs = read.query(f"{where} and component == 'pitch'")["median_r2"].item()
        row = points.query(f"{where} and quantity == 'components' and target == 'pitch'")
        assert (row["run"].item(), row["published"].item()) == (ours, theirs)
    assert set(points.query("quantity == 'learning'")["step"]) == {500_000}
    row = points.query("quantity == 'lasso' and target == 'music' and layer == 2").iloc[0]
    ours = regularisation.curves(work).query("model == 'mixture' and estimator == 'lasso' and layer == 2")
    theirs = regularisation.overlay(work).query("estimator == 'lasso' and component == 'music' and layer == 2")
    assert row["run"] == ours.set_index("target").loc["music", "median_r2_determination"]
    assert row["published"] == theirs["median_r2"].item()


def test_the_summary_counts_what_reading_does_not_explain(work):
    points, curves = reproduction.points(work), reproduction.curves(work)
    row = curves.query("quantity == 'regions' and target == 'Primary'").iloc[0]
    own = points.query("quantity == 'regions' and target == 'Primary'")
    apart = (own["run"] - own["published"]).abs()
    assert row["largest"] == apart.max() and row["n_beyond"] == (apart > own["uncertainty"]).sum() == 2
    said = reproduction.sentences(work).pieces
    assert f"{len(points)} points" in said["en"] and "quedan" in said["es"]
    table = reproduction.shown(work).pieces["es"]
    assert "Primaria" in table and "Todas" in table and "Primary" not in table


def test_the_figure_holds_both_curves(work):
    points = reproduction.points(work)
    figure = figures.reproduction.curve_by_curve(points, **work.look)
    labels = [button.label for button in figure.layout.updatemenus[0].buttons]
    place = labels.index("All voxels: Mixture, All")
    run, read = figure.data[2 * place : 2 * place + 2]
    own = points.query("quantity == 'voxels' and model == 'mixture'")
    np.testing.assert_array_equal(run.y, own["run"])
    np.testing.assert_array_equal(read.y, own["published"])
    np.testing.assert_array_equal(read.error_y.array, own["uncertainty"])
    assert [trace.visible for trace in figure.data[:4]] == [True, True, False, False]
    assert in_language(figure, "es").layout.updatemenus[0].buttons[place].label == "Todos los vóxeles: Mezcla, Todas"


def test_nothing_is_compared_on_synthetic_data_or_with_other_networks(work, small_brain, monkeypatch):
    monkeypatch.setattr(brain, "open", lambda *_: small_brain)
    synthetic = Work(work.study, work.outputs)
    others = Work(work.study.only(["other"]), work.outputs)
    for nothing in (synthetic, others):
        assert reproduction.points(nothing).empty and reproduction.sentences(nothing) is None
        assert figures.reproduction.curve_by_curve(reproduction.points(nothing), **nothing.look) is None
        assert "encodecmae" in reproduction.shown(nothing).pieces["es"]
    assert isinstance(reproduction.shown(work), text.Bilingual)
