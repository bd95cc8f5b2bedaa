"""The permutation test finds what is there and keeps its promise where nothing is, on any grid of alphas."""

import numpy as np
import pytest
import torch
import xarray as xr
from sklearn.linear_model import Ridge

from helpers import encoding
from helpers.encoding import permutation_test, splits
from helpers.encoding.permutation import Fixed
from helpers.encoding.ridge import RidgeLOO

# Grids: the published one, and others of which no value, or hardly one, is in it
GRIDS = {"published": None, "three": [3 * 10.0**k for k in range(-12, 12)], "few": [0.2, 7.0, 300.0]}


def arrays(n_targets: int, n_splits: int = 4, seed: int = 0):
    """60 sounds, two layers of 20 units, and noise: features, responses (sound, target), splits."""
    generator = np.random.default_rng(seed)
    sounds = [f"s{index}" for index in range(60)]
    layers = generator.standard_normal((2, 60, 20))
    features = [
        xr.DataArray(layer, {"sound": sounds, "layer": number}, ("sound", "unit"))
        for number, layer in enumerate(layers, start=1)
    ]
    noise = generator.standard_normal((60, n_targets))
    responses = xr.DataArray(noise, {"sound": sounds, "target": np.arange(n_targets)}, ("sound", "target"))
    return features, responses, splits.published(sounds, n_splits=n_splits)


@pytest.fixture(scope="module")
def planted():
    """The first 10 of 210 targets follow the second layer, the others are noise; with their scores."""
    features, responses, train = arrays(210)
    weights = np.random.default_rng(1).standard_normal((20, 10))
    responses[:, :10] += features[1].values @ weights / 2
    return features, responses, train, encoding.score(features, responses, train)


def test_planted_targets_are_found_and_false_discoveries_are_controlled(planted):
    result = permutation_test(*planted, seed=0, n_permutations=800)
    assert (result.q_value[:10] < 0.05).mean() >= 0.8
    assert (result.q_value[10:] < 0.05).mean() < 0.02
    assert 0.02 < (result.p_value[10:] < 0.05).mean() < 0.09
    assert result.p_value.min() == pytest.approx(1 / 801)


@pytest.mark.parametrize("alphas", GRIDS.values(), ids=GRIDS)
def test_one_noise_target_in_twenty_is_significant_on_any_grid(alphas):
    """Alphas that were looked up in another grid than the scores' called most of them significant."""
    features, responses, train = arrays(400, seed=3)
    scores = encoding.score(features, responses, train, alphas=alphas)
    result = permutation_test(features, responses, train, scores, seed=0, n_permutations=200)
    assert 0.02 < (result.p_value < 0.05).mean() < 0.085


def test_the_same_seed_gives_the_same_answer(planted):
    first, second, other = (permutation_test(*planted, seed=seed, n_permutations=20) for seed in (0, 0, 1))
    xr.testing.assert_equal(first, second)
    assert (first.p_value != other.p_value).any()


@pytest.mark.parametrize("alphas", [alphas for alphas in GRIDS.values() if alphas], ids=["three", "few"])
def test_given_alphas_predict_as_the_fit_that_chose_them(planted, alphas):
    features, responses, train, _ = planted
    x, y, mask = features[1].values, responses.values, train.values[0] == "train"
    ridge = RidgeLOO(x[mask], x[~mask], alphas)
    fit = ridge.fit(y[mask])
    train, test = np.flatnonzero(mask), np.flatnonzero(~mask)
    for one in (ridge, RidgeLOO(x[mask], x[~mask])):  # whose own grid is another
        fixed = Fixed.of([(train, test, one)] * 2).at(fit.alpha.expand(2, -1))
        again = fixed.predicted(torch.as_tensor(y[mask].T, dtype=torch.float32))
        np.testing.assert_allclose(again[0].T, fit.test - fit.test.mean(0), atol=1e-5)
        assert (again[0] == again[1]).all()
    assert len(set(fit.alpha.tolist())) > 1


@pytest.mark.parametrize(("unit", "offset"), [(1e-25, 0.0), (1e20, 0.0), (1.0, 1e8)])
def test_neither_unit_nor_offset_of_the_responses_matters(unit, offset):
    features, responses, train = arrays(200, seed=3)
    plain, other = (
        permutation_test(features, some, train, encoding.score(features, some, train), seed=0, n_permutations=50)
        for some in (responses, responses * unit + offset)
    )
    np.testing.assert_allclose(other.p_value, plain.p_value, atol=0.03)


def test_layers_of_different_width_and_the_plain_definition():
    """One target, few permutations: shuffled, predicted by ridge with the alpha chosen, correlated."""
    features, responses, train = arrays(3, n_splits=3)
    features[0] = features[0][:, :7]
    scores = encoding.score(features, responses, train)
    result = permutation_test(features, responses, train, scores, seed=5, n_permutations=19)
    generator, null = np.random.default_rng(5), []
    for order in [generator.permutation(60) for _ in range(19)]:
        y = responses.values[order]
        r2 = np.empty((2, 3, 3))
        for at in np.ndindex(2, 3, 3):
            layer, split, target = at
            mask, alpha = train.values[split] == "train", float(scores["alpha"][at])
            x = features[layer].values
            predicted = Ridge(alpha).fit(x[mask], y[mask, target]).predict(x[~mask])
            r2[at] = max(0, np.corrcoef(predicted, y[~mask, target])[0, 1] if alpha < 1e10 else 0) ** 2
        null.append(np.median(r2, axis=1).max(0))
    expected = (1 + (np.array(null) >= result.statistic.values).sum(0)) / 20
    np.testing.assert_allclose(result.p_value, expected, atol=1e-12)
