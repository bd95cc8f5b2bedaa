"""Pickled tables of pandas, of any version since 1.0, and dicts of arrays, read without running what a pickle asks for.

The unpickler below calls nothing: where a pickle asks for a class or a function it gets a `Call`, which only notes what
would have been called with what. Which calls may be noted is a closed list of the numpy and pandas types that a table
needs; every other is refused by name. Table or arrays are then put together from the notes by this module, so reading
depends neither on the inner workings of the installed pandas or numpy nor on those of the ones that wrote the file.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.errors import UserError

INDEXES = {
    "pandas.core.indexes.base": ("Index", "_new_Index"),
    "pandas.core.indexes.numeric": ("Int64Index", "UInt64Index", "Float64Index"),  # gone since pandas 2
    "pandas.core.indexes.range": ("RangeIndex",),
    "pandas": ("DataFrame", "Index", "RangeIndex", "StringDtype"),
}
FRAMES = {
    "pandas.core.frame": ("DataFrame",),
    "pandas.core.internals.managers": ("BlockManager",),
    "pandas._libs.internals": ("_unpickle_block",),
    "pandas.arrays": ("ArrowStringArray",),
    "pandas.core.arrays.string_": ("StringDtype",),
    "pyarrow.lib": ("_restore_array", "type_for_alias", "py_buffer"),
    "builtins": ("slice", "bytearray"),
}
ARRAYS = {
    "numpy": ("ndarray", "dtype"),
    **{f"numpy.{core}.multiarray": ("_reconstruct", "scalar") for core in ("core", "_core")},
    **{f"numpy.{core}.numeric": ("_frombuffer",) for core in ("core", "_core")},
}
ALLOWED = {(module, name) for part in (INDEXES, FRAMES, ARRAYS) for module, names in part.items() for name in names}
T = TypeVar("T")
SIMPLE_TYPE = re.compile(r"[biufSU]\d{1,4}")  # of numpy, as its pickles spell them: f8, b1, S20


class Call:
    """A note that the pickle asked for `name(*args)` and then set its `state`."""

    name = ""

    def __new__(cls, *args: object) -> Call:
        call = super().__new__(cls)
        call.args, call.state = args, None
        return call

    def __setstate__(self, state: object) -> None:
        self.state = state


class Reader(pickle._Unpickler):  # the one written in Python: a few bytes can make the one in C take all memory
    """An unpickler that notes calls instead of making them; refuses those that no table needs."""

    def __init__(self, stream, path: Path):
        super().__init__(stream)
        self.path, self.known = path, {}

    def find_class(self, module: str, name: str) -> type[Call]:
        if (module, name) not in ALLOWED:
            raise UserError(
                f"{self.path.name} asks for {module}.{name}, which is not allowed: expected plain numbers and "
                f"text; do not open this file elsewhere either before you know where it comes from ({self.path})"
            )
        return self.known.setdefault((module, name), type(name, (Call,), {"name": name}))


def frame(path: Path) -> pd.DataFrame:
    """Return the pickled table at `path`, columns of numbers, text and missing values; its row labels are left behind.

    Raises UserError, naming file and type, for a pickle that asks for anything beyond a table, and for other files.
    """
    return _read(path, _frame, "table", "table that pandas wrote")


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the pickled dict of numpy arrays at `path`, in its order; keys are text or whole numbers, made text.

    Lists of text become arrays of text; arrays of objects hold numbers, text and None. Raises UserError, naming file
    and type, for a pickle that asks for anything beyond that, and for other files.
    """
    return _read(path, _arrays, "dict of arrays", "dict of numpy arrays")


def _read(path: Path, make: Callable[[object], T], kind: str, expected: str) -> T:
    path = Path(path)
    try:
        with path.open("rb") as stream:
            return make(Reader(stream, path).load())
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: found {error.strerror}, expected a pickled {kind}; get the file again") from None
    except Exception as error:  # a damaged or hostile pickle makes the unpickler raise almost anything
        reason = f"{type(error).__name__}: {error}"
        raise UserError(f"{path}: found no {expected} ({reason}); get the file again") from None


def _arrays(content: object) -> dict[str, np.ndarray]:
    if not isinstance(content, dict):
        raise ValueError(f"{getattr(content, 'name', type(content).__name__)} where a dict belongs")
    found: dict[str, np.ndarray] = {}
    for key, value in content.items():
        if not isinstance(key, str | int) or isinstance(key, bool) or str(key) in found:
            raise ValueError(f"the key {key!r}, neither text nor a whole number or there twice")
        try:
            found[str(key)] = _array_of_text(value) if isinstance(value, list) else _values(value)
        except ValueError as error:
            raise ValueError(f"'{key}': {error}") from None
    return found


