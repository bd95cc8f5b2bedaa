"""Ridge with leave-one-out against the published numbers, against sklearn, and against its own mutations."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV

from helpers.encoding.ridge import ALPHAS, RidgeLOO, blocks

FEATURES = ("mel32", "mel", "specmod", "rand768")  # fewer and more units than the 83 train sounds


def fits(golden, features, kind):
    """(split, fit, golden numbers) of the published study `kind`_`features`; one fit per split, all targets at once."""
    common, x = golden("regression/common"), golden("regression/features")[features]
    expected = golden(f"regression/{kind}_{features}")
    voxels = golden("regression/voxels")["responses"].mean(-1)
    y = common["components"] if kind == "components" else voxels
    for split, train in enumerate(common["train_mask"]):
        yield split, RidgeLOO(x[train], x[~train]).fit(y[train]), expected


def test_alphas_are_the_published_list(golden):
    assert (golden("regression/common")["alphas"][::-1] == ALPHAS).all()  # published in descending order


@pytest.mark.parametrize("kind", ["components", "voxels"])
@pytest.mark.parametrize("features", FEATURES)
def test_fits_match_the_published_procedure(golden, features, kind):
    for split, fit, expected in fits(golden, features, kind):
        comparable, unique = expected["comparable"][:, split], expected["comparable_alpha"][:, split]
        assert (fit.alpha.numpy()[unique] == expected["alpha"][unique, split]).all()
        published = expected["y_pred_test"][split][:, comparable]
        error = np.abs(fit.test.numpy()[:, comparable] - published) / published.std(0)
        assert error.max() < 1e-8
        if "loo_mse" in expected:
            np.testing.assert_allclose(fit.criterion.numpy(), expected["loo_mse"][split][::-1], rtol=1e-9)


@pytest.mark.parametrize("features", FEATURES)
def test_where_no_alpha_beats_infinity_the_largest_is_chosen_and_the_prediction_is_zero(golden, features):
    for split, fit, expected in fits(golden, features, "voxels"):
        hopeless = expected["region"][:, split] == 1
        assert (fit.alpha.numpy()[hopeless] == ALPHAS[-1]).all()
        assert (fit.test.numpy()[:, hopeless] == 0).all()
        assert (fit.test.abs().amax(0).numpy()[~hopeless] > 0).all()


def planted(n_units, n_targets=5, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((40, n_units))
    y = x @ generator.standard_normal((n_units, n_targets)) / np.sqrt(n_units)
    return x, y + generator.standard_normal(y.shape), generator.standard_normal((11, n_units))


def test_ties_go_to_the_largest_alpha():
    x, _, x_test = planted(5)
    y = x @ np.random.default_rng(1).standard_normal((5, 3))  # without noise: the smaller alpha, the better
    fit = RidgeLOO(x, x_test, [1e-300, 1e-299, 1.0]).fit(y)
    assert (fit.criterion[0] == fit.criterion[1]).all() and (fit.criterion[1] < fit.criterion[2]).all()
    assert (fit.alpha == 1e-299).all()


@pytest.mark.parametrize("n_units", [5, 39, 40, 120])
def test_predictions_equal_sklearn_at_the_chosen_alpha(n_units):
    x, y, x_test = planted(n_units)
    fit = RidgeLOO(x, x_test).fit(y)
    for target, alpha in enumerate(fit.alpha.numpy()):
        model = Ridge(alpha, solver="svd").fit(x, y[:, target])
        np.testing.assert_allclose(fit.test.numpy()[:, target] + y[:, target].mean(), model.predict(x_test), atol=1e-9)
        np.testing.assert_allclose(fit.train.numpy()[:, target] + y[:, target].mean(), model.predict(x), atol=1e-9)


@pytest.mark.parametrize("n_units", [5, 120])
@pytest.mark.parametrize("own_unit", [False, True])
def test_leave_one_out_errors_equal_refitting_without_each_sound(n_units, own_unit):
    x, y, x_test = planted(n_units)
    if own_unit:  # one unit answers to one sound only, which is then fitted exactly at small alphas
        x[:, 0] = np.eye(40)[7]
    alphas = np.array([1e-5, 0.01, 1.0, 100.0])
    fit = RidgeLOO(x, x_test, alphas).fit(y)
    for row, alpha in enumerate(alphas):
        errors = []
        for left_out in range(len(x)):
            kept = np.arange(len(x)) != left_out
            errors.append(
                y[left_out] - Ridge(alpha, solver="svd").fit(x[kept], y[kept]).predict(x[left_out : left_out + 1])[0]
            )
        np.testing.assert_allclose(fit.criterion[row], np.square(errors).mean(0), rtol=1e-9)


def test_alpha_choice_equals_sklearn_on_a_moderate_grid():
    x, y, x_test = planted(120)
    alphas = np.logspace(-2, 4, 13)
    theirs = RidgeCV(alphas, alpha_per_target=True, gcv_mode="eigen").fit(x - x.mean(0), y - y.mean(0))
    np.testing.assert_array_equal(RidgeLOO(x, x_test, alphas).fit(y).alpha, theirs.alpha_)


def test_at_small_alphas_ridge_is_least_squares():
    x, y, x_test = planted(5)
    fit = RidgeLOO(x, x_test, np.array([1e-40])).fit(y)
    expected = LinearRegression().fit(x, y).predict(x_test)
    np.testing.assert_allclose(fit.test.numpy() + y.mean(0), expected, atol=1e-10)


def test_the_fit_of_the_mean_follows_from_the_repetitions():
    x, y, x_test = planted(120)
    noise = np.random.default_rng(1).standard_normal((*y.shape, 3))
    repetitions = y[..., None] + noise
    ridge = RidgeLOO(x, x_test)
    mean, singles = ridge.fit_repetitions(np.moveaxis(repetitions, -1, 0))
    direct = ridge.fit(repetitions.mean(-1))
    np.testing.assert_array_equal(mean.alpha, direct.alpha)
    np.testing.assert_allclose(mean.criterion, direct.criterion, rtol=1e-10)
    np.testing.assert_allclose(mean.test, direct.test, atol=1e-12)
    for index, single in enumerate(singles):
        np.testing.assert_allclose(single.test, ridge.fit(repetitions[..., index]).test, atol=1e-12)


@pytest.mark.parametrize("n_units", [5, 30, 120])
def test_alphas_that_are_not_computed_change_nothing(monkeypatch, n_units):
    x, y, x_test = planted(n_units)
    x[3, 0] = 1e5  # a sound that is nearly fitted exactly: what is small for the others is not for it
    fast = RidgeLOO(x, x_test)
    monkeypatch.setattr(RidgeLOO, "_nodes", lambda self: (torch.arange(100), torch.eye(100, dtype=torch.float64)))
    slow = RidgeLOO(x, x_test)
    assert len(fast.nodes) < 40 < len(slow.nodes)
    np.testing.assert_allclose(fast.fit(y).criterion, slow.fit(y).criterion, rtol=1e-11)
    np.testing.assert_array_equal(fast.fit(y).alpha, slow.fit(y).alpha)


def test_features_without_variance_predict_the_mean():
    _, y, _ = planted(5)
    fit = RidgeLOO(np.ones((40, 3)), np.ones((2, 3))).fit(y)
    assert (fit.test == 0).all() and (fit.alpha == ALPHAS[-1]).all()


@pytest.mark.parametrize("alphas", [[10.0, 1.0], [0.0, 1.0], [1.0, 1.0], [], [[1.0, 2.0]]])
def test_alphas_must_ascend_and_be_positive(alphas):
    with pytest.raises(ValueError, match="ascending"):
        RidgeLOO(np.eye(4), np.eye(4), alphas)


def test_missing_values_are_refused():
    x, y, x_test = planted(5)
    with pytest.raises(ValueError, match="activations hold NaN"):
        RidgeLOO(np.where(x > 2, np.nan, x), x_test)
    with pytest.raises(ValueError, match="responses hold NaN"):
        RidgeLOO(x, x_test).fit(np.where(y > 2, np.nan, y))


def test_blocks_cover_every_target_once():
    for n_targets, size in [(10, 3), (9, 3), (1, 5)]:
        covered = np.concatenate([np.arange(n_targets)[b] for b in blocks(n_targets, size)])
        np.testing.assert_array_equal(covered, np.arange(n_targets))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_equals_cpu():
    x, y, x_test = planted(120)
    cpu, cuda = RidgeLOO(x, x_test).fit(y), RidgeLOO(x, x_test, device="cuda").fit(y)
    np.testing.assert_array_equal(cpu.alpha, cuda.alpha.cpu())
    np.testing.assert_allclose(cpu.test, cuda.test.cpu(), atol=1e-10)
