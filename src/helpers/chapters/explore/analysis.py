"""One model, layer, response and split at a time, with the same numbers as the chapters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import xarray as xr

from helpers import encoding
from helpers.encoding.fit import Fit
from helpers.encoding.metrics import pearson, positive_square, r2_determination
from helpers.models import ModelEntry
from helpers.names import CATEGORY, LAYER, REPETITION, SOUND, SPLIT, SUBJECT, TARGET, UNIT
from helpers.study import Study, open_study

PLACE = (SUBJECT, "hemisphere", "region")  # coordinates of targets that make groups, where the data have them

Group = tuple[str, ...]  # the name of a set of responses, and the values of those of PLACE that it has


@dataclass(frozen=True)
class Choice:
    """What is shown: `responses` is a set of the dataset's, and `target` one of its targets."""

    model: str
    step: int
    layer: int
    responses: str
    target: str
    split: int


@dataclass(frozen=True)
class Seen:
    """sounds (sound, category, measured, predicted) that test; errors (alpha, error) of cross-validation.

    Responses are in standard deviations of the measured ones over all sounds; errors are relative to that of the
    largest alpha, which predicts the mean of the other sounds.
    """

    sounds: pd.DataFrame
    errors: pd.DataFrame
    alpha: float
    r2_pearson: float
    r2_determination: float
    n_sounds: int  # of the study
    n_units: int  # of the layer


def opened(source: str | dict) -> Study:
    """Return a study as `open_study` does, with at least one baseline: it is there before any network has been heard.

    Raises UserError for an invalid study.
    """
    study = open_study(source)
    if not study.baselines:
        taken = {entry.name for entry in study.parameters.models}
        name = next(name for name in ("mel", "mel_baseline", "mel_spectrogram_baseline") if name not in taken)
        baselines = [ModelEntry(name=name, family="mel")]
        study.parameters = study.parameters.model_copy(update={"baselines": baselines})
    return study


def places(responses: xr.DataArray) -> list[str]:
    """Return which coordinates of PLACE a set of responses has."""
    return [name for name in PLACE if name in responses.coords]


def groups(study: Study) -> dict[Group, list[str]]:
    """Return the targets to choose from: those of each set of responses, by the subject and place that they have."""
    found: dict[Group, list[str]] = {}
    for kind, responses in study.brain.responses.items():
        names = responses[TARGET].values.tolist()
        values = [responses[place].values.tolist() for place in places(responses)]
        for index, name in enumerate(names):
            found.setdefault((kind, *(str(value[index]) for value in values)), []).append(name)
    return found


def seen(study: Study, choice: Choice) -> Seen:
    """Return what the study's estimator predicts of the sounds that test in one split, and how alpha was chosen."""
    split = study.splits.sel({SPLIT: choice.split})
    layer = next(one for one in study.features(choice.model, choice.step) if int(one[LAYER]) == choice.layer)
    layer = layer.transpose(SOUND, UNIT).sel({SOUND: split[SOUND].values})
    response = study.responses(choice.responses).sel({TARGET: choice.target, SOUND: split[SOUND].values})
    response = response.mean(REPETITION) if REPETITION in response.dims else response
    how = {name: study.encoding[name] for name in ("estimator", "alphas", "device")}
    train, test, fitting = encoding.prepared(layer, split, **how)
    fit = fitting.fit(torch.as_tensor(response.values[train, None]))
    centred, mean, measured = fit.test.cpu(), fit.mean.cpu(), torch.as_tensor(response.values[test, None]).double()
    return Seen(
        _standardised(study, response, test, (centred + mean)[:, 0].numpy()),
        _errors(fit),
        float(fit.alpha),
        float(positive_square(pearson(centred, measured))),
        float(r2_determination(centred + mean, measured)),
        *layer.shape,
    )


def _errors(fit: Fit) -> pd.DataFrame:
    """Return the cross-validated error by ascending alpha, 1 at the largest.

    A criterion is an error, which is smallest where alpha was chosen, or a coefficient of determination, which is
    largest there.
    """
    alphas = fit.alphas.cpu().numpy()
    criterion = fit.criterion.cpu().numpy().reshape(len(alphas), -1).mean(1)
    chosen = criterion[alphas == float(fit.alpha)].item()
    error = criterion if chosen - criterion.min() <= criterion.max() - chosen else 1 - criterion
    return pd.DataFrame({"alpha": alphas, "error": error / error[-1]})


def _standardised(study: Study, response: xr.DataArray, test: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    names, mean, scale = response[SOUND].values[test], float(response.mean()), float(response.std())
    columns = {SOUND: names, CATEGORY: study.brain.waveforms[CATEGORY].sel({SOUND: names}).values}
    columns["measured"] = (response.values[test] - mean) / scale
    return pd.DataFrame(columns | {"predicted": (predicted - mean) / scale})
