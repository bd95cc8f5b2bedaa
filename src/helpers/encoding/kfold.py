"""Ridge with one alpha for all targets, chosen by K-fold cross-validation, in closed form.

One decomposition X - mean = U S V' per fold serves every alpha: the left-out sounds are predicted by
mean(Y) + (X_out - mean) V diag(s / (s² + alpha)) U'Y. The grid, the criterion (coefficient of determination, averaged
over targets and folds) and contiguous folds are those of the published comparison (tp-picml, `RidgeCV(cv=5)`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from sklearn.model_selection import KFold
from threadpoolctl import ThreadpoolController

from helpers.encoding.constant import is_constant, mean_of, settled
from helpers.encoding.fit import LinearFit, checked_alphas

ALPHAS = np.array([float(f"1e{k}") for k in range(-30, 30)])  # those of the published comparison
N_FOLDS = 5
# Estimators of many small products: threads would wait for each other, and for other programs, longer than they work
on_one_thread = ThreadpoolController().wrap(limits=1, user_api="blas")


def folds(n_sounds: int, n_folds: int = N_FOLDS) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Return positions (train, left out) of contiguous folds, the first ones larger by one (sklearn's `KFold`)."""
    return KFold(n_folds).split(np.empty(n_sounds))


def checked(x, y=None) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Return activations, and responses, in float64; raises ValueError for invalid input."""
    arrays = [np.asarray(values, dtype=np.float64) for values in (x, y) if values is not None]
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError("activations or responses hold NaN or infinite values; leave those sounds or targets out")
    if len(arrays[0]) < 2 * N_FOLDS:
        n_sounds, needed = len(arrays[0]), 2 * N_FOLDS
        raise ValueError(f"{n_sounds} train sounds cannot be cut into {N_FOLDS} folds; at least {needed} are needed")
    exact = tuple(settled(array) for array in arrays)
    return exact[0] if y is None else exact


class RidgeKFold:
    """Ridge of x_train (n_train, n_units), in the order that the folds are cut in, for x_test (n_test, n_units).

    Of alphas with equal criterion the first, smallest one wins, as published. `criterion` (n_alphas, n_folds) is the
    coefficient of determination averaged over targets. `alphas` ascend. Raises ValueError for invalid input.
    """

    ALPHAS = ALPHAS
    shares_alpha = True
    selects = False

    def __init__(self, x_train, x_test, alphas=ALPHAS, device: str = "cpu"):  # noqa: ARG002  (it runs on the CPU)
        self.x, self.alphas = checked(x_train), checked_alphas(alphas)
        self.x_test = np.asarray(x_test, dtype=np.float64)

    @on_one_thread
    def fit(self, y_train) -> LinearFit:
        """Fit targets y_train (n_train, n_targets)."""
        x, y = checked(self.x, y_train)
        criterion = np.stack([_on_fold(x, y, kept, out, self.alphas) for kept, out in folds(len(x))], axis=1)
        alpha = self.alphas[criterion.mean(1).argmax()]
        solve, _ = _decomposed(x, y)
        return linear_fit(self, y, np.full(y.shape[1], alpha), criterion, solve(alpha))


def linear_fit(problem, y: np.ndarray, alpha: np.ndarray, criterion: np.ndarray, coefficients, unconverged=()):
    """Return the fit of `coefficients` (n_units, n_targets) to `problem`, which has x, x_test and alphas."""
    mean = mean_of(problem.x)
    return LinearFit(
        alpha=torch.as_tensor(alpha), alphas=torch.as_tensor(problem.alphas), criterion=torch.as_tensor(criterion),
        mean=torch.as_tensor(mean_of(y)), coefficients=coefficients, unconverged=tuple(unconverged),
        train=torch.as_tensor((problem.x - mean) @ coefficients),
        test=torch.as_tensor((problem.x_test - mean) @ coefficients),
    )  # fmt: skip


def _on_fold(x: np.ndarray, y: np.ndarray, kept: np.ndarray, out: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Return coefficient of determination of the left-out sounds, averaged over targets (n_alphas,).

    A target that is constant in the fold counts as 0, at every alpha: sklearn's `r2_score`, hence the published way.
    """
    mean = mean_of(y[kept])
    _, predict = _decomposed(x[kept], y[kept])
    constant = is_constant(y[out]).numpy()
    total = np.where(constant, 1, np.square(y[out] - y[out].mean(0)).sum(0))
    errors = [np.square(y[out] - mean - predict(x[out], alpha)).sum(0) for alpha in alphas]
    return np.where(constant, 0, 1 - np.array(errors) / total).mean(1)


def _decomposed(x: np.ndarray, y: np.ndarray):
    """Return functions alpha -> coefficients (n_units, n_targets) and (x, alpha) -> centred predictions."""
    mean = mean_of(x)
    left, singular, right = np.linalg.svd(x - mean, full_matrices=False)
    kept = singular > singular[0] * max(x.shape) * np.finfo(float).eps
    left, singular, right = left[:, kept], singular[kept, None], right[kept]
    targets = left.T @ (y - mean_of(y))

    def solve(alpha: float) -> np.ndarray:
        return right.T @ (singular / (singular**2 + alpha) * targets)

    def predict(some: np.ndarray, alpha: float) -> np.ndarray:
        return ((some - mean) @ right.T) @ (singular / (singular**2 + alpha) * targets)

    return solve, predict
