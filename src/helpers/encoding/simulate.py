"""Responses as a brain would give them that is one network's layer and noise: what the real ones are compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr

from helpers.encoding.ridge import ALPHAS, RidgeLOO
from helpers.names import LAYER, MODEL, SOUND, TARGET

TRUE_MODEL, TRUE_LAYER, OF, DRAW = "true_model", "true_layer", "of", "draw"


def simulated(features: Sequence[xr.DataArray], responses: xr.DataArray, seed: int, n_draws: int = 1) -> xr.DataArray:
    """Return responses simulated from each layer (sound, target), with as much noise as the real ones have for it.

    A ridge, alpha chosen by leave-one-out, predicts each real target from the layer over all sounds. What it predicts
    is kept, and its leave-one-out errors are added in another order of the sounds, drawn anew for each of `n_draws`:
    what the layer does not explain is noise.

    Parameters
    ----------
    features : (sound, unit) for each layer, with the coordinates `model` and `layer`, all in one order of sounds
    responses : (sound, target), in any order of sounds

    The targets returned have the coordinates true_model, true_layer, of (the real target) and draw.
    """
    random = np.random.default_rng(seed)
    order = features[0][SOUND].values
    y = torch.as_tensor(np.array(responses.transpose(SOUND, TARGET).sel({SOUND: order}).values, dtype=np.float64))
    values, labels = [], []
    for layer in features:
        ridge = RidgeLOO(layer.values, layer.values[:1], ALPHAS)
        fit = ridge.fit(y)
        predicted = (fit.train + fit.mean).numpy()
        errors = _errors(ridge, y, fit.alpha)
        for draw in range(1, n_draws + 1):
            shuffled = np.stack([errors[random.permutation(len(order)), k] for k in range(y.shape[1])], axis=1)
            values.append(predicted + shuffled)
            labels += [(str(layer[MODEL].values), int(layer[LAYER]), str(of), draw) for of in responses[TARGET].values]
    made = np.concatenate(values, axis=1)
    names = [" ".join(map(str, label)) for label in labels]
    columns = zip((TRUE_MODEL, TRUE_LAYER, OF, DRAW), zip(*labels, strict=True), strict=True)
    coords = {SOUND: order, TARGET: names} | {name: (TARGET, list(column)) for name, column in columns}
    return xr.DataArray(made, coords, (SOUND, TARGET))


def _errors(ridge: RidgeLOO, y: torch.Tensor, alphas: torch.Tensor) -> np.ndarray:
    """Return leave-one-out errors (n_sounds, n_targets) at each target's alpha."""
    known = y - y.mean(0)
    found = torch.empty_like(known)
    for k, alpha in enumerate(alphas):
        found[:, k] = ridge.errors_at(alpha, known[:, k])
    return found.numpy()
