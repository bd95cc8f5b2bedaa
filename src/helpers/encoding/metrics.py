"""How well predicted responses fit measured ones: every metric by name and definition.

- `r_pearson`: Pearson correlation of prediction and data, NaN for constant predictions;
- `r2_pearson`: its square, negative correlations and constant predictions 0; `r2_pearson_train` on the train sounds;
- `r2_determination`: 1 - residual / total sum of squares around the test mean (sklearn's r2_score), can be negative;
- `r2_corrected`: r2_pearson / (reliability of the data * reliability of the prediction), not clipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from helpers.encoding.constant import centred, is_constant


@dataclass(frozen=True)
class Prediction:
    """Predicted and measured responses of one layer and split; predictions are centred on the train mean."""

    test: torch.Tensor  # (n_test, n_targets)
    train: torch.Tensor  # (n_train, n_targets)
    mean: torch.Tensor  # (n_targets,), of the train sounds
    measured_test: torch.Tensor  # (n_test, n_targets)
    measured_train: torch.Tensor  # (n_train, n_targets)
    reliability: torch.Tensor | None = None  # (n_targets,), of the data; None without repetitions
    reliability_prediction: torch.Tensor | None = None  # (n_targets,)


def pearson(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the Pearson correlation over sounds of a and b (n_sounds, n_targets), NaN where one is constant."""
    a, b = standardised(a), standardised(b)
    return (a * b).sum(0)


def standardised(values: torch.Tensor) -> torch.Tensor:
    """Return values (n_sounds, n_targets) with mean 0 and norm 1, NaN where they are constant up to rounding."""
    deviation, _ = centred(values)
    return deviation / torch.linalg.vector_norm(deviation, dim=0).where(~is_constant(values), torch.nan)


def positive_square(r: torch.Tensor) -> torch.Tensor:
    """Return r², 0 where r is negative or NaN."""
    return torch.nan_to_num(r, nan=0.0).clamp(min=0).square()


def r2_determination(prediction: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
    """Return 1 - sum (y - p)² / sum (y - mean y)² over sounds: (n_sounds, n_targets) -> (n_targets).

    NaN where the data are constant: there is nothing to determine.
    """
    deviation, _ = centred(data)
    total = deviation.square().sum(0).where(~is_constant(data), torch.nan)
    return 1 - (data - prediction).square().sum(0) / total


def _r2_corrected(of: Prediction) -> torch.Tensor:
    r2 = positive_square(pearson(of.test, of.measured_test))
    return r2 / (of.reliability * of.reliability_prediction)


METRICS: dict[str, Callable[[Prediction], torch.Tensor]] = {
    "r_pearson": lambda of: pearson(of.test, of.measured_test),
    "r2_pearson": lambda of: positive_square(pearson(of.test, of.measured_test)),
    "r2_pearson_train": lambda of: positive_square(pearson(of.train, of.measured_train)),
    "r2_determination": lambda of: r2_determination(of.test + of.mean, of.measured_test),
    "r2_corrected": _r2_corrected,
}
NEED_REPETITIONS = frozenset({"r2_corrected"})
PLAIN = tuple(name for name in METRICS if name not in NEED_REPETITIONS)
