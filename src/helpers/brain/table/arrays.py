"""Responses in labelled arrays: netCDF 4, and numpy's .npz, whose headers are checked before a value is read."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
import xarray as xr

from helpers.brain.base import NUMBER_COORDS, OPTIONAL_DIMS, TEXT_COORDS, some, without_absent
from helpers.brain.table.places import DEEP
from helpers.brain.table.refusal import MOST_TARGETS, MOST_VALUES, check_size, composed, named, wrong
from helpers.errors import UserError
from helpers.names import REPETITION, SOUND, TARGET, TIME
from helpers.store.files import DAMAGED

PLACES = (*NUMBER_COORDS, DEEP)
RESPONSES, SOUNDS, TARGETS = "responses", "sounds", "targets"
MOST_NAME = 4 * 1000  # bytes of a name in numpy's text
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def netcdf(path: Path) -> xr.DataArray:
    """Return the only variable of a netCDF 4 file, or the one called responses: (sound, target[, repetition][, time]).

    Its coordinates on target are kept. Raises UserError for another file.
    """
    try:
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as opened:
            found = list(opened.data_vars)
            name = RESPONSES if RESPONSES in found else found[0] if len(found) == 1 else None
            if name is None:
                expected = f"one variable, or one called {RESPONSES}"
                raise wrong(path, f"the variables {some(found) or 'none'}", expected, "rename or remove some")
            responses = opened[name]
            _check_dims(path, responses)
            keep = {SOUND, *responses.dims, *TEXT_COORDS, *PLACES}
            return responses.drop_vars([coord for coord in responses.coords if coord not in keep]).load()
    except UserError:
        raise
    except DAMAGED as error:
        found = f"no netCDF 4 ({' '.join(str(error).split())[:200]})"
        raise wrong(
            path, found, "a file as xarray's to_netcdf writes it with engine='h5netcdf'", "save it as such"
        ) from None


def _check_dims(path: Path, responses: xr.DataArray) -> None:
    """Raise UserError unless the dimensions are those of responses, with names and not too long."""
    further = tuple(dim for dim in OPTIONAL_DIMS if dim in responses.dims)
    if responses.dims != (SOUND, TARGET, *further):
        expected = f"({SOUND}, {TARGET}[, {REPETITION}][, {TIME}]) in this order"
        raise wrong(path, f"the dimensions {responses.dims}", expected, "rename or transpose them")
    check_size(path, *responses.shape)
    for dim in (dim for dim in (SOUND, TARGET, TIME) if dim in responses.dims):
        if dim not in responses.coords:
            raise wrong(path, f"no names of the dimension {dim}", f"a coordinate '{dim}'", "add it")


def npz(path: Path) -> xr.DataArray:
    """Return `responses` (sound, target[, repetition][, time]) of an .npz with `sounds` and `targets` as text.

    `time` (s) is needed where there is time; subject, hemisphere, region, functional, group, x, y, z and vertex of
    targets are optional. Raises UserError for another file; nothing is unpickled.
    """
    known = (RESPONSES, SOUNDS, TARGETS, TIME, *TEXT_COORDS, *PLACES)
    try:
        with zipfile.ZipFile(path) as opened:
            members = {member.filename.removesuffix(".npy"): member for member in opened.infolist()}
            if len(members) < len(opened.infolist()):
                raise wrong(path, "an array twice", "each once", "save it again")
            if unknown := [name for name in members if name not in known]:
                raise wrong(path, f"the array {some(unknown)}", f"some of {', '.join(known)}", "rename or remove it")
            if missing := [name for name in known[:3] if name not in members]:
                raise wrong(path, f"no array {some(missing)}", f"{RESPONSES}, {SOUNDS} and {TARGETS}", "add it")
            arrays = {name: _array(path, opened, name, member) for name, member in members.items()}
    except UserError:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, *DAMAGED) as error:
        raise wrong(
            path, f"no .npz ({' '.join(str(error).split())[:200]})", "what np.savez writes", "save it again"
        ) from None
    return _labelled(path, arrays)


def _array(path: Path, opened: zipfile.ZipFile, name: str, member: zipfile.ZipInfo) -> np.ndarray:
    """Return an array of an .npz, of which the header is checked first; raises UserError."""
    with opened.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in HEADERS:
            raise wrong(path, f"'{name}' in version {version} of numpy's format", "version 1 or 2", "save it again")
        shape, by_columns, dtype = HEADERS[version](stream)
        if dtype.hasobject:
            raise wrong(
                path, f"objects in '{name}'", "numbers, or text as np.array(names, dtype=str)", "save it as such"
            )
        most = MOST_VALUES if name == RESPONSES else MOST_TARGETS
        if math.prod(shape) > most or dtype.itemsize > MOST_NAME:
            raise wrong(path, f"'{name}' of shape {shape} and type {dtype}", f"at most {most} values", "leave some out")
        n_bytes = math.prod(shape) * dtype.itemsize
        if member.file_size - stream.tell() != n_bytes:
            found = f"{member.file_size - stream.tell()} bytes of '{name}', whose header declares {n_bytes}"
            raise wrong(path, found, "as many", "it is truncated or damaged: save it again")
        values = np.frombuffer(stream.read(n_bytes), dtype)
    return values.reshape(shape, order="F" if by_columns else "C")


def _labelled(path: Path, arrays: dict[str, np.ndarray]) -> xr.DataArray:
    values = arrays[RESPONSES]
    dims = (SOUND, TARGET, *OPTIONAL_DIMS)[: values.ndim]
    if values.ndim == 3 and TIME in arrays:
        dims = (SOUND, TARGET, TIME)
    if values.ndim not in (2, 3, 4) or (TIME in dims) != (TIME in arrays):
        found = f"'{RESPONSES}' of shape {values.shape} {'with' if TIME in arrays else 'without'} `{TIME}`"
        expected = f"({SOUND}, {TARGET}), (..., {REPETITION}), and with an array `{TIME}` (..., {TIME})"
        raise wrong(path, found, expected, "save it as such")
    coords = {dim: arrays[name] for dim, name in ((SOUND, SOUNDS), (TARGET, TARGETS), (TIME, TIME)) if name in arrays}
    coords |= {name: values for name, values in arrays.items() if name in (*TEXT_COORDS, *PLACES)}
    for name, labels in coords.items():
        length = values.shape[dims.index(name if name in dims else TARGET)]
        if labels.shape != (length,):
            saved = {SOUND: SOUNDS, TARGET: TARGETS}.get(name, name)
            todo = "save both in the same order"
            found = f"'{saved}' of shape {labels.shape} and '{RESPONSES}' of shape {values.shape}"
            raise wrong(path, found, f"{length} of '{saved}'", todo)
    labelled = {name: labels if name in dims else (TARGET, labels) for name, labels in coords.items()}
    return xr.DataArray(values, labelled, dims)


def checked(path: Path, responses: xr.DataArray) -> xr.DataArray:
    """Return responses with composed names; raises UserError for names and values that cannot be used, by name."""
    if responses.dtype.kind not in "iuf":
        raise wrong(path, f"responses of type {responses.dtype}", "real numbers", "save them as such")
    names = {dim: named(responses[dim].values.tolist(), f"name of a {dim}", path) for dim in (SOUND, TARGET)}
    for dim, own in names.items():
        if len(set(own)) < len(own):
            twice = dict.fromkeys(name for name in sorted(own) if own.count(name) > 1)
            raise wrong(
                path, f"{dim} {some(twice)} repeated", "unique names", "keep one, or add a dimension repetition"
            )
    if TIME in responses.dims and responses[TIME].dtype.kind not in "iuf":
        raise wrong(path, f"times of type {responses[TIME].dtype}", "numbers, in s", "save them as such")
    for coord in (coord for coord in TEXT_COORDS if coord in responses.coords):
        names[coord] = (TARGET, [_text(value) for value in responses[coord].values.tolist()])
    responses = responses.astype(float).assign_coords(names)
    bad = ~np.isfinite(without_absent(responses).values)
    if bad.any():
        places = dict(zip(responses.dims, (int(place[0]) for place in np.nonzero(bad)), strict=True))
        where = f"sound '{names[SOUND][places[SOUND]]}', target '{names[TARGET][places[TARGET]]}'"
        todo = "fill it in, or leave out the sound or the target"
        raise wrong(path, f"a missing or infinite value for {where} ({int(bad.sum())} in all)", "finite numbers", todo)
    return responses


def _text(value: object) -> object:
    """Return text in composed Unicode; what is no text stays, and is refused with its coordinate."""
    return composed(value) if isinstance(value, str) else value
