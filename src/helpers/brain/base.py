"""What every brain dataset gives: sounds, and the responses to them, checked before anybody computes with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from helpers.names import HEMISPHERES, REGIONS, REPETITION, SAMPLE, SOUND, TARGET, UserError

VOXEL_COORDS = ("subject", "hemisphere", "region", "x", "y")

# Why a dataset leaves voxels out before anybody sees them; each voxel is counted at the first reason that applies
EXCLUSIONS = {
    "few_repetitions": "fewer than 3 repetitions",
    "not_finite": "NaN or infinite responses",
    "constant": "the same response to all sounds in some repetition",
    "identical": "two repetitions that are copies of each other, so that their reliability would not be real",
}


@dataclass(frozen=True)
class Brain:
    """Sounds and responses of one dataset, in the order of `waveforms`.

    waveforms: (sound, sample) as `sounds.labelled` makes them; components: (sound, target) or None;
    voxels: (sound, target, repetition), (sound, target) where there are no repetitions, or None, with the coordinates
    of VOXEL_COORDS on target: x, y in mm, NaN where unknown, as '' in hemisphere and region. excluded: how many voxels
    of the dataset were left out, by reason (EXCLUSIONS). Responses in another order of sounds are aligned by name.
    Raises UserError, naming what is wrong, for repeated names, sounds that only one side has, values that are not
    finite, and voxels without their coordinates.
    """

    name: str
    synthetic: bool
    waveforms: xr.DataArray
    components: xr.DataArray | None
    voxels: xr.DataArray | None
    provenance: dict  # JSON-able: citation, checksums that do not depend on the folder, note on the licence
    excluded: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check(self.waveforms, (SOUND, SAMPLE), "waveforms")
        if self.components is None and self.voxels is None:
            raise UserError(f"dataset '{self.name}' has neither components nor voxels; give at least one")
        if self.components is not None:
            self._adopt("components", (SOUND, TARGET))
        if self.voxels is not None:
            repeated = REPETITION in self.voxels.dims
            self._adopt("voxels", (SOUND, TARGET, REPETITION) if repeated else (SOUND, TARGET))
            self._check_voxels()

    def _adopt(self, field: str, dims: tuple[str, ...]) -> None:
        """Check one array of responses and put it in the order of the sounds."""
        responses = getattr(self, field)
        self._check(responses, dims, field)
        heard, answered = self.waveforms[SOUND].values, responses[SOUND].values
        for missing, where in ((np.setdiff1d(heard, answered), field), (np.setdiff1d(answered, heard), "sounds")):
            if missing.size:
                raise self._wrong(f"{some(missing)} not among its {where}", "the same sounds on both sides")
        object.__setattr__(self, field, responses.sel({SOUND: heard}))

    def _check(self, data: xr.DataArray, dims: tuple[str, ...], what: str) -> None:
        if data.dims != dims:
            raise self._wrong(f"{what} with dimensions {data.dims}", str(dims))
        for dim in {SOUND, TARGET} & set(dims):
            names, counts = np.unique(data[dim].values, return_counts=True)
            if (counts > 1).any():
                raise self._wrong(f"{dim} {some(names[counts > 1])} repeated in its {what}", "unique names")
        bad = ~np.isfinite(data).all([dim for dim in dims if dim != SOUND])
        if bad.any():
            raise self._wrong(f"NaN or infinite {what} for {some(data[SOUND].values[bad])}", "numbers throughout")

    def _check_voxels(self) -> None:
        absent = [coord for coord in VOXEL_COORDS if coord not in self.voxels.coords]
        if absent:
            raise self._wrong(f"voxels without {', '.join(absent)}", f"coordinates {', '.join(VOXEL_COORDS)}")
        for coord, known in (("hemisphere", (*HEMISPHERES, "")), ("region", (*REGIONS, ""))):
            other = sorted(set(self.voxels[coord].values.tolist()) - set(known))
            if other:
                raise self._wrong(f"{coord} {some(other)}", f"one of {known}")

    def _wrong(self, found: str, expected: str) -> UserError:
        return UserError(f"dataset '{self.name}': found {found}, expected {expected}; correct the dataset's files")


def some(names: object, limit: int = 5) -> str:
    """The first few `names` and how many there are in all."""
    names = [str(name) for name in names]
    return ", ".join(names[:limit]) + (f", ... ({len(names)} in all)" if len(names) > limit else "")
