"""What every brain dataset returns: sounds and named sets of responses to them, validated on construction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import xarray as xr

from helpers import text
from helpers.brain.regions import FUNCTIONAL
from helpers.encoding.noise import n_repetitions, present
from helpers.errors import UserError
from helpers.names import HEMISPHERES, REPETITION, SAMPLE, SOUND, SUBJECT, TARGET, TIME
from helpers.stimuli import sounds

OPTIONAL_DIMS = (REPETITION, TIME)  # of a response set, after (sound, target), in this order

# Coordinates on target that mean the same in every dataset that has them; any other may lie beside them
TEXT_COORDS = (SUBJECT, "hemisphere", "region", FUNCTIONAL, "group")  # '' where unknown
NUMBER_COORDS = ("x", "y", "vertex")  # NaN where unknown
N_FINEST = 163_842  # vertices of a hemisphere of FreeSurfer's fsaverage; the first ones are those of fsaverage6, 5, 4

# Exclusion criteria for voxels; each excluded voxel is counted under the first one that applies
EXCLUSIONS = {
    "few_repetitions": "fewer than 3 repetitions",
    "not_finite": "responses that are not numbers",
    "constant": "the same response to all sounds in some repetition",
    "identical": "two repetitions that are copies of each other",
}
text.words(
    "excluded",
    en=EXCLUSIONS,
    es={
        "few_repetitions": "menos de 3 repeticiones",
        "not_finite": "respuestas que no son números",
        "constant": "la misma respuesta a todos los sonidos en alguna repetición",
        "identical": "dos repeticiones idénticas entre sí",
    },
)


@dataclass(frozen=True)
class Brain:
    """Sounds of one dataset and the responses to them, all in the order of `waveforms`.

    Parameters
    ----------
    name, synthetic: the dataset's name in the registry; whether its responses were simulated
    waveforms: (sound, sample), mono at 24 kHz, as `sounds.labelled` returns them: what is played
    responses: name of a set -> (sound, target[, repetition][, time]); at least one set. Targets are named and ordered
        by the data. Coordinates on target are optional: subject, hemisphere ('lh', 'rh'), region (any text), functional
        (regions, "/" between several) and group are '' where unknown; x, y (mm, always both) and vertex are finite
        numbers, a vertex a whole one that fsaverage has, NaN where unknown. A single repetition and a single time
        are no dimension: there is nothing to compare them with. A target may lack repetitions, which are NaN throughout
    provenance: JSON-able: citation, checksums that do not depend on the folder, licence
    excluded: criterion of EXCLUSIONS -> how many voxels it removed
    read: rate in Hz -> the same sounds at that rate from the original files; None: `waveforms` are the original
    remarks: what whoever reads the results has to know: the words `remark.<key>` -> the names that they are about
    embeds: whether a page may carry the sounds, where the study does not say; None: only if they are synthetic

    Responses in another order of sounds are aligned by name, and times are put into ascending order. Raises UserError,
    naming what is wrong, for repeated names and times, sounds that only one side has, values that are not finite, and
    coordinates that are not as above.
    """

    name: str
    synthetic: bool
    waveforms: xr.DataArray
    responses: dict[str, xr.DataArray]
    provenance: dict
    excluded: dict[str, int] = field(default_factory=dict)
    read: Callable[[int], xr.DataArray] | None = None
    embeds: bool | None = None
    remarks: dict[str, list[str]] = field(default_factory=dict)
    _at: dict[int, xr.DataArray] = field(default_factory=dict, init=False, repr=False, compare=False)  # rate -> sounds

    def __post_init__(self) -> None:
        if self.waveforms.dims != (SOUND, SAMPLE):
            raise self._wrong(f"waveforms with dimensions {self.waveforms.dims}", str((SOUND, SAMPLE)))
        self._check_values(self.waveforms, "waveforms")
        if not self.responses:
            raise self._wrong("no responses", "at least one named set of them")
        object.__setattr__(self, "responses", {name: self._aligned(name) for name in self.responses})

    def get(self, name: str) -> xr.DataArray | None:
        """Return the response set called `name`, (sound, target[, repetition][, time]); None where there is none."""
        return self.responses.get(name)

    def waveforms_at(self, rate: int) -> xr.DataArray:
        """Return the sounds at `rate` Hz, (sound, sample), in the order of `waveforms`.

        They are read from the original files where there are files, so that nothing above 12 kHz is lost to them;
        simulated sounds are resampled. Networks and their controls of one rate share one array.
        """
        if rate == self.waveforms.attrs["rate_hz"]:
            return self.waveforms
        if rate not in self._at:
            read = self.read or partial(sounds.resampled, self.waveforms)
            self._at[rate] = read(rate).sel({SOUND: self.waveforms[SOUND].values})
        return self._at[rate]

    def _aligned(self, name: str) -> xr.DataArray:
        """Return one response set, validated, in the order of the sounds."""
        responses = self.responses[name]
        further = tuple(dim for dim in OPTIONAL_DIMS if dim in responses.dims)
        if responses.dims != (SOUND, TARGET, *further):
            expected = f"({SOUND}, {TARGET}" + "".join(f"[, {dim}]" for dim in OPTIONAL_DIMS) + ")"
            raise self._wrong(f"{name} with dimensions {responses.dims}", expected)
        if not responses.size:
            raise self._wrong(f"{name} of shape {responses.shape}", "at least one value")
        self._check_values(responses, name)
        ours, theirs = self.waveforms[SOUND].values, responses[SOUND].values
        for missing, where in ((np.setdiff1d(ours, theirs), name), (np.setdiff1d(theirs, ours), "sounds")):
            if missing.size:
                raise self._wrong(f"{some(missing)} not among its {where}", "the same sounds on both sides")
        self._check_coords(responses, name)
        responses = without_single(self._timed(responses, name))
        return responses.sel({SOUND: ours})

    def _timed(self, responses: xr.DataArray, name: str) -> xr.DataArray:
        """Return responses in the order of their times, if they have any; raises UserError for times that are none."""
        if TIME not in responses.dims:
            return responses
        if TIME not in responses.coords or responses[TIME].dtype.kind not in "iuf":
            raise self._wrong(f"times of its {name} that are no numbers", f"a coordinate '{TIME}' in s")
        times = responses[TIME].values
        if not np.isfinite(times).all():
            raise self._wrong(f"NaN or infinite times in its {name}", f"{len(times)} different ones in s")
        own, counts = np.unique(times, return_counts=True)
        if (counts > 1).any():
            twice = some(f"{time:g} s" for time in own[counts > 1])
            raise self._wrong(f"time {twice} more than once in its {name}", f"{len(times)} different ones")
        return responses.sortby(TIME)

    def _check_values(self, data: xr.DataArray, what: str) -> None:
        """Raise UserError unless sounds and targets have unique names and all values are finite."""
        for dim in (dim for dim in (SOUND, TARGET) if dim in data.dims):
            if dim not in data.coords:
                raise self._wrong(f"{what} without names of its {dim}s", f"a coordinate '{dim}'")
            names, counts = np.unique(data[dim].values, return_counts=True)
            if (counts > 1).any():
                raise self._wrong(f"{dim} {some(names[counts > 1])} repeated in its {what}", "unique names")
        if data.dtype.kind not in "biuf":
            raise self._wrong(f"{what} of type {data.dtype}", "real numbers")
        bad = ~np.isfinite(without_absent(data)).all([dim for dim in data.dims if dim != SOUND])
        if bad.any():
            raise self._wrong(f"NaN or infinite {what} for {some(data[SOUND].values[bad])}", "numbers throughout")

    def _check_coords(self, responses: xr.DataArray, name: str) -> None:
        """Raise UserError unless the known coordinates that are there lie on target and hold what they should."""
        found = [coord for coord in (*TEXT_COORDS, *NUMBER_COORDS) if coord in responses.coords]
        for coord in found:
            values = responses[coord]
            if values.dims != (TARGET,):
                raise self._wrong(f"{coord} of its {name} with dimensions {values.dims}", f"({TARGET},)")
            if coord in NUMBER_COORDS and values.dtype.kind not in "iuf":
                raise self._wrong(f"{coord} {some(values.values)} in its {name}", "numbers, NaN where unknown")
            if coord in NUMBER_COORDS and np.isinf(values).any():
                raise self._wrong(f"an infinite {coord} in its {name}", "numbers, NaN where unknown")
            if coord in TEXT_COORDS:
                other = [value for value in values.values.tolist() if not isinstance(value, str)]
                if other:
                    raise self._wrong(f"{coord} {some(other)} in its {name}", "text, '' where unknown")
        if ("x" in found) != ("y" in found):
            raise self._wrong(f"only one of x and y in its {name}", "both or neither")
        if "vertex" in found:
            known = responses["vertex"].values[~np.isnan(responses["vertex"].values)]
            other = known[(known < 0) | (known % 1 != 0)]
            if len(other):
                shown = some(f"{value:g}" for value in other)
                raise self._wrong(f"vertex {shown} in its {name}", "whole numbers from 0 on, NaN where unknown")
            if (known >= N_FINEST).any():
                found_there, expected = f"vertex {known.max():.0f} in its {name}", f"at most {N_FINEST - 1}"
                raise self._wrong(found_there, f"{expected}, as on FreeSurfer's fsaverage: it is of another surface")
        if "hemisphere" in found:
            other = sorted(set(responses["hemisphere"].values.tolist()) - {*HEMISPHERES, ""})
            if other:
                raise self._wrong(f"hemisphere {some(other)} in its {name}", f"one of {(*HEMISPHERES, '')}")

    def _wrong(self, found: str, expected: str) -> UserError:
        return UserError(f"dataset '{self.name}': found {found}, expected {expected}; correct the dataset's files")


def without_single(responses: xr.DataArray) -> xr.DataArray:
    """Return responses without repetitions where every target has one, and without a time where there is one."""
    if responses.sizes.get(REPETITION, 1) > 1 and (n_repetitions(responses) == 1).all():
        responses = responses.mean(REPETITION)  # of that one, whichever it is
    single = {dim: 0 for dim in OPTIONAL_DIMS if responses.sizes.get(dim) == 1}
    return responses.isel(single, drop=True) if single else responses


def without_absent(data: xr.DataArray) -> xr.DataArray:
    """Return data with 0 for repetitions that a target lacks, NaN throughout, as long as it has another one."""
    if REPETITION not in data.dims or data.dtype.kind != "f":
        return data
    known = present(data)
    return data.where(known | ~known.any(REPETITION), 0)


def some(names: object, limit: int = 5) -> str:
    """Return the first few `names` as one text, with their number where there are more."""
    names = [str(name) for name in names]
    return ", ".join(names[:limit]) + (f", ... ({len(names)} in all)" if len(names) > limit else "")
