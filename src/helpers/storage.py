"""Labelled files: written whole or not at all, stamped with what made them, and read back instead of recomputed."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
import xarray as xr

from helpers.names import UserError

INPUTS = "inputs"  # the attribute that holds what a file was computed from


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place only when the block ends well; the old file stays whole."""
    path, temporary = Path(path), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o644)  # mkstemp's 0600 would hide results from the others of a lab
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"{path} could not be written: {error.strerror or error}; what was there before is untouched; "
            "free some disk space or choose another `--outputs`, then run again"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_array(path: Path, data: xr.Dataset, inputs: dict) -> None:
    """Write `data` as netCDF, stamped with `inputs`."""
    stamped = data.assign_attrs({INPUTS: canonical(inputs)})
    with atomic(path) as temporary:
        stamped.to_netcdf(temporary, engine="h5netcdf")


def read_array(path: Path) -> xr.Dataset:
    """The labelled arrays at `path`, in memory."""
    with xr.open_dataset(path, engine="h5netcdf") as stored:
        return stored.load()


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write `table` as Parquet."""
    with atomic(path) as temporary:
        table.to_parquet(temporary, index=False)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def cached(path: Path, inputs: dict, compute: Callable[[], xr.Dataset]) -> xr.Dataset:
    """What `path` holds if it was computed from exactly these `inputs`, else `compute()`, written there."""
    if is_current(path, inputs):
        return read_array(path)
    data = compute()
    write_array(path, data, inputs)
    return read_array(path)


def is_current(path: Path, inputs: dict) -> bool:
    """Whether `path` exists, is readable and was computed from exactly these `inputs`."""
    if not path.exists():
        return False
    try:
        with xr.open_dataset(path, engine="h5netcdf") as stored:
            return stored.attrs.get(INPUTS) == canonical(inputs)
    except (OSError, ValueError, KeyError) as error:
        print(f"{path} is damaged ({error}); it is computed again")
        return False


def canonical(inputs: dict) -> str:
    """`inputs` as JSON text that is equal exactly when they are."""
    return json.dumps(inputs, sort_keys=True, ensure_ascii=False)


def digest(*things: object) -> str:
    """SHA-256 of arrays (type, shape and bytes) and JSON-able values, as 16 hexadecimal digits."""
    state = hashlib.sha256()
    for thing in things:
        if isinstance(thing, np.ndarray) and thing.dtype.kind in "biufc":
            state.update(f"{thing.dtype}{thing.shape}".encode())
            state.update(np.ascontiguousarray(thing).tobytes())
        else:
            state.update(json.dumps(thing, sort_keys=True, default=str).encode())
    return state.hexdigest()[:16]


def code_digest(*modules: str) -> str:
    """Digest of the source of `modules` (dotted names): results are recomputed when their code has changed."""
    sources = [Path(importlib.util.find_spec(name).origin).read_bytes() for name in modules]
    return hashlib.sha256(b"\0".join(sources)).hexdigest()[:16]


def sha256(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    return pooch.file_hash(str(path), alg="sha256")
