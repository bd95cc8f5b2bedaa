"""Estimators side by side, and the tables of what they choose."""

import numpy as np
import pytest
import xarray as xr

from helpers import encoding
from helpers.chapters.regularisation import ESTIMATORS, METRICS
from helpers.encoding import splits
from helpers.errors import UserError
from helpers.stats import intervals, selection

SOUNDS = [f"s{index:02d}" for index in range(40)]


@pytest.fixture(scope="module")
def arrays():
    """Two layers, of 12 and of 7 units, of which the second holds the two targets in its first units."""
    random = np.random.default_rng(0)
    layers = [random.standard_normal((40, n_units)) for n_units in (12, 7)]
    y = layers[1][:, :2] * 3 + 0.3 * random.standard_normal((40, 2))
    features = [
        xr.DataArray(x, {"sound": SOUNDS, "layer": number, "model": "mixture"}, ("sound", "unit"))
        for number, x in enumerate(layers, start=1)
    ]
    responses = xr.DataArray(y, {"sound": SOUNDS, "target": ["pitch", "music"]}, ("sound", "target"))
    return features, responses, splits.permuted(SOUNDS, 4)


def beside(arrays, **how) -> xr.Dataset:
    return selection.beside(
        {name: encoding.score(*arrays, estimator=kind, metrics=METRICS, **how) for name, kind in ESTIMATORS.items()}
    )


@pytest.fixture(scope="module")
def compared(arrays):
    return beside(arrays)


@pytest.fixture(scope="module")
def rows(compared):
    return selection.rows([compared])


def test_the_splits_are_the_published_ones(golden):
    reference, names = golden("regression/kfold_ridge_rand768"), golden("regression/common")["stim_names"]
    for split, published in zip(splits.permuted(list(names)), reference["train_idx"], strict=True):
        np.testing.assert_array_equal(splits.rows(split, "train"), published)
    for split, published in zip(splits.permuted(list(names)), reference["test_idx"], strict=True):
        np.testing.assert_array_equal(splits.rows(split, "test"), published)
    with pytest.raises(UserError, match="3 sounds cannot be split"):
        splits.make("permuted", ["a", "b", "c"], [""] * 3)


def test_estimators_stand_beside_each_other_under_their_names(arrays, compared):
    assert compared["estimator"].values.tolist() == ["ridge", "lasso", "lasso_single"]
    for name, kind in ESTIMATORS.items():
        alone = encoding.score(*arrays, estimator=kind, metrics=METRICS)
        for variable in ("alpha", *METRICS):
            np.testing.assert_array_equal(compared[variable].sel(estimator=name), alone[variable])
    assert compared["active"].dtype == bool and (compared["n_unconverged"].sel(estimator="ridge") == 0).all()


def test_ridge_uses_every_unit_that_a_layer_has(compared):
    used = compared["active"].sel(estimator="ridge").sum("unit")
    assert (used.sel(layer=1) == 12).all() and (used.sel(layer=2) == 7).all()


def test_the_edges_are_those_of_the_grid_that_was_searched(arrays, compared):
    assert selection.edges(compared) == (1e-30, 1e29)
    np.testing.assert_array_equal(compared["at_edge"], compared["alpha"].isin([1e-30, 1e29]))
    narrow = beside(arrays, alphas=[1e-3, 1e-2])
    assert selection.edges(narrow) == (1e-3, 1e-2) and narrow["at_edge"].all()
    wide = beside(arrays, alphas=[1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3])
    np.testing.assert_array_equal(wide["at_edge"], wide["alpha"].isin([1e-3, 1e3]))
    assert 0 < wide["at_edge"].mean() < 1


def test_curves_and_best_layers(compared, rows):
    curves = selection.curves(rows)
    assert len(curves) == 3 * 2 * 2 and set(curves["n_splits"]) == {4}
    assert (selection.best(curves)["layer"] == 2).all()
    one = compared.sel(estimator="lasso", layer=1, target="music")
    row = curves[(curves.estimator == "lasso") & (curves.layer == 1) & (curves.target == "music")].iloc[0]
    assert row["median_r2_determination"] == one["r2_determination"].median().item()
    assert row["median_active"] == one["active"].sum("unit").median().item()


