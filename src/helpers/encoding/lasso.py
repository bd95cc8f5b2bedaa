"""Lasso, its alpha chosen by K-fold cross-validation on the whole list, every fit of it solved to a stated gap.

For centred X (n_train, n_units) and Y (n_train, n_targets) the multi-task lasso minimises

    ||Y - XW||² / (2 n_train) + alpha * sum over units of ||W_unit||  (Obozinski, Taskar & Jordan 2010);

the single-task lasso is the same for each target alone. The first is solved by `newton`, the second by `homotopy`,
whose paths pass through every alpha. Alphas that cannot matter are not computed: from alpha_max = max over units of
||X_unit' Y|| / n_train on, W is exactly 0 and the mean is predicted; and the W of an alpha whose penalty of the
least-squares solution of least norm is below ENOUGH * ||Y||² / n_train solves every smaller alpha as well: no lasso
solution has a larger penalty than that one, and W is worse at a smaller alpha by at most the penalty it could save.
Tolerances are duality gaps as shares of the objective. As shares of ||Y||², which is usual, they would leave small
alphas undetermined: where there are more units than sounds nearly any fit of the train sounds is as good.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.encoding.constant import mean_of
from helpers.encoding.fit import LinearFit, checked_alphas
from helpers.encoding.homotopy import paths
from helpers.encoding.kfold import ALPHAS, checked, folds, linear_fit, on_one_thread
from helpers.encoding.newton import Problem, Solution

# Tolerances of the multi-task search: all alphas at the first, then those at the next whose error lies above the
# smallest by less than SLACK times the last one, as a share of the variance; compared with the full list in the tests
ROUNDS, SLACK = (1e-2, 1e-5), 5
TOLERANCE = 1e-6  # of the last fit, on all train sounds
ENOUGH = 1e-5
TINY = np.finfo(float).tiny


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

    @on_one_thread
    def fit(self, y_train) -> LinearFit:
        """Fit targets y_train (n_train, n_targets)."""
        x, y = checked(self.x, y_train)
        parts = _parts(x, y)
        solvers = [_Solver(part.x, part.y) for part in parts]
        criterion, contenders = self._searched(parts, solvers)
        alpha = self.alphas[_last_smallest(np.where(contenders, criterion.mean(1), np.inf))]
        whole = _Solver(x - mean_of(x), y - mean_of(y))
        whole.start(np.mean([solver.solve(alpha, self.rounds[0]) for solver in solvers], axis=0))
        coefficients = whole.solve(alpha, self.tolerance)
        unconverged = [alpha for solver in (whole, *solvers) for alpha in solver.unconverged]
        return linear_fit(self, y, np.full(y.shape[1], alpha), criterion, coefficients, unconverged)

    def _searched(self, parts: list[_Part], solvers: list[_Solver]) -> tuple[np.ndarray, np.ndarray]:
        """Return mean squared errors (n_alphas, n_folds), each at its last tolerance, and the remaining alphas."""
        errors = np.empty((len(self.alphas), len(parts)))
        contenders = np.ones(len(self.alphas), dtype=bool)
        variance = np.mean([np.square(part.y).mean() for part in parts])
        for tolerance in self.rounds:
            for at in np.flatnonzero(contenders)[::-1]:  # from the largest: each starts from the one before
                of_folds = zip(parts, solvers, strict=True)
                errors[at] = [part.errors(one.solve(self.alphas[at], tolerance)).mean() for part, one in of_folds]
            mean = np.where(contenders, errors.mean(1), np.inf)
            contenders &= mean <= mean.min() + SLACK * tolerance * variance
            if contenders.sum() == 1:
                break
        return errors, contenders


class SingleTaskLasso:
    """Single-task lasso: each target has an alpha and a set of units of its own.

    As `MultiTaskLasso`, target by target; `criterion` is (n_alphas, n_folds, n_targets).
    """

    ALPHAS = ALPHAS
    shares_alpha = False
    selects = True

    def __init__(self, x_train, x_test, alphas=ALPHAS, device="cpu", *, tolerance=TOLERANCE):  # noqa: ARG002
        self.x, self.alphas = checked(x_train), checked_alphas(alphas)
        self.x_test = np.asarray(x_test, dtype=np.float64)
        self.tolerance = tolerance

    @on_one_thread
    def fit(self, y_train) -> LinearFit:
        """Fit targets y_train (n_train, n_targets)."""
        x, y = checked(self.x, y_train)
        criterion, unconverged = self._errors(_parts(x, y))
        alpha = np.array([self.alphas[_last_smallest(of_target)] for of_target in criterion.mean(1).T])
        solved, more = _walked([x - mean_of(x)], [y - mean_of(y)], alpha[None, None], self.tolerance)
        return linear_fit(self, y, alpha, criterion, solved[0, 0], [*unconverged, *more])

    def _errors(self, parts: list[_Part]) -> tuple[np.ndarray, list[float]]:
        """Return mean squared errors (n_alphas, n_folds, n_targets), and the alphas of fits that did not converge."""
        x, y = [part.x for part in parts], [part.y for part in parts]
        highest = max(np.abs(part.x.T @ part.y).max() / len(part.x) for part in parts)
        lowest = np.stack([ENOUGH * part.worth for part in parts])  # (n_folds, n_targets)
        stop = np.searchsorted(self.alphas, lowest, "right").clip(1) - 1  # the largest alpha that solves all below it
        needed = slice(stop.min(), np.searchsorted(self.alphas, highest) + 1)
        alphas = np.maximum(self.alphas[needed, None, None], self.alphas[stop])
        solved, unconverged = _walked(x, y, alphas[::-1], ROUNDS[0])  # exact, but for rounding near a path's end
        of_folds = zip(parts, solved[::-1].swapaxes(0, 1), strict=True)
        errors = np.stack([part.errors(coefficients) for part, coefficients in of_folds], axis=1)
        return errors[(np.arange(len(self.alphas)) - needed.start).clip(0, len(errors) - 1)], unconverged


@dataclass(frozen=True)
class _Part:
    """The sounds of a fold, centred on those it trains with: x (n_sounds, n_units), y (n_sounds, n_targets)."""

    x: np.ndarray
    y: np.ndarray
    x_out: np.ndarray
    y_out: np.ndarray

    def errors(self, coefficients: np.ndarray) -> np.ndarray:
        """Return mean squared errors (..., n_targets) of left-out sounds, of coefficients (..., n_units, n_targets)."""
        return np.square(self.y_out - self.x_out @ coefficients).mean(-2)

    @property
    def worth(self) -> np.ndarray:
        """The alpha of each target at which the penalty of its least-squares solution is its ||y||² / n_train."""
        most = np.abs(_least_squares(self.x, self.y)).sum(0)
        nothing = np.zeros_like(most)  # to predict from
        return np.divide(np.square(self.y).mean(0), most, out=nothing, where=most > TINY)


def _parts(x: np.ndarray, y: np.ndarray) -> list[_Part]:
    centred = [(x - mean_of(x[kept]), y - mean_of(y[kept]), kept, out) for kept, out in folds(len(x))]
    return [_Part(x[kept], y[kept], x[out], y[out]) for x, y, kept, out in centred]


def _last_smallest(errors: np.ndarray) -> int:
    """Return the position of the smallest error, of equals the last."""
    return len(errors) - 1 - int(errors[::-1].argmin())


def _least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the least-squares coefficients of least norm, from the smaller of the two Gram matrices."""
    if len(x) < x.shape[1]:
        return x.T @ (np.linalg.pinv(x @ x.T, hermitian=True) @ y)
    return np.linalg.pinv(x.T @ x, hermitian=True) @ (x.T @ y)


