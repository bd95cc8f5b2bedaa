"""Is a target predicted better than chance? Responses are shuffled over sounds, and predicted again.

The statistic of a target is the maximum over layers of the median over splits of r2_pearson, so that choosing the best
layer is part of the null distribution too. Alphas stay as chosen on the real responses: refitting them would only
shrink the null predictions further, so the p values are conservative. The null distribution is computed in float32,
which is ample for ranks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from scipy.stats import false_discovery_control

from helpers.encoding.metrics import pearson
from helpers.encoding.ridge import RidgeLOO
from helpers.encoding.score import Progress, matched, prepared, silent
from helpers.names import LAYER, REPETITION, SPLIT, TARGET, immaterial


@immaterial("device", "progress")
def permutation_test(
    features: Sequence[xr.DataArray],
    responses: xr.DataArray,
    splits: xr.DataArray,
    scores: xr.Dataset,
    *,
    seed: int,
    n_permutations: int,
    device: str = "cpu",
    progress: Progress = silent,
) -> xr.Dataset:
    """Return `p_value`, `q_value` (Benjamini & Hochberg 1995) and the `statistic` of every target.

    Parameters
    ----------
    features : (sound, unit) for each layer
    responses : (sound, target[, repetition])
    splits : (split, sound)
    scores : (layer, split, target), what `score` made of the same three by ridge: its alphas are used
    """
    features, responses = matched(features, responses, splits)
    mean = responses.mean(REPETITION) if REPETITION in responses.dims else responses
    y = torch.as_tensor(mean.values, dtype=torch.float32, device=device)
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(len(y)) for _ in range(n_permutations)]  # each serves all layers and splits
    null = np.full((n_permutations, y.shape[1]), -np.inf)
    for layer in progress(features, "permutations: layers", len(features)):
        alphas = scores["alpha"].sel({LAYER: int(layer[LAYER])})
        null = np.maximum(null, _null_of_layer(layer, y, splits, alphas, orders, device))
    statistic = scores["r2_pearson"].median(SPLIT).max(LAYER)
    p_value = (1 + (null >= statistic.values).sum(0)) / (1 + n_permutations)
    return xr.Dataset(
        {
            "statistic": (TARGET, statistic.values),
            "p_value": (TARGET, p_value),
            "q_value": (TARGET, false_discovery_control(p_value)),
        },
        coords={TARGET: responses[TARGET]},
        attrs={"n_permutations": n_permutations, "seed": seed},
    )


def _null_of_layer(
    layer: xr.DataArray, y: torch.Tensor, splits: xr.DataArray, alphas: xr.DataArray, orders: list, device: str
) -> np.ndarray:
    """Return the median over splits of r2_pearson (n_permutations, n_targets), the sounds of y in each of `orders`."""
    fitted = [
        _with_alphas(*prepared(layer, split, device=device), alphas.isel({SPLIT: index}).values)
        for index, split in enumerate(splits)
    ]
    null = np.empty((len(orders), y.shape[1]))
    for row, order in enumerate(orders):
        shuffled = y[order]
        r = torch.stack([pearson(ridge.test(shuffled[train]), shuffled[test]) for train, test, ridge in fitted])
        null[row] = np.median(r.nan_to_num(0).clamp(min=0).square().cpu().numpy(), axis=0)
    return null


def _with_alphas(train, test, ridge: RidgeLOO, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray, FixedRidge]:
    return train, test, FixedRidge(ridge, alphas)


class FixedRidge:
    """Ridge whose alphas (n_targets,) are given, one per target, for many sets of responses."""

    def __init__(self, ridge: RidgeLOO, alphas: np.ndarray):
        self.left, self.to_test = ridge.left.float(), ridge.test.float()
        given = torch.as_tensor(alphas, device=ridge.left.device)
        self.shrinkage = ridge.shrinkage_at(given).float().T.contiguous()

    def test(self, y_train: torch.Tensor) -> torch.Tensor:
        """Return predictions of the test sounds (n_test, n_targets), centred."""
        return self.to_test @ (self.shrinkage * (self.left.T @ (y_train - y_train.mean(0))))
