"""K-fold ridge and lasso: the reference numbers, scikit-learn as oracle, what is skipped, what is refused."""

import numpy as np
import pytest
from sklearn.linear_model import LassoCV, RidgeCV
from sklearn.model_selection import KFold

from helpers.encoding import homotopy, lasso, newton
from helpers.encoding.homotopy import paths
from helpers.encoding.kfold import ALPHAS, RidgeKFold, folds
from helpers.encoding.lasso import MultiTaskLasso, SingleTaskLasso
from helpers.encoding.newton import Problem

SPLITS = range(10)


@pytest.fixture(scope="module")
def case(golden):
    """Reference file and split -> (reference, x_train, y_train, x_test)."""
    x, y = golden("regression/features")["rand768"], golden("regression/common")["components"]

    def one(name: str, split: int):
        reference = golden(f"regression/{name}_rand768")
        train, test = reference["train_idx"][split], reference["test_idx"][split]
        return reference, x[train], y[train], x[test]

    return one


def predicted(fit) -> np.ndarray:
    """What a fit predicts of the test sounds, in the units of the responses."""
    return (fit.test + fit.mean).numpy()


@pytest.fixture
def small():
    """Thirty sounds, forty units of which three matter, two targets: x_train, y_train, x_test."""
    random = np.random.default_rng(0)
    x = random.standard_normal((42, 40))
    weights = np.zeros((40, 2))
    weights[:3] = [[2, -1], [1, 2], [-1, 1]]
    y = x @ weights + 0.5 * random.standard_normal((42, 2)) + 7
    return x[:30], y[:30], x[30:]


@pytest.mark.parametrize("split", SPLITS)
def test_ridge_is_the_published_one(case, split):
    reference, x, y, x_test = case("kfold_ridge", split)
    ours = RidgeKFold(x, x_test).fit(y)
    assert (ours.alpha.numpy() == reference["alpha"][split]).all()
    assert (ours.alphas.numpy() == reference["alphas"]).all()
    np.testing.assert_allclose(ours.criterion, reference["cv_r2_by_fold"][split], rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours.test + ours.mean, reference["y_pred_test"][split], rtol=1e-10)


@pytest.mark.parametrize("split", SPLITS)
def test_multi_task_lasso_is_the_exact_optimum(case, split):
    reference, x, y, x_test = case("multitask_lasso", split)
    ours = MultiTaskLasso(x, x_test, tolerance=1e-11).fit(y)
    alpha = float(ours.alpha[0])
    assert (ours.alpha.numpy() == reference["alpha"][split]).all() and ours.unconverged == ()
    tight = reference["y_pred_test_tight"][split]
    assert (np.abs(predicted(ours) - tight).max(0) < 1e-6 * tight.std(0)).all()
    residual = y - y.mean(0) - (x - x.mean(0)) @ ours.coefficients
    penalty = alpha * np.linalg.norm(ours.coefficients, axis=1).sum()
    objective = np.square(residual).sum() / (2 * len(x)) + penalty
    assert objective == pytest.approx(reference["objective_tight"][split], rel=1e-9)
    assert ours.active.any(1).sum() == reference["n_active_tight"][split]


@pytest.mark.parametrize("split", SPLITS)
def test_lasso_as_the_study_runs_it(case, split):
    reference, x, y, x_test = case("multitask_lasso", split)
    ours = MultiTaskLasso(x, x_test).fit(y)
    tight = reference["y_pred_test_tight"][split]
    assert (ours.alpha.numpy() == reference["alpha"][split]).all()
    assert (np.abs(predicted(ours) - tight).max(0) < 1e-4 * tight.std(0)).all()


@pytest.mark.parametrize("split", SPLITS)
def test_the_errors_of_all_alphas_are_the_published_ones(case, split):
    """As near as the reference came to its own optimum: it stopped at a gap of 1e-4, or after 1000 passes."""
    reference, x, y, x_test = case("multitask_lasso", split)
    ours = MultiTaskLasso(x, x_test, rounds=(1e-6,)).fit(y)
    large = reference["alphas"] >= 0.99e-4
    np.testing.assert_allclose(ours.criterion[large], reference["cv_mse_by_fold"][split][large], rtol=1e-3)
    np.testing.assert_allclose(ours.criterion, reference["cv_mse_by_fold"][split], rtol=5e-2)
    assert ours.alpha[0] == reference["alpha"][split] and ours.unconverged == ()


def test_ridge_against_scikit_learn(small):
    x, y, x_test = small
    alphas = 10.0 ** np.arange(-6, 7)  # scikit-learn's own solver gives up at much smaller ones
    oracle = RidgeCV(alphas, cv=KFold(5), scoring="r2").fit(x - x.mean(0), y - y.mean(0))
    ours = RidgeKFold(x, x_test, alphas).fit(y)
    assert ours.alpha[0] == oracle.alpha_
    np.testing.assert_allclose(predicted(ours), oracle.predict(x_test - x.mean(0)) + y.mean(0), rtol=1e-8)


def test_single_task_lasso_against_scikit_learn_on_every_alpha(small):
    x, y, x_test = small
    ours = SingleTaskLasso(x, x_test, 10.0 ** np.arange(-8, 8), tolerance=1e-12).fit(y)
    for target in range(2):
        oracle = LassoCV(alphas=10.0 ** np.arange(-8, 8), cv=KFold(5), tol=1e-10, max_iter=100_000)
        oracle.fit(x, y[:, target])
        assert ours.alpha[target] == oracle.alpha_
        np.testing.assert_allclose(ours.coefficients[:, target], oracle.coef_, atol=1e-6)
        np.testing.assert_allclose(predicted(ours)[:, target], oracle.predict(x_test), atol=1e-5)


