"""Lasso, its alpha chosen by K-fold cross-validation, over scikit-learn's coordinate descent.

For centred X (n_train, n_units) and Y (n_train, n_targets) the multi-task lasso minimises

    ||Y - XW||² / (2 n_train) + alpha * sum over units of ||W_unit||  (Obozinski, Taskar & Jordan 2010);

the single-task lasso is the same for each target alone. Alphas that cannot matter are not computed:

- from alpha_max = max over units of ||X_unit' Y|| / n_train on, W is exactly 0 and the mean is predicted;
- once the objective itself is below the tolerance at some W, that W solves every smaller alpha to the tolerance: the
  objective falls with alpha and is never negative;
- so does the W of an alpha whose penalty of the least-squares solution of least norm is below the tolerance: no lasso
  solution has a larger penalty than that one, and W is worse at a smaller alpha by at most the penalty it could save;
- alphas are searched in rounds: all of them at a coarse tolerance, then only those whose error is near the smallest
  at a finer one, until one is left. This step is a heuristic; the tests compare it with the full list.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

from helpers.encoding.fit import LinearFit, checked_alphas
from helpers.encoding.kfold import ALPHAS, checked, folds, linear_fit

# Tolerances of the rounds, as shares of ||Y||² / n_train. An alpha is dropped after a round if its error lies above the
# smallest trusted one by more than SLACK times the tolerance. Errors are trusted where the duality gap is below a share
# TRUST of the objective: at smaller alphas a coarse solution is one that stopped early, which is a regularisation of
# its own and makes them look better than they are.
ROUNDS = (4e-3, 1e-3, 1e-4, 1e-5, 1e-6)
SLACK, TRUST = 5, 0.05
TOLERANCE = 1e-6  # of the last fit, on all train sounds
# Most passes over all units, after which a fit is reported: while alphas are searched (as published), in the last fit
MOST, MOST_AT_LAST = 1000, 50_000


class MultiTaskLasso:
    """Multi-task lasso: one alpha and one set of units for all targets.

    x_train (n_train, n_units) in the order that the folds are cut in, x_test (n_test, n_units); `alphas` ascend. The
    alpha with the smallest mean squared error over folds and targets wins, of equal ones the largest, as published.
    `criterion` (n_alphas, n_folds) is that error at the last tolerance it was computed with. Raises ValueError for
    invalid input.
    """

    ALPHAS = ALPHAS
    shares_alpha = True
    selects = True  # some units, and leaves the others at zero

    def __init__(self, x_train, x_test, alphas=ALPHAS, device="cpu", *, rounds=ROUNDS, tolerance=TOLERANCE):  # noqa: ARG002
        self.x, self.alphas = checked(x_train), checked_alphas(alphas)
        self.x_test = np.asarray(x_test, dtype=np.float64)
        self.rounds, self.tolerance = rounds, tolerance

    def fit(self, y_train) -> LinearFit:
        """Fit targets y_train (n_train, n_targets)."""
        return self._fitted(checked(self.x, y_train)[1])

    def _fitted(self, y: np.ndarray) -> LinearFit:
        x, alphas = self.x, self.alphas
        parts = [_Fold(x, y, kept, out) for kept, out in folds(len(x))]
        criterion, contenders = _searched(parts, alphas, self.rounds)
        mean = np.where(contenders, criterion.mean(1), np.inf)
        alpha = alphas[len(alphas) - 1 - mean[::-1].argmin()]  # of equals the largest
        whole = _Problem(x - x.mean(0), y - y.mean(0))
        whole.start(alpha, np.mean([part.problem.solve(alpha, self.rounds[0], MOST) for part in parts], axis=0))
        coefficients = whole.solve(alpha, self.tolerance, MOST_AT_LAST)
        unconverged = [alpha for problem in (whole, *(part.problem for part in parts)) for alpha in problem.unconverged]
        return linear_fit(self, y, np.full(y.shape[1], alpha), criterion, coefficients, unconverged)


class SingleTaskLasso(MultiTaskLasso):
    """Single-task lasso: each target has an alpha and a set of units of its own.

    As `MultiTaskLasso`, target by target; `criterion` is (n_alphas, n_folds, n_targets).
    """

    shares_alpha = False

    def _fitted(self, y: np.ndarray) -> LinearFit:
        single = [super(SingleTaskLasso, self)._fitted(y[:, [target]]) for target in range(y.shape[1])]
        return linear_fit(
            self, y, np.concatenate([one.alpha for one in single]),
            np.stack([one.criterion for one in single], axis=-1), np.hstack([one.coefficients for one in single]),
            [alpha for one in single for alpha in one.unconverged],
        )  # fmt: skip


def _searched(parts: list[_Fold], alphas: np.ndarray, rounds) -> tuple[np.ndarray, np.ndarray]:
    """Return mean squared errors (n_alphas, n_folds), each at its last tolerance, and the remaining alphas."""
    errors = np.empty((len(alphas), len(parts)))
    contenders = np.ones(len(alphas), dtype=bool)
    variance = np.mean([np.square(part.problem.y).mean() for part in parts])
    for tolerance in rounds:
        errors[contenders] = np.stack([part.errors(alphas[contenders], tolerance) for part in parts], axis=1)
        mean = np.where(contenders, errors.mean(1), np.inf)
        trusted = [all(part.problem.trusts(alpha) for part in parts) for alpha in alphas]
        smallest = mean[trusted].min(initial=np.inf)
        contenders &= mean <= smallest + SLACK * tolerance * variance
        if contenders.sum() == 1:
            break
    return errors, contenders


class _Fold:
    """The sounds of a fold, centred on those it trains with."""

    def __init__(self, x: np.ndarray, y: np.ndarray, kept: np.ndarray, out: np.ndarray):
        self.problem = _Problem(x[kept] - x[kept].mean(0), y[kept] - y[kept].mean(0))
        self.x, self.y = x[out] - x[kept].mean(0), y[out] - y[kept].mean(0)

    def errors(self, alphas: np.ndarray, tolerance: float) -> np.ndarray:
        """Return the mean squared error of the left-out sounds at each of the ascending `alphas` (n_alphas,)."""
        solved = [self.problem.solve(alpha, tolerance, MOST) for alpha in alphas[::-1]]
        return np.array([np.square(self.y - self.x @ w).mean() for w in solved[::-1]])


class _Problem:
    """One lasso problem; every fit starts from what is known of that alpha, or of the next larger one."""

    def __init__(self, x: np.ndarray, y: np.ndarray):
        self.x, self.y = np.asfortranarray(x), np.asfortranarray(y)
        self.highest = np.linalg.norm(x.T @ y, axis=1).max() / len(x)  # alpha_max
        self.total = np.square(y).sum() / len(y)
        self.most = np.linalg.norm(_least_squares(x, y), axis=1).sum()  # its penalty over alpha
        self.known = {np.inf: _Solution(np.zeros((x.shape[1], y.shape[1])))}  # by alpha
        self.unconverged = []

    def solve(self, alpha: float, tolerance: float, most: int) -> np.ndarray:
        """Return coefficients (n_units, n_targets) at `alpha`, to `tolerance` * ||Y||² / n_train in the objective."""
        near, start = self._nearest(alpha)
        small_enough = near * self.most <= tolerance * self.total and start.tolerance <= tolerance
        if alpha >= self.highest or small_enough or self.objective(start, alpha) <= tolerance * self.total:
            return start.coefficients
        self.known[alpha] = self._descended(start, alpha, tolerance, most)
        return self.known[alpha].coefficients

    def start(self, alpha: float, coefficients: np.ndarray) -> None:
        """Offer coefficients to begin with at `alpha`."""
        self.known[alpha] = _Solution(coefficients)

    def trusts(self, alpha: float) -> bool:
        """Return whether the known solution at `alpha` is near its optimum, relative to the optimum itself."""
        near, solution = self._nearest(alpha)
        return alpha >= self.highest or (near == alpha and solution.gap <= TRUST * self.objective(solution, alpha))

    def objective(self, solution: _Solution, alpha: float) -> float:
        """Return the value of the objective."""
        residual = np.square(self.y - self.x @ solution.coefficients).sum() / (2 * len(self.y))
        return residual + alpha * np.linalg.norm(solution.coefficients, axis=1).sum()

    def _nearest(self, alpha: float) -> tuple[float, _Solution]:
        """Return the smallest known alpha that is not below `alpha`, or infinity from alpha_max on."""
        near = np.inf if alpha >= self.highest else min(known for known in self.known if known >= alpha)
        return near, self.known[near]

    def _descended(self, start: _Solution, alpha: float, tolerance: float, most: int) -> _Solution:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # reported below
            _, coefficients, gaps, n_passes = lasso_path(
                self.x, self.y, alphas=[alpha], coef_init=start.coefficients.T.copy("F"), max_iter=most, tol=tolerance,
                check_input=False, return_n_iter=True,
            )  # fmt: skip
        self.unconverged += [alpha] if n_passes[0] >= most else []
        return _Solution(coefficients[..., 0].T, float(gaps[0]), tolerance)


def _least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the least-squares coefficients of least norm, from the smaller of the two Gram matrices."""
    if len(x) < x.shape[1]:
        return x.T @ (np.linalg.pinv(x @ x.T, hermitian=True) @ y)
    return np.linalg.pinv(x.T @ x, hermitian=True) @ (x.T @ y)


@dataclass(frozen=True)
class _Solution:
    coefficients: np.ndarray  # (n_units, n_targets)
    gap: float = np.inf  # the duality gap it has
    tolerance: float = np.inf  # that it was solved to
