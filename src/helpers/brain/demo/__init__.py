"""The embedded dataset: synthetic sounds and a synthetic brain with a planted truth, made in seconds from a seed.

Sounds: `stimuli`. Components: the acoustics of each sound (`acoustics`), z-scored over sounds, plus noise. Voxels:
known mixtures of those components by region, plus noise of known size (`voxels`).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from helpers import storage
from helpers.brain.base import Brain
from helpers.brain.demo import acoustics, stimuli, voxels
from helpers.names import COMPONENTS, SOUND, TARGET, UserError

NAME = "demo"
NOISE = 0.2  # sd of the noise on each z-scored component: acoustics explain at most 1 / (1 + 0.2^2) = 96 % of it
STREAMS = {"components": 10_001, "weights": 10_002, "repetitions": 10_003}  # one random stream for each step
SOURCES = [f"helpers.brain.demo.{module}" for module in ("stimuli", "voices", "music", "things", "synthesis")]


def open(data_dir: str | None, seed: int) -> Brain:
    """The synthetic study of this `seed`; raises UserError for a `data_dir`, since nothing is read."""
    if data_dir is not None:
        raise UserError(
            f"dataset 'demo': found data_dir '{data_dir}', expected none, because its sounds and brain are synthetic; "
            "remove data_dir, or choose the dataset 'nh2015_components'"
        )
    waveforms = stimuli.synthesize(seed).assign_attrs(synthetic="true")
    planted = components(waveforms, seed)
    responses = voxels.respond(planted, weights(seed), _stream("repetitions", seed)).assign_attrs(synthetic="true")
    return Brain(NAME, True, waveforms, planted, responses, _provenance(seed))


def components(waveforms: xr.DataArray, seed: int) -> xr.DataArray:
    """Planted components (sound, target): z-scored acoustics of `waveforms` (sound, sample) plus noise of sd NOISE."""
    heard = np.array([acoustics.describe(waveform) for waveform in waveforms.values])
    standard = (heard - heard.mean(axis=0)) / heard.std(axis=0)
    noisy = standard + NOISE * _stream("components", seed).standard_normal(standard.shape)
    coords = {SOUND: waveforms[SOUND].values, TARGET: list(COMPONENTS)}
    return xr.DataArray(noisy, coords, (SOUND, TARGET), attrs={"synthetic": "true"})


def weights(seed: int) -> xr.DataArray:
    """The planted weights (target, component) of this `seed`'s voxels; their coordinate `reliability` is planted too.

    The noise-free response of a voxel is its weights times `Brain.components`, so the ceilings of a fit are known.
    """
    return voxels.weights(_stream("weights", seed))


def _stream(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, STREAMS[name]])


def _provenance(seed: int) -> dict:
    code = [*SOURCES, "helpers.brain.demo.acoustics", "helpers.brain.demo.voxels", "helpers.brain.demo"]
    return {
        "citation": "Synthetic sounds and responses made by this project; no recording and no brain was measured",
        "source": f"helpers.brain.demo, seed {seed}",
        "licence": "as the project",
        "checksums": storage.code_digest(*code),
    }
