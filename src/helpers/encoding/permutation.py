"""Is a target predicted better than chance? Responses are shuffled over sounds, and predicted again.

The statistic of a target is the maximum over layers of the median over splits of r2_pearson, so that choosing the best
layer is part of the null distribution too. Alphas stay as chosen on the real responses: refitting them would only
shrink the null predictions further, so the p values are conservative. The null distribution is computed in float32,
which is ample for ranks, from standardised responses, so that neither their units nor their offset matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
import xarray as xr
from scipy.stats import false_discovery_control

from helpers.encoding.metrics import positive_square, standardised
from helpers.encoding.ridge import RidgeLOO, block_for, blocks
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
    y = standardised(torch.as_tensor(mean.values).to(device, torch.float64)).nan_to_num(0).float().T.contiguous()
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(y.shape[1]) for _ in range(n_permutations)]  # each serves all layers and splits
    fitted = [Fixed.of([prepared(layer, split, device=device) for layer in features]) for split in splits]
    alphas = torch.as_tensor(scores["alpha"].transpose(SPLIT, LAYER, TARGET).values, device=device)
    parts = list(blocks(len(y), block_for(device)))
    null = [
        _null(y[some], [one.at(of[:, some]) for one, of in zip(fitted, alphas, strict=True)], orders)
        for some in progress(parts, "permutations: blocks of targets", len(parts))
    ]
    statistic = scores["r2_pearson"].median(SPLIT).max(LAYER)
    p_value = (1 + (np.concatenate(null, axis=1) >= statistic.values).sum(0)) / (1 + n_permutations)
    return xr.Dataset(
        {
            "statistic": (TARGET, statistic.values),
            "p_value": (TARGET, p_value),
            "q_value": (TARGET, false_discovery_control(p_value)),
        },
        coords={TARGET: responses[TARGET]},
        attrs={"n_permutations": n_permutations, "seed": seed},
    )


def _null(y: torch.Tensor, fitted: list[Fixed], orders: list[np.ndarray]) -> np.ndarray:
    """Return the statistic (n_permutations, n_targets) of y (n_targets, n_sounds), its sounds in each of `orders`."""
    null = np.empty((len(orders), len(y)))
    for row, order in zip(null, orders, strict=True):
        r2 = torch.stack([one.r2(y, order) for one in fitted])  # (split, layer, target)
        row[:] = r2.quantile(0.5, dim=0).amax(0).cpu().numpy()
    return null


@dataclass(frozen=True)
class Fixed:
    """Ridge of all layers on one split with the alphas that were chosen, for many sets of responses.

    Layers of lower rank than others are filled up with zeros.
    """

    train: np.ndarray  # (n_train,), positions of sounds
    test: np.ndarray  # (n_test,)
    left: torch.Tensor  # (n_layers, n_train, rank)
    to_test: torch.Tensor  # (n_layers, rank, n_test), centred over test sounds
    ridges: list[RidgeLOO]
    shrinkage: torch.Tensor | None = None  # (n_layers, n_targets, rank)

    @classmethod
    def of(cls, fitted: list[tuple[np.ndarray, np.ndarray, RidgeLOO]]) -> Fixed:
        """Return it for (train, test, ridge) of each layer."""
        train, test, _ = fitted[0]
        ridges = [ridge for *_, ridge in fitted]
        left = _filled([ridge.left.T for ridge in ridges]).mT
        return cls(train, test, left.contiguous(), _filled([(one.test - one.test.mean(0)).T for one in ridges]), ridges)

    def at(self, alphas: torch.Tensor) -> Fixed:
        """Return it for some targets with alphas (n_layers, n_targets)."""
        shrinkage = [ridge.shrinkage_at(of).T for ridge, of in zip(self.ridges, alphas, strict=True)]
        return replace(self, shrinkage=_filled(shrinkage).mT.contiguous())

    def r2(self, y: torch.Tensor, order: np.ndarray) -> torch.Tensor:
        """Return r2_pearson (n_layers, n_targets) with the sounds of y (n_targets, n_sounds) in another order."""
        measured = y[:, order[self.test]]
        measured = measured - measured.mean(1, keepdim=True)
        predicted = self.predicted(y[:, order[self.train]])
        covariance = (predicted * measured).sum(2)
        norms = torch.linalg.vector_norm(predicted, dim=2) * torch.linalg.vector_norm(measured, dim=1)
        return positive_square(covariance / norms)

    def predicted(self, y_train: torch.Tensor) -> torch.Tensor:
        """Return predictions of the test sounds (n_layers, n_targets, n_test), centred; y_train (n_targets, n_train).

        Directions are centred, so that y_train need not be.
        """
        return (y_train @ self.left * self.shrinkage) @ self.to_test


def _filled(parts: list[torch.Tensor]) -> torch.Tensor:
    """Return matrices (rank, n) in float32 as one (n_parts, highest rank, n), the rest 0."""
    highest = max(map(len, parts))
    return torch.stack([F.pad(part.float(), (0, 0, 0, highest - len(part))) for part in parts])