def test_of_equal_layers_the_shallowest_is_best_and_zero_everywhere_has_none(rows):
    tied = selection.curves(rows).assign(median_r2_determination=0.5)
    assert (selection.best(tied)["layer"] == 1).all() and selection.best_for_all(tied, "mixture", "lasso") == 1
    nothing = selection.curves(rows).assign(median_r2_determination=0.0)
    assert selection.best(nothing)["layer"].isna().all()
    assert np.isnan(selection.best_for_all(nothing, "mixture", "lasso"))
    table = selection.differences(rows, selection.best(nothing), 0.5, "ridge", "lasso")
    assert table[["layer_ridge", "difference", "low", "high"]].isna().all(axis=None) and (table["n_splits"] == 0).all()


def test_differences_are_paired_by_split_at_each_best_layer(compared, rows):
    best = selection.best(selection.curves(rows))
    for other in ("lasso", "lasso_single"):
        table = selection.differences(rows, best, 0.5, "ridge", other)
        row = table[table["target"] == "pitch"].iloc[0]
        at = compared["r2_determination"].sel(layer=2, target="pitch")
        values = (at.sel(estimator="ridge") - at.sel(estimator=other)).values
        assert row["difference"] == pytest.approx(values.mean()) and row["low"] < row["difference"] < row["high"]
        assert (row["low"], row["high"]) == pytest.approx(intervals.resampled(values, 0.5).interval())
        assert row["other"] == other and row["n_splits"] == 4


def test_the_interval_widens_for_overlapping_splits():
    values = np.array([0.1, 0.2, 0.3, 0.2])
    low, high = intervals.resampled(values, 0.5).interval()
    naive = 3.182446 * values.std(ddof=1) / 2  # t, 3 degrees of freedom
    assert (high - low) / 2 == pytest.approx(naive * np.sqrt((1 / 4 + 1) / (1 / 4)), rel=1e-6)
    assert np.isnan(intervals.resampled(values[:1], 0.5).interval()).all()


def test_jaccard_beside_chance():
    random = np.random.default_rng(0)
    one = np.arange(30) < 8
    draws = [random.permutation(np.arange(30) < 5) for _ in range(20_000)]
    expected = np.mean([(one & two).sum() / (one | two).sum() for two in draws])
    assert selection.jaccard(one, draws[0])["expected"] == pytest.approx(expected, abs=0.003)
    assert selection.jaccard(one, one)["jaccard"] == selection.jaccard(one, one)["excess"] == 1
    assert selection.jaccard(one, ~one)["jaccard"] == 0 > selection.jaccard(one, ~one)["excess"]
    for nothing in (np.zeros(30, bool), np.ones(30, bool)):
        assert np.isnan(selection.jaccard(nothing, nothing)["jaccard"])


def test_agreement_between_splits_and_between_targets(compared):
    single = compared.sel(estimator=["lasso_single"], layer=[2])
    of_splits = selection.between_splits(single)
    assert len(of_splits) == 2 * 6 and of_splits["jaccard"].mean() > of_splits["expected"].mean()
    table = selection.summary(of_splits, ["model", "estimator", "layer", "target"])
    assert table["n_pairs"].sum() == of_splits["jaccard"].notna().sum() and (table["model"] == "mixture").all()
    of_targets = selection.between_targets(single)
    assert len(of_targets) == 4 and set(zip(of_targets["one"], of_targets["two"], strict=True)) == {("pitch", "music")}


def test_chance_is_that_of_the_units_that_a_layer_has(compared):
    """The arrays are as wide as the widest layer; units that a layer lacks are no candidates."""
    table = selection.between_splits(compared.sel(estimator=["lasso_single"], layer=[2]))
    first = table[table["target"] == "pitch"].iloc[0]
    sets = compared["active"].sel(estimator="lasso_single", layer=2, target="pitch").values[:2, :7]
    assert first["expected"] == selection.jaccard(*sets)["expected"]
    assert (compared["active"].sel(estimator="ridge", layer=2).sum("unit") == 7).all()
    ridge = selection.between_splits(compared.sel(estimator=["ridge"], layer=[2]))
    assert ridge["jaccard"].isna().all()  # every unit is used: nothing was selected


def test_an_alpha_that_all_targets_share_has_one_row(rows):
    chosen = selection.chosen(rows)
    assert (chosen[chosen.estimator == "ridge"]["target"] == "all").all()
    assert len(chosen[chosen.estimator == "ridge"]) == 8 and chosen["at_edge"].dtype == bool
    assert set(chosen[chosen.estimator == "lasso_single"]["target"]) == {"pitch", "music"}
