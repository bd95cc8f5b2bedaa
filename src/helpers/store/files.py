"""Files and labelled arrays on disk: atomic writes, inter-process locks, checksums."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from glob import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
import xarray as xr
from filelock import BaseFileLock, FileLock, SoftFileLease, Timeout

from helpers.errors import UserError

DAMAGED = (OSError, ValueError, KeyError, RuntimeError)  # what HDF5 raises over files that are cut or altered
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS)  # what a file system without locks answers
LEASE_S = 300.0  # without a sign of life, after which a lock file of another machine is taken over; NFS delays by 60 s
SIGN_S = 30.0  # between two signs of life
FULL = "free some disk space or choose another `--outputs`"
UNWRITTEN = {errno.ENOSPC: FULL, errno.EDQUOT: FULL}  # what to do
SAID = "HELPERS_NO_LOCKS_SAID"  # in the environment, so that the kernels of a run do not say it again
RUN = "HELPERS_RUN"  # in the environment: what tells the processes of one report or batch from those of another


def expanded(name: str | Path) -> Path:
    """Return a path as somebody wrote it, `~` replaced; raises UserError where there is no such home folder."""
    if "\0" in str(name):
        raise UserError(f"found a path with a zero byte, {str(name)!r}, expected one that a file can have; correct it")
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise UserError(f"found no home folder for the '~' of {name}; write the whole path instead") from None


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it only on success; otherwise the old file is unchanged."""
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
    """Hold an inter-process lock on `path`; another process that wants it waits until it is released.

    It says so, unless the holder belongs to the same report or batch, which shows its own progress.

    The system releases the lock when its process ends, however it ends. Where the file system has no locks, a lock
    file takes their place: it is taken over at once where its process on this machine is gone, and else after
    LEASE_S without a sign of life. Partial files of a predecessor that was killed are removed here.
    """
    lock, holder = _acquired(path), _holder(path)
    with contextlib.suppress(OSError):
        holder.write_text(os.environ[RUN]) if RUN in os.environ else holder.unlink(missing_ok=True)
    try:
        for half in path.parent.glob(f".{escape(path.stem)}-????????{escape(path.suffix)}"):
            half.unlink(missing_ok=True)
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def is_claimed(path: Path) -> bool:
    """Return whether another process holds the lock on `path`; False where that cannot be known."""
    lock = FileLock(path.with_name(f".{path.name}.lock"), fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError:  # no such folder yet, or a file system without locks
        return False
    lock.release()
    return False


def _holder(path: Path) -> Path:
    """Return the file that says to which run the holder of a lock belongs."""
    return path.with_name(f".{path.name}.run")


def _is_held_by_this_run(path: Path) -> bool:
    try:
        return RUN in os.environ and _holder(path).read_text() == os.environ[RUN]
    except (OSError, ValueError):
        return False


def _acquired(path: Path) -> BaseFileLock:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _waited_for(FileLock(path.with_name(f".{path.name}.lock"), fallback_to_soft=False), path)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
        if SAID not in os.environ:
            os.environ[SAID] = "1"
            print(f"{path.parent}: this file system has no locks; lock files are used", file=sys.stderr, flush=True)
        place = path.with_name(f".{path.name}.soft.lock")  # the other one would be left there for good, empty
        return _waited_for(SoftFileLease(place, lease_duration=LEASE_S, heartbeat_interval=SIGN_S), path)
    except OSError as error:
        raise unwritten(path, error) from error


def _waited_for(lock: BaseFileLock, path: Path) -> BaseFileLock:
    """Acquire a lock, saying what is waited for."""
    try:
        lock.acquire(blocking=False)
    except Timeout:
        until = f", or until {LEASE_S:.0f} s have passed without a sign of life" * isinstance(lock, SoftFileLease)
        said = f"{path.name} is being made by another process; waiting for it{until} (lock: {lock.lock_file})"
        if not _is_held_by_this_run(path):
            print(said, file=sys.stderr, flush=True)
        lock.acquire(poll_interval=0.2)
    return lock


def unwritten(path: Path, error: OSError) -> UserError:
    """Return the error for a `path` that could not be written."""
    todo = UNWRITTEN.get(error.errno, "choose another `--outputs`")
    return UserError(
        f"{path} could not be written: {error.strerror or error}; the previous file is unchanged; {todo}, then run "
        "again"
    )


def write_array(path: Path, data: xr.Dataset, attributes: dict | None = None) -> None:
    """Write `data` as netCDF with `attributes` (plain values, as JSON); reading verifies checksums of its numbers."""
    stamped = data.assign_attrs({name: canonical(value) for name, value in (attributes or {}).items()})
    checked = {name: {"fletcher32": True} for name, array in data.variables.items() if _is_chunkable(array)}
    with atomic(path) as temporary:
        stamped.to_netcdf(temporary, engine="h5netcdf", encoding=checked)


def _is_chunkable(array: xr.Variable) -> bool:
    return array.dtype.kind in "biuf" and array.size > 0 and array.ndim > 0


def read_array(path: Path) -> xr.Dataset:
    """Return the labelled arrays at `path`, in memory."""
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


def read_if_whole(path: Path) -> xr.Dataset | None:
    """Return the arrays at `path`; None where the file is missing or damaged, which is reported."""
    if not path.exists():
        return None
    try:
        return read_array(path)
    except DAMAGED as error:
        return _report_damage(path, error)


def is_whole(path: Path) -> bool:
    """Return whether `path` exists and can be opened; its numbers are verified when they are read."""
    if not path.exists():
        return False
    try:
        with xr.open_dataset(path, engine="h5netcdf"):
            return True
    except DAMAGED as error:
        return bool(_report_damage(path, error))


def _report_damage(path: Path, error: Exception) -> None:
    print(f"{path} is damaged ({error}); it is computed again")


def canonical(inputs: dict) -> str:
    """Return `inputs` as JSON text that is equal exactly when they are."""
    return json.dumps(inputs, sort_keys=True, ensure_ascii=False)


def digest(*things: object) -> str:
    """Return SHA-256 of arrays (type, shape and bytes) and JSON-able values, as 16 hexadecimal digits."""
    state = hashlib.sha256()
    for thing in things:
        if isinstance(thing, np.ndarray) and thing.dtype.kind in "biufc":
            state.update(f"{thing.dtype}{thing.shape}".encode())
            state.update(np.ascontiguousarray(thing).tobytes())
        else:
            state.update(json.dumps(thing, sort_keys=True, default=str).encode())
    return state.hexdigest()[:16]


def sha256(path: Path) -> str:
    """Return SHA-256 of a file, as 64 hexadecimal digits."""
    return pooch.file_hash(str(path), alg="sha256")
