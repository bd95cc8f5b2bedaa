"""What is predicted within categories: a network that only tells speech from the rest predicts nothing there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr

from helpers.encoding.metrics import pearson, positive_square
from helpers.encoding.score import matched, predict, score
from helpers.encoding.splits import TRAIN, rows
from helpers.names import LAYER, MODEL, REPETITION, SOUND, SPLIT, TARGET, immaterial


@immaterial("device")
def score_within(
    features: Sequence[xr.DataArray],
    responses: xr.DataArray,
    splits: xr.DataArray,
    categories: xr.DataArray,
    *,
    alphas: Sequence[float] | None = None,
    device: str = "cpu",
) -> xr.Dataset:
    """Return `score` of activations and responses from which each category's mean over its train sounds is removed.

    Of the train and the test sounds alike, in every split anew; a category without train sounds has the mean of all of
    them removed. Of repetitions the mean is predicted.

    Parameters
    ----------
    features : (sound, unit) for each layer
    responses : (sound, target[, repetition])
    splits : (split, sound)
    categories : (sound,), the name of each sound's category
    """
    features, responses = matched(features, responses, splits)
    responses = responses.mean(REPETITION) if REPETITION in responses.dims else responses
    names = categories.sel({SOUND: splits[SOUND].values}).values
    parts = []
    for j in range(splits.sizes[SPLIT]):
        split = splits.isel({SPLIT: [j]})
        train = rows(split[0], TRAIN)
        layers = [_without_means(one, names, train) for one in features]
        parts.append(score(layers, _without_means(responses, names, train), split, alphas=alphas, device=device))
    return xr.concat(parts, SPLIT, coords="minimal", compat="override", combine_attrs="override")


def _without_means(data: xr.DataArray, names: np.ndarray, train: np.ndarray) -> xr.DataArray:
    """Return data (sound, ...) minus the mean of each sound's category over train sounds."""
    values = np.array(data.values, dtype=np.float64)
    centred = values - values[train].mean(0)
    for name in np.unique(names):
        own = names == name
        known = train[own[train]]
        if len(known):
            centred[own] = values[own] - values[known].mean(0)
    return data.copy(data=centred)


@immaterial("device")
def score_new_categories(
    features: Sequence[xr.DataArray],
    responses: xr.DataArray,
    splits: xr.DataArray,
    *,
    alphas: Sequence[float] | None = None,
    device: str = "cpu",
) -> xr.Dataset:
    """Return how well sounds of categories that were never trained on are predicted: `r2_pearson`, `layer` (target,).

    The predictions of all splits are taken together, one for each sound, so that differences between categories count.
    Each target's layer has the smallest leave-one-out error on the train sounds, mean over splits.

    Parameters
    ----------
    features : (sound, unit) for each layer
    responses : (sound, target[, repetition]); of repetitions the mean is predicted
    splits : (split, sound), each of which tests a category that it does not train on, as `leave_category_out`
    """
    features, responses = matched(features, responses, splits)
    responses = responses.mean(REPETITION) if REPETITION in responses.dims else responses
    errors = score(features, responses, splits, alphas=alphas, device=device)["loo_error"].mean(SPLIT)
    found = [predict(layer, responses, splits, alphas=alphas, device=device).mean(SPLIT) for layer in features]
    best = errors.transpose(LAYER, TARGET).argmin(LAYER).values
    values = []
    for k in range(responses.sizes[TARGET]):
        predicted, measured = found[best[k]].values[:, k], responses.values[:, k]
        tested = np.isfinite(predicted)
        pair = (torch.as_tensor(part[tested, None]) for part in (predicted, measured))
        values.append(float(positive_square(pearson(*pair))[0]))
    numbers = np.array([int(layer[LAYER]) for layer in features])
    columns = {"r2_pearson": (TARGET, values), LAYER: (TARGET, numbers[best])}
    made = xr.Dataset(columns, {TARGET: responses[TARGET].values})
    return made.assign_coords({MODEL: features[0][MODEL].item()} if MODEL in features[0].coords else {})
