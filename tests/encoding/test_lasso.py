"""The two ways to solve a lasso: optimality on hard problems, scikit-learn as oracle, what is degenerate."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, MultiTaskLasso

from helpers.encoding.homotopy import paths
from helpers.encoding.newton import Problem


def centred(seed: int, n_sounds: int, n_units: int, n_targets: int, correlation: float = 0.0, noise: float = 1.0):
    """Units that share a part of their variance, targets that depend on five of them."""
    random = np.random.default_rng(seed)
    shared = random.standard_normal((n_sounds, 1))
    x = np.sqrt(1 - correlation) * random.standard_normal((n_sounds, n_units)) + np.sqrt(correlation) * shared
    y = x[:, :5] @ random.standard_normal((5, n_targets)) + noise * random.standard_normal((n_sounds, n_targets))
    return x - x.mean(0), y - y.mean(0)


HARD = {
    "more units than sounds": (0, 30, 200, 3),
    "fewer units": (1, 60, 12, 2),
    "as many": (2, 25, 24, 4),
    "correlated": (3, 40, 80, 3, 0.99),
    "without noise": (4, 40, 60, 3, 0.5, 0.0),
    "one target": (5, 40, 60, 1),
    "one unit": (6, 20, 5, 2, 0.999),
}
ALPHAS = 10.0 ** np.arange(1, -9, -1)


def gap(x, y, w, alpha: float) -> float:
    """The duality gap as a share of ||y||², from the residuals at w alone."""
    penalty, residual = alpha * len(x), y - x @ w
    feasible = residual * min(1, penalty / np.linalg.norm(x.T @ residual, axis=1).max())
    primal = np.square(residual).sum() / 2 + penalty * np.linalg.norm(w, axis=1).sum()
    return (primal - (np.square(y).sum() - np.square(y - feasible).sum()) / 2) / np.square(y).sum()


@pytest.mark.parametrize("name", HARD)
def test_newton_reaches_any_tolerance(name):
    x, y = centred(*HARD[name])
    problem = Problem(x, y)
    solution = problem.nothing()
    for alpha in ALPHAS:
        solution = problem.solve(alpha, 1e-11, solution)
        w = problem.coefficients(solution)
        assert solution.gap <= 1e-11
        objective = np.square(y - x @ w).sum() / (2 * len(x)) + alpha * np.linalg.norm(w, axis=1).sum()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # where alpha is small, it gives up
            oracle = MultiTaskLasso(alpha, tol=1e-12, max_iter=3000).fit(x, y).coef_.T
        theirs = np.square(y - x @ oracle).sum() / (2 * len(x)) + alpha * np.linalg.norm(oracle, axis=1).sum()
        assert objective <= theirs + 1e-11 * np.square(y).sum() / len(x)


def test_newton_is_scikit_learns_solution():
    x, y = centred(0, 60, 40, 3)
    problem = Problem(x, y)
    for alpha in (1.0, 0.1, 0.01):
        w = problem.coefficients(problem.solve(alpha, 1e-13, problem.nothing()))
        oracle = MultiTaskLasso(alpha, tol=1e-14, max_iter=100_000).fit(x, y).coef_.T
        np.testing.assert_allclose(w, oracle, atol=1e-6)
        assert (w.any(1) == oracle.any(1)).all()


def test_from_the_highest_alpha_on_nothing_is_used_and_below_it_something_is():
    x, y = centred(0, 30, 50, 3)
    problem = Problem(x, y)
    used = [problem.solve(share * problem.highest, 1e-10, problem.nothing()).coefficients.any() for share in (1, 0.99)]
    assert used == [False, True]


@pytest.mark.parametrize("name", HARD)
def test_a_path_is_optimal_at_every_penalty(name):
    x, y = centred(*HARD[name])
    walked = paths([x], [y], np.broadcast_to(ALPHAS[:, None, None] * len(x), (len(ALPHAS), 1, y.shape[1])))
    for alpha, w in zip(ALPHAS, walked[:, 0], strict=True):
        assert max(gap(x, y[:, [t]], w[:, [t]], alpha) for t in range(y.shape[1])) < 1e-7


def test_paths_of_many_sets_are_those_of_each_alone():
    problems = [centred(seed, 30 + seed, 50, 3) for seed in range(4)]
    x, y = zip(*problems, strict=True)
    penalties = np.stack([np.outer(ALPHAS, [1.0, 2.0, 3.0]) * len(one) for one in x], axis=1)
    together = paths(x, y, penalties)
    alone = [paths([x[i]], [y[i]], penalties[:, [i]])[:, 0] for i in range(4)]
    np.testing.assert_allclose(together, np.stack(alone, axis=1), atol=1e-9)
    oracle = Lasso(ALPHAS[2] * 3, tol=1e-12, max_iter=100_000).fit(x[1], y[1][:, 2])
    np.testing.assert_allclose(together[2, 1, :, 2], oracle.coef_, atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.hstack([x, x]),  # every unit twice
        lambda x: np.hstack([x, -x, 2 * x]),
        lambda x: np.hstack([x, np.zeros_like(x)]),  # units that are silent
        lambda x: np.hstack([x, x[:, :5] @ np.ones((5, 1))]),
        lambda x: np.round(x),  # ties
    ],
)
def test_units_that_depend_on_each_other(change):
    x, y = centred(7, 30, 40, 2)
    x = change(x)
    x = x - x.mean(0)
    problem, solution = Problem(x, y), None
    walked = paths([x], [y], np.broadcast_to(ALPHAS[:, None, None] * len(x), (len(ALPHAS), 1, 2)))[:, 0]
    for alpha, w in zip(ALPHAS, walked, strict=True):
        solution = problem.solve(alpha, 1e-10, solution or problem.nothing())
        assert solution.gap <= 1e-10
        assert max(gap(x, y[:, [t]], w[:, [t]], alpha) for t in range(2)) < 1e-9


def test_targets_and_units_without_variance():
    x, y = centred(0, 20, 10, 2)
    nothing = np.zeros_like(y)
    assert not paths([x], [nothing], np.full((1, 1, 2), 1e-9)).any()
    assert not paths([0 * x], [y], np.full((1, 1, 2), 1e-9)).any()
    for one, of in ((x, nothing), (0 * x, y)):
        problem = Problem(one, of)
        assert not problem.coefficients(problem.solve(1e-9, 1e-10, problem.nothing())).any()


@pytest.mark.parametrize(("of_x", "of_y"), [(1e-25, 1.0), (1e20, 1.0), (1.0, 1e-25), (1.0, 1e20)])
def test_units_of_measurement_do_not_matter(of_x, of_y):
    x, y = centred(0, 30, 50, 2)
    plain, scaled = Problem(x, y), Problem(of_x * x, of_y * y)
    a = plain.coefficients(plain.solve(0.01, 1e-12, plain.nothing()))
    b = scaled.coefficients(scaled.solve(0.01 * of_x * of_y, 1e-12, scaled.nothing()))
    np.testing.assert_allclose(b * (of_x / of_y), a, atol=1e-7)
    penalty = np.full((1, 1, 2), 0.3)
    walked = paths([of_x * x], [of_y * y], penalty * of_x * of_y)
    np.testing.assert_allclose(walked * (of_x / of_y), paths([x], [y], penalty), atol=1e-9)
