"""Which sounds train and which test, as a labelled mask (split, sound): True is train."""

import numpy as np
import xarray as xr

from helpers.names import SOUND, SPLIT, UserError

MINIMUM_SOUNDS = 8  # below this a half has too few sounds for a correlation to mean anything


def published(sounds: list[str], n_splits: int = 10) -> xr.DataArray:
    """The halves of the published voxel-wise analysis: 83 of 165 sounds train, 82 test, ten times, legacy seed 0.

    Each split draws twice from one generator: the train half, then all of the rest again. The second draw selects
    nothing, but it moves the generator, so the later splits depend on it (Tuckute et al. 2023, published code).
    Returns bool (n_splits, n_sounds). Raises UserError when there are too few sounds.
    """
    n_sounds = _counted(sounds)
    generator = np.random.RandomState(0)  # the published, legacy generator
    masks = np.zeros((n_splits, n_sounds), dtype=bool)
    for mask in masks:
        mask[generator.choice(n_sounds, n_sounds - n_sounds // 2, replace=False)] = True
        generator.choice(np.flatnonzero(~mask), n_sounds // 2, replace=False)
    coords = {SPLIT: np.arange(1, n_splits + 1), SOUND: list(sounds)}
    return xr.DataArray(masks, coords=coords, dims=(SPLIT, SOUND), name="train")


def permuted(sounds: list[str], n_splits: int = 10) -> xr.DataArray:
    """The splits of the ridge-lasso comparison: sounds in a random order, the first half trains, the rest tests.

    The order matters, because its train half is cut into contiguous folds. Returns the sounds' names (split, position);
    the coordinate `half` says "train" or "test". The published script is unseeded; here legacy seed 0, permutations
    drawn one after the other. Raises UserError when there are too few sounds.
    """
    n_sounds = _counted(sounds)
    generator = np.random.RandomState(0)  # legacy, as in `published`
    orders = np.stack([np.asarray(sounds)[generator.permutation(n_sounds)] for _ in range(n_splits)])
    half = np.where(np.arange(n_sounds) < n_sounds - n_sounds // 2, "train", "test")
    coords = {SPLIT: np.arange(1, n_splits + 1), "half": ("position", half)}
    return xr.DataArray(orders, coords=coords, dims=(SPLIT, "position"), name=SOUND)


def _counted(sounds: list[str]) -> int:
    if len(sounds) < MINIMUM_SOUNDS:
        raise UserError(f"{len(sounds)} sounds cannot be split; at least {MINIMUM_SOUNDS} are needed")
    return len(sounds)


SCHEMES = {"published": published}
