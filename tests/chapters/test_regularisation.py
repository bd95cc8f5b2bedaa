"""Chapter 06 on a small study: the tables' numbers, the figures' contents, the sentences, what is computed again."""

import numpy as np
import pandas as pd
import pytest

from helpers import encoding
from helpers.chapters import regularisation
from helpers.chapters.regularisation import CHAPTER, figures
from helpers.encoding.splits import train_share
from helpers.errors import UserError
from helpers.stats import selection
from helpers.store import files
from helpers.study import Study
from helpers.study.params import Parameters
from helpers.text import labellers
from small_study import SMALL

GRID = [3e-3, 3e-2, 3e-1, 3e0, 3e1, 3e2]
LOOK = {"synthetic": True}


def opened(folder, alphas=None, models=("mixture",)) -> Study:
    entries = [{"name": name, **SMALL, "layers": 2} for name in models]
    settings = {"name": "small", "dataset": "demo", "models": entries, "encoding": {"alphas": alphas}}
    return Study(Parameters.model_validate(settings), folder)


@pytest.fixture
def study(small_brain, tmp_path):
    return opened(tmp_path, GRID)


@pytest.fixture
def compared(study):
    return [regularisation.scores(study, name) for name in study.models]


@pytest.fixture
def tables(study, compared):
    rows = selection.rows(compared)
    curves = selection.curves(rows)
    best = selection.best(curves)
    share = train_share(study.split(regularisation.SCHEME))
    return {
        "rows": rows, "curves": curves, "best": best, "alphas": selection.chosen(rows),
        "agreement": regularisation.agreement(compared), "shared": regularisation.shared(compared, curves),
        "differences": selection.differences(rows, best, share, "ridge", "lasso"),
    }  # fmt: skip


def test_tables_are_labelled(tables):
    curves, alphas, agreement = (tables[name] for name in ("curves", "alphas", "agreement"))
    assert len(curves) == 3 * 2 * 6 and set(curves["estimator"]) == {"ridge", "lasso", "lasso_single"}
    assert set(curves["layer"]) == {1, 2} and (curves["n_splits"] == 10).all()
    assert set(agreement[agreement.estimator == "lasso"]["target"]) == {"all"}
    assert (alphas[alphas.estimator == "ridge"]["target"] == "all").all()
    assert set(tables["shared"]["layer"]) <= {1, 2} and len(tables["shared"]) == 15
    for frame in (curves, alphas, agreement):
        assert frame.groupby("layer")["note"].first().tolist() == ["", "merged"]


def test_getters_write_nothing_but_kept_results(study, tables):
    written = {path.relative_to(study.folder).parts[0] for path in study.folder.rglob("*") if path.is_file()}
    assert written == {"models", "results"}


def test_nothing_is_fitted_twice(study, compared, monkeypatch):
    monkeypatch.setattr(files, "write_array", lambda *a, **k: pytest.fail("computed again"))
    again = regularisation.scores(Study(study.parameters, study.outputs), "mixture")
    np.testing.assert_array_equal(again["r2_determination"], compared[0]["r2_determination"])
    assert again["active"].dtype == bool


def test_other_alphas_are_other_scores(study, compared):
    """A study with another grid must not read the scores of the old one from disk."""
    other = regularisation.scores(opened(study.outputs, [7.0, 70.0]), "mixture")
    assert set(compared[0]["alpha"].values.flat) <= set(GRID)
    assert set(other["alpha"].values.flat) <= {7.0, 70.0} and selection.edges(other) == (7.0, 70.0)
    again = regularisation.scores(study, "mixture")
    np.testing.assert_array_equal(again["alpha"], compared[0]["alpha"])


def test_without_alphas_the_grid_is_that_of_the_estimators(small_brain, tmp_path):
    compared = regularisation.scores(opened(tmp_path), "mixture")
    assert selection.edges(compared) == (1e-30, 1e29) and compared.attrs["n_alphas"] == 60


def test_the_notebook_reads_what_scores_keeps(study, compared, monkeypatch):
    """The visible lines of the chapter and the function that other chapters call are the same computation."""
    monkeypatch.setattr(files, "write_array", lambda *a, **k: pytest.fail("computed again"))
    how = study.encoding | {"splits": study.split(regularisation.SCHEME), "metrics": regularisation.METRICS}
    how |= {"responses": study.responses("components"), "estimator": "multi_task_lasso"}
    assert study.is_kept(encoding.score, features=study.features("mixture"), **how)


def test_the_curves_drawn_are_the_table(tables):
    figure = figures.by_layer(tables["curves"], None, **LOOK)
    ridge = [trace for trace in figure.data if trace.name == "Ridge"]
    rows = tables["curves"].query("estimator == 'ridge' and target == 'pitch'")
    np.testing.assert_array_equal(ridge[3].y, rows.sort_values("layer")["median_r2_determination"])
    assert ridge[0].marker.symbol[-1] == "diamond"


