"""notebooks/explore.py: one model, layer, response and split at a time, with the same numbers as the chapters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from helpers.names import COMPONENTS, LAYER, REPETITION, SOUND, SPLIT, STEP, SUBJECT, TARGET, UNIT
from helpers.pipeline.work import Work
from helpers.regression import RidgeLOO
from helpers.scores import pearson, positive_square, r2_determination

COMPONENT_GROUP = ("component",)  # beside (subject, hemisphere, region), the groups of voxels


@dataclass(frozen=True)
class Choice:
    """What is looked at: `target` is a component or the name of a voxel."""

    model: str
    step: int
    layer: int
    target: str
    split: int


@dataclass(frozen=True)
class Seen:
    """sounds (sound, category, measured, predicted) of the test half; errors (alpha, error) of leaving one out.

    Responses are in standard deviations of the measured ones over all sounds; an error of 1 is that of predicting the
    mean of the other sounds.
    """

    sounds: pd.DataFrame
    errors: pd.DataFrame
    alpha: float
    r2_pearson: float
    r2_determination: float


def groups(work: Work) -> dict[tuple[str, ...], list[str]]:
    """The names of responses to choose from: the components, then voxels by subject, hemisphere and region."""
    found = {} if work.brain.components is None else {COMPONENT_GROUP: list(COMPONENTS)}
    if work.brain.voxels is not None:
        targets = work.brain.voxels[TARGET]
        places = zip(*(targets[name].values.tolist() for name in (SUBJECT, "hemisphere", "region")), strict=True)
        for place, name in zip(places, targets.values.tolist(), strict=True):
            found.setdefault(place, []).append(name)
    return found


def seen(work: Work, choice: Choice) -> Seen:
    """Ridge on the train half of one split, and what it says of the test half."""
    x = work.features(choice.model).sel({STEP: choice.step, LAYER: choice.layer}).transpose(SOUND, UNIT)
    y = _response(work, choice.target).sel({SOUND: x[SOUND].values})
    train = work.train.sel({SPLIT: choice.split, SOUND: x[SOUND].values}).values
    fit = RidgeLOO(x.values[train], x.values[~train]).fit(y.values[train, None])
    predicted, measured = fit.test + y.values[train].mean(), fit.test.new_tensor(y.values[~train, None])
    error = fit.error[:, 0].numpy()
    return Seen(
        _standardised(y, measured[:, 0].numpy(), predicted[:, 0].numpy(), ~train, work),
        pd.DataFrame({"alpha": fit.ridge.alphas.numpy(), "error": error / error[0]}),
        float(fit.alpha),
        float(positive_square(pearson(fit.test, measured))),
        float(r2_determination(predicted, measured)),
    )


def _response(work: Work, target: str) -> xr.DataArray:
    """One component, or the mean of a voxel's repetitions, (sound,)."""
    if target in COMPONENTS:
        return work.brain.components.sel({TARGET: target})
    voxel = work.brain.voxels.sel({TARGET: target})
    return voxel.mean(REPETITION) if REPETITION in voxel.dims else voxel


def _standardised(
    y: xr.DataArray, measured: np.ndarray, predicted: np.ndarray, tested: np.ndarray, work: Work
) -> pd.DataFrame:
    names, mean, scale = y[SOUND].values[tested], float(y.mean()), float(y.std())
    categories = work.brain.waveforms["category"].sel({SOUND: names}).values
    columns = {"measured": (measured - mean) / scale, "predicted": (predicted - mean) / scale}
    return pd.DataFrame({SOUND: names, "category": categories} | columns)