def _array_of_text(values: list) -> np.ndarray:
    text = [_scalar(value) for value in values]
    if not all(isinstance(value, str) for value in text):
        raise ValueError("a list of other things than text")
    return np.array(text, dtype=object)


def _frame(content: Call) -> pd.DataFrame:
    _expect(content, "DataFrame")
    state = content.state
    axes, blocks = _parts(state["_mgr"] if "_mgr" in state else state["_data"])  # `_data` until pandas 1.0
    names, n_rows = _labels(axes[0]), _length(axes[1])
    columns: dict[str, np.ndarray] = {}
    for values, places in blocks:
        rows = np.atleast_2d(_values(values))  # (columns of this block, rows of the table)
        columns |= dict(zip(np.asarray(names, object)[places], rows, strict=True))
    if len(columns) != len(names) or any(len(column) != n_rows for column in columns.values()):
        raise ValueError(f"{len(names)} column names and {n_rows} rows do not fit the values")
    return pd.DataFrame({name: columns[name] for name in names})


def _parts(manager: Call) -> tuple[list, list[tuple]]:
    """Return axes (columns, rows), and for each block of values its place among the columns."""
    _expect(manager, "BlockManager")
    if manager.state is None:  # pandas 1.3 and later
        blocks, axes = manager.args
        return axes, [(values, _place(place)) for values, place, _ in (_args(block) for block in blocks)]
    state = manager.state[3]["0.14.1"]
    return state["axes"], [(block["values"], _place(block["mgr_locs"])) for block in state["blocks"]]


def _args(block: Call) -> tuple:
    _expect(block, "_unpickle_block")
    return block.args


def _place(place: Call) -> slice | np.ndarray:
    return slice(*place.args) if place.name == "slice" else _values(place)


def _labels(index: Call) -> list[str]:
    _expect(index, "_new_Index")
    labels = _values(index.args[1]["data"]).tolist()
    if len(set(labels)) < len(labels) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"column names {labels[:5]} are not different pieces of text")
    return labels


def _length(index: Call) -> int:
    _expect(index, "_new_Index")
    state = index.args[1]
    return len(_values(state["data"])) if "data" in state else len(range(state["start"], state["stop"], state["step"]))


def _values(call: Call) -> np.ndarray:
    """Return the array that a call would have made."""
    _expect(call, "_reconstruct", "_frombuffer", "ArrowStringArray")
    if call.name == "ArrowStringArray":
        return _arrow(call.state["_pa_array"])
    if call.name == "_frombuffer":  # pickle protocol 5
        data, dtype, shape, order = call.args
        return np.frombuffer(_bytes(data), _dtype(dtype)).reshape(shape, order=order)
    _, shape, dtype, by_columns, data = call.state
    if isinstance(data, list):  # objects stand row by row, however the array lay in memory
        array = np.empty(len(data), object)
        array[:] = [_scalar(value) for value in data]
        return array.reshape(shape)
    return np.frombuffer(_bytes(data), _dtype(dtype)).reshape(shape, order="F" if by_columns else "C")


def _scalar(value: object) -> object:
    if isinstance(value, Call):
        _expect(value, "scalar")
        dtype, data = value.args
        return np.frombuffer(_bytes(data), _dtype(dtype)).item()
    if value is not None and not isinstance(value, str | bytes | int | float):
        raise ValueError(f"a value of type {type(value).__name__} in a column")
    return value


def _dtype(call: Call) -> np.dtype:
    _expect(call, "dtype")
    if not SIMPLE_TYPE.fullmatch(call.args[0]):
        raise ValueError(f"values of numpy type '{call.args[0]}', neither numbers nor text")
    order = call.state[1] if call.state else "|"
    return np.dtype(call.args[0]).newbyteorder(order)


def _arrow(call: Call) -> np.ndarray:
    """Return text as pandas 3 keeps it: Arrow's offsets into one piece of UTF-8."""
    _expect(call, "_restore_array")
    kind, length, n_missing, offset, buffers, *_ = call.args[0]
    _expect(kind, "type_for_alias")
    type_ = {"string": pa.string(), "large_string": pa.large_string()}[kind.args[0]]
    parts = [part if part is None else pa.py_buffer(_bytes(part.args[0])) for part in buffers]
    array = pa.Array.from_buffers(type_, length, parts, n_missing, offset)
    array.validate(full=True)  # the offsets come from the file
    return np.array(array.to_pylist(), dtype=object)


def _bytes(data: object) -> bytes:
    return bytes(data.args[0]) if isinstance(data, Call) else bytes(data)


def _expect(call: object, *names: str) -> None:
    if not isinstance(call, Call) or call.name not in names:
        raise ValueError(f"{getattr(call, 'name', type(call).__name__)} where {' or '.join(names)} belongs")
