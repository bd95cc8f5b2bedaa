"""One model, layer, response and split at a time, with the same numbers as the chapters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr

from helpers import encoding
from helpers.chapters.explore import figures
from helpers.chapters.explore.seen import Choice, Group, Seen, shipped, written
from helpers.chapters.explore.titles import title
from helpers.encoding.fit import Fit
from helpers.encoding.metrics import pearson, positive_square, r2_determination
from helpers.models import ModelEntry
from helpers.names import CATEGORY, LAYER, REPETITION, SOUND, SPLIT, SUBJECT, TARGET, UNIT
from helpers.stimuli import audio
from helpers.study import Study, open_study
from helpers.study.params import there
from helpers.text import labellers

WIDTH = 700  # px of a still picture, as wide as Plotly makes a live one
PLACE = (SUBJECT, "hemisphere", "region")  # coordinates of targets that make groups, where the data have them


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


def known() -> list[str]:
    """Return the names of the studies in params/."""
    return [path.stem for path in there()]


def first(study: Study) -> str:
    """Return a model whose activations are cached, so that nothing is trained or run, else the study's first."""
    return next((name for name in study.models if study.has_heard(name)), study.models[0])


def sound(study: Study, name: str) -> bytes:
    """Return one of a study's sounds as MP3."""
    return audio.of(study.brain.waveforms, name)


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
        choice,
        {name: str(response[name].values) for name in places(response)},
        _standardised(study, response, test, (centred + mean)[:, 0].numpy()),
        _errors(fit),
        float(fit.alpha),
        float(positive_square(pearson(centred, measured))),
        float(r2_determination(centred + mean, measured)),
        *layer.shape,
        list(dict.fromkeys(study.brain.waveforms[CATEGORY].values.tolist())),
        study.brain.synthetic,
    )


def renew(study: str) -> None:
    """Compute the view of a study that comes with the package anew, and write it there, with its pictures.

    Pictures need the extra `pictures`, and a Chrome or Chromium.
    """
    ours = seen(opened(study), shipped(study).choice)
    Path(__file__).with_name(f"{study}.json").write_text(written(ours), encoding="utf-8")
    for language, labeller in labellers().items():
        said = {"title": title(ours, labeller), "synthetic": ours.synthetic}
        drawn = figures.responses(ours.sounds, ours.categories, labeller, **said)
        picture = drawn.to_image("svg", width=WIDTH, height=figures.HEIGHT)
        Path(__file__).with_name(f"{study}.{language}.svg").write_bytes(picture + b"\n")


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