class _Solver:
    """One multi-task problem at several alphas; each solution starts from what is known of its own or a larger one."""

    def __init__(self, x: np.ndarray, y: np.ndarray):
        self.problem = Problem(x, y)
        most = np.linalg.norm(_least_squares(x, y), axis=1).sum()  # its penalty over alpha
        # alpha at which it is ||Y||² / n_train; 0 where there is nothing to predict from
        self.worth = np.square(y).sum() / len(y) / most if most > TINY else 0.0
        self.known: dict[float, Solution] = {np.inf: self.problem.nothing()}
        self.tried: dict[float, float] = {}  # the tolerance of each alpha
        self.unconverged: list[float] = []

    def start(self, coefficients: np.ndarray) -> None:
        """Offer coefficients to start from."""
        self.known[np.inf] = self.problem.started(coefficients)

    def solve(self, alpha: float, tolerance: float) -> np.ndarray:
        """Return coefficients (n_units, n_targets) at `alpha`, with a duality gap of at most `tolerance`."""
        near = min(known for known in self.known if known >= alpha)
        if alpha < near <= ENOUGH * self.worth:
            return self.solve(near, tolerance)
        if near != alpha or self.tried[alpha] > tolerance:
            self.known[alpha] = self.problem.solve(alpha, tolerance, self.known[near])
            self.tried[alpha] = tolerance
            self.unconverged += [alpha] if self.known[alpha].gap > tolerance else []
        return self.problem.coefficients(self.known[alpha])


def _walked(x: list, y: list, alphas: np.ndarray, tolerance: float) -> tuple[np.ndarray, list[float]]:
    """Return single-task coefficients (n_alphas, n_sets, n_units, n_targets) at falling alphas (n_alphas, n_sets,
    n_targets), and the alphas at which they miss the tolerance. Where rounding bent a path, it is mended by `Problem`.
    """
    solved = paths(x, y, alphas * np.array([len(one) for one in x])[:, None])
    unconverged = []
    for i, (one, of) in enumerate(zip(x, y, strict=True)):
        bent = ~(_gaps(one, of, solved[:, i], alphas[:, i] * len(one)) <= tolerance)
        for at, target in np.argwhere(bent):
            problem, column = Problem(one, of[:, [target]]), solved[at, i, :, [target]].T
            mended = problem.solve(alphas[at, i, target], tolerance, problem.started(np.nan_to_num(column)))
            solved[at, i, :, target] = problem.coefficients(mended)[:, 0]
            unconverged += [float(alphas[at, i, target])] if mended.gap > tolerance else []
    return solved, unconverged


def _gaps(x: np.ndarray, y: np.ndarray, coefficients: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Return duality gaps (n_penalties, n_targets) as shares of the objective, NaN where coefficients are."""
    residual = y - x @ coefficients
    largest = np.abs(x.T @ residual).max(1)
    feasible = residual * (penalties / np.maximum(largest, penalties))[:, None]
    primal = np.square(residual).sum(1) / 2 + penalties * np.abs(coefficients).sum(1)
    dual = (feasible * y).sum(1) - np.square(feasible).sum(1) / 2
    return (primal - dual) / np.maximum(primal, TINY)
