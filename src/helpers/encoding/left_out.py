"""What a score would be without each sound in turn, without two, and with another layer: what intervals are made of.

Among the sounds that test, leaving one out changes the correlation; among those that train, every prediction, exactly
for a given alpha (`downdate`). Alpha stays as it was, and so does the layer that was chosen on the train sounds: a
choice jumps, and one sound less says little about how another sample would choose. That is told by draws of the sounds
instead (`drawn` below), with replacement, to first order in how much each sound counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import torch
import xarray as xr
from scipy import stats

from helpers.encoding.downdate import Downdate
from helpers.encoding.score import ORIGIN, matched, prepared
from helpers.encoding.splits import TEST, TRAIN
from helpers.errors import UserError
from helpers.names import LAYER, REPETITION, SOUND, SPLIT, TARGET

GROUP = "group"
CORRECTED = "r2_corrected"
PAIR, DRAW = "pair", "draw"
FIRST, SECOND = "first", "second"  # of the sounds of a pair
VALUE, WITHOUT, BOTH, DRAWN, AS_SEEN = "value", "without", "both", "drawn", "drawn_as_seen"
NEIGHBOURS = 2  # of each sound on a circle of all sounds: the pairs that are left out
N_DRAWS = 200


def without_each_sound(
    features: Sequence[xr.DataArray],
    responses: xr.DataArray,
    splits: xr.DataArray,
    scores: xr.Dataset,
    *,
    groups: Sequence[str] | None = None,
    metric: str = "r2_pearson",
) -> xr.Dataset:
    """Return r2 of every layer, and r and r2 of the layer chosen on the train sounds, with all sounds and without some.

    Parameters
    ----------
    features : (sound, unit) for each layer
    responses : (sound, target[, repetition]); of repetitions the mean is predicted
    splits : (split, sound) of "train", "test" and "unused"
    scores : (layer, split, target) with alpha and loo_error, what `score` returned for these three with ridge
    groups : name of the group of each target, "" for none; r and r2 are medians over a group's targets, which some
        sounds less move as they move the targets that could be in the middle. None: each target is its own group
    metric : "r2_pearson", or "r2_corrected": r2 divided by the reliabilities of `scores`, which are taken as given

    Returns
    -------
    `r2` (layer, split, group), `r2_without` (layer, split, group, sound) and `r2_both` (layer, split, group, pair):
    with all sounds, without each, and without both of some pairs, which the coordinates `first` and `second` name.
    `chosen_r` and `chosen_r2`, which have no layer, are the same at the layer with the smallest leave-one-out error;
    `chosen_r_drawn` and `chosen_r2_drawn` (split, group, draw) have, in each draw of the sounds, what the layer that
    is chosen then would be ahead on average over the splits, as far as the layers differ by more than the choice of
    sounds explains; `.._drawn_as_seen` as far as they differ here, chance included. A sound that is in neither part
    changes nothing. `statistic` picks one of them.

    Raises UserError for scores that are not of ridge, or not of these layers, splits and targets.
    """
    features, responses = matched(features, responses, splits)
    scores = _checked(scores, features, splits, responses).transpose(LAYER, SPLIT, TARGET, ...)
    mean = responses.mean(REPETITION) if REPETITION in responses.dims else responses
    names = responses[TARGET].values if groups is None else np.asarray(groups)
    members = [np.flatnonzero(names == name) for name in dict.fromkeys(names[names != ""].tolist())]
    y = torch.as_tensor(np.array(mean.values, dtype=np.float64))
    ceilings = np.ones(scores["alpha"].shape)
    if metric == CORRECTED:
        ceilings = (scores["reliability"] * scores["reliability_prediction"]).transpose(LAYER, SPLIT, TARGET).values
    layers = _Layers(len(features), len(splits), y.shape)
    by_layer = np.empty((*scores["alpha"].shape[:2], layers.n_kept, len(members)))
    at_chosen = np.empty((len(splits), 2, layers.n_kept, len(members)))
    shares = []  # of each split, at the layer that is chosen
    best = scores["loo_error"].values.argmin(0)
    for j, split in enumerate(splits):
        at_best, least = np.empty((2, layers.n_kept, y.shape[1])), np.inf
        for i, layer in enumerate(features):
            r, criterion = _of_layer(layer, y, split, torch.as_tensor(scores["alpha"].values[i, j]))
            both = np.stack([r, np.clip(r, 0, None) ** 2 / ceilings[i, j]])
            by_layer[i, j] = _medians(both[1], members, _shares(r / np.sqrt(ceilings[i, j]), members, len(y)))
            at_best[..., best[j] == i] = both[..., best[j] == i]
            layers.add(both, split.values, i)
            layers.choices[j][criterion < least] = i
            least = np.minimum(least, criterion)
        of_best = np.take_along_axis(ceilings[:, j], best[j][None], 0)
        ordered = np.stack([at_best[0], at_best[0] / np.sqrt(of_best)])  # as r, and as r2
        shares.append(_shares(ordered, members, len(y)))
        at_chosen[j] = _medians(at_best, members, shares[j])
        layers.chosen[j] = at_best[:, 0]
    each = zip(layers.drawn(best), shares, strict=True)
    drawn = np.stack([_medians(one, members, own)[..., 1:, :] for one, own in each])
    firsts = names[[group[0] for group in members]]
    return _labelled(by_layer, at_chosen, drawn, features, splits, firsts)


def statistic(found: xr.Dataset, name: str, as_seen: bool = False) -> xr.Dataset:
    """Return one statistic of `without_each_sound` as `value`, `without`, `both`, and `drawn` if it has draws.

    What is linear in these, such as a difference of two networks or a mean over groups, can be computed of the dataset.
    Drawn `as_seen`, layers differ as they do here, chance included, of which in a difference of equal networks, whose
    sounds cancel, most would be made.
    """
    drawn = f"{name}_{AS_SEEN if as_seen else DRAWN}"
    renamed = {name: VALUE, f"{name}_{WITHOUT}": WITHOUT, f"{name}_{BOTH}": BOTH, drawn: DRAWN}
    return found[[one for one in renamed if one in found]].rename({a: b for a, b in renamed.items() if a in found})


def beyond_part(moved: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Return how much each sound moves a number in a split (..., n_sounds, n) beyond the mean sound of its part.

    Any train sound less predicts a little worse; `parts` (n_sounds,) says what each sound does in the split.
    """
    found = np.array(moved)
    for part in set(parts) & {TRAIN, TEST}:
        own = parts == part
        found[..., own, :] -= found[..., own, :].mean(-2, keepdims=True)
    return found


