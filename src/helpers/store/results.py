"""Results on disk, keyed by their origin: `result(function, folder, **arguments)` computes once and reads afterwards.

A result's key is derived, never listed: the function, every argument (arrays by content and labels), and
the code of the function's module and of all modules of this package that it imports. Arguments that cannot change the
result are declared at the function, with `names.immaterial`.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import BaseModel

from helpers.store import files
from helpers.store.code import code_digest

UNUSED_DAYS = 30  # after which an unread result is deleted when a new one is written beside it


def result(function: Callable, folder: Path, /, **arguments):
    """Return what `function(**arguments)` returns, an xarray.Dataset, read from `folder` if it is kept there.

    Of several processes that want it at once, one computes and the others wait. A damaged file is computed again.
    """
    path = path_of(function, folder, **arguments)
    if (kept := files.read_if_whole(path)) is not None:
        with contextlib.suppress(OSError):  # on read-only media nothing can be removed
            path.touch()
        return kept
    with files.claimed(path):
        if (kept := files.read_if_whole(path)) is not None:  # made by the previous holder of the lock
            return kept
        files.write_array(path, function(**arguments), {"made_from": described(function, **arguments)})
        _make_room(path, function)
        return files.read_array(path)


def is_kept(function: Callable, folder: Path, /, **arguments) -> bool:
    """Return whether `result` would read and compute nothing."""
    return files.is_whole(path_of(function, folder, **arguments))


def is_being_made(function: Callable, folder: Path, /, **arguments) -> bool:
    """Return whether another process is computing a result now; False where that cannot be known."""
    return files.is_claimed(path_of(function, folder, **arguments))


def path_of(function: Callable, folder: Path, /, **arguments) -> Path:
    """Return the file of a result: its name holds the key, so results of other arguments stay beside it."""
    return Path(folder) / f"{function.__name__}-{key(function, **arguments)}.nc"


def key(function: Callable, /, **arguments) -> str:
    """Return 16 hexadecimal digits that are equal exactly when function, arguments and code are.

    Raises TypeError for arguments that the function does not take and for those that have no digest.
    """
    return hashlib.sha256(_canonical(described(function, **arguments)).encode()).hexdigest()[:16]


def described(function: Callable, /, **arguments) -> dict:
    """Return what a result is made from, as plain values: function, arguments (arrays as digests) and code."""
    bound = inspect.signature(function).bind(**arguments)
    bound.apply_defaults()
    left_out = getattr(function, "immaterial", frozenset())
    if unknown := left_out - set(bound.arguments):
        raise TypeError(f"{function.__name__} has no argument {', '.join(sorted(unknown))} to be immaterial")
    return {
        "function": f"{function.__module__}.{function.__qualname__}",
        "arguments": {name: plain(value) for name, value in bound.arguments.items() if name not in left_out},
        "code": code_digest(function.__module__),
    }


def plain(value: object) -> object:
    """Return `value` as JSON-able content that is equal exactly when it is; large arrays become digests.

    Objects of this project identify themselves by `store_key()`. Raises TypeError for anything else.
    """
    if hasattr(value, "store_key"):
        return {"is": type(value).__name__, "key": plain(value.store_key())}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return {"array": files.digest(value if value.dtype.kind in "biufc" else value.tolist())}
    if isinstance(value, xr.DataArray):
        coords = {
            str(name): plain(coord.values) for name, coord in sorted(value.coords.items(), key=lambda c: str(c[0]))
        }
        return {"dims": list(value.dims), "values": plain(value.values), "coords": coords}
    if isinstance(value, xr.Dataset):
        return {str(name): plain(array) for name, array in value.variables.items()}
    if isinstance(value, xr.Variable):
        return {"dims": list(value.dims), "values": plain(value.values)}
    if isinstance(value, pd.DataFrame):
        return {str(name): plain(column.to_numpy()) for name, column in value.items()}
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    raise TypeError(
        f"a kept result cannot depend on a {type(value).__name__}: give plain values, arrays, or store_key()"
    )


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


def _make_room(path: Path, function: Callable) -> None:
    """Remove results of a function in this folder that were not read for long; another process may do the same."""
    for old in path.parent.glob(f"{function.__name__}-*{path.suffix}"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > UNUSED_DAYS * 24 * 3600:
                old.unlink()
