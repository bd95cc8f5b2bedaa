"""Scores against the published procedure's numbers and against what their definitions demand."""

import sys

import numpy as np
import pytest
import torch
import xarray as xr
from sklearn.metrics import r2_score
from test_regression import FEATURES

from helpers import encoding
from helpers.encoding import metrics, newton, noise, splits
from helpers.encoding.ridge import RidgeLOO
from helpers.errors import UserError


@pytest.fixture(scope="module")
def study(golden):
    """The published synthetic-noise study: one layer per feature set, components, voxels, splits."""
    common, features, voxels = (golden(f"regression/{name}") for name in ("common", "features", "voxels"))
    sounds = list(common["stim_names"])

    def labelled(name):
        return [xr.DataArray(features[name], {"layer": 1, "sound": sounds}, ("sound", "unit"))]

    components = xr.DataArray(
        common["components"],
        dims=("sound", "target"),
        coords={"sound": sounds, "target": common["component_names"]},
    )
    responses = xr.DataArray(
        voxels["responses"],
        dims=("sound", "target", "repetition"),
        coords={"sound": sounds, "target": voxels["voxel_id"]},
    )
    return labelled, components, responses, splits.published(sounds)


def test_splits_are_the_published_ones(golden, study):
    assert study[3].dims == ("split", "sound") and set(study[3].values.flat) == {"train", "test"}
    np.testing.assert_array_equal(study[3] == "train", golden("regression/common")["train_mask"])


@pytest.mark.parametrize("features", FEATURES)
def test_components_match(golden, study, features):
    labelled, components, _, train = study
    expected = golden(f"regression/components_{features}")
    scored = encoding.score(labelled(features), components, train).sel(layer=1).transpose("target", "split")
    comparable = expected["comparable"]
    for ours, theirs in [
        ("r_pearson", "r_prior_zero"),
        ("r2_pearson", "r2_test"),
        ("r2_pearson_train", "r2_train"),
    ]:
        np.testing.assert_allclose(scored[ours].values[comparable], expected[theirs][comparable], atol=1e-9)
    np.testing.assert_allclose(scored.r2_pearson, expected["r2_test_det"], atol=1e-8)
    np.testing.assert_allclose(scored.r2_pearson.median("split"), expected["median_r2_test_det"], atol=1e-8)


