"""The sounds, the networks, and how richly the networks represent the sounds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
import xarray as xr

from helpers import text
from helpers.models.encodecmae.mel import BANDS, HIGHEST, LOWEST, log_mel, mel_bank
from helpers.names import CATEGORY, LAYER, MODEL, NOTE, SAMPLE, SOUND, STEP, TIME, UNIT
from helpers.stats.similarity import participation_ratio
from helpers.study import Study

SAME_S = 0.01  # sounds that differ by less are said to be equally long


def facts(waveforms: xr.DataArray) -> text.Bilingual:
    """Return a sentence: how many sounds (sound, sample) and categories, and how long they are."""
    n_categories = len(set(waveforms[CATEGORY].values))
    rate = waveforms.attrs["rate_hz"]
    khz = rate // 1000 if rate % 1000 == 0 else rate / 1000  # a whole number is said as one
    counts = {"n": waveforms.sizes[SOUND], "n_categories": n_categories, "khz": khz}
    shortest, longest = int(waveforms["n_samples"].min()) / rate, waveforms.sizes[SAMPLE] / rate
    if longest - shortest < SAME_S:
        return text.both("say.sounds", **counts, seconds=longest)
    return text.both("say.sounds_varied", **counts, shortest=shortest, seconds=longest)


def times(study: Study) -> text.Bilingual:
    """Return whether the study's responses have a time, and over which window they are averaged if they do."""
    in_time = [TIME in one.dims for one in study.brain.responses.values()]
    if not any(in_time):
        return text.both("say.no_time")
    first, until = study.parameters.window
    others = (lambda labeller: "") if all(in_time) else (lambda labeller: " " + labeller("say.some_without_time"))
    return text.both("say.in_time", first=first, until=until, others=others)


def categories(waveforms: xr.DataArray) -> pd.DataFrame:
    """Return how many sounds each category has, in the order of their first sound."""
    counts = waveforms[CATEGORY].to_series().value_counts(sort=False)
    return counts.rename_axis(CATEGORY).reset_index(name="n_sounds")


def spectra(waveforms: xr.DataArray) -> pd.DataFrame:
    """Return the mean log mel spectrum of each category's sounds, and the quartiles over them.

    Columns category, frequency_khz, level (natural log of energy), q25 and q75. Bands that hold no FFT bin are left
    out. `waveforms` (sound, sample) are at 24 kHz.
    """
    corners = np.linspace(*(1127 * np.log1p(hertz / 700) for hertz in (LOWEST, HIGHEST)), BANDS + 2)
    centres = 700 * np.expm1(corners[1:-1] / 1127) / 1000
    used = (mel_bank().sum(1) > 0).numpy()
    sounds = zip(waveforms.values, waveforms["n_samples"].values, strict=True)
    levels = np.stack([log_mel(torch.from_numpy(wave[None, :length]))[0].mean(0).numpy() for wave, length in sounds])
    by_sound = pd.DataFrame(levels[:, used], columns=centres[used])
    grouped = by_sound.groupby(waveforms[CATEGORY].values, sort=False)
    found = {"level": grouped.mean(), "q25": grouped.quantile(0.25), "q75": grouped.quantile(0.75)}
    columns = [
        one.rename_axis(index=CATEGORY, columns="frequency_khz").stack().rename(name) for name, one in found.items()
    ]
    return pd.concat(columns, axis=1).reset_index()


def networks(study: Study) -> pd.DataFrame:
    """Return what each network is: family, layers, units, checkpoints, and what it learned from if trained here."""
    return pd.DataFrame([_network(study, entry) for entry in study.parameters.models])


def _network(study: Study, entry) -> dict:
    model, features = study.model(entry.name), study.features(entry.name)
    return {
        MODEL: entry.name,
        "family": entry.family,
        "n_layers": len(features),
        "n_units": max(layer.sizes[UNIT] for layer in features),
        "steps": ", ".join(map(str, study.usable_steps(entry.name))) if model.counts_steps else None,
        "learned_from": model.learned_from or None,
    }


def pretraining(study: Study) -> text.Bilingual | None:
    """Return a sentence on the sounds that networks were trained on here; None without such networks."""
    return text.both("say.pretraining", n=study.brain.waveforms.sizes[SOUND]) if study.trained_here else None


def dimensions(features: Iterable[list[xr.DataArray]]) -> pd.DataFrame:
    """Return the participation ratio of every layer (sound, unit) of some networks."""
    rows = [
        {LAYER: int(layer[LAYER]), NOTE: str(layer[NOTE].values), "dimensions": participation_ratio(layer.values)}
        | {MODEL: str(layer[MODEL].values), STEP: int(layer[STEP])}
        for layers in features
        for layer in layers
    ]
    return pd.DataFrame(rows)
