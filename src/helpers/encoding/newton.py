"""The multi-task lasso to any accuracy: a semismooth Newton method on the dual (Li, Sun & Toh 2018; Zhang et al. 2020).

For centred X (n_sounds, n_units) and Y (n_sounds, n_targets),

    min over W of ||Y - XW||² / 2 + penalty * sum over units of ||W_unit||

is solved by proximal steps, each of which moves from W to the minimum of that objective plus ||. - W||² / (2 sigma). A
step has a smooth dual in Z, the residuals: with the shrinkage S(v) = v max(0, 1 - sigma * penalty / ||v||) of each
unit's row, Z minimises

    ||Z||² / 2 - <Z, Y> + ||S(W + sigma X'Z)||² / (2 sigma),

and S(W + sigma X'Z) is the next W, with exact zeros. Its Hessian I + sigma X M X' needs only the units that are used;
Newton's equation is solved by conjugate gradients, preconditioned with the same matrix where each unit's M is replaced
by its mean eigenvalue, which is one n_sounds x n_sounds inverse for all targets.

Coordinate descent, which is usual, needs thousands of passes where units are correlated and the penalty is small;
here some ten steps suffice everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

# How far the proximal steps reach. What they are changes the time, not the result.
FIRST, GROWTH, LARGEST = 1e3, 2.0, 1e12
SHRINK = 0.1  # of sigma for the first step at another penalty
INEXACT = 3.0  # a step's gradient may stay below this times its length, in the metric in which that suffices
LEAST = 1e-12  # gradient below which a step is exact to rounding
MOST_STEPS, MOST_NEWTON, MOST_CG = 60, 50, 100  # after which a solution is reported as it is
DESCENT, SMALLEST = 1e-4, 1e-6  # share of the predicted decrease to be achieved (Armijo); smallest share of a step
ROUNDING = 1e-13  # of objectives, which begin at ||Y||² / 2 = 1 / 2


@dataclass(frozen=True)
class Solution:
    """What is known at one penalty; everything in units in which X and Y have norm 1."""

    coefficients: np.ndarray  # (n_units, n_targets)
    residuals: np.ndarray  # (n_sounds, n_targets), the dual Z
    sigma: float
    gap: float  # the duality gap, as a share of the objective


class Problem:
    """One lasso problem of centred x (n_sounds, n_units) and y (n_sounds, n_targets), solved at one alpha at a time.

    `alpha` is the penalty divided by the number of sounds, as in scikit-learn.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray):
        self.scale_x, self.scale_y = np.linalg.norm(x) or 1.0, np.linalg.norm(y) or 1.0
        self.x, self.y = x / self.scale_x, y / self.scale_y
        self.highest = _norms(x.T @ y).max(initial=0) / len(x)  # alpha from which on every coefficient is 0

    def nothing(self) -> Solution:
        """Return the solution at `highest` and above."""
        return Solution(np.zeros((self.x.shape[1], self.y.shape[1])), self.y, FIRST, 0.0)

    def started(self, coefficients: np.ndarray) -> Solution:
        """Return given coefficients (n_units, n_targets), in the data's units, as a place to start from."""
        w = coefficients * (self.scale_x / self.scale_y)
        return Solution(w, self.y - self.x @ w, FIRST, np.inf)

    def coefficients(self, solution: Solution) -> np.ndarray:
        """Return coefficients (n_units, n_targets) in the data's units."""
        return solution.coefficients * (self.scale_y / self.scale_x)

    def solve(self, alpha: float, tolerance: float, start: Solution) -> Solution:
        """Return the solution at `alpha` with a gap of at most `tolerance`; where that fails, the best one found."""
        if alpha >= self.highest:
            return self.nothing()
        penalty = alpha * len(self.x) / (self.scale_x * self.scale_y)
        w, step = start.coefficients, _Step(self.x, self.y, penalty, start.residuals)
        sigma = max(FIRST, SHRINK * start.sigma)
        found = None
        for _ in range(MOST_STEPS):
            moved, reached = step.taken(w, sigma)
            if not reached:
                sigma *= SHRINK
                continue
            w, gap = moved, step.gap(moved)
            if found is None or gap < found.gap:
                found = Solution(w, step.z, sigma, gap)
            if gap <= tolerance:
                break
            sigma = min(LARGEST, GROWTH * sigma)
        return found or Solution(w, step.z, sigma, np.inf)


