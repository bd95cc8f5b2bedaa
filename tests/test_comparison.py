"""The labelled comparison of estimators, and the tables of what they choose."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.metrics import r2_score

from helpers import comparison, selection, splits
from helpers.names import UserError
from helpers.regression import ridge_kfold

SOUNDS = [f"s{index:02d}" for index in range(40)]


@pytest.fixture
def study():
    """Two layers, of which the second holds the two targets in its first units; features, responses, order."""
    random = np.random.default_rng(0)
    x = random.standard_normal((2, 40, 12))
    y = x[1, :, :2] * 3 + 0.3 * random.standard_normal((40, 2))
    coords = {"layer": [1, 2], "sound": SOUNDS, "unit": np.arange(12)}
    features = xr.DataArray(x, coords, ("layer", "sound", "unit"))
    responses = xr.DataArray(y, {"sound": SOUNDS, "target": ["pitch", "music"]}, ("sound", "target"))
    return features, responses, splits.permuted(SOUNDS, 4)


@pytest.fixture
def compared(study):
    return comparison.compare(*study).assign_coords(model="mixture")


def test_the_splits_are_the_published_ones(golden):
    reference, names = golden("regression/kfold_ridge_rand768"), golden("regression/common")["stim_names"]
    order = splits.permuted(list(names))
    train = order.values[:, order["half"].values == "train"]
    np.testing.assert_array_equal(train, names[reference["train_idx"]])
    np.testing.assert_array_equal(order.values[:, 83:], names[reference["test_idx"]])
    with pytest.raises(UserError, match="3 sounds cannot be split"):
        splits.permuted(["a", "b", "c"])


def test_scores_are_of_the_named_fit(study, compared):
    features, responses, order = study
    train, test = (order.sel(split=3).values[order["half"].values == half] for half in ("train", "test"))
    x = features.sel(layer=2)
    fitted = ridge_kfold(x.sel(sound=train).values, responses.sel(sound=train).values, x.sel(sound=test).values)
    ours = compared.sel(estimator="ridge", layer=2, split=3)
    expected = r2_score(responses.sel(sound=test).values, fitted.test, multioutput="raw_values")
    np.testing.assert_allclose(ours["r2_determination"].sel(target=["pitch", "music"]), expected)
    correlation = np.corrcoef(responses.sel(sound=test, target="music").values, fitted.test[:, 1])[0, 1]
    assert ours["r2_pearson"].sel(target="music").item() == pytest.approx(correlation**2)
    assert ours["alpha"].values.tolist() == fitted.alpha.tolist()


def test_sounds_are_matched_by_name(study, compared):
    features, responses, order = study
    turned = comparison.compare(
        features.isel(sound=slice(None, None, -1)), responses.isel(sound=np.arange(40) - 7), order
    )
    xr.testing.assert_allclose(turned, compared.drop_vars("model"))


def test_the_lasso_selects_the_units_that_matter(compared):
    active = compared["active"].sel(layer=2, estimator="lasso_single")
    assert active.sel(target="pitch", unit=0).all() and active.sel(target="music", unit=1).all()
    assert active.mean() < 0.6 and compared["active"].sel(estimator="ridge").all()


def test_curves_and_best_layers(compared):
    curves = selection.curves(selection.rows(compared))
    assert len(curves) == 3 * 2 * 2 and set(curves["n_splits"]) == {4}
    assert (selection.best(curves)["layer"] == 2).all()
    one = compared.sel(estimator="lasso", layer=1, target="music")
    row = curves[(curves.estimator == "lasso") & (curves.layer == 1) & (curves.target == "music")].iloc[0]
    assert row["median_r2_determination"] == one["r2_determination"].median().item()
    assert row["median_active"] == one["active"].sum("unit").median().item()


def test_differences_are_paired_by_split_at_each_best_layer(compared):
    row = selection.differences(selection.rows(compared), 0.5).query("target == 'pitch'").iloc[0]
    at = compared["r2_determination"].sel(layer=2, target="pitch")
    values = (at.sel(estimator="ridge") - at.sel(estimator="lasso")).values
    assert row["difference"] == pytest.approx(values.mean()) and row["low"] < row["difference"] < row["high"]
    assert (row["low"], row["high"]) == pytest.approx(selection.resampled_interval(values, 0.5))


def test_the_interval_widens_for_overlapping_splits():
    values = np.array([0.1, 0.2, 0.3, 0.2])
    low, high = selection.resampled_interval(values, 0.5)
    naive = 3.182446 * values.std(ddof=1) / 2  # t, 3 degrees of freedom
    assert (high - low) / 2 == pytest.approx(naive * np.sqrt((1 / 4 + 1) / (1 / 4)), rel=1e-6)
    assert np.isnan(selection.resampled_interval(values[:1], 0.5)).all()


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
    splits_ = selection.between_splits(compared.sel(estimator=["lasso_single"], layer=[2]))
    assert len(splits_) == 2 * 6 and splits_["jaccard"].mean() > splits_["expected"].mean()
    table = selection.summary(splits_, ["model", "estimator", "layer", "target"])
    assert table["n_pairs"].sum() == splits_["jaccard"].notna().sum() and (table["model"] == "mixture").all()
    targets = selection.between_targets(compared.sel(estimator=["lasso_single"], layer=[2]))
    assert set(targets["pair"]) == {"pitch, music"} and len(targets) == 4


def test_shared_alphas_are_said_once(compared):
    chosen = selection.chosen(selection.rows(compared))
    assert (chosen[chosen.estimator == "ridge"]["target"] == "all").all()
    assert len(chosen[chosen.estimator == "ridge"]) == 8
    assert isinstance(chosen["at_edge"].iloc[0], bool | np.bool_)


def test_fits_that_do_not_converge_are_counted(study, monkeypatch):
    from helpers.regression import lasso

    monkeypatch.setattr(lasso, "MOST", 1)
    compared = comparison.compare(*study, estimators={"lasso": comparison.ESTIMATORS["lasso"]})
    assert compared["n_unconverged"].sum() > 0 and np.isfinite(compared["worst_alpha"].max())
    assert isinstance(selection.rows(compared.assign_coords(model="m")), pd.DataFrame)
