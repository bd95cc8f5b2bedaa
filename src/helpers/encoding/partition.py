"""How much each of several feature spaces explains beyond the others: ridge with one penalty per space (banded ridge).

With a weight gamma_i for each space, gamma on a simplex, banded ridge of spaces A, B, ... is ridge of the activations
[sqrt(gamma_A) A, sqrt(gamma_B) B, ...], each space divided by its total standard deviation on the train sounds. So one
decomposition a gamma serves every alpha and every target, and gamma and alpha are chosen together, for each target, by
the leave-one-out error on the train sounds (kernel weights as in Nunez-Elizalde, Huth & Gallant 2019 and Dupré la Tour
et al. 2022, who search them at random; here they lie on a grid).

The unique variance of a space is R²(all) - R²(all others): it may be negative, and is not clipped. The joint R² is
divided among the spaces by R²_i = sum(2 y f_i - f_i f) / sum(y²), with y the test responses minus their mean, f_i what
space i adds to the prediction of the deviation from the train mean, and f their sum: the parts add up to the joint R²,
1 - sum((y - f)²) / sum(y²). The intercept is no space's merit, so it is left out of every R² here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import torch
import xarray as xr

from helpers.encoding.constant import centred, is_constant
from helpers.encoding.ridge import ALPHAS, RidgeFit, RidgeLOO
from helpers.encoding.score import ORIGIN, Progress, matched, silent
from helpers.encoding.splits import TEST, TRAIN, rows
from helpers.errors import UserError
from helpers.names import LAYER, REPETITION, SPLIT, TARGET, immaterial

SPACE, SPACES = "space", "spaces"  # one feature space; several, joined by +
NETWORK = "network"  # the space whose layer is chosen
WEIGHTS = (0.0, 0.01, 0.1, 1.0)  # from which gammas are made, before they are scaled to sum to 1
MOST_SPACES = 3


@immaterial("device", "progress")
def partition(
    features: Sequence[xr.DataArray],
    others: Mapping[str, xr.DataArray],
    responses: xr.DataArray,
    splits: xr.DataArray,
    *,
    alphas: Sequence[float] | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> xr.Dataset:
    """Return what a network and other feature spaces explain, each alone, together, and beyond the others.

    Of the network's layers the one with the smallest leave-one-out error on the train sounds stands for it, chosen for
    each split and target.

    Parameters
    ----------
    features : (sound, unit) for each layer of the network, with the scalar coordinate `layer`
    others : name -> (sound, unit) of one or two other spaces
    responses : (sound, target[, repetition]); repetitions are averaged
    splits : (split, sound) of "train", "test" and "unused"
    alphas : (n_alphas,) ascending; None: those of ridge

    Returns
    -------
    r2 (spaces, split, target), R² of every combination of spaces, named "network", "network+acoustics", ...; unique
    (space, split, target); share (space, split, target), the parts of the joint R²; layer (split, target), that of the
    network. R² is NaN where the test responses are constant.

    Raises UserError for other sounds on one side, and for more than two other spaces or one called "network".
    """
    if not 1 <= len(others) < MOST_SPACES or NETWORK in others:
        raise UserError(f"spaces: found {', '.join(others) or 'none'}, expected one or two, none called '{NETWORK}'")
    layers, responses = matched([*features, *others.values()], responses, splits)
    layers, beside = layers[: len(features)], dict(zip(others, layers[len(features) :], strict=True))
    y = responses.mean(REPETITION) if REPETITION in responses.dims else responses
    y = torch.as_tensor(y.values).to(device, torch.float64)
    alphas = ALPHAS if alphas is None else np.asarray(alphas, dtype=float)
    names = [NETWORK, *beside]
    parts = [
        _split(layers, beside, y, split, alphas, device)
        for split in progress(splits, "unique variance: splits", len(splits))
    ]
    coords = {
        SPACES: ["+".join(some) for some in _subsets(names)],
        SPACE: names,
        SPLIT: splits[SPLIT].values,
        **{name: (TARGET, coord.values) for name, coord in responses[TARGET].coords.items()},
    }
    origin = {name: features[0].coords[name].item() for name in ORIGIN if name in features[0].coords}
    stacked = {name: np.stack([part[name] for part in parts], -2) for name in parts[0]}
    dims = {"r2": (SPACES, SPLIT, TARGET), "unique": (SPACE, SPLIT, TARGET), "share": (SPACE, SPLIT, TARGET)}
    dims |= {LAYER: (SPLIT, TARGET)}
    return xr.Dataset({name: (dims[name], values) for name, values in stacked.items()}, coords).assign_coords(origin)


def _subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every combination of names, single ones first."""
    return [some for size in range(1, len(names) + 1) for some in combinations(names, size)]