def test_single_task_targets_choose_for_themselves(small):
    x, y, x_test = small
    noise = np.random.default_rng(1).standard_normal(30)
    ours = SingleTaskLasso(x, x_test).fit(np.c_[y[:, 0], noise])
    assert ours.alpha[0] < ours.alpha[1] and set(np.flatnonzero(ours.active[:, 0])) >= {0, 1, 2}
    together = MultiTaskLasso(x, x_test).fit(y)
    assert (together.active[:, 0] == together.active[:, 1]).all() and len(together.alpha.unique()) == 1


def test_from_alpha_max_on_the_mean_is_predicted(small):
    x, y, x_test = small
    ours = MultiTaskLasso(x, x_test, np.array([1e3, 1e4])).fit(y)
    np.testing.assert_array_equal(predicted(ours), np.broadcast_to(y.mean(0), ours.test.shape))
    assert (ours.alpha == 1e4).all() and not ours.active.any()  # of equals the largest


def test_alphas_that_cannot_matter_are_not_computed(small, monkeypatch):
    x, y, x_test = small
    computed, solve = [], Problem.solve
    monkeypatch.setattr(Problem, "solve", lambda self, alpha, *how: solve(self, computed.append(alpha) or alpha, *how))
    ours = MultiTaskLasso(x, x_test).fit(y)
    assert len(computed) < 4 * 60 and min(computed) >= 1e-9  # of 60 alphas, five folds and the last fit
    everything = MultiTaskLasso(x, x_test, rounds=(1e-12,)).fit(y)
    assert (ours.alpha == everything.alpha).all()


def test_a_path_stops_where_smaller_alphas_cannot_matter(small, monkeypatch):
    x, y, x_test = small
    asked = []
    monkeypatch.setattr(lasso, "paths", lambda x, y, penalties: asked.append(penalties) or paths(x, y, penalties))
    SingleTaskLasso(x, x_test).fit(y)
    assert asked[0].min() > 1e-10 and len(asked[0]) < 20


@pytest.mark.parametrize("seed", [3, 14, 37, 41, 42, 47])
def test_the_rounds_choose_the_alpha_of_the_full_list(seed):
    """Among them problems whose small alphas look better than they are until they are solved well."""
    random = np.random.default_rng(seed)
    n_sounds, n_units = int(random.choice([30, 60])), int(random.choice([40, 100, 300]))
    x = random.standard_normal((n_sounds, n_units))
    weights = np.zeros((n_units, 2))
    weights[:20] = random.standard_normal((20, 2))
    y = x @ weights + random.choice([0.5, 2, 10]) * random.standard_normal((n_sounds, 2))
    alphas = np.logspace(-12, 6, 19)
    ours, full = (MultiTaskLasso(x, x[:2], alphas, **how).fit(y) for how in ({}, {"rounds": (1e-9,)}))
    assert (ours.alpha == full.alpha).all() and full.unconverged == ()


@pytest.mark.parametrize("estimator", [MultiTaskLasso, SingleTaskLasso])
def test_fits_that_stop_early_are_named(estimator, small, monkeypatch):
    x, y, x_test = small
    monkeypatch.setattr(newton, "MOST_STEPS", 1)
    monkeypatch.setattr(homotopy, "MOST", 0)  # no path goes anywhere, so that all of them have to be mended
    ours = estimator(x, x_test, tolerance=1e-14).fit(y)
    assert ours.unconverged and set(ours.unconverged) <= set(ALPHAS)


def test_a_path_that_was_left_is_mended(small, monkeypatch):
    x, y, x_test = small
    whole = SingleTaskLasso(x, x_test).fit(y)
    monkeypatch.setattr(homotopy, "MOST", 0)
    mended = SingleTaskLasso(x, x_test).fit(y)
    assert mended.unconverged == () and (mended.alpha == whole.alpha).all()
    np.testing.assert_allclose(mended.coefficients, whole.coefficients, atol=2e-3)


@pytest.mark.parametrize("estimator", [RidgeKFold, MultiTaskLasso])
def test_the_order_of_sounds_makes_the_folds(estimator, small):
    x, y, x_test = small
    forwards, backwards = estimator(x, x_test).fit(y), estimator(x[::-1], x_test).fit(y[::-1])
    assert not np.allclose(forwards.criterion, backwards.criterion)
    kept, out = next(iter(folds(83)))
    assert out.tolist() == list(range(17)) and kept.tolist() == list(range(17, 83))


@pytest.mark.parametrize("estimator", [RidgeKFold, MultiTaskLasso, SingleTaskLasso])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x, y, []), "positive alphas"),
        (lambda x, y: (x, y, [1.0, 0.1]), "ascending"),
        (lambda x, y: (x, y, [0.0, 0.1]), "positive"),
        (lambda x, y: (np.where(x > 2, np.nan, x), y, ALPHAS), "NaN"),
        (lambda x, y: (x, np.where(y > 8, np.inf, y), ALPHAS), "NaN or infinite"),
        (lambda x, y: (x[:9], y[:9], ALPHAS), "9 train sounds cannot be cut"),
    ],
)
def test_what_cannot_be_fitted_is_refused(estimator, change, message, small):
    x, y, x_test = small
    x, y, alphas = change(x, y)
    with pytest.raises(ValueError, match=message):
        estimator(x, x_test, alphas).fit(y)


@pytest.mark.parametrize("estimator", [RidgeKFold, MultiTaskLasso, SingleTaskLasso])
def test_a_single_alpha_is_the_one_that_is_used(estimator, small):
    x, y, x_test = small
    ours = estimator(x, x_test, [0.1]).fit(y)
    assert (ours.alpha == 0.1).all() and ours.criterion.shape[0] == 1
    assert not np.allclose(ours.test, estimator(x, x_test, [1.0]).fit(y).test)
