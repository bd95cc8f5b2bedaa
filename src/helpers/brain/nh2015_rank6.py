"""Data derived from real ones: 11,065 voxels reconstructed from six components, R @ W of the published file.

Not measured responses: a reconstruction of rank 6, without the noise, coordinates or repetitions of individual voxels.
It runs the voxel analysis at full scale, on real sounds, where the voxels themselves are not available.
"""

from __future__ import annotations

import numpy as np
import scipy.io
import xarray as xr

from helpers import names, text
from helpers.brain import nh2015
from helpers.brain.base import Brain
from helpers.errors import UserError
from helpers.names import SOUND, TARGET

NAME = "nh2015_rank6"
LABEL = text.words(
    "dataset",
    en={NAME: "rank-six reconstruction of the voxels of Norman-Haignere et al. 2015"},
    es={NAME: "reconstrucción de rango seis de los vóxeles de Norman-Haignere et al. 2015"},
)
WHAT_IT_IS = (
    "voxels: rank-6 reconstruction R @ W from the published components and voxel weights, all subjects pooled; "
    "not measured responses, no repetitions, no coordinates"
)


def open(data_dir: str | None, seed: int) -> Brain:
    """Return sounds, `components` and reconstructed `voxels`, both (sound, target); `data_dir` as in `nh2015.open`.

    Raises UserError as that does.
    """
    source = nh2015.open(data_dir, seed)
    components = source.responses[names.COMPONENTS]
    weights = read_weights(nh2015.locate(data_dir) / nh2015.COMPONENT_FILE)
    responses = {names.COMPONENTS: components, names.VOXELS: _voxels(components, weights)}
    provenance = source.provenance | {"citation": f"{source.provenance['citation']}; {WHAT_IT_IS}"}
    return Brain(NAME, False, source.waveforms, responses, provenance, read=source.read)


def read_weights(path) -> xr.DataArray:
    """Return the voxel weights W (component, target); a voxel is named by its column, from 0; raises UserError."""
    try:
        content = scipy.io.loadmat(path, variable_names=["W", "component_names"])
        components = [str(cell.item()) for cell in content["component_names"].ravel()]
        weights = content["W"].astype(np.float64)
        coords = {"component": components, TARGET: [str(column) for column in range(weights.shape[1])]}
        return xr.DataArray(weights, coords, ("component", TARGET))
    except Exception as error:  # a damaged MATLAB file makes its parser raise almost anything
        raise UserError(
            f"{path}: not the published component file ({error}); expected W and component_names in MATLAB 5 format; "
            "run 'python -m helpers fetch nh2015'"
        ) from None


def _voxels(components: xr.DataArray, weights: xr.DataArray) -> xr.DataArray:
    """Return R @ W, (sound, target), all subjects pooled, with unknown places."""
    profiles = components.rename({TARGET: "component"})
    voxels = profiles.dot(weights.sel(component=profiles["component"]), dim="component").transpose(SOUND, TARGET)
    n_voxels = voxels.sizes[TARGET]
    words = {"subject": "pooled", "hemisphere": "", "region": ""}
    coords = {name: (TARGET, np.full(n_voxels, word)) for name, word in words.items()}
    return voxels.assign_coords(coords | {name: (TARGET, np.full(n_voxels, np.nan)) for name in ("x", "y")})
