"""Ridge with one alpha for all targets, chosen by K-fold cross-validation, in closed form.

One decomposition X - mean = U S V' per fold serves every alpha: the left-out sounds are predicted by
mean(Y) + (X_out - mean) V diag(s / (s² + alpha)) U'Y. The grid, the criterion (coefficient of determination, averaged
over targets and folds) and contiguous folds are those of the published comparison (tp-picml, `RidgeCV(cv=5)`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import KFold

# 10^-30 ... 10^29, smallest first, as the published comparison lists them
ALPHAS = np.array([float(f"1e{k}") for k in range(-30, 30)])
N_FOLDS = 5


@dataclass(frozen=True)
class Fitted:
    """What every estimator of the comparison returns; predictions have the train mean added back."""

    alpha: np.ndarray  # (n_targets,), the same number for all where targets share it
    alphas: np.ndarray  # (n_alphas,), those that were searched, ascending
    criterion: np.ndarray  # (n_alphas, n_folds) or (n_alphas, n_folds, n_targets): what alpha was chosen by
    coefficients: np.ndarray  # (n_units, n_targets), of centred activations
    test: np.ndarray  # (n_test, n_targets)
    unconverged: tuple[float, ...] = ()  # the alpha of each fit that stopped before its tolerance

    @property
    def active(self) -> np.ndarray:
        """Which units each target uses, bool (n_units, n_targets)."""
        return self.coefficients != 0


def folds(n_sounds: int, n_folds: int = N_FOLDS) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions (train, left out) of contiguous folds, the first ones larger by one (sklearn's `KFold`)."""
    return KFold(n_folds).split(np.empty(n_sounds))


def checked(x_train, y_train, alphas) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Activations, responses and ascending alphas in float64; raises ValueError for what no estimator can use."""
    x, y, alphas = (np.asarray(values, dtype=np.float64) for values in (x_train, y_train, alphas))
    if len(alphas) < 2 or (alphas <= 0).any() or (np.diff(alphas) <= 0).any():
        raise ValueError(f"expected at least two positive alphas in ascending order, got {alphas.tolist()}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("activations or responses hold NaN or infinite values; leave those sounds or targets out")
    if len(x) < 2 * N_FOLDS:
        raise ValueError(f"{len(x)} train sounds cannot be cut into {N_FOLDS} folds; at least {2 * N_FOLDS} are needed")
    return x, y, alphas


def ridge_kfold(x_train, y_train, x_test, alphas: np.ndarray = ALPHAS) -> Fitted:
    """Ridge of x_train (n_train, n_units), y_train (n_train, n_targets), in the order that the folds are cut in.

    Of alphas with equal criterion the first, smallest one wins, as published. `criterion` (n_alphas, n_folds) is the
    coefficient of determination averaged over targets.
    """
    x, y, alphas = checked(x_train, y_train, alphas)
    criterion = np.stack([_on_fold(x, y, kept, out, alphas) for kept, out in folds(len(x))], axis=1)
    alpha = alphas[criterion.mean(1).argmax()]
    solve, _ = _decomposed(x, y)
    coefficients = solve(alpha)
    test = (np.asarray(x_test, dtype=np.float64) - x.mean(0)) @ coefficients + y.mean(0)
    return Fitted(np.full(y.shape[1], alpha), alphas, criterion, coefficients, test)


def _on_fold(x: np.ndarray, y: np.ndarray, kept: np.ndarray, out: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Coefficient of determination of the left-out sounds, averaged over targets (n_alphas,)."""
    mean = y[kept].mean(0)
    _, predict = _decomposed(x[kept], y[kept])
    total = np.square(y[out] - y[out].mean(0)).sum(0)
    errors = [np.square(y[out] - mean - predict(x[out], alpha)).sum(0) for alpha in alphas]
    return (1 - np.array(errors) / total).mean(1)


def _decomposed(x: np.ndarray, y: np.ndarray):
    """Functions alpha -> coefficients (n_units, n_targets) and (x, alpha) -> predictions of centred responses."""
    mean = x.mean(0)
    left, singular, right = np.linalg.svd(x - mean, full_matrices=False)
    kept = singular > singular[0] * max(x.shape) * np.finfo(float).eps
    left, singular, right = left[:, kept], singular[kept, None], right[kept]
    targets = left.T @ (y - y.mean(0))

    def solve(alpha: float) -> np.ndarray:
        return right.T @ (singular / (singular**2 + alpha) * targets)

    def predict(some: np.ndarray, alpha: float) -> np.ndarray:
        return ((some - mean) @ right.T) @ (singular / (singular**2 + alpha) * targets)

    return solve, predict