@cache
def pairs(n_sounds: int) -> np.ndarray:
    """Return the positions of the sounds of some pairs (n_pairs, 2), the same in every call: each with its neighbours.

    Sounds stand on a circle in a random order, so that each is in as many pairs.
    """
    order = np.random.default_rng(0).permutation(n_sounds)
    neighbours = range(1, min(NEIGHBOURS, (n_sounds - 1) // 2) + 1)
    return np.concatenate([np.stack([order, np.roll(order, -step)], 1) for step in neighbours])


@cache
def draws(n_sounds: int) -> np.ndarray:
    """Return how often each sound is in each draw with replacement (n_draws, n_sounds), the same in every call."""
    return np.random.default_rng(0).multinomial(n_sounds, np.full(n_sounds, 1 / n_sounds), size=N_DRAWS)


class _Layers:
    """How far apart the layers are, and which one is chosen in which draw: gathered split by split."""

    def __init__(self, n_layers: int, n_splits: int, shape: tuple[int, int]):
        n_sounds, n_targets = shape
        self.n_kept = 1 + n_sounds + len(pairs(n_sounds))  # numbers of a target: of all sounds, and without some
        self.n_splits = n_splits
        self.means = np.zeros((2, n_layers, n_targets))  # of r and r2, over splits
        self.moved = np.zeros((2, n_layers, n_sounds, n_targets))  # how much each sound moves them
        self.chosen = np.empty((n_splits, 2, n_targets))  # r and r2 at the layer that is chosen with all sounds
        self.choices = np.zeros((n_splits, N_DRAWS, n_targets), dtype=np.uint16)  # the layer chosen in each draw

    def add(self, values: np.ndarray, parts: np.ndarray, layer: int) -> None:
        """Take in r and r2 (2, n_kept, n_targets) of a layer in one split."""
        self.means[:, layer] += values[:, 0] / self.n_splits
        moved = values[:, :1] - values[:, 1 : 1 + len(parts)]
        self.moved[:, layer] += beyond_part(moved, parts) / self.n_splits

    def drawn(self, best: np.ndarray) -> Iterator[np.ndarray]:
        """Yield r and r2 (2, 2, 1 + n_draws, n_targets) of each split, of the layer that is chosen with all sounds, and
        then of the one that is chosen in each draw of the sounds.

        Layers differ by their means over the splits. These differ by chance too, by as much as the jackknife says of
        the sounds: of the first two they are drawn together until only the rest of their variance is left; of the
        others they stay as they are. `best` (n_splits, n_targets) is the layer that is chosen with all sounds.
        """
        apart = self.means - self.means.mean(1, keepdims=True)
        by_chance = np.square(self.moved - self.moved.mean(1, keepdims=True)).sum((1, 2))
        variance = np.square(apart).sum(1)
        rest = 1 - np.divide(by_chance, variance, out=np.ones_like(variance), where=variance > 0)
        apart = np.stack([apart * np.sqrt(rest.clip(0))[:, None], apart])
        for chosen, own, choices in zip(self.chosen, best, self.choices, strict=True):
            drawn = np.take_along_axis(apart, np.vstack([own, choices])[None, None].astype(int), 2)
            yield chosen[:, None] + (drawn - drawn[..., :1, :])


def _of_layer(
    layer: xr.DataArray, y: torch.Tensor, split: xr.DataArray, alphas: torch.Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Return correlations (1 + n_sounds + n_pairs, n_targets) with all sounds, without each, and without both of pairs.

    And what the layer is chosen by, its leave-one-out error, in each draw (n_draws, n_targets). `alphas` (n_targets,).
    """
    train, test, ridge = prepared(layer, split, alphas=[1.0])
    weights = torch.as_tensor(draws(len(y))[:, train] - 1.0)
    r = torch.empty((1 + len(y) + len(pairs(len(y))), y.shape[1]), dtype=torch.float64)
    criterion = torch.empty((len(weights), y.shape[1]), dtype=torch.float64)
    for alpha in alphas.unique():
        some = torch.nonzero(alphas == alpha).flatten()
        one = Downdate(ridge, alpha, y[train][:, some], y[test][:, some])
        r[:, some] = _without(one, train, test, len(y))
        error, without = one.criterion()
        less = error - without
        criterion[:, some] = error + weights @ (less - less.mean(0))
    return r.numpy(), criterion.numpy()


def _without(one: Downdate, train: np.ndarray, test: np.ndarray, n_sounds: int) -> torch.Tensor:
    """Return the correlations (1 + n_sounds + n_pairs, n_targets) of one layer and alpha."""
    whole = one.whole
    single = whole.expand(n_sounds, -1).clone()  # also of sounds that are in neither part
    single[train], single[test] = one.without_train(), one.without_test()
    place = np.full(n_sounds, -1)  # in its own part
    place[train], place[test] = np.arange(len(train)), np.arange(len(test))
    trains, tests = (np.isin(np.arange(n_sounds), part) for part in (train, test))
    a, b = pairs(n_sounds).T
    swapped = tests[a] & trains[b]
    a, b = np.where(swapped, b, a), np.where(swapped, a, b)  # the train sound first
    first, second = torch.as_tensor(place[a]), torch.as_tensor(place[b])
    both = torch.where(torch.as_tensor(trains[a] | tests[a])[:, None], single[a], single[b])  # where one is unused
    for own, without in (
        (trains[a] & trains[b], one.without_both_train),
        (tests[a] & tests[b], one.without_both_test),
        (trains[a] & tests[b], one.without_train_and_test),
    ):
        both[own] = without(first[own], second[own])
    return torch.cat([whole[None], single, both])


def _checked(scores, features, splits, responses) -> xr.Dataset:
    if scores.attrs.get("estimator", "ridge") != "ridge" or "loo_error" not in scores:
        raise UserError("leaving out each sound needs scores of ridge with loo_error; found those of another estimator")
    numbers = [int(layer[LAYER]) for layer in features]
    try:
        return scores.sel({LAYER: numbers, SPLIT: splits[SPLIT].values, TARGET: responses[TARGET].values})
    except KeyError as error:
        raise UserError(f"the scores are not of these layers, splits and targets: {error} is missing") from None


def _shares(values: np.ndarray, members: list[np.ndarray], n_sounds: int) -> list[np.ndarray]:
    """Return for each group how much of what moves each of its targets moves their median (..., n_targets of it).

    `values` (..., n_kept, n_targets) are in the order of what the median is of. The median itself jumps, whenever
    another target is in the middle; that of other sounds is moved by every target that could be there, by as much as
    its density there. Its kernel is half as wide as the target's own error, beyond what moves the whole group: the
    variance of the median is then right where targets differ by far more than their errors, and 6 % too large where
    they do not differ at all.
    """
    found = []
    for group in members:
        if len(group) == 1:  # whatever its ceiling is
            found.append(np.ones((*values.shape[:-2], 1)))
            continue
        whole, without = values[..., 0, group], values[..., 1 : 1 + n_sounds, group]
        own = without - without.mean(-1, keepdims=True)
        error = np.sqrt(np.square(own - own.mean(-2, keepdims=True)).sum(-2))
        away = whole - np.median(whole, -1, keepdims=True)
        nearest = np.abs(away).min(-1, keepdims=True)  # of an even number of targets none is the median
        width = np.maximum(np.maximum(error / 2, nearest), 1e-12)
        density = stats.norm.pdf(away / width) / width
        found.append(density / density.sum(-1, keepdims=True))
    return found


def _medians(values: np.ndarray, members: list[np.ndarray], shares: list[np.ndarray]) -> np.ndarray:
    """Return the median (..., n, n_groups) over each group's targets of values (..., n, n_targets).

    The first of the n is that with all sounds; the others are moved as the `shares` of the targets say.
    """
    found = []
    for group, share in zip(members, shares, strict=True):
        own = values[..., group]
        whole = np.median(own[..., :1, :], -1)
        found.append(whole + ((own - own[..., :1, :]) * share[..., None, :]).sum(-1))
    return np.stack(found, axis=-1)


def _labelled(by_layer, at_chosen, drawn, features, splits, names) -> xr.Dataset:
    sounds = splits[SOUND].values
    first, second = sounds[pairs(len(sounds))].T
    found: dict[str, tuple] = _parts("r2", (LAYER, SPLIT), by_layer, len(sounds))
    for i, name in enumerate(("chosen_r", "chosen_r2")):
        found |= _parts(name, (SPLIT,), at_chosen[:, i], len(sounds))
        for kind, one in enumerate((DRAWN, AS_SEEN)):
            found[f"{name}_{one}"] = ((SPLIT, GROUP, DRAW), np.moveaxis(drawn[:, kind, i], -1, -2))
    coords = {SPLIT: splits[SPLIT].values, GROUP: names, SOUND: sounds, LAYER: [int(one[LAYER]) for one in features]}
    coords |= {FIRST: (PAIR, first), SECOND: (PAIR, second)}
    origin = {n: features[0].coords[n].item() for n in ORIGIN if n in features[0].coords}
    return xr.Dataset(found, coords).assign_coords(origin)


def _parts(name: str, dims: tuple[str, ...], values: np.ndarray, n_sounds: int) -> dict[str, tuple]:
    """Return variables of `values` (..., 1 + n_sounds + n_pairs, n_groups): with all sounds, without each, and both."""
    values = np.moveaxis(values, -1, -2)
    return {
        name: ((*dims, GROUP), values[..., 0]),
        f"{name}_{WITHOUT}": ((*dims, GROUP, SOUND), values[..., 1 : 1 + n_sounds]),
        f"{name}_{BOTH}": ((*dims, GROUP, PAIR), values[..., 1 + n_sounds :]),
    }