def test_published_values_are_an_overlay_of_their_own(study, small_brain, tables):
    assert regularisation.overlay(study) is None
    object.__setattr__(small_brain, "synthetic", False)
    overlay = regularisation.overlay(study)
    figure = figures.by_layer(tables["curves"], overlay, synthetic=False)
    added = [trace for trace in figure.data if "published" in (trace.name or "")]
    assert len(added) == 12 and all(trace.visible == "legendonly" for trace in added)
    row = overlay.query("estimator == 'lasso' and component == 'lowfreq' and layer == 3").iloc[0]
    assert added[1].y[2] == row["median_r2"] == 0.789 and added[1].x[2] == 3


def test_alphas_show_the_edges_of_the_grid_and_what_lies_there(compared, tables):
    edges = selection.edges(compared[0])
    assert edges == (GRID[0], GRID[-1])
    np.testing.assert_array_equal(tables["alphas"]["at_edge"], tables["alphas"]["alpha"].isin(edges))
    figure = figures.alphas(tables["alphas"], edges, **LOOK)
    assert {shape.y0 for shape in figure.layout.shapes} == set(edges)
    crosses = [trace for trace in figure.data if trace.marker.symbol == "x"]
    assert sum(len(trace.x) for trace in crosses) == tables["alphas"]["at_edge"].sum() >= 1


def test_units_and_agreement_are_drawn_beside_what_chance_gives(compared, tables):
    units = figures.units(tables["curves"], selection.n_units(compared), **LOOK)
    assert "16" in units.data[0].hovertemplate and len(units.data) == 7
    figure = figures.agreement(tables["agreement"], **LOOK)
    rows = tables["agreement"].query("estimator == 'lasso'").sort_values("layer")
    assert any(np.array_equal(trace.y, rows["expected"], equal_nan=True) for trace in figure.data)
    grid = np.asarray(figures.shared(tables["shared"], **LOOK).data[0].z, float)
    assert grid.shape == (6, 6) and np.isnan(grid.diagonal()).all()


def test_differences_and_metrics_are_drawn_from_their_tables(tables):
    table, curves = tables["differences"], tables["curves"]
    figure = figures.differences(table, **LOOK)
    np.testing.assert_array_equal(figure.data[0].x, table["difference"])
    np.testing.assert_allclose(figure.data[0].x + figure.data[0].error_x.array, table["high"])
    pairs = figures.metrics(curves, **LOOK)
    rows = curves.query("estimator == 'ridge' and target == 'lowfreq'")
    np.testing.assert_array_equal(pairs.data[0].x, rows["median_r2_pearson"])
    np.testing.assert_array_equal(pairs.data[0].y, rows["median_r2_determination"])


def test_sentences_take_their_numbers_from_the_tables(compared, tables):
    ahead = regularisation.ridge_ahead(tables["differences"]).pieces
    mean = labellers()["en"].number(tables["differences"]["difference"].mean(), 3)
    assert mean in ahead["en"] and "ridge menos lasso multitarea" in ahead["es"]
    for low, high, said in ((-0.1, 0.1, "includes 0 for all of them."), (0.01, 0.1, "below it for none")):
        found = regularisation.ridge_ahead(tables["differences"].assign(low=low, high=high)).pieces["en"]
        assert said in found
    units = regularisation.units_selected(compared, tables["best"], tables["agreement"]).pieces
    assert "of 16 units" in units["en"] and "de 16 unidades" in units["es"]
    alphas = tables["alphas"]
    at_edge = int(alphas["at_edge"].sum())
    said = regularisation.alphas_chosen(alphas, tables["rows"]).pieces
    assert f"Of {len(alphas)} chosen alphas {at_edge} " in said["en"]
    none = regularisation.alphas_chosen(alphas.assign(at_edge=False), tables["rows"].assign(n_unconverged=0)).pieces
    assert "None of the" in none["en"] and "Ninguno de los" in none["es"]


def test_the_method_says_what_was_run(study, compared):
    said = regularisation.method(study.split(regularisation.SCHEME), compared[0]).pieces
    assert "among 6 values" in said["en"] and "entre 6 valores" in said["es"]
    for piece in (said["en"], said["es"]):
        assert "3 · 10⁻³" in piece and "3 · 10²" in piece
    assert "5 contiguous folds" in said["en"] and "5 bloques contiguos" in said["es"]


def test_a_target_without_a_best_layer_stays_in_the_tables(compared, tables):
    curves = tables["curves"].assign(median_r2_determination=0.0)
    assert regularisation.shared(compared, curves).empty
    missing = selection.differences(tables["rows"], selection.best(curves), 0.5, "ridge", "lasso")
    assert len(missing) == 6 and missing["difference"].isna().all()
    assert "0 " in regularisation.ridge_ahead(missing).pieces["en"]


def test_a_dataset_without_components_cannot_have_the_chapter(study, small_brain):
    assert CHAPTER.missing(study) == ""
    small_brain.responses.pop("components")
    assert "needs components" in CHAPTER.missing(study)
    with pytest.raises(UserError, match="has no components"):
        regularisation.scores(study, "mixture")


def test_every_model_has_its_rows(small_brain, tmp_path):
    study = opened(tmp_path, GRID, ("mixture", "music"))
    rows = selection.rows([regularisation.scores(study, name) for name in study.models])
    assert isinstance(rows, pd.DataFrame) and rows["model"].unique().tolist() == ["mixture", "music"]
