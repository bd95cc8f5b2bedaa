"""The permutation test finds what is there and keeps its promise where nothing is."""

import numpy as np
import pytest
import torch
import xarray as xr

from helpers import splits
from helpers.permutation import FixedRidge, permutation_test
from helpers.regression import RidgeLOO
from helpers.scores import score_layers


@pytest.fixture(scope="module")
def planted():
    """60 sounds, two layers of 20 units; the first 10 of 210 targets follow the second layer, the others are noise."""
    generator = np.random.default_rng(0)
    sounds = [f"s{index}" for index in range(60)]
    layers = generator.standard_normal((2, 60, 20))
    y = generator.standard_normal((60, 210))
    y[:, :10] += layers[1] @ generator.standard_normal((20, 10)) / 2
    features = xr.DataArray(layers, dims=("layer", "sound", "unit"), coords={"layer": [1, 2], "sound": sounds})
    responses = xr.DataArray(y, dims=("sound", "target"), coords={"sound": sounds, "target": np.arange(210)})
    train = splits.published(sounds, n_splits=4)
    return features, responses, train, score_layers(features, responses, train)


def test_planted_targets_are_found_and_false_discoveries_are_controlled(planted):
    result = permutation_test(*planted, seed=0, n_permutations=800)
    assert (result.q_value[:10] < 0.05).mean() >= 0.8
    assert (result.q_value[10:] < 0.05).mean() < 0.02
    assert 0.02 < (result.p_value[10:] < 0.05).mean() < 0.09
    assert result.p_value.min() == pytest.approx(1 / 801)


def test_the_same_seed_gives_the_same_answer(planted):
    first, second, other = (permutation_test(*planted, seed=seed, n_permutations=20) for seed in (0, 0, 1))
    xr.testing.assert_equal(first, second)
    assert (first.p_value != other.p_value).any()


def test_given_alphas_predict_as_the_fit_that_chose_them(planted):
    features, responses, train, _ = planted
    x, y, mask = features.values[1], responses.values, train.values[0]
    fit = RidgeLOO(x[mask], x[~mask]).fit(y[mask])
    fixed = FixedRidge(x[mask], x[~mask], fit.alpha.numpy(), "cpu")
    again = fixed.test(torch.as_tensor(y[mask], dtype=torch.float32))
    np.testing.assert_allclose(again, fit.test, atol=1e-5)
