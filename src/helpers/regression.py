"""Ridge regression of many targets at once, each with its own alpha chosen by closed-form leave-one-out.

For centred X (n_train, n_units) = U S V' and centred Y, ridge predicts with V diag(s / (s² + alpha)) U'Y. Leaving out
sound i changes the error at i to

    e_i(alpha) = [(I - 11'/n - U diag(s² / (s² + alpha)) U') y]_i / [the same matrix]_ii,

so one decomposition serves every alpha and every target, and the errors of all of them are one matrix product
(Golub, Heath & Wahba 1979; the 1/n is the leverage of the intercept).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

# 10^49 ... 10^-50, largest first, as the published analysis lists them
ALPHAS = np.array([float(10**k) if k >= 0 else 10.0**k for k in range(49, -51, -1)])

EPSILON = torch.finfo(torch.float64).eps
PLATEAU = 1e-12  # relative gain over alpha = infinity below which the choice of alpha is rounding noise
BLOCK = 2048  # targets at a time: about 100 MB at 83 sounds and 40 distinct alphas


@dataclass(frozen=True)
class Fit:
    """Ridge fits of a block of targets; predictions are of the centred data (train mean not added back)."""

    alpha: torch.Tensor  # (n_targets,)
    error: torch.Tensor  # (n_alphas, n_targets), mean squared leave-one-out error
    train: torch.Tensor  # (n_train, n_targets)
    test: torch.Tensor  # (n_test, n_targets)


class RidgeLOO:
    """Ridge with an intercept on one train set; `fit` takes any number of targets.

    x_train (n_train, n_units) and x_test (n_test, n_units) are arrays in any float type; everything is computed in
    float64 on `device`. `alphas` (n_alphas,) in descending order: of equal errors the first, largest one wins.
    Where no alpha beats an infinite one by more than rounding, the first is chosen and the prediction is exactly 0.
    Raises ValueError for alphas that are not positive and descending or for values that are not finite.
    """

    def __init__(self, x_train, x_test, alphas=ALPHAS, device: str = "cpu"):
        self.alphas = _tensor(alphas, device)
        if (self.alphas <= 0).any() or (self.alphas.diff() >= 0).any():
            raise ValueError("alphas must be positive and in descending order")
        x_train, x_test = _tensor(x_train, device), _tensor(x_test, device)
        if not (x_train.isfinite().all() and x_test.isfinite().all()):
            raise ValueError("activations hold NaN or infinite values; ridge needs every value")
        mean = x_train.mean(0)
        self._decompose(x_train - mean, x_test - mean)
        self.distinct, self.group = self._distinct_alphas()
        self.residual_maker = torch.stack([self._residual_maker(a) for a in self.alphas[self.distinct]])

    def _decompose(self, x: torch.Tensor, x_test: torch.Tensor) -> None:
        """Keep U (n_train, rank), s² (rank,) and the test sounds in the same coordinates, X_test V / s."""
        left, singular, right = torch.linalg.svd(x, full_matrices=False)
        if singular.numel() and singular[0] > 0:
            kept = singular > singular[0] * max(x.shape) * EPSILON
        else:
            kept = torch.zeros_like(singular, dtype=torch.bool)
        kept[len(x) - 1 :] = False  # centred rows: one direction is lost, whatever rounding says
        self.left, self.squared = left[:, kept], singular[kept] ** 2
        self.test = x_test @ right[kept].T / singular[kept]

    def _distinct_alphas(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Positions of the alphas whose errors can differ in float64, and for each alpha the one it equals.

        Beyond s²max / eps a fit is the mean, below s²min * eps it is least squares: each end collapses into its
        largest alpha, which is the one that wins a tie.
        """
        strongest, weakest = (self.squared[0], self.squared[-1]) if len(self.squared) else (1.0, 1.0)
        infinite = strongest < EPSILON * self.alphas
        zero = self.alphas < EPSILON * weakest
        starts = ~(infinite | zero)
        starts[0] = True
        starts |= zero & ~torch.roll(zero, 1)
        starts |= ~infinite & torch.roll(infinite, 1)
        return torch.nonzero(starts).flatten(), starts.cumsum(0) - 1

    def _residual_maker(self, alpha: torch.Tensor) -> torch.Tensor:
        """The matrix (n_train, n_train) that turns a target into its leave-one-out errors.

        alpha / (s² + alpha) and the unreachable directions are added up instead of subtracting the hat matrix from I:
        at small alphas the difference would be rounding noise.
        """
        n_train = len(self.left)
        kept = (self.left * (alpha / (self.squared + alpha))) @ self.left.T
        if self.left.shape[1] < n_train - 1:
            unreached = torch.eye(n_train, dtype=kept.dtype, device=kept.device) - 1 / n_train - self.left @ self.left.T
            kept = kept + unreached
        return kept / kept.diagonal()[:, None]

    def fit(self, y_train) -> Fit:
        """Fit targets y_train (n_train, n_targets)."""
        y = self._centred(y_train)
        return self._chosen(self.errors_of(self.residuals(y)), y)

    def fit_repetitions(self, y_train) -> tuple[Fit, list[Fit]]:
        """Fit the mean over repetitions and each repetition of y_train (n_train, n_targets, n_repetitions).

        Leave-one-out residuals are linear in y, so those of the mean are the mean of the repetitions' own.
        """
        repetitions = [self._centred(y_train[..., index]) for index in range(y_train.shape[-1])]
        residuals = [self.residuals(y) for y in repetitions]
        singles = [self._chosen(self.errors_of(e), y) for e, y in zip(residuals, repetitions, strict=True)]
        mean = sum(repetitions) / len(repetitions)
        return self._chosen(self.errors_of(sum(residuals) / len(residuals)), mean), singles

    def residuals(self, y: torch.Tensor) -> torch.Tensor:
        """Leave-one-out residuals (n_distinct_alphas, n_train, n_targets) of centred targets."""
        return (self.residual_maker.flatten(0, 1) @ y).unflatten(0, self.residual_maker.shape[:2])

    def errors_of(self, residuals: torch.Tensor) -> torch.Tensor:
        """Mean squares (n_distinct_alphas, n_targets) of residuals."""
        return torch.linalg.vector_norm(residuals, dim=1).square() / residuals.shape[1]

    def _chosen(self, errors: torch.Tensor, y: torch.Tensor) -> Fit:
        best = errors.argmin(0)  # the first of equals: the largest alpha
        hopeless = errors.amin(0) >= (1 - PLATEAU) * errors[0]
        best = torch.where(hopeless, 0, best)
        alpha = self.alphas[self.distinct][best]
        shrunk = self.squared[:, None] / (self.squared[:, None] + alpha)
        shrunk = torch.where(self.squared[:, None] < EPSILON * alpha, 0, shrunk)  # an infinite alpha predicts the mean
        coordinates = shrunk * (self.left.T @ y)
        return Fit(alpha, errors[self.group], self.left @ coordinates, self.test @ coordinates)

    def _centred(self, y_train) -> torch.Tensor:
        y = _tensor(y_train, self.left.device)
        if not y.isfinite().all():
            raise ValueError("responses hold NaN or infinite values; leave those targets out and say so")
        return y - y.mean(0)


def blocks(n_targets: int, size: int = BLOCK) -> Iterator[slice]:
    """Slices that cut targets into blocks, so that memory does not grow with their number."""
    return (slice(start, min(start + size, n_targets)) for start in range(0, n_targets, size))


def _tensor(values, device) -> torch.Tensor:
    return torch.as_tensor(np.asarray(values) if not torch.is_tensor(values) else values).to(device, torch.float64)
