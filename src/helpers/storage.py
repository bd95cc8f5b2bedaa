"""Labelled files: written whole or not at all, stamped with what made them, and read back instead of recomputed."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
import xarray as xr
from filelock import FileLock, Timeout

from helpers.names import UserError

DAMAGED = (OSError, ValueError, KeyError, RuntimeError)  # what HDF5 raises over files that are cut or altered
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
        raise unwritten(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Alone with `path`: another process that wants to make it waits here until this one is done, or dead.

    The system gives the lock back when its process ends, however it ends, so nothing is left to be cleaned up but half
    files of a predecessor that was killed, which are removed here.
    """
    lock = _acquired(path)
    try:
        for half in path.parent.glob(f".{path.stem}-????????{path.suffix}"):
            half.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def _acquired(path: Path) -> FileLock:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            print(f"{path.name} is being made by another process; waiting for it", file=sys.stderr, flush=True)
            lock.acquire(poll_interval=0.2)
    except OSError as error:
        raise unwritten(path, error) from error
    return lock


def unwritten(path: Path, error: OSError) -> UserError:
    """What is said when `path` could not be written."""
    return UserError(
        f"{path} could not be written: {error.strerror or error}; what was there before is untouched; "
        "free some disk space or choose another `--outputs`, then run again"
    )


def write_array(path: Path, data: xr.Dataset, inputs: dict) -> None:
    """Write `data` as netCDF, stamped with `inputs`, its numbers with checksums that reading verifies."""
    stamped = data.assign_attrs({INPUTS: canonical(inputs)})
    checked = {name: {"fletcher32": True} for name, array in data.variables.items() if _is_chunkable(array)}
    with atomic(path) as temporary:
        stamped.to_netcdf(temporary, engine="h5netcdf", encoding=checked)


def _is_chunkable(array: xr.Variable) -> bool:
    return array.dtype.kind in "biuf" and array.size > 0 and array.ndim > 0


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
    """What `path` holds if it was computed from exactly these `inputs`, else `compute()`, written there.

    Of several processes that want it at once, one computes and the others wait.
    """
    if (kept := _kept(path, inputs)) is not None:
        return kept
    with claimed(path):
        if (kept := _kept(path, inputs)) is not None:  # by whoever had the claim before
            return kept
        write_array(path, compute(), inputs)
        return read_array(path)


def _kept(path: Path, inputs: dict) -> xr.Dataset | None:
    """The arrays at `path`; None where they are missing, damaged, or of other inputs."""
    if not is_current(path, inputs):
        return None
    try:
        return read_array(path)
    except DAMAGED as error:
        return _said_damaged(path, error)


def is_current(path: Path, inputs: dict) -> bool:
    """Whether `path` exists, can be opened and was computed from exactly these `inputs`."""
    if not path.exists():
        return False
    try:
        with xr.open_dataset(path, engine="h5netcdf") as stored:
            return stored.attrs.get(INPUTS) == canonical(inputs)
    except DAMAGED as error:
        return bool(_said_damaged(path, error))


def _said_damaged(path: Path, error: Exception) -> None:
    print(f"{path} is damaged ({error}); it is computed again")


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
