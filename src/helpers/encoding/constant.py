"""What counts as constant: judged by the spread relative to the scale of the numbers, everywhere in the same way.

The mean of n equal floats need not be that float: 83 copies of -2.7 minus their mean are 1e-16, to which a regression
would then be fitted.
"""

from __future__ import annotations

import numpy as np
import torch

ROUNDING = 1e-13  # a spread below this share of the largest number is rounding


def tensor(values) -> torch.Tensor:
    """Return values as a tensor, without a copy where torch takes them as they are."""
    if isinstance(values, np.ndarray):  # torch takes no reversed array, and warns of one that is read-only
        values = np.require(values, requirements=("C", "W"))
    return torch.as_tensor(values)


def is_constant(values, dim: int = 0) -> torch.Tensor:
    """Return whether the values along `dim` are equal up to rounding; bool, of the shape without `dim`."""
    values = tensor(values)
    low, high = values.amin(dim), values.amax(dim)
    return high - low <= ROUNDING * torch.maximum(low.abs(), high.abs())


def centred(values: torch.Tensor, dim: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return values minus their mean along `dim`, exactly 0 where they are constant, and the mean."""
    mean = values.mean(dim)
    deviation = values - mean.unsqueeze(dim)
    return deviation.masked_fill_(is_constant(values, dim).unsqueeze(dim), 0), mean


def settled(values: np.ndarray) -> np.ndarray:
    """Return values (n, n_columns) in which columns that are constant up to rounding are so exactly."""
    return np.where(is_constant(values).numpy(), values[0], values)


def mean_of(values: np.ndarray) -> np.ndarray:
    """Return the mean of each column of values (n, n_columns), exactly the common value where all are equal."""
    return np.where((values == values[0]).all(0), values[0], values.mean(0))
