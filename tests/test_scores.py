"""Scores against the published procedure's numbers and against what their definitions demand."""

import numpy as np
import pytest
import torch
import xarray as xr
from sklearn.metrics import r2_score

from helpers import scores, splits
from helpers.names import UserError
from test_regression import FEATURES


@pytest.fixture(scope="module")
def study(golden):
    """The published synthetic-noise study: one layer per feature set is scored on its own."""
    common, features, voxels = (golden(f"regression/{name}") for name in ("common", "features", "voxels"))
    sounds = list(common["stim_names"])

    def labelled(name):
        return xr.DataArray(
            features[name][None], dims=("layer", "sound", "unit"), coords={"layer": [1], "sound": sounds}
        )

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
    np.testing.assert_array_equal(study[3], golden("regression/common")["train_mask"])


@pytest.mark.parametrize("features", FEATURES)
def test_components_match(golden, study, features):
    labelled, components, _, train = study
    expected = golden(f"regression/components_{features}")
    scored = scores.score_layers(labelled(features), components, train).sel(layer=1).transpose("target", "split")
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
    scored = scores.score_layers(labelled(features), responses, train).sel(layer=1).transpose("target", "split")
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
    whole = scores.score_layers(labelled("mel32"), few, train)
    monkeypatch.setattr(scores, "SLAB", 3 * block)
    xr.testing.assert_allclose(scores.score_layers(labelled("mel32"), few, train, block=block), whole, atol=1e-10)


def test_pair_correlations_are_in_the_published_order(golden, study):
    _, _, responses, train = study
    expected = golden("regression/voxels_mel32")["rv_pairs"]
    for split, mask in enumerate(train.values):
        repetitions = [torch.as_tensor(responses.values[mask][..., index]) for index in range(3)]
        np.testing.assert_allclose(scores.pair_correlations(repetitions).T, expected[:, split], atol=1e-12)


def test_order_of_sounds_does_not_matter(study):
    labelled, components, _, train = study
    train = train.isel(split=slice(0, 1))
    shuffled = components.isel(sound=np.random.default_rng(0).permutation(165))
    xr.testing.assert_equal(
        scores.score_layers(labelled("mel32"), components, train),
        scores.score_layers(labelled("mel32"), shuffled, train),
    )


def test_sounds_that_do_not_match_are_named(study):
    labelled, components, _, train = study
    with pytest.raises(UserError, match=r"activations .* 2 of 165 missing \(stim\w+, stim\w+\)"):
        scores.score_layers(labelled("mel32").isel(sound=slice(2, None)), components, train)
    renamed = components.assign_coords(sound=["nobody", *components.sound.values[1:]])
    with pytest.raises(UserError, match=r"responses .* 1 unknown \(nobody\)"):
        scores.score_layers(labelled("mel32"), renamed, train)


def test_one_repetition_cannot_be_noise_corrected_but_can_be_scored(study):
    labelled, _, responses, train = study
    one, train = responses.isel(repetition=slice(0, 1), target=slice(0, 3)), train.isel(split=slice(0, 1))
    with pytest.raises(UserError, match="at least 2 are needed"):
        scores.score_layers(labelled("mel32"), one, train)
    assert "r2_corrected" not in scores.score_layers(labelled("mel32"), one.isel(repetition=0), train)


def test_determination_is_sklearns_and_differs_from_the_squared_correlation():
    generator = np.random.default_rng(0)
    data = torch.as_tensor(generator.standard_normal((50, 4)))
    prediction = 3 * data + torch.as_tensor(generator.standard_normal((50, 4)))
    ours = scores.r2_determination(prediction, data)
    np.testing.assert_allclose(ours, r2_score(data, prediction, multioutput="raw_values"), atol=1e-12)
    assert (ours < 0).all() and (scores.pearson(prediction, data).square() > 0.5).all()


def test_constant_predictions_have_no_correlation():
    data = torch.as_tensor(np.random.default_rng(0).standard_normal((9, 2)))
    constant = torch.full((9, 2), 7.3, dtype=torch.float64) + 1e-15 * data
    assert scores.pearson(constant, data).isnan().all()


def test_reliability_follows_spearman_brown():
    generator = np.random.default_rng(0)
    signal = generator.standard_normal((20000, 1))
    repetitions = [torch.as_tensor(signal + generator.standard_normal((20000, 1))) for _ in range(3)]
    assert abs(scores.reliability(repetitions, 0.1, False).item() - 0.75) < 0.02  # 3 * 0.5 / (1 + 2 * 0.5)
    noise = [torch.as_tensor(generator.standard_normal((20000, 1))) for _ in range(3)]
    assert scores.reliability(noise, 0.182, False).item() == 0.182


def test_where_memory_does_not_last_blocks_are_halved_and_said_so(study, monkeypatch, capsys):
    labelled, _, responses, train = study
    few, train = responses.isel(target=slice(0, 20)), train.isel(split=slice(0, 1))
    whole = scores.score_layers(labelled("mel32"), few, train)
    fit = scores.RidgeLOO.fit_repetitions

    def small(self, y_train):
        if y_train[0].shape[1] > 5:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        return fit(self, y_train)

    monkeypatch.setattr(scores.RidgeLOO, "fit_repetitions", small)
    xr.testing.assert_allclose(scores.score_layers(labelled("mel32"), few, train, block=16), whole, atol=1e-10)
    assert "not enough memory for 8 targets at a time; going on with 4" in capsys.readouterr().err
