"""What a score would be without each sound in turn: the raw material of intervals that allow for the choice of sounds.

A sound plays two parts in a split. Among those that test, leaving it out changes the correlation. Among those that
train, it changes every prediction p, by

    p_without_i(t) = p(t) - S(t, i) e_i,

where S is the matrix that maps train responses to predictions and e_i the leave-one-out error: exact for a given alpha,
so nothing is fitted again. Alpha stays as it was. The layer chosen on the train sounds may be another one without one
of them; its leave-one-out error is then that of the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr

from helpers.encoding.constant import centred, is_constant
from helpers.encoding.ridge import RidgeLOO
from helpers.encoding.score import ORIGIN, matched, prepared
from helpers.errors import UserError
from helpers.names import LAYER, REPETITION, SOUND, SPLIT, TARGET

GROUP = "group"
CORRECTED = "r2_corrected"
VANISHING = 1e-20  # share of a variance below which what is left of it is rounding


def without_each_sound(
    features: Sequence[xr.DataArray],
    responses: xr.DataArray,
    splits: xr.DataArray,
    scores: xr.Dataset,
    *,
    groups: Sequence[str] | None = None,
    metric: str = "r2_pearson",
) -> xr.Dataset:
    """Return r and r2 of every layer, and of the layer chosen on the train sounds, with all sounds and without each.

    Parameters
    ----------
    features : (sound, unit) for each layer
    responses : (sound, target[, repetition]); of repetitions the mean is predicted
    splits : (split, sound) of "train", "test" and "unused"
    scores : (layer, split, target) with alpha and loo_error, what `score` returned for these three with ridge
    groups : name of the group of each target, "" for none; r and r2 are medians over a group's targets. None: each
        target is its own group
    metric : "r2_pearson", or "r2_corrected": r2 divided by the reliabilities of `scores`, which are taken as given

    Returns
    -------
    `r`, `r2` (layer, split, group) and `r_without`, `r2_without` (layer, split, group, sound); `chosen_r`, `chosen_r2`
    (split, group) and `chosen_r_without`, `chosen_r2_without` (split, group, sound), where each target has the layer
    with the smallest leave-one-out error of the sounds that are there. A sound that is in neither part changes
    nothing.

    Raises UserError for scores that are not of ridge, or not of these layers, splits and targets.
    """
    features, responses = matched(features, responses, splits)
    scores = _checked(scores, features, splits, responses)
    mean = responses.mean(REPETITION) if REPETITION in responses.dims else responses
    names = responses[TARGET].values if groups is None else np.asarray(groups)
    members = [np.flatnonzero(names == name) for name in dict.fromkeys(names[names != ""].tolist())]
    best = scores["loo_error"].transpose(LAYER, SPLIT, TARGET).argmin(LAYER)
    ceilings = scores["reliability"] * scores["reliability_prediction"] if metric == CORRECTED else None
    y = torch.as_tensor(np.array(mean.values, dtype=np.float64))
    by_layer, at_chosen = [], []
    for j, split in enumerate(splits):
        r, chosen = _of_split(features, y, split, scores["alpha"][{SPLIT: j}], best[{SPLIT: j}].values)
        both = np.stack([r, np.clip(r, 0, None) ** 2])
        if ceilings is not None:
            both[1] /= ceilings[{SPLIT: j}].transpose(LAYER, TARGET).values[:, None]
        by_layer.append(np.stack([_medians(layer, members) for layer in both.swapaxes(0, 1)]))
        at_chosen.append(_medians(np.take_along_axis(both, chosen[None, None], axis=1)[:, 0], members))
    firsts = names[[group[0] for group in members]]
    return _labelled(np.stack(by_layer, 1), np.stack(at_chosen), features, splits, firsts)


def _of_split(features, y: torch.Tensor, split: xr.DataArray, alphas: xr.DataArray, best: np.ndarray):
    """Return correlations (n_layers, 1 + n_sounds, n_targets), and the position of the chosen layer in each of them.

    The first of the second dimension is with all sounds; `alphas` is (layer, target), `best` (n_targets,) the layer
    chosen with all sounds.
    """
    r, squared = [], []
    for i, layer in enumerate(features):
        train, test, ridge = prepared(layer, split, alphas=[1.0])
        found, errors = _correlations(ridge, y, train, test, torch.as_tensor(alphas[{LAYER: i}].values))
        r.append(found.numpy())
        squared.append(errors.square().numpy())
    chosen = np.tile(best, (1 + len(y), 1))
    if len(features) > 1:
        rest = np.sum(squared, axis=1, keepdims=True) - squared  # of the train sounds but one
        chosen[1 + train] = rest.argmin(0)
    return np.stack(r), chosen


def _checked(scores, features, splits, responses) -> xr.Dataset:
    if scores.attrs.get("estimator", "ridge") != "ridge" or "loo_error" not in scores:
        raise UserError("leaving out each sound needs scores of ridge with loo_error; found those of another estimator")
    numbers = [int(layer[LAYER]) for layer in features]
    try:
        return scores.sel({LAYER: numbers, SPLIT: splits[SPLIT].values, TARGET: responses[TARGET].values})
    except KeyError as error:
        raise UserError(f"the scores are not of these layers, splits and targets: {error} is missing") from None


def _medians(values: np.ndarray, members: list[np.ndarray]) -> np.ndarray:
    if all(len(group) == 1 for group in members):
        return values[..., np.concatenate(members)]
    return np.stack([np.median(values[..., group], axis=-1) for group in members], axis=-1)


def _correlations(ridge: RidgeLOO, y: torch.Tensor, train: np.ndarray, test: np.ndarray, alpha: torch.Tensor):
    """Return the correlation of prediction and data (1 + n_sounds, n_targets): of all test sounds, then without each.

    0 where the prediction or the data are constant. And the leave-one-out errors (n_train, n_targets).
    """
    found = torch.empty((1 + len(y), y.shape[1]), dtype=torch.float64)
    errors = torch.empty((len(train), y.shape[1]), dtype=torch.float64)
    for value in alpha.unique():
        some = torch.nonzero(alpha == value).flatten()
        found[:, some], errors[:, some] = _at_alpha(ridge, y[:, some], train, test, value)
    return found, errors


def _at_alpha(ridge: RidgeLOO, y: torch.Tensor, train: np.ndarray, test: np.ndarray, alpha: torch.Tensor):
    measured, _ = centred(y[test])
    known, _ = centred(y[train])
    smoother = (ridge.test * ridge.shrinkage_at(alpha[None])) @ ridge.left.T
    smoother = smoother - smoother.mean(0)  # an intercept, and what a sound does to it, move no correlation
    predicted = smoother @ known
    errors = ridge.errors_at(alpha, known)
    shared, own, power = (
        (a * b).sum(0) for a, b in ((predicted, measured), (predicted, predicted), (measured, measured))
    )
    power = power.where(~is_constant(y[test]), 0)
    found = torch.empty((1 + len(y), y.shape[1]), dtype=torch.float64)
    found[:] = _ratio(shared, own, power, own, power)  # also of sounds that are in neither part
    less = smoother.T @ measured * errors
    changed = own - 2 * (smoother.T @ predicted) * errors + smoother.square().sum(0)[:, None] * errors.square()
    found[1 + train] = _ratio(shared - less, changed, power, own, power)
    share = len(test) / (len(test) - 1)
    without = (total - share * a * b for total, a, b in (
        (shared, predicted, measured), (own, predicted, predicted), (power, measured, measured)
    ))  # fmt: skip
    found[1 + test] = _ratio(*without, own, power)
    return found, errors


def _ratio(shared, own, power, own_before, power_before) -> torch.Tensor:
    """Return shared / sqrt(own * power), 0 where one of the two has vanished."""
    there = (own > VANISHING * own_before) & (power > VANISHING * power_before)
    return torch.where(there, shared / (own * power).clamp(min=0).sqrt(), 0.0)


def _labelled(by_layer, at_chosen, features, splits, names) -> xr.Dataset:
    dims, own = (LAYER, SPLIT), {SPLIT: splits[SPLIT].values, GROUP: names, SOUND: splits[SOUND].values}
    found = {}
    for i, name in enumerate(("r", "r2")):
        for prefix, first, values in (("", dims, by_layer[:, :, i]), ("chosen_", dims[1:], at_chosen[:, i])):
            found[f"{prefix}{name}"] = ((*first, GROUP), values[..., 0, :])
            found[f"{prefix}{name}_without"] = ((*first, GROUP, SOUND), np.moveaxis(values[..., 1:, :], -1, -2))
    coords = own | {LAYER: [int(layer[LAYER]) for layer in features]}
    origin = {n: features[0].coords[n].item() for n in ORIGIN if n in features[0].coords}
    return xr.Dataset(found, coords).assign_coords(origin)
