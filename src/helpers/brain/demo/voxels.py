"""Synthetic voxels: eight subjects, two hemispheres, four regions on a flat map, three noisy repetitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from helpers.brain.nh2015 import COMPONENTS
from helpers.names import HEMISPHERES, REPETITION, SOUND, TARGET

SUBJECTS = [f"S{number}" for number in range(1, 9)]
REPETITIONS = 3
SPACING, RADIUS, CORE = 2.0, 14.0, 6.0  # mm: grid of the flat map, its radius, the radius of Primary in its middle
COUNTS = {"Primary": 11, "Anterior": 9, "Lateral": 9, "Posterior": 8, "": 4}  # voxels per subject and hemisphere
RELIABILITY = (0.2, 0.8)  # of a single repetition, drawn evenly between these

# What each region responds to: mean weight of each component, in the order of COMPONENTS. The planted hierarchy:
# what the spectrum alone tells in the middle, what needs the course of pitch and formants around it.
TUNING = {
    "Primary": (1.0, 1.0, 0.5, 0.2, 0.0, 0.0),
    "Anterior": (0.1, 0.0, 0.0, 0.6, 0.1, 1.0),
    "Lateral": (0.1, 0.0, 0.0, 0.5, 1.0, 0.1),
    "Posterior": (0.0, 0.2, 0.8, 0.0, 0.7, 0.0),
    "": (0.4, 0.2, 0.4, 0.1, 0.2, 0.1),
}


def weights(rng: np.random.Generator) -> xr.DataArray:
    """Return the planted weights (target, component), with subject, hemisphere, region, x, y (mm) and reliability.

    A voxel's weights are its region's, times a factor of its own, plus a little of everything; in Primary a
    tonotopic gradient along x trades lowfreq for highfreq.
    """
    voxels = pd.concat([_hemisphere(rng, subject, side) for subject in SUBJECTS for side in HEMISPHERES])
    tuning = np.array([TUNING[region] for region in voxels["region"]])
    primary = voxels["region"] == "Primary"
    position = (voxels["x"][primary].to_numpy() + CORE) / (2 * CORE)  # 0 .. 1 along the gradient
    tuning[primary, :2] *= np.c_[1 - position, position]
    drawn = tuning * rng.uniform(0.7, 1.3, (len(voxels), 1)) + rng.normal(0, 0.05, tuning.shape)
    coords = {name: (TARGET, voxels[name].tolist()) for name in ("subject", "hemisphere", "region", "x", "y")}
    coords["reliability"] = (TARGET, rng.uniform(*RELIABILITY, len(voxels)))
    return xr.DataArray(
        drawn, coords | {TARGET: voxels["name"].tolist(), "component": list(COMPONENTS)}, (TARGET, "component")
    )


def respond(components: xr.DataArray, planted: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    """Return voxels (sound, target, repetition): `components` (sound, target) mixed by `planted`, plus noise.

    The noise is Gaussian with sd = sqrt(v (1 - r) / r), v the variance of the noise-free response over sounds and r
    the voxel's reliability, so that two repetitions correlate by r on average.
    """
    clean = xr.dot(components.rename({TARGET: "component"}), planted, dim="component").transpose(SOUND, TARGET)
    sd = clean.std(SOUND) * np.sqrt((1 - planted["reliability"]) / planted["reliability"])
    noise = rng.standard_normal((*clean.shape, REPETITIONS))
    return (clean + sd * xr.DataArray(noise, dims=(SOUND, TARGET, REPETITION))).transpose(SOUND, TARGET, REPETITION)


def _hemisphere(rng: np.random.Generator, subject: str, side: str) -> pd.DataFrame:
    """Return name, region and place (mm) of one subject's voxels in one hemisphere, some of each region."""
    steps = np.arange(-RADIUS, RADIUS + 1, SPACING)
    grid = pd.DataFrame({"x": np.repeat(steps, len(steps)), "y": np.tile(steps, len(steps))})
    grid = grid[np.hypot(grid["x"], grid["y"]) <= RADIUS]
    grid["region"] = [_region(x, y) for x, y in zip(grid["x"], grid["y"], strict=True)]
    seen = [rng.permutation(np.flatnonzero(grid["region"] == region))[:count] for region, count in COUNTS.items()]
    voxels = grid.iloc[np.sort(np.concatenate(seen))]
    names = [f"{subject}_{side}_{number:03d}" for number in range(1, len(voxels) + 1)]
    return voxels.assign(name=names, subject=subject, hemisphere=side)


def _region(x: float, y: float) -> str:
    """Return the region at a place (mm): Primary in the middle; '' above.

    Around the middle lie Anterior towards +x, Posterior towards -x, Lateral towards -y.
    """
    if np.hypot(x, y) <= CORE:
        return "Primary"
    if -y > abs(x):
        return "Lateral"
    if y > abs(x):
        return ""
    return "Anterior" if x > 0 else "Posterior"
