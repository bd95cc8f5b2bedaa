"""Chapter 01: the sounds, the networks, and how richly the networks represent the sounds."""

from __future__ import annotations

import pandas as pd

from helpers import tables, text
from helpers.names import SAMPLE, SAMPLE_RATE, SOUND, STEP, TARGET
from helpers.pipeline.work import Work


def facts(work: Work) -> text.Bilingual:
    """A sentence: how many sounds and categories, and how long they are."""
    waveforms = work.brain.waveforms
    categories = len(set(waveforms["category"].values))
    seconds = waveforms.sizes[SAMPLE] / SAMPLE_RATE
    return text.both("say.sounds", n=waveforms.sizes[SOUND], n_categories=categories, seconds=seconds)


def overview(work: Work) -> text.Bilingual:
    """What this study has: its data, and how many sounds, components, voxels and networks."""
    brain = work.brain
    counts = {"n": brain.waveforms.sizes[SOUND], "n_models": len(work.model_names)}
    counts["n_components"] = 0 if brain.components is None else brain.components.sizes[TARGET]
    counts["n_voxels"] = 0 if brain.voxels is None else brain.voxels.sizes[TARGET]
    return text.both("say.overview", dataset=lambda labeller: labeller.name("dataset", work.study.dataset), **counts)


def pretraining(work: Work) -> text.Bilingual | None:
    """A sentence: what networks trained here have heard; nothing where none was."""
    return text.both("say.pretraining", n=work.brain.waveforms.sizes[SOUND]) if work.trains_here else None


def categories(work: Work) -> pd.DataFrame:
    """How many sounds each category has."""
    return work.kept("categories", tables.counted(work.brain.waveforms["category"]))


def networks(work: Work) -> pd.DataFrame:
    """What each model is: family, layers, units, checkpoints, and what it learned from if it was trained here."""
    rows = [tables.network(entry, work.features(entry.name)) for entry in work.study.models]
    return work.kept("networks", pd.DataFrame(rows))


def spectra(work: Work) -> pd.DataFrame:
    """Mean log mel spectrum of each category."""
    return work.kept("spectra", tables.spectra(work.brain.waveforms))


def dimensions(work: Work) -> pd.DataFrame:
    """Effective dimensions of every layer of the trained models."""
    rows = [tables.dimensions(work.features(name).isel({STEP: -1})) for name in work.model_names]
    return work.kept("dimensions", pd.concat(rows, ignore_index=True))
