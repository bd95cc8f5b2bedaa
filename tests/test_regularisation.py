"""Chapter 06 on a small study: the tables' numbers, the figures' contents, the sentences, what it refuses."""

import numpy as np
import pytest

from helpers import selection
from helpers.figures import regularisation as figures
from helpers.figures import selection as drawn
from helpers.names import UserError
from helpers.params import ModelEntry, Study
from helpers.pipeline import Work, regularisation
from helpers.text import labellers

SMALL = {"layers": 2, "width": 16, "heads": 2, "feed_forward": 32, "steps": 2, "checkpoints": [1], "batch": 2}
SMALL |= {"crop_s": 0.1, "span": 2, "components": 8, "codebooks": 2, "codes": 8, "warm_up": 1, "decoder_layers": 1}


@pytest.fixture
def work(small_brain, tmp_path):
    models = [ModelEntry(name="mixture", family="mini", **SMALL)]
    return Work(Study(name="small", dataset="small", models=models), tmp_path)


@pytest.fixture
def tables(work):
    return regularisation.curves(work), regularisation.alphas(work), regularisation.agreement(work)


def test_tables_are_labelled_and_kept(work, tables):
    curves, alphas, agreement = tables
    assert len(curves) == 3 * 2 * 6 and set(curves["estimator"]) == {"ridge", "lasso", "lasso_single"}
    assert set(curves["layer"]) == {1, 2} and (curves["n_splits"] == 10).all()
    assert set(agreement[agreement.estimator == "lasso"]["target"]) == {"all"}
    assert (alphas[alphas.estimator == "ridge"]["target"] == "all").all()
    names = {path.stem for path in (work.folder / "tables").iterdir()}
    assert names >= {f"regularisation_{name}" for name in ("scores", "curves", "alphas", "agreement")}
    assert set(regularisation.shared(work)["layer"]) <= {1, 2}


def test_nothing_is_fitted_twice(work, monkeypatch):
    regularisation.rows(work)
    again = Work(work.study, work.outputs)
    monkeypatch.setattr(regularisation.comparison, "compare", lambda *a, **k: pytest.fail("computed again"))
    assert regularisation.compared(again, "mixture")["active"].dtype == bool


def test_the_curves_drawn_are_the_table(tables):
    curves, *_ = tables
    figure = figures.by_layer(curves, None, merged_last=True, synthetic=True)
    ridge = [trace for trace in figure.data if trace.name == "Ridge"]
    rows = curves[(curves.estimator == "ridge") & (curves.target == "pitch")]
    np.testing.assert_array_equal(ridge[3].y, rows.sort_values("layer")["median_r2_determination"])
    assert ridge[0].marker.symbol[-1] == "diamond" and "coefficient of determination" in figure.layout.yaxis3.title.text
    assert "Synthetic" in figure.layout.title.text


def test_published_values_are_an_overlay_of_their_own(tables):
    from helpers import published

    overlay = published.table("ridge_vs_lasso").query("figure == 'models_alphas.png'")
    figure = figures.by_layer(tables[0], overlay, merged_last=True, synthetic=False)
    added = [trace for trace in figure.data if "published" in trace.name]
    assert len(added) == 12 and all(trace.visible == "legendonly" for trace in added)
    row = overlay.query("estimator == 'lasso' and component == 'lowfreq' and layer == 3").iloc[0]
    assert added[1].y[2] == row["median_r2"] == 0.789 and added[1].x[2] == 3


def test_alphas_show_the_edges_of_the_grid_and_what_lies_there(tables):
    _, alphas, _ = tables
    marked = alphas.assign(alpha=np.where(alphas.index == alphas.index[0], 1e29, alphas["alpha"]))
    marked = marked.assign(at_edge=marked["alpha"].isin(regularisation.EDGES))
    figure = figures.alphas(marked, regularisation.EDGES, merged_last=True, synthetic=True)
    assert {shape.y0 for shape in figure.layout.shapes} == set(regularisation.EDGES) == {1e-30, 1e29}
    crosses = [trace for trace in figure.data if trace.marker.symbol == "x"]
    assert sum(len(trace.x) for trace in crosses) == marked["at_edge"].sum() >= 1
    assert all(axis.type == "log" for axis in figure.select_yaxes())


def test_units_and_agreement_are_drawn_beside_what_chance_gives(work, tables):
    curves, _, agreement = tables
    units = drawn.units(curves, regularisation.n_units(work), merged_last=True, synthetic=True)
    assert "16" in units.data[0].hovertemplate and len(units.data) == 7
    figure = drawn.agreement(agreement, merged_last=True, synthetic=True)
    one = next(trace for trace in figure.data if trace.name == "All six, by chance")
    rows = agreement[agreement.estimator == "lasso"].sort_values("layer")
    np.testing.assert_array_equal(one.y, rows["expected"])
    shared = drawn.shared(regularisation.shared(work), synthetic=True)
    grid = np.asarray(shared.data[0].z, float)
    assert grid.shape == (6, 6) and np.isnan(grid.diagonal()).all()


def test_differences_and_metrics_are_drawn_from_their_tables(work, tables):
    table = regularisation.differences(work)
    figure = figures.differences(table, synthetic=True)
    np.testing.assert_array_equal(figure.data[0].x, table["difference"])
    np.testing.assert_allclose(figure.data[0].x + figure.data[0].error_x.array, table["high"])
    pairs = figures.metrics(tables[0], synthetic=True)
    rows = tables[0].query("estimator == 'ridge' and target == 'lowfreq'")
    np.testing.assert_array_equal(pairs.data[0].x, rows["median_r2_pearson"])
    np.testing.assert_array_equal(pairs.data[0].y, rows["median_r2_determination"])


def test_sentences_take_their_numbers_from_the_tables(work, monkeypatch):
    table = regularisation.differences(work)
    said = regularisation.sentences(work).pieces
    mean = labellers()["en"].number(table["difference"].mean(), 3)
    assert mean in said["en"] and "aventaja" in said["es"]
    monkeypatch.setattr(
        regularisation, "alphas", lambda work: selection.chosen(regularisation.rows(work)).assign(at_edge=False)
    )
    assert "None of the" in regularisation.sentences(work).pieces["en"]


def test_a_dataset_without_components_is_refused(work, small_brain):
    from dataclasses import replace

    work.__dict__["brain"] = replace(small_brain, components=None)
    with pytest.raises(UserError, match="leave 06_regularisation out"):
        regularisation.compared(work, "mixture")