class _Step:
    """Proximal steps at one penalty, each from the residuals that the last one ended with."""

    def __init__(self, x: np.ndarray, y: np.ndarray, penalty: float, z: np.ndarray):
        self.x, self.y, self.penalty = x, y, penalty
        self.z, self.correlations = z, x.T @ z  # (n_sounds, n_targets), (n_units, n_targets)

    def taken(self, w: np.ndarray, sigma: float) -> tuple[np.ndarray, bool]:
        """Return the coefficients one proximal step from w (n_units, n_targets), and whether Newton got there."""
        v = w + sigma * self.correlations
        value, norms, kept = self._value(v, self.z, sigma)
        for _ in range(MOST_NEWTON):
            used = np.flatnonzero(kept)
            x, rows = self.x[:, used], v[used]
            shrunk = rows * (kept[used] / norms[used])[:, None]
            gradient = self.z - self.y + x @ shrunk
            length = np.linalg.norm(gradient)
            moved = np.square(shrunk - w[used]).sum() + max(0, np.square(w).sum() - np.square(w[used]).sum())
            if length <= max(LEAST, INEXACT * np.sqrt(moved / sigma)):
                return v * (kept / np.maximum(norms, np.finfo(float).tiny))[:, None], True
            direction = _newton(x, rows / norms[used, None], kept[used] / norms[used], sigma, gradient, length)
            descended = self._descended(v, value, direction, np.vdot(gradient, direction), sigma)
            if descended is None:
                break
            v, value, norms, kept = descended
        return w, False

    def _descended(self, v, value: float, direction: np.ndarray, slope: float, sigma: float):
        """Go along a Newton step as far as the dual descends; return v and its value there, None where it does not.

        It is strongly convex: some share of the step descends, up to rounding.
        """
        change, share = self.x.T @ direction, 1.0
        while share >= SMALLEST:
            z, moved = self.z + share * direction, v + (sigma * share) * change
            new, norms, kept = self._value(moved, z, sigma)
            if new <= value + DESCENT * share * slope + ROUNDING * abs(value):
                self.z, self.correlations = z, self.correlations + share * change
                return moved, new, norms, kept
            share /= 2
        return None

    def _value(self, v: np.ndarray, z: np.ndarray, sigma: float) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the dual objective at z, the norms of v's rows (n_units,), and what shrinkage leaves of them."""
        norms = _norms(v)
        kept = np.maximum(0, norms - sigma * self.penalty)
        return np.vdot(z, z) / 2 - np.vdot(z, self.y) + np.vdot(kept, kept) / (2 * sigma), norms, kept

    def gap(self, w: np.ndarray) -> float:
        """Return the objective at w less the dual's at the residuals, made feasible, as a share of the former."""
        used = np.flatnonzero(w.any(1))
        residual = self.y - self.x[:, used] @ w[used]
        primal = np.vdot(residual, residual) / 2 + self.penalty * _norms(w[used]).sum()
        feasible = self.z * min(1, self.penalty / max(_norms(self.correlations).max(), np.finfo(float).tiny))
        dual = np.vdot(feasible, self.y) - np.vdot(feasible, feasible) / 2
        return max(0, primal - dual - ROUNDING) / max(primal, np.finfo(float).tiny)


def _newton(x, directions, share, sigma: float, gradient: np.ndarray, length: float) -> np.ndarray:
    """Return the solution D (n_sounds, n_targets) of (I + sigma X M X') D = -gradient, as far as is worth it.

    `x` (n_sounds, n_used) are the used units, `directions` (n_used, n_targets) their rows with norm 1, of which `share`
    (n_used,) is left by shrinkage: M is `share` across that direction, and 1 along it.
    """
    n_targets = gradient.shape[1]
    precondition = _inverse((x * (sigma * (share + (1 - share) / n_targets))) @ x.T)
    across, along = share[:, None], directions * np.sqrt(1 - share)[:, None]
    enough = max(min(0.05, length), 1e-4) * length
    solution, left = np.zeros_like(gradient), -gradient
    rested = precondition @ left
    search, size = rested.copy(), np.vdot(left, rested)
    for _ in range(MOST_CG):
        seen = x.T @ search
        seen = across * seen + along * np.einsum("ut,ut->u", along, seen)[:, None]
        image = search + sigma * (x @ seen)
        step = size / np.vdot(search, image)
        solution += step * search
        left -= step * image
        if np.linalg.norm(left) <= enough:
            break
        rested = precondition @ left
        size, before = np.vdot(left, rested), size
        search *= size / before
        search += rested
    return solution


def _inverse(k: np.ndarray) -> np.ndarray:
    """Return the inverse of I + k for a positive semidefinite k, by Cholesky's factor."""
    k.flat[:: len(k) + 1] += 1
    factor, _ = lapack.dpotrf(k, lower=1, overwrite_a=1)
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    return np.tril(inverse) + np.tril(inverse, -1).T


def _norms(rows: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ut,ut->u", rows, rows))