@pytest.mark.parametrize("features", FEATURES)
def test_voxels_match(golden, study, features):
    labelled, _, responses, train = study
    expected = golden(f"regression/voxels_{features}")
    scored = encoding.score(labelled(features), responses, train).sel(layer=1).transpose("target", "split")
    comparable, corrected = expected["comparable"], expected["comparable_c"]
    np.testing.assert_allclose(scored.r2_pearson.values[comparable], expected["r2_test"][comparable], atol=1e-9)
    np.testing.assert_allclose(scored.reliability, expected["rv"], atol=1e-12)
    theirs = expected["rv_hat"][corrected]
    np.testing.assert_allclose(scored.reliability_prediction.values[corrected], theirs, atol=1e-8, rtol=1e-8)
    theirs = expected["r2_test_c"][corrected]
    np.testing.assert_allclose(scored.r2_corrected.values[corrected], theirs, atol=1e-8, rtol=1e-8)
    np.testing.assert_allclose(scored.r2_pearson, expected["r2_test_det"], atol=1e-8)
    np.testing.assert_allclose(scored.r2_corrected, expected["r2_test_c_det"], atol=1e-8, rtol=1e-8)
    medians = scored.r2_corrected.median("split")
    np.testing.assert_allclose(medians, expected["median_r2_test_c_det"], atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("block", [1, 7, 50, 1000])
def test_blocks_of_any_size_give_the_same_scores(study, block, monkeypatch):
    labelled, _, responses, train = study
    few, train = responses.isel(target=slice(0, 60)), train.isel(split=slice(0, 2))
    whole = encoding.score(labelled("mel32"), few, train)
    monkeypatch.setattr(sys.modules[encoding.score.__module__], "SLAB", 3 * block)
    xr.testing.assert_allclose(encoding.score(labelled("mel32"), few, train, block=block), whole, atol=1e-10)


def test_pair_correlations_are_in_the_published_order(golden, study):
    _, _, responses, train = study
    expected = golden("regression/voxels_mel32")["rv_pairs"]
    for split, parts in enumerate(train.values):
        repetitions = [torch.as_tensor(responses.values[parts == "train"][..., index]) for index in range(3)]
        np.testing.assert_allclose(noise.pair_correlations(repetitions).T, expected[:, split], atol=1e-12)


def test_order_of_sounds_does_not_matter(study):
    labelled, components, _, train = study
    train = train.isel(split=slice(0, 1))
    shuffled = components.isel(sound=np.random.default_rng(0).permutation(165))
    xr.testing.assert_equal(
        encoding.score(labelled("mel32"), components, train),
        encoding.score(labelled("mel32"), shuffled, train),
    )


def test_sounds_that_do_not_match_are_named(study):
    labelled, components, _, train = study
    with pytest.raises(UserError, match=r"activations .* 2 of 165 missing \(stim\w+, stim\w+\)"):
        encoding.score([labelled("mel32")[0].isel(sound=slice(2, None))], components, train)
    renamed = components.assign_coords(sound=["nobody", *components.sound.values[1:]])
    with pytest.raises(UserError, match=r"responses .* 1 unknown \(nobody\)"):
        encoding.score(labelled("mel32"), renamed, train)


def test_one_repetition_cannot_be_noise_corrected_but_can_be_scored(study):
    labelled, _, responses, train = study
    one, train = responses.isel(repetition=slice(0, 1), target=slice(0, 3)), train.isel(split=slice(0, 1))
    with pytest.raises(UserError, match="at least 2 are needed"):
        encoding.score(labelled("mel32"), one, train)
    assert "r2_corrected" not in encoding.score(labelled("mel32"), one.isel(repetition=0), train)


def test_determination_is_sklearns_and_differs_from_the_squared_correlation():
    generator = np.random.default_rng(0)
    data = torch.as_tensor(generator.standard_normal((50, 4)))
    prediction = 3 * data + torch.as_tensor(generator.standard_normal((50, 4)))
    ours = metrics.r2_determination(prediction, data)
    np.testing.assert_allclose(ours, r2_score(data, prediction, multioutput="raw_values"), atol=1e-12)
    assert (ours < 0).all() and (metrics.pearson(prediction, data).square() > 0.5).all()


def test_constant_predictions_have_no_correlation():
    data = torch.as_tensor(np.random.default_rng(0).standard_normal((9, 2)))
    constant = torch.full((9, 2), 7.3, dtype=torch.float64) + 1e-15 * data
    assert metrics.pearson(constant, data).isnan().all()


def test_reliability_follows_spearman_brown():
    generator = np.random.default_rng(0)
    signal = generator.standard_normal((20000, 1))
    repetitions = [torch.as_tensor(signal + generator.standard_normal((20000, 1))) for _ in range(3)]
    assert abs(noise.reliability(repetitions, False).item() - 0.75) < 0.02  # 3 * 0.5 / (1 + 2 * 0.5)
    unrelated = [torch.as_tensor(generator.standard_normal((20000, 1))) for _ in range(3)]
    assert noise.reliability(unrelated, False, floor=0.182).item() == 0.182


def test_the_floor_of_reliability_follows_from_the_number_of_sounds():
    assert (noise.critical_correlation(83), noise.critical_correlation(82)) == (0.182, 0.183)  # as published
    generator = np.random.default_rng(0)
    for n_sounds in (10, 30, 83):
        chance = [np.corrcoef(*generator.standard_normal((2, n_sounds)))[0, 1] for _ in range(20_000)]
        floor = noise.critical_correlation(n_sounds)
        assert np.mean(np.array(chance) > floor) == pytest.approx(0.05, abs=0.006)
        unrelated = [torch.as_tensor(generator.standard_normal((n_sounds, 200))) for _ in range(3)]
        assert noise.reliability(unrelated, False).min().item() == floor
    assert np.isnan(noise.critical_correlation(2))


def test_where_memory_does_not_last_blocks_are_halved_and_said_so(study, monkeypatch, capsys):
    labelled, _, responses, train = study
    few, train = responses.isel(target=slice(0, 20)), train.isel(split=slice(0, 1))
    whole = encoding.score(labelled("mel32"), few, train)
    fit = RidgeLOO.fit_repetitions

    def small(self, y_train):
        if y_train[0].shape[1] > 5:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        return fit(self, y_train)

    monkeypatch.setattr(RidgeLOO, "fit_repetitions", small)
    xr.testing.assert_allclose(encoding.score(labelled("mel32"), few, train, block=16), whole, atol=1e-10)
    assert "not enough memory for 8 targets at a time; retrying with 4" in capsys.readouterr().err


@pytest.fixture
def small():
    """30 sounds; two layers, of 12 and of 5 units, of which the second holds the two targets; features, responses."""
    random = np.random.default_rng(0)
    sounds = [f"s{index:02d}" for index in range(30)]
    layers = [random.standard_normal((30, width)) for width in (12, 5)]
    y = layers[1][:, :2] * 3 + 0.3 * random.standard_normal((30, 2)) + 5
    features = [
        xr.DataArray(x, {"sound": sounds, "layer": number, "stage": f"block {number}"}, ("sound", "unit"))
        for number, x in enumerate(layers, start=1)
    ]
    return features, xr.DataArray(y, {"sound": sounds, "target": ["pitch", "music"]}, ("sound", "target"))


@pytest.mark.parametrize("estimator", encoding.ESTIMATORS)
def test_every_estimator_is_scored_as_it_predicts(small, estimator):
    """With layers of different widths, a grid of one's own, and train sounds in a random order."""
    features, responses = small
    order, alphas = splits.permuted(responses["sound"].values.tolist(), 2), [0.003, 0.3, 30.0]
    scored = encoding.score(features, responses, order, estimator=estimator, alphas=alphas)
    assert scored["r2_pearson"].sizes == {"layer": 2, "split": 2, "target": 2}
    assert (scored.lowest_alpha, scored.highest_alpha, scored.n_alphas) == (0.003, 30.0, 3)
    assert scored["stage"].values.tolist() == ["block 1", "block 2"] and scored["n_units"].values.tolist() == [12, 5]
    assert set(scored["alpha"].values.flat) <= set(alphas)
    predicted = encoding.predict(features[1], responses, order, estimator=estimator, alphas=alphas).isel(split=1)
    assert (predicted.notnull().all("target") == (order.isel(split=1) == "test")).all()
    measured, ours = responses.values[predicted.notnull()[:, 0]], predicted.dropna("sound").values
    found = scored.sel(layer=2).isel(split=1)
    expected = r2_score(measured, ours, multioutput="raw_values")
    np.testing.assert_allclose(found["r2_determination"], expected, rtol=1e-9)
    squares = [np.corrcoef(measured[:, i], ours[:, i])[0, 1] ** 2 for i in range(2)]
    np.testing.assert_allclose(found["r2_pearson"], squares, rtol=1e-9)


@pytest.mark.parametrize("estimator", ["multi_task_lasso", "single_task_lasso"])
def test_a_lasso_says_which_units_it_uses(small, estimator):
    features, responses = small
    order = splits.permuted(responses["sound"].values.tolist(), 3)
    active = encoding.score(features, responses, order, estimator=estimator)["active"]
    assert active.dtype == bool and active.sizes["unit"] == 12
    assert not active.sel(layer=2, unit=slice(5, None)).any()  # that layer has no such units
    assert active.sel(layer=2, target="pitch", unit=0).all() and active.sel(layer=2, target="music", unit=1).all()
    same = (active.sel(target="pitch") == active.sel(target="music")).all()
    assert bool(same) == (estimator == "multi_task_lasso")


def test_fits_that_stop_early_are_counted(small, monkeypatch):
    features, responses = small
    order = splits.permuted(responses["sound"].values.tolist(), 2)
    monkeypatch.setattr(newton, "MOST_STEPS", 1)
    scored = encoding.score(features, responses, order, estimator="multi_task_lasso")
    assert scored["n_unconverged"].max() > 0 and np.isfinite(scored["worst_alpha"].max())


def test_only_the_metrics_asked_for_are_computed_and_unknown_names_are_refused(small):
    features, responses = small
    order = splits.permuted(responses["sound"].values.tolist(), 2)
    scored = encoding.score(features, responses, order, metrics=["r_pearson"])
    assert set(scored.data_vars) == {"alpha", "loo_error", "r_pearson"}
    with pytest.raises(UserError, match="metrics: found 'r3', expected some of: r_pearson"):
        encoding.score(features, responses, order, metrics=["r3"])
    with pytest.raises(UserError, match="r2_corrected needs repetitions"):
        encoding.score(features, responses, order, metrics=["r2_corrected"])
    with pytest.raises(UserError, match="estimator: found 'lars', expected one of: ridge"):
        encoding.score(features, responses, order, estimator="lars")


@pytest.fixture
def unequal(study):
    """Nine voxels: three repetitions, three without the second one, three with the last one only; mixed."""
    labelled, _, responses, train = study
    few = responses.isel(target=slice(0, 9)).astype(float).copy()
    number = np.arange(9) % 3
    few.values[:, number > 0, 1] = np.nan
    few.values[:, number > 1, 0] = np.nan
    return labelled("mel32"), few, train.isel(split=slice(0, 2)), number


@pytest.mark.parametrize("estimator", ["ridge", "ridge_kfold", "multi_task_lasso"])
def test_targets_that_lack_repetitions_are_scored_by_those_that_they_have(unequal, estimator):
    features, few, train, number = unequal
    how = {"estimator": estimator} | ({"alphas": [1e-2, 1e-1]} if "lasso" in estimator else {})
    found = encoding.score(features, few, train, **how)
    assert found.target.values.tolist() == few.target.values.tolist() and "r2_corrected" not in found
    kept = {0: [0, 1, 2], 1: [0, 2]}
    for pattern, repetitions in kept.items():
        own = few.isel(target=number == pattern, repetition=repetitions)
        expected = encoding.score(features, own, train, **how).drop_vars("r2_corrected")
        xr.testing.assert_allclose(found.isel(target=number == pattern)[list(expected)], expected)
    single = few.isel(target=number == 2, repetition=2, drop=True)
    expected = encoding.score(features, single, train, **how)
    xr.testing.assert_allclose(found.isel(target=number == 2)[list(expected)], expected)
    for name in ("reliability", "reliability_prediction"):
        np.testing.assert_array_equal(found[name].isnull().all(["layer", "split"]), number == 2)


def test_noise_is_corrected_where_every_target_has_two_repetitions_and_for_none_elsewhere(unequal):
    features, few, train, number = unequal
    found = encoding.score(features, few.isel(target=number < 2), train)
    assert found["r2_corrected"].notnull().all()
    with pytest.raises(UserError, match="r2_corrected needs repetitions of every target, and 3 of 9 have one; choose"):
        encoding.score(features, few, train, metrics=["r2_corrected"])
    assert noise.n_repetitions(few).tolist() == [3, 2, 1] * 3
    assert noise.n_repetitions(few.isel(repetition=0, target=[0])).tolist() == [1]
