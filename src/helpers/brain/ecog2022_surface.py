"""Data derived from real ones: what intracranial components stand for at 1,472 vertices of the cortical surface.

Norman-Haignere et al. 2022 (see `ecog2022`) estimated how much each of their components weighs in the fMRI response of
each vertex of FreeSurfer's fsaverage. Components times weights are the responses that they explain there: real sounds,
real responses and real places, but not measured fMRI, and without its noise and repetitions. Ten of the 15 components
have weights that are reliable in fMRI; `open(..., numbers=range(1, 16))` takes all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import nibabel
import numpy as np
import scipy.io
import xarray as xr

from helpers import names, text
from helpers.brain import ecog2022, fsaverage
from helpers.brain.base import Brain
from helpers.errors import UserError
from helpers.names import HEMISPHERES, TARGET

NAME = "ecog2022_surface"
LABEL = text.words(
    "dataset",
    en={NAME: "cortical responses derived from the intracranial components of Norman-Haignere et al. 2022"},
    es={NAME: "respuestas corticales derivadas de los componentes intracraneales de Norman-Haignere et al. 2022"},
)
text.words(
    "derived",
    en={
        NAME: (
            "<strong>Derived from real data.</strong> Each “voxel” is a vertex of the average cortical surface "
            "fsaverage5. Its response is the sum of the intracranial components of Norman-Haignere et al. 2022, each "
            "times its published fMRI weight there: not measured fMRI, without noise and without repetitions."
        )
    },
    es={
        NAME: (
            "<strong>Derivado de datos reales.</strong> Cada «vóxel» es un vértice de la superficie cortical promedio "
            "fsaverage5. Su respuesta es la suma de los componentes intracraneales de Norman-Haignere et al. 2022, "
            "cada uno por su peso de fMRI publicado ahí: no es fMRI medida, no tiene ruido ni repeticiones."
        )
    },
)
WHAT_IT_IS = (
    "voxels: the components times their published fMRI weights, at vertices of fsaverage5; real-derived, not measured "
    "fMRI, no noise, no repetitions"
)
WEIGHT_FOLDER, RELIABILITY_FILE = "data/ecog_component_weights_fMRIsurf", "data/fmri-ecog-correlations.mat"
FINER = 163_842  # vertices of a hemisphere of fsaverage, which the files have; the first ones are fsaverage5's


def open(data_dir: str | None, seed: int, numbers: Iterable[int] | None = None) -> Brain:
    """Return sounds, `voxels` (165 sounds, 1,472 targets, 75 times) and the `components` (165, 10, 75) behind them.

    Times in s. Targets are named by hemisphere and vertex, with both as coordinates and x, y (mm) on the flat surface.
    `numbers`: of the components, from 1 to 15; None: the ten whose weights are reliable in fMRI. `data_dir` as in
    `ecog2022.open`. Raises UserError as that does, and for other numbers.
    """
    source = ecog2022.open(data_dir, seed)
    folder = ecog2022.locate(data_dir)
    chosen = reliable(folder / RELIABILITY_FILE) if numbers is None else _known(numbers)
    components = source.responses[names.COMPONENTS].sel({TARGET: [f"ecog{number}" for number in chosen]})
    weights = read_weights(folder / WEIGHT_FOLDER)
    responses = {names.COMPONENTS: components, names.VOXELS: _voxels(components, weights)}
    provenance = source.provenance | {"citation": f"{source.provenance['citation']}; {WHAT_IT_IS}", "used": chosen}
    return Brain(NAME, False, source.waveforms, responses, provenance, read=source.read)


def reliable(path: Path) -> list[int]:
    """Return the numbers of the components whose weights are reliable in fMRI, ascending; raises UserError."""
    try:
        numbers = scipy.io.loadmat(path, variable_names=["component_numbers"])["component_numbers"]
        return _known(int(number) for number in numbers.ravel())
    except Exception as error:  # a damaged MATLAB file makes its parser raise almost anything
        raise _unpublished(path, error, "component_numbers in MATLAB 5 format") from None


def _known(numbers: Iterable[int]) -> list[int]:
    found = sorted(numbers)
    if not found or len(set(found)) < len(found) or not 1 <= found[0] <= found[-1] <= ecog2022.N_COMPONENTS:
        raise UserError(
            f"{NAME}: found components {found}, expected different numbers from 1 to {ecog2022.N_COMPONENTS}; correct "
            "`numbers`"
        )
    return found


def read_weights(folder: Path) -> xr.DataArray:
    """Return the weights of all 15 components (component, target) at the vertices of fsaverage5 where all are finite.

    Raises UserError for any other file.
    """
    return xr.concat([_hemisphere(folder, side) for side in HEMISPHERES], TARGET)


def _hemisphere(folder: Path, side: str) -> xr.DataArray:
    numbers = range(1, ecog2022.N_COMPONENTS + 1)
    weights = np.stack([_read(folder / f"comp{number}_{side}.mgh") for number in numbers])
    vertices = np.flatnonzero(np.isfinite(weights).all(0))
    places = fsaverage.flat_places(side, vertices)
    coords = {
        "component": [f"ecog{number}" for number in numbers],
        TARGET: [f"{side}-{vertex}" for vertex in vertices],
        "hemisphere": (TARGET, [side] * len(vertices)),
        "vertex": (TARGET, vertices),
        "x": (TARGET, places[:, 0]),
        "y": (TARGET, places[:, 1]),
    }
    return xr.DataArray(weights[:, vertices], coords, ("component", TARGET))


def _read(path: Path) -> np.ndarray:
    """Return one component's weight at each vertex of fsaverage5, NaN outside auditory cortex."""
    try:
        image = nibabel.MGHImage.from_bytes(path.read_bytes())  # its reader of files leaves them open
        if image.shape != (FINER, 1, 1):
            raise ValueError(f"shape {tuple(map(int, image.shape))}")
        return np.asarray(image.dataobj, dtype=np.float64)[: fsaverage.N_VERTICES, 0, 0]
    except Exception as error:  # a damaged file makes its reader raise almost anything
        raise _unpublished(path, error, f"a weight for each of {FINER} vertices in FreeSurfer's MGH format") from None


def _unpublished(path: Path, error: Exception, expected: str) -> UserError:
    return UserError(
        f"{path}: not the published file ({error}); expected {expected}; run 'python -m helpers fetch ecog2022'"
    )


def _voxels(components: xr.DataArray, weights: xr.DataArray) -> xr.DataArray:
    """Return components times weights, (sound, target, time)."""
    profiles = components.rename({TARGET: "component"})
    own = weights.sel(component=profiles["component"])
    return xr.dot(profiles, own, dim="component").transpose(*components.dims).drop_vars("group", errors="ignore")
