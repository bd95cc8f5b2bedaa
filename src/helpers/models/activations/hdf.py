"""Activations in HDF5, netCDF-4 included: nothing outside of the file is followed, no plug-in is loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from helpers.models.activations.stored import (
    BLOCK,
    MOST_LAYERS,
    MOST_NAME_BYTES,
    MOST_SOUNDS,
    Content,
    Stored,
    one_key,
    readable,
    refuse_bombs,
    rows_at_a_time,
    text_of,
    wrong,
)

LIST = "layer_list"  # of the activations of Tuckute et al. 2023: the names of its layers, in order
DEEPEST = 8  # groups in groups
MOST_OBJECTS = 10 * MOST_LAYERS
FILTERS = {1, 2, 3, 4, 5, 6, 32000}  # gzip, shuffle, fletcher32, szip, nbit, scaleoffset, lzf: those of h5py itself
EXPECTED = "datasets (sound, ...) in HDF5"
PACKING = ("scale_factor", "add_offset")
MISSING = ("_FillValue", "missing_value")


def read(path: Path) -> Content:
    """Return what an HDF5 or netCDF-4 file holds."""
    with path.open("rb") as stream:
        if stream.read(3) == b"CDF":
            raise wrong(path, "netCDF 3", "netCDF 4", "save it with to_netcdf(..., engine='h5netcdf')")
    with readable(path, EXPECTED), h5py.File(path, "r") as file:
        found, ordered = _datasets(file["/"], path)
        key = one_key(list(found), path)
        sounds = _text(found[key], path, key) if key else None
        listed = _text(found[LIST], path, LIST) if LIST in found else []
        beside = {key, LIST, *_coordinates(found, path)}
        layers = {name: own for name, own in found.items() if name not in beside and not _is_scale(own)}
        for name, own in found.items():
            _refuse_foreign(path, name, own)
        refuse_bombs(path, path.stat().st_size, sum(_n_bytes(own) for own in layers.values()))
        stored = [_stored(text_of([name], path, "layers")[0], own, path) for name, own in layers.items()]
    return Content(path, sounds, stored, ordered, listed)


def _datasets(group: h5py.Group, path: Path, prefix: str = "") -> tuple[dict[str, h5py.Dataset], bool]:
    """Return all datasets by their path in the file, and whether the file kept their order; raises for links."""
    found, ordered = {}, bool(group.id.get_create_plist().get_link_creation_order() & h5py.h5p.CRT_ORDER_TRACKED)
    if prefix.count("/") > DEEPEST or len(group) > MOST_OBJECTS:
        raise wrong(path, f"groups more than {DEEPEST} deep or of more than {MOST_OBJECTS} members", "fewer")
    for key in group:
        name = f"{prefix}{key}"
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise wrong(
                path, f"'{name}', a link ({type(link).__name__})", "all arrays in this file", "save the array itself"
            )
        own = group[key]
        if isinstance(own, h5py.Group):
            inner, inner_ordered = _datasets(own, path, f"{name}/")
            found, ordered = found | inner, ordered and (inner_ordered or len(inner) < 2)
        elif isinstance(own, h5py.Dataset):
            found[name] = own
        if len(found) > MOST_OBJECTS:
            raise wrong(path, f"more than {MOST_OBJECTS} datasets", "fewer")
    return found, ordered


def _refuse_foreign(path: Path, name: str, data: h5py.Dataset) -> None:
    """Raise UserError for a dataset whose values lie in other files or need a plug-in, or with absurd chunks."""
    how = data.id.get_create_plist()
    if data.is_virtual or how.get_external_count():
        raise wrong(
            path, f"'{name}', whose values lie in other files", "all values in this file", "save the array itself"
        )
    if strange := {how.get_filter(number)[0] for number in range(how.get_nfilters())} - FILTERS:
        raise wrong(path, f"'{name}' compressed by the plug-in {strange.pop()}", "gzip, lzf or no compression")
    if data.chunks and math.prod(data.chunks) * data.dtype.itemsize > max(BLOCK, _n_bytes(data)):
        raise wrong(path, f"'{name}' of shape {data.shape} in chunks of {data.chunks}", "chunks that fit the array")


def _n_bytes(data: h5py.Dataset) -> int:
    return math.prod(data.shape or ()) * data.dtype.itemsize


def _is_scale(data: h5py.Dataset) -> bool:
    return h5py.h5ds.is_scale(data.id)


def _coordinates(found: dict[str, h5py.Dataset], path: Path) -> set[str]:
    """Return the variables that netCDF's attribute `coordinates` names: they describe others and are no layers."""
    holders = [*found.values(), *([next(iter(found.values())).file] if found else [])]
    said = [holder.attrs["coordinates"] for holder in holders if "coordinates" in holder.attrs]
    return {name for text in text_of(said, path, "attributes `coordinates`") for name in text.split()}


def _text(data: h5py.Dataset, path: Path, key: str) -> list[str]:
    """Return the text in a dataset (n,)."""
    if data.ndim != 1 or h5py.check_string_dtype(data.dtype) is None:
        raise wrong(path, f"'{key}' of type {data.dtype} and shape {data.shape}", "names as text (n,)")
    if data.shape[0] > MOST_SOUNDS or _n_bytes(data) > MOST_NAME_BYTES:
        raise wrong(path, f"{data.shape[0]} names in {_n_bytes(data)} bytes under '{key}'", f"at most {MOST_SOUNDS}")
    _refuse_foreign(path, key, data)
    return text_of(data[()].tolist(), path, f"names in '{key}'")


def _stored(name: str, data: h5py.Dataset, path: Path) -> Stored:
    dtype = np.dtype("U1") if h5py.check_string_dtype(data.dtype) else data.dtype
    if packed := [key for key in PACKING if key in data.attrs]:
        raise wrong(path, f"'{name}' packed by the attribute {packed[0]}", "the numbers themselves")
    missing = [np.asarray(data.attrs[key]) for key in MISSING if key in data.attrs]
    missing = [one.item() for one in missing if one.size == 1 and one.dtype.kind in "biuf" and not np.isnan(one)]
    return Stored(name, data.shape or (), dtype, partial(_blocks, path, name, missing), _dims(data))


def _dims(data: h5py.Dataset) -> tuple[str, ...]:
    """Return the names of all axes, from labels or dimension scales; () unless all have one."""
    names = [dim.label or (dim[0].name.rsplit("/", 1)[-1] if len(dim) else "") for dim in data.dims]
    return tuple(map(str, names)) if all(names) else ()


def _blocks(path: Path, name: str, missing: list[float]) -> Iterator[np.ndarray]:
    """Yield a dataset (some sounds, ...) at a time, whole chunks where there are any; NaN where values are missing."""
    with readable(path, EXPECTED), h5py.File(path, "r") as file:
        data = file[name]
        n_chunk = data.chunks[0] if data.chunks else 1
        n_rows = max(1, rows_at_a_time(data.shape, data.dtype.itemsize) // n_chunk) * n_chunk
        for start in range(0, data.shape[0], n_rows):
            block = data[start : start + n_rows]
            for value in missing:
                block = np.where(block == value, np.nan, block)
            yield block
