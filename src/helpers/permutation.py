"""Is a voxel predicted better than chance? Responses are shuffled over sounds, and predicted again.

The statistic of a target is the maximum over layers of the median over splits of r2_pearson, so that choosing the best
layer is part of the null distribution too. Alphas stay as chosen on the real responses: refitting them would only
shrink the null predictions further, so the p values err on the safe side. The null distribution is computed in
float32, which is ample for ranks.
"""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr
from scipy.stats import false_discovery_control

from helpers.names import LAYER, REPETITION, SPLIT, TARGET
from helpers.regression import RidgeLOO
from helpers.scores import Progress, matched, pearson

N_PERMUTATIONS = 200  # the smallest p value is then 1/201


def permutation_test(
    features: xr.DataArray,
    responses: xr.DataArray,
    train: xr.DataArray,
    scores: xr.Dataset,
    *,
    seed: int,
    n_permutations: int = N_PERMUTATIONS,
    device: str = "cpu",
    progress: Progress = lambda steps, label, total: steps,
) -> xr.Dataset:
    """`p_value`, `q_value` (Benjamini & Hochberg 1995) and the `statistic` of every target.

    features (layer, sound, unit), responses (sound, target[, repetition]), train (split, sound); `scores` as
    `score_layers` made them from the same three. One permutation of all sounds serves all layers and splits, which
    keeps their dependence.
    """
    features, responses = matched(features, responses, train)
    mean = responses.mean(REPETITION) if REPETITION in responses.dims else responses
    y = torch.as_tensor(mean.values, dtype=torch.float32, device=device)
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(len(y)) for _ in range(n_permutations)]
    null = np.full((n_permutations, y.shape[1]), -np.inf)
    for layer in progress(features[LAYER].values, "permutations: layers", features.sizes[LAYER]):
        x, alpha = features.sel({LAYER: layer}), scores["alpha"].sel({LAYER: layer})
        null = np.maximum(null, _null_of_layer(x.values, y, train.values, alpha, orders, device))
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


def _null_of_layer(x, y: torch.Tensor, train: np.ndarray, alpha: xr.DataArray, orders: list, device: str) -> np.ndarray:
    """Median over splits of r2_pearson (n_permutations, n_targets) with the sounds of y in each of `orders`."""
    splits = [
        (torch.as_tensor(mask), FixedRidge(x[mask], x[~mask], alpha.isel({SPLIT: split}).values, device))
        for split, mask in enumerate(train)
    ]
    null = np.empty((len(orders), y.shape[1]))
    for row, order in enumerate(orders):
        shuffled = y[order]
        r = torch.stack([pearson(ridge.test(shuffled[mask]), shuffled[~mask]) for mask, ridge in splits])
        null[row] = np.median(r.nan_to_num(0).clamp(min=0).square().cpu().numpy(), axis=0)
    return null


class FixedRidge:
    """Ridge whose alphas are given, one per target, for many sets of responses."""

    def __init__(self, x_train, x_test, alpha: np.ndarray, device: str):
        ridge = RidgeLOO(x_train, x_test, device=device)
        positions = (ridge.alphas[:, None] == torch.as_tensor(alpha, device=device)).int().argmax(0)
        self.left, self.to_test = ridge.left.float(), ridge.test.float()
        self.shrinkage = ridge.shrinkage[positions].float().T.contiguous()

    def test(self, y_train: torch.Tensor) -> torch.Tensor:
        """Predictions of the test sounds (n_test, n_targets), centred."""
        return self.to_test @ (self.shrinkage * (self.left.T @ (y_train - y_train.mean(0))))
