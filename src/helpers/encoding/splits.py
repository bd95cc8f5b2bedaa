"""Which sounds train, test or stay unused, as a labelled array (split, sound) of "train", "test" and "unused".

The coordinate `position` (split, sound) is the order in which a split takes its sounds: cross-validation inside the
train sounds cuts contiguous folds along it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import xarray as xr

from helpers.errors import UserError
from helpers.names import SOUND, SPLIT

TRAIN, TEST, UNUSED = "train", "test", "unused"
POSITION = "position"
PUBLISHED_SOUNDS = 165
MINIMUM_SOUNDS = 8  # with fewer, a half has too few sounds for a correlation to mean anything
N_FOLDS = 5


def published(sounds: Sequence[str], n_splits: int = 10) -> xr.DataArray:
    """Return the halves of the published voxel analysis: 83 of 165 sounds train, 82 test, ten times, legacy seed 0.

    Each split draws twice from one generator: the train half, then all of the rest again. The second draw selects
    nothing, but it moves the generator, so the later splits depend on it (Tuckute et al. 2023, published code).
    """
    n_sounds = len(sounds)
    generator = np.random.RandomState(0)  # the published, legacy generator
    masks = np.zeros((n_splits, n_sounds), dtype=bool)
    for mask in masks:
        mask[generator.choice(n_sounds, n_sounds - n_sounds // 2, replace=False)] = True
        generator.choice(np.flatnonzero(~mask), n_sounds // 2, replace=False)
    return _labelled(sounds, masks)


def permuted(sounds: Sequence[str], n_splits: int = 10) -> xr.DataArray:
    """Return the splits of the published ridge-lasso comparison: a random order, its first half trains.

    The published script is unseeded; here legacy seed 0, permutations drawn one after the other.
    """
    n_sounds = len(sounds)
    generator = np.random.RandomState(0)  # legacy, as in `published`
    orders = np.stack([generator.permutation(n_sounds) for _ in range(n_splits)])
    position = orders.argsort(axis=1)  # of each sound in its split's order
    return _labelled(sounds, position < n_sounds - n_sounds // 2, position)


def stratified(sounds: Sequence[str], categories: Sequence[str], seed: int = 0, n_folds: int = N_FOLDS) -> xr.DataArray:
    """Return folds that each test about the same share of every category; the others train."""
    random = np.random.default_rng(seed)
    folds, turn = np.empty(len(sounds), dtype=int), 0
    for category in dict.fromkeys(categories):
        members = random.permutation([i for i, own in enumerate(categories) if own == category])
        folds[members] = (np.arange(len(members)) + turn) % n_folds
        turn += len(members)  # the next category goes on where this one ended, so that folds stay equally large
    return _labelled(sounds, folds != np.arange(n_folds)[:, None])


def halves(sounds: Sequence[str], categories: Sequence[str], seed: int = 0) -> xr.DataArray:
    """Return two splits: one half of the sounds, with half of every category, trains and the other tests, and back."""
    return stratified(sounds, categories, seed, n_folds=2)


def leave_category_out(sounds: Sequence[str], categories: Sequence[str]) -> xr.DataArray:
    """Return a split for each category, whose sounds test while all others train."""
    return grouped(sounds, categories)


def grouped(sounds: Sequence[str], groups: Sequence[str]) -> xr.DataArray:
    """Return a split for each group, whose sounds test while all others train; sounds of no group ("") stay unused."""
    groups = np.asarray(groups)
    masks = np.array([groups != group for group in dict.fromkeys(groups[groups != ""].tolist())])
    split = _labelled(sounds, masks)
    return split.where(xr.DataArray(groups != "", dims=SOUND), UNUSED)


SCHEMES: dict[str, Callable[[list[str], list[str], list[str], int], xr.DataArray]] = {
    "published": lambda sounds, categories, groups, seed: published(sounds),
    "permuted": lambda sounds, categories, groups, seed: permuted(sounds),
    "stratified": lambda sounds, categories, groups, seed: stratified(sounds, categories, seed),
    "halves": lambda sounds, categories, groups, seed: halves(sounds, categories, seed),
    "leave_category_out": lambda sounds, categories, groups, seed: leave_category_out(sounds, categories),
    "grouped": lambda sounds, categories, groups, seed: grouped(sounds, groups),
}


def planned(n_sounds: int) -> str:
    """Return the scheme of a study that names none: the published halves of as many sounds, else permuted ones."""
    return "published" if n_sounds == PUBLISHED_SOUNDS else "permuted"


def make(
    scheme: str, sounds: Iterable[str], categories: Iterable[str], groups: Iterable[str] | None = None, seed: int = 0
) -> xr.DataArray:
    """Return the splits (split, sound) of a scheme by name.

    Raises UserError for an unknown scheme, too few sounds, groups that the dataset does not have, and a split without
    enough sounds to train or test on.
    """
    sounds, categories = list(sounds), list(categories)
    if scheme not in SCHEMES:
        raise UserError(f"splits: found '{scheme}', expected one of: {', '.join(SCHEMES)}")
    if scheme == "grouped" and groups is None:
        raise UserError("splits: 'grouped' needs the coordinate `group` of the dataset's sounds; choose another scheme")
    if len(sounds) < MINIMUM_SOUNDS:
        raise UserError(f"{len(sounds)} sounds cannot be split; at least {MINIMUM_SOUNDS} are needed")
    made = SCHEMES[scheme](sounds, categories, list(groups or []), seed)
    for split in made:
        train, test = (int((split == part).sum()) for part in (TRAIN, TEST))
        if train < MINIMUM_SOUNDS // 2 or test < 3:
            raise UserError(
                f"splits: '{scheme}' leaves {train} sounds to train and {test} to test in split {int(split[SPLIT])}; "
                f"at least {MINIMUM_SOUNDS // 2} and 3 are needed: choose another scheme or give more sounds"
            )
    return made


def rows(split: xr.DataArray, part: str) -> np.ndarray:
    """Return the positions of a split's sounds (sound,) that are `part`, in the split's own order."""
    chosen = np.flatnonzero(split.values == part)
    return chosen[np.argsort(split[POSITION].values[chosen], kind="stable")]


def train_share(split: xr.DataArray) -> float:
    """Return the share of sounds that train among those that train or test, averaged over splits."""
    train, test = ((split == part).sum(SOUND) for part in (TRAIN, TEST))
    return float((train / (train + test)).mean())


def _labelled(sounds: Sequence[str], train: np.ndarray, position: np.ndarray | None = None) -> xr.DataArray:
    """Return `train` (n_splits, n_sounds) as words; without `position` the sounds stay in their given order."""
    position = np.broadcast_to(np.arange(len(sounds)), train.shape).copy() if position is None else position
    coords = {SPLIT: np.arange(1, len(train) + 1), SOUND: list(sounds), POSITION: ((SPLIT, SOUND), position)}
    return xr.DataArray(np.where(train, TRAIN, TEST).astype("<U6"), coords, (SPLIT, SOUND), name="part")