def gammas(n_spaces: int) -> np.ndarray:
    """Return the weights of the spaces that are searched (n, n_spaces), each row summing to 1, each only once.

    Rows that use fewer spaces come first.
    """
    grid = np.array([point for point in product(WEIGHTS, repeat=n_spaces) if any(point)])
    scaled = grid / grid.sum(1, keepdims=True)
    _, first = np.unique(scaled.round(12), axis=0, return_index=True)
    once = scaled[np.sort(first)]
    return once[np.argsort((once > 0).sum(1), kind="stable")]


def _split(layers, beside, y: torch.Tensor, split: xr.DataArray, alphas: np.ndarray, device: str) -> dict:
    """Return what `partition` does of one split, the split's own axis left out."""
    train, test = rows(split, TRAIN), rows(split, TEST)
    compressed = [_compressed(layer.values, train, test, device) for layer in layers]
    fits = [RidgeLOO(own_train, own_test, alphas, device).fit(y[train]) for own_train, own_test in compressed]
    chosen = torch.stack([fit.loo_error for fit in fits]).argmin(0)  # (n_targets,)
    others = [_compressed(space.values, train, test, device) for space in beside.values()]
    n_targets, names = y.shape[1], [NETWORK, *beside]
    found = {
        "r2": np.empty((len(_subsets(names)), n_targets)),
        "unique": np.empty((len(names), n_targets)),
        "share": np.empty((len(names), n_targets)),
        LAYER: np.array([int(layer[LAYER]) for layer in layers])[chosen.cpu().numpy()].astype(float),
    }
    for at in chosen.unique().tolist():
        some = (chosen == at).cpu().numpy()
        spaces = [compressed[at], *others]
        for name, values in _of_targets(spaces, names, y[:, some], train, test, alphas, device).items():
            found[name][:, some] = values
    return found


def _compressed(
    values: np.ndarray, train: np.ndarray, test: np.ndarray, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a space's train and test sounds in at most n_train coordinates, scaled to a total variance of 1.

    Ridge uses no direction that the train sounds do not span, so nothing is lost.
    """
    space = torch.as_tensor(values).to(device, torch.float64)
    own, mean = centred(space[train])
    left, singular, right = torch.linalg.svd(own, full_matrices=False)
    scale = singular.square().sum().sqrt()
    scale = scale / len(train) ** 0.5 if scale > 0 else torch.ones_like(scale)
    return left * singular / scale, (space[test] - mean) @ right.T / scale


def _of_targets(spaces, names: Sequence[str], y: torch.Tensor, train, test, alphas, device) -> dict[str, np.ndarray]:
    """Return r2 of every subset of spaces, unique and share, for targets that share a layer."""
    candidates = [_Candidate.of(spaces, gamma, y[train], alphas, device) for gamma in gammas(len(spaces))]
    truth, _ = centred(y[test])
    total = truth.square().sum(0).where(~is_constant(y[test]), torch.nan)
    r2 = {}
    for some in _subsets(names):
        own = [one for one in candidates if one.uses <= {names.index(name) for name in some}]
        at = torch.stack([one.fit.loo_error for one in own]).argmin(0)  # of equals the first: fewer spaces
        predicted = torch.stack([one.fit.test for one in own])
        chosen = predicted.gather(0, at[None, None].expand(1, *predicted.shape[1:]))[0]
        r2[some] = 1 - (truth - chosen).square().sum(0) / total
    unique = [r2[tuple(names)] - r2[tuple(name for name in names if name != without)] for without in names]
    parts = torch.stack([one.parts(spaces) for one in own])  # of the whole: (candidate, space, sound, target)
    parts = parts.gather(0, at[None, None, None].expand(1, *parts.shape[1:]))[0]
    share = (2 * truth * parts - parts * parts.sum(0)).sum(1) / total
    found = {"r2": [r2[some] for some in _subsets(names)], "unique": unique, "share": list(share)}
    return {name: torch.stack(values).cpu().numpy() for name, values in found.items()}


@dataclass(frozen=True)
class _Candidate:
    """The fit of all targets at one gamma."""

    gamma: np.ndarray  # (n_spaces,)
    fit: RidgeFit

    @classmethod
    def of(cls, spaces, gamma: np.ndarray, y_train: torch.Tensor, alphas: np.ndarray, device: str) -> _Candidate:
        scaled = [
            (weight**0.5 * a, weight**0.5 * b) for weight, (a, b) in zip(gamma, spaces, strict=True) if weight > 0
        ]
        train, test = (torch.cat(parts, 1) for parts in zip(*scaled, strict=True))
        return cls(gamma, RidgeLOO(train, test, alphas, device).fit(y_train))

    @property
    def uses(self) -> set[int]:
        """The positions of the spaces that have weight."""
        return set(np.flatnonzero(self.gamma).tolist())

    def parts(self, spaces) -> torch.Tensor:
        """Return what each space adds to the prediction of the test sounds (n_spaces, n_test, n_targets)."""
        ridge = self.fit.ridge
        dual = ridge.left @ (self.fit.coordinates / ridge.squared).T  # (n_train, n_targets)
        return torch.stack(
            [float(weight) * b @ (a.T @ dual) for weight, (a, b) in zip(self.gamma, spaces, strict=True)]
        )
