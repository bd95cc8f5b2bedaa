"""Constancy relative to scale: nothing is fitted to rounding, whatever the units and the offset of the numbers."""

import warnings

import numpy as np
import pytest
import torch
import xarray as xr
from sklearn.linear_model import RidgeCV

from helpers import encoding
from helpers.encoding import splits
from helpers.encoding.constant import centred, is_constant, mean_of, settled
from helpers.encoding.kfold import ALPHAS, RidgeKFold
from helpers.encoding.lasso import MultiTaskLasso, SingleTaskLasso
from helpers.encoding.ridge import RidgeLOO

CONSTANTS = [-2.7, 0.1, 1e-300, 1e300, 0.0, -1e-7, 1 / 3]
N_SOUNDS = 60
NAMES = [f"s{index}" for index in range(N_SOUNDS)]


@pytest.mark.parametrize("value", CONSTANTS)
def test_equal_numbers_are_constant_and_a_little_spread_is_not(value):
    equal = np.full((83, 2), value)
    assert is_constant(equal).all() and (centred(torch.as_tensor(equal))[0] == 0).all()
    assert (mean_of(equal) == value).all()
    if value:
        assert not is_constant(value * (1 + 1e-9 * np.random.default_rng(0).standard_normal((83, 2)))).any()


def test_what_differs_by_rounding_is_settled():
    values = np.column_stack([np.full(10, 0.1) * (1 + 1e-16 * np.arange(10)), np.arange(10.0)])
    assert (settled(values)[:, 0] == values[0, 0]).all() and (settled(values)[:, 1] == values[:, 1]).all()


def study(responses: np.ndarray, n_units: int = 12) -> tuple[list, xr.DataArray, xr.DataArray]:
    random = np.random.default_rng(0)
    layers = [random.standard_normal((N_SOUNDS, n_units)) for _ in range(2)]
    features = [
        xr.DataArray(layer, {"sound": NAMES, "layer": number}, ("sound", "unit"))
        for number, layer in enumerate(layers, start=1)
    ]
    names = [f"t{index}" for index in range(responses.shape[1])]
    dims = ("sound", "target", "repetition")[: responses.ndim]
    return features, xr.DataArray(responses, {"sound": NAMES, "target": names}, dims), splits.permuted(NAMES, 3)


@pytest.mark.parametrize("estimator", encoding.ESTIMATORS)
def test_constant_responses_are_predicted_by_nothing(estimator):
    random = np.random.default_rng(1)
    values = np.concatenate([np.tile(CONSTANTS, (N_SOUNDS, 1)), random.standard_normal((N_SOUNDS, 1))], 1)
    scores = encoding.score(*study(values), estimator=estimator)
    assert (scores["r2_pearson"][..., :-1] == 0).all() and scores["r_pearson"][..., :-1].isnull().all()
    assert scores["r2_determination"][..., :-1].isnull().all()


def test_a_voxel_that_is_constant_on_the_train_sounds_has_no_corrected_r2():
    random = np.random.default_rng(2)
    features, _, order = study(np.zeros((N_SOUNDS, 1)))
    train = splits.rows(order[0], splits.TRAIN)
    values = random.standard_normal((N_SOUNDS, 1000, 3))
    values[train] = random.standard_normal(1000)[:, None]
    _, responses, _ = study(values)
    scores = encoding.score(features, responses, order.isel(split=[0]))
    assert (scores["r2_corrected"] == 0).all() and (scores["alpha"] == scores.attrs["highest_alpha"]).all()


@pytest.mark.parametrize("estimator", [RidgeLOO, RidgeKFold, MultiTaskLasso, SingleTaskLasso])
def test_constant_activations_predict_the_mean(estimator):
    y = np.random.default_rng(3).standard_normal((40, 2))
    fit = estimator(np.full((40, 6), -2.7), np.full((10, 6), -2.7)).fit(
        torch.as_tensor(y) if estimator is RidgeLOO else y
    )
    assert torch.as_tensor(fit.test).abs().max() == 0


@pytest.mark.parametrize("constant", [slice(0, 0), slice(0, 8), slice(16, 24)], ids=["none", "first fold", "third"])
def test_a_target_that_is_constant_in_a_fold_is_counted_as_sklearn_counts_it(constant):
    random = np.random.default_rng(0)
    x = random.standard_normal((80, 60))
    y = x @ (random.standard_normal((60, 6)) * (random.random((60, 6)) < 0.1)) + 0.5 * random.standard_normal((80, 6))
    y[constant, 5] = 0
    alphas = ALPHAS[(ALPHAS > 1e-6) & (ALPHAS < 1e8)]  # of smaller ones scikit-learn warns
    found = RidgeKFold(x[:40], x[40:], alphas).fit(y[:40])
    assert found.criterion.isfinite().all()
    assert float(found.alpha[0]) == RidgeCV(alphas, cv=5, scoring="r2").fit(x[:40], y[:40]).alpha_


@pytest.mark.parametrize(("scale", "shift"), [(1e-25, 0), (1e20, 0), (1, 1e6), (1, 1e8), (-3.0, 2.0)])
def test_nothing_depends_on_the_units_or_the_offset_of_responses(scale, shift):
    noise = np.random.default_rng(4).standard_normal((N_SOUNDS, 30))
    found = []
    for values in (noise, noise * scale + shift):
        features, responses, order = study(values)
        scores = encoding.score(features, responses, order)
        test = encoding.permutation_test(features, responses, order, scores, seed=0, n_permutations=50)
        found.append((scores, test))
    (scores, test), (other, again) = found
    np.testing.assert_allclose(other["r2_pearson"], scores["r2_pearson"], atol=1e-6)
    np.testing.assert_allclose(again["p_value"], test["p_value"], atol=0.021)
    assert (abs(again["p_value"] - test["p_value"]) > 1e-9).mean() < 0.1


@pytest.mark.parametrize(("scale", "shift"), [(1e-12, 0), (1e12, 0), (1, 1e6)])
def test_nothing_depends_on_the_units_or_the_offset_of_activations(scale, shift):
    random = np.random.default_rng(5)
    features, responses, order = study(random.standard_normal((N_SOUNDS, 4)))
    alphas = np.logspace(-6, 6, 13)
    changed = [one * scale + shift for one in features]
    plain = encoding.score(features, responses, order, alphas=alphas)
    other = encoding.score(changed, responses, order, alphas=alphas * scale**2)
    np.testing.assert_allclose(other["r2_pearson"], plain["r2_pearson"], atol=1e-6)


@pytest.mark.parametrize("estimator", [RidgeKFold, MultiTaskLasso, SingleTaskLasso, RidgeLOO])
def test_responses_that_cannot_be_written_to_are_fitted_without_a_warning(estimator):
    """pandas gives such arrays, and so do memory maps; torch warns of them once a process, wherever it is first."""
    x, y = np.random.default_rng(6).standard_normal((2, N_SOUNDS, 3))
    for array in (x, y):
        array.flags.writeable = False
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert estimator(x[:40], x[40:], np.logspace(-2, 2, 5)).fit(y[:40]).test.shape == (20, 3)
    finally:
        torch.set_warn_always(False)
