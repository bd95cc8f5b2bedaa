"""The embedded dataset: synthetic sounds and a brain simulated with a known ground truth, in seconds, from a seed.

Sounds: `stimuli`. Components: the acoustics of each sound (`acoustics`), z-scored over sounds, plus noise. Voxels:
known mixtures of those components by region, plus noise of known size (`voxels`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from helpers import names, text
from helpers.brain import nh2015
from helpers.brain.base import Brain
from helpers.brain.demo import acoustics, stimuli, voxels
from helpers.errors import UserError
from helpers.names import SOUND, TARGET
from helpers.store.code import code_digest

NAME = "demo"
LABEL = text.words("dataset", en={NAME: "synthetic demonstration data"}, es={NAME: "datos sintéticos de demostración"})
CITATION = "Synthetic sounds and responses made by this project; no recording and no brain was measured"
text.words(
    "citation",
    en={NAME: CITATION},
    es={
        NAME: "Sonidos y respuestas sintéticos hechos por este proyecto; "
        "no se midió ninguna grabación ni ningún cerebro"
    },
)
NOISE = 0.2  # sd of the noise on each z-scored component: acoustics explain at most 1 / (1 + 0.2^2) = 96 % of it
MEASURE = "measure"
STREAMS = {"components": 10_001, "weights": 10_002, "repetitions": 10_003}  # one random stream for each step


def simulated(seed: int) -> xr.Dataset:
    """Return what takes seconds to make: `waveforms` (sound, sample) and their `measures` (sound, measure)."""
    waveforms = stimuli.synthesize(seed)
    measures = np.array([acoustics.describe(waveform) for waveform in waveforms.values])
    return xr.Dataset({"waveforms": waveforms, "measures": ((SOUND, MEASURE), measures)})


def open(data_dir: str | None, seed: int, simulate: Callable[..., xr.Dataset] = simulated) -> Brain:
    """Return sounds, `components` (sound, target) and `voxels` (sound, target, repetition) simulated from `seed`.

    `simulate` may read what `simulated` returned before. Raises UserError for a `data_dir`, since nothing is read.
    """
    if data_dir is not None:
        raise UserError(
            f"dataset 'demo': found data_dir '{data_dir}', expected none, because its sounds and brain are synthetic; "
            "remove data_dir, or choose the dataset 'nh2015_components'"
        )
    made = simulate(seed=seed)
    waveforms = made["waveforms"].assign_attrs(synthetic="true")
    planted = components(made["measures"], seed)
    measured = voxels.respond(planted, weights(seed), _stream("repetitions", seed)).assign_attrs(synthetic="true")
    return Brain(NAME, True, waveforms, {names.COMPONENTS: planted, names.VOXELS: measured}, _provenance(seed))


def components(measures: xr.DataArray, seed: int) -> xr.DataArray:
    """Return planted components (sound, target): z-scored `measures` (sound, measure), plus noise of sd NOISE."""
    values = measures.values
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    noisy = standard + NOISE * _stream("components", seed).standard_normal(standard.shape)
    coords = {SOUND: measures[SOUND].values, TARGET: list(nh2015.COMPONENTS)}
    return nh2015.grouped(xr.DataArray(noisy, coords, (SOUND, TARGET), attrs={"synthetic": "true"}))


def weights(seed: int) -> xr.DataArray:
    """Return the planted weights (target, component) of this `seed`'s voxels; their `reliability` is planted too.

    The noise-free response of a voxel is its weights times the components, so the noise ceilings are known.
    """
    return voxels.weights(_stream("weights", seed))


def _stream(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, STREAMS[name]])


def _provenance(seed: int) -> dict:
    return {
        "citation": CITATION,
        "source": f"helpers.brain.demo, seed {seed}",
        "licence": "as the project",
        "checksums": code_digest(__name__),
    }
