"""What every estimator takes and returns: alphas ascending, predictions centred on the train mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np
import torch


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fit of some targets.

    Its `train` and `test` are predictions of the centred data (n_sounds, n_targets), and `criterion` (n_alphas, ...) is
    what alpha was chosen by.
    """

    alpha: torch.Tensor  # (n_targets,), chosen; the same number for all where targets share it
    alphas: torch.Tensor  # (n_alphas,), those that were searched, ascending
    mean: torch.Tensor  # (n_targets,), of the train sounds: add it to a prediction to get responses


@dataclass(frozen=True, kw_only=True)
class LinearFit(Fit):
    """A fit with its coefficients."""

    criterion: torch.Tensor
    coefficients: np.ndarray  # (n_units, n_targets), of centred activations
    train: torch.Tensor
    test: torch.Tensor
    unconverged: tuple[float, ...] = field(default=())  # the alpha of each fit that stopped before its tolerance

    @property
    def active(self) -> np.ndarray:
        """Which units each target uses, bool (n_units, n_targets)."""
        return self.coefficients != 0


class Estimator(Protocol):
    """A regression on one train set: made from activations, then fitted to any number of targets."""

    ALPHAS: ClassVar[np.ndarray]  # searched by default, ascending
    shares_alpha: ClassVar[bool]  # whether all targets share alpha, so that they must be fitted together
    selects: ClassVar[bool]  # whether it uses some units only: its fits then have `active` and `unconverged`

    def __init__(self, x_train, x_test, alphas: np.ndarray, device: str = "cpu"): ...

    def fit(self, y_train) -> Fit:
        """Fit targets y_train (n_train, n_targets)."""


def checked_alphas(alphas) -> np.ndarray:
    """Return alphas (n_alphas,) in float64; raises ValueError unless they are positive and ascend."""
    alphas = np.asarray(alphas, dtype=np.float64)
    if alphas.ndim != 1 or not len(alphas) or (alphas <= 0).any() or (np.diff(alphas) <= 0).any():
        raise ValueError(f"expected positive alphas in ascending order, got {alphas.tolist()}")
    return alphas
