"""Real-derived data: 11,065 voxels as six components make them, R @ W of the published component file.

Not measured responses: a reconstruction of rank 6, without the noise of single voxels, their places or repetitions. It
runs the voxel analysis at full scale, on real sounds, where the voxels themselves cannot be had.
"""

from __future__ import annotations

import numpy as np
import scipy.io
import xarray as xr

from helpers.brain import nh2015
from helpers.brain.base import Brain
from helpers.names import SOUND, TARGET, UserError

NAME = "nh2015_rank6"
WHAT_IT_IS = (
    "voxels: rank-6 reconstruction R @ W from the published components and voxel weights, all subjects pooled; "
    "not measured responses, no repetitions, no coordinates"
)


def open(data_dir: str | None, seed: int) -> Brain:
    """Sounds, components and reconstructed voxels (sound, target); `data_dir` as in `nh2015.open`. Raises UserError."""
    heard = nh2015.open(data_dir, seed)
    weights = read_weights(nh2015.locate(data_dir) / nh2015.COMPONENT_FILE)
    provenance = heard.provenance | {"citation": f"{heard.provenance['citation']}; {WHAT_IT_IS}"}
    return Brain(NAME, False, heard.waveforms, heard.components, _voxels(heard.components, weights), provenance)


def read_weights(path) -> xr.DataArray:
    """Voxel weights W (component, target); a voxel's name is its column, from 0. Raises UserError."""
    try:
        content = scipy.io.loadmat(path, variable_names=["W", "component_names"])
        names = [str(cell.item()) for cell in content["component_names"].ravel()]
        weights = content["W"].astype(np.float64)
        coords = {"component": names, TARGET: [str(column) for column in range(weights.shape[1])]}
        return xr.DataArray(weights, coords, ("component", TARGET))
    except Exception as error:  # a damaged MATLAB file makes its parser raise almost anything
        raise UserError(
            f"{path}: not the published component file ({error}); expected W and component_names in MATLAB 5 format; "
            "run 'python -m helpers fetch nh2015'"
        ) from None


def _voxels(components: xr.DataArray, weights: xr.DataArray) -> xr.DataArray:
    profiles = components.rename({TARGET: "component"})
    voxels = profiles.dot(weights.sel(component=profiles["component"]), dim="component").transpose(SOUND, TARGET)
    n_voxels = voxels.sizes[TARGET]
    words = {"subject": "pooled", "hemisphere": "", "region": ""}
    coords = {name: (TARGET, np.full(n_voxels, word)) for name, word in words.items()}
    return voxels.assign_coords(coords | {name: (TARGET, np.full(n_voxels, np.nan)) for name in ("x", "y")})
