"""Activations in numpy's formats: an `.npz`, or a folder of `.npy` files. Headers are checked, nothing is unpickled."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from helpers.models.activations.stored import (
    MOST_NAME_BYTES,
    MOST_SOUNDS,
    NAMES,
    Content,
    Stored,
    one_key,
    readable,
    refuse_bombs,
    rows_at_a_time,
    text_of,
    wrong,
)

EXPECTED = "arrays in numpy's format"
MOST_HEADER = 10_000  # characters
PIECE = 2**20  # bytes taken from a stream at a time
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Header:
    """The header of an array: `offset` bytes long."""

    shape: tuple[int, ...]
    dtype: np.dtype
    by_columns: bool  # in Fortran's order
    offset: int


def header(stream: BinaryIO, size: int, path: Path, name: str) -> Header:
    """Return the header of the array that begins here and has `size` bytes, its header included.

    Raises UserError where the array that it declares is not as large as that.
    """
    version = np.lib.format.read_magic(stream)
    if version not in READERS:
        raise wrong(path, f"'{name}' in version {version} of numpy's format", "version 1 or 2")
    with warnings.catch_warnings(action="ignore"):  # of files that Python 2 wrote
        shape, by_columns, dtype = READERS[version](stream, max_header_size=MOST_HEADER)
    found = Header(tuple(int(length) for length in shape), dtype, by_columns, stream.tell())
    declared = found.offset + math.prod(found.shape) * dtype.itemsize
    if min(found.shape, default=0) < 0 or (declared != size and not dtype.hasobject):
        raise wrong(
            path,
            f"'{name}' of shape {shape} and type {dtype}, which is {declared} bytes, in {size} bytes",
            "as many as its header declares",
            "it is truncated or damaged: get or save it again",
        )
    return found


def blocks(open_: Callable[[], BinaryIO], head: Header, path: Path) -> Iterator[np.ndarray]:
    """Yield an array (some sounds, ...) at a time; one in Fortran's order is read at once."""
    shape, dtype = head.shape, head.dtype
    n_rows = rows_at_a_time(shape, dtype.itemsize)
    with readable(path, EXPECTED), open_() as stream:
        _read(stream, head.offset)
        if head.by_columns and len(shape) > 1:
            whole = np.frombuffer(_read(stream, math.prod(shape) * dtype.itemsize), dtype).reshape(shape, order="F")
            for start in range(0, shape[0], n_rows):
                yield whole[start : start + n_rows]
            return
        for start in range(0, shape[0], n_rows):
            own = (min(n_rows, shape[0] - start), *shape[1:])
            yield np.frombuffer(_read(stream, math.prod(own) * dtype.itemsize), dtype).reshape(own)


def _read(stream: BinaryIO, n_bytes: int) -> bytearray:
    """Return exactly so many bytes; raises EOFError where there are fewer."""
    content = bytearray(n_bytes)
    view, filled = memoryview(content), 0
    while filled < n_bytes:
        n_read = stream.readinto(view[filled : filled + PIECE])
        if not n_read:
            raise EOFError(f"it ends after {filled} of {n_bytes} bytes")
        filled += n_read
    return content


def names(open_: Callable[[], BinaryIO], head: Header, path: Path, key: str) -> list[str]:
    """Return the names in an array of text, or in the first field of an array of records (n_sounds,)."""
    dtype = head.dtype[0] if head.dtype.names else head.dtype
    n_bytes = math.prod(head.shape) * head.dtype.itemsize
    if dtype.kind not in "SU" or head.dtype.hasobject or len(head.shape) != 1:
        raise wrong(
            path,
            f"'{key}' of type {head.dtype} and shape {head.shape}",
            "the names of the sounds as text",
            f"save it as np.array(names, dtype=str) under '{key}'",
        )
    if head.shape[0] > MOST_SOUNDS or n_bytes > MOST_NAME_BYTES:
        raise wrong(path, f"{head.shape[0]} names in {n_bytes} bytes under '{key}'", f"at most {MOST_SOUNDS} names")
    with readable(path, EXPECTED), open_() as stream:
        _read(stream, head.offset)
        array = np.frombuffer(_read(stream, n_bytes), head.dtype, head.shape[0])
        return text_of((array[head.dtype.names[0]] if head.dtype.names else array).tolist(), path, "names of sounds")


# A file of several arrays


def archive(path: Path) -> Content:
    """Return what an `.npz` holds."""
    with readable(path, "an .npz file"), zipfile.ZipFile(path) as opened:
        members = opened.infolist()
        refuse_bombs(path, path.stat().st_size, sum(member.file_size for member in members))
        heads = {}
        for member in members:
            name = _member_name(path, member)
            if name in heads:
                raise wrong(path, f"'{name}' twice", "each array once")
            with opened.open(member) as stream:
                heads[name] = header(stream, member.file_size, path, name)
    openers = {name: partial(_member, path, member.filename) for name, member in zip(heads, members, strict=True)}
    key = one_key(list(heads), path)
    sounds = names(openers[key], heads[key], path, key) if key else None
    layers = [_stored(name, openers[name], head, path) for name, head in heads.items() if name != key]
    return Content(path, sounds, layers, ordered=True)


def _stored(name: str, open_: Callable[[], BinaryIO], head: Header, path: Path) -> Stored:
    return Stored(name, head.shape, head.dtype, partial(blocks, open_, head, path))


def _member_name(path: Path, member: zipfile.ZipInfo) -> str:
    """Return the array's name; raises UserError for members that numpy does not write."""
    name = member.filename.removesuffix(".npy")
    if not member.filename.endswith(".npy"):
        raise wrong(path, f"'{name}' in it", ".npy files alone, as np.savez writes them")
    parts = name.replace("\\", "/").split("/")
    if name != member.orig_filename.removesuffix(".npy") or "" in parts or ".." in parts:
        raise wrong(path, f"the name {member.orig_filename!r}, which leads out of the file", "plain names")
    if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise wrong(path, f"'{name}' encrypted or compressed in an unusual way", "what np.savez writes")
    return text_of([name], path, "layers")[0]


class _Member:
    """A member of a zip file as a stream that closes its file too."""

    def __init__(self, path: Path, name: str):
        self.file = zipfile.ZipFile(path)
        self.stream = self.file.open(name)

    def __enter__(self) -> BinaryIO:
        return self.stream

    def __exit__(self, *error: object) -> None:
        self.stream.close()
        self.file.close()


def _member(path: Path, name: str) -> _Member:
    return _Member(path, name)


# A folder


def folder(path: Path, files: list[Path], named: bool) -> Content:
    """Return what a folder of `.npy` files holds: one a layer beside the names of the sounds, or one a sound.

    `named`: whether the names of the sounds are given elsewhere, so that there is one file a layer.
    """
    inner = [file for file in files if file.parent != path]
    outer = {file.stem: file for file in files if file.parent == path}
    key = one_key(list(outer), path)
    if key is None and not named:
        return _by_sound(path, files)
    if inner:
        raise wrong(path, f"the sub-folder '{inner[0].parent.name}' beside one file a layer", "no sub-folders")
    heads = {name: _head(file) for name, file in outer.items()}
    sounds = names(partial(outer[key].open, "rb"), heads[key], outer[key], key) if key else None
    layers = [
        _stored(text_of([name], path, "layers")[0], partial(outer[name].open, "rb"), head, outer[name])
        for name, head in heads.items()
        if name != key
    ]
    return Content(path, sounds, layers, ordered=False)


def _by_sound(path: Path, files: list[Path]) -> Content:
    """Return what a folder with a file for each sound holds: one layer, or one in each of its sub-folders."""
    by_layer: dict[str, dict[str, Path]] = {}
    for file in files:
        by_layer.setdefault(file.parent.name, {})[file.stem] = file
    if len(by_layer) > 1 and path in {file.parent for file in files}:
        raise wrong(
            path,
            f"files beside the sub-folders {', '.join(sorted(by_layer))}, and no names of sounds",
            f"one file a sound, or one a layer and one of {', '.join(NAMES)}.npy",
            "move them, or save the names",
        )
    sounds = [list(own) for own in by_layer.values()]
    for name, own in zip(by_layer, sounds, strict=True):
        if strange := sorted(set(own) ^ set(sounds[0])):
            raise wrong(path, f"layer '{name}' with other sounds ('{strange[0]}')", "the same sounds in each layer")
    layers = [_stacked_files(name, {sound: own[sound] for sound in sounds[0]}) for name, own in by_layer.items()]
    return Content(path, text_of(sounds[0], path, "names of sounds"), layers, ordered=False)


def _stacked_files(name: str, files: dict[str, Path]) -> Stored:
    heads = {sound: _head(file) for sound, file in files.items()}
    folder_ = next(iter(files.values())).parent

    def rows() -> Iterator[np.ndarray]:
        for sound, file in files.items():
            yield _whole(file, heads[sound])[None]

    shapes = {sound: (head.shape, head.dtype) for sound, head in heads.items()}
    return stacked(text_of([name], folder_, "layers")[0], shapes, rows, folder_)


def stacked(
    name: str, parts: dict[str, tuple[tuple[int, ...], np.dtype]], rows: Callable[[], Iterator[np.ndarray]], path: Path
) -> Stored:
    """Return a layer of which each sound has an array of its own, by their shapes and types.

    Raises UserError for arrays of different numbers of dimensions; axes may differ in length if they are averaged over.
    """
    first, (shape, _) = next(iter(parts.items()))
    for sound, (other, _) in parts.items():
        if len(other) != len(shape):
            raise wrong(
                path,
                f"layer '{name}' of shape {other} for '{sound}' and {shape} for '{first}'",
                "as many dimensions for every sound",
            )
    lengths = zip(*(own for own, _ in parts.values()), strict=True)
    uneven = frozenset(axis for axis, own in enumerate(lengths, start=1) if len(set(own)) > 1)
    types = [dtype for _, dtype in parts.values()]
    strange = [dtype for dtype in types if dtype.kind not in "biuf"]
    dtype = strange[0] if strange else np.result_type(*types)
    if empty := [sound for sound, (own, _) in parts.items() if not math.prod(own)]:
        raise wrong(path, f"layer '{name}' without values for sound '{empty[0]}'", "at least one unit")
    return Stored(name, (len(parts), *shape), dtype, rows, uneven=uneven)


def _head(path: Path) -> Header:
    with readable(path, EXPECTED), path.open("rb") as stream:
        return header(stream, path.stat().st_size, path, path.stem)


def _whole(path: Path, head: Header) -> np.ndarray:
    """Return the array of one sound."""
    with readable(path, EXPECTED), path.open("rb") as stream:
        _read(stream, head.offset)
        content = _read(stream, math.prod(head.shape) * head.dtype.itemsize)
        return np.frombuffer(content, head.dtype).reshape(head.shape, order="F" if head.by_columns else "C")


def names_file(path: Path) -> list[str]:
    """Return the names of sounds in a `.npy` file, or in a `.txt` file with one a line (UTF-8)."""
    if path.suffix == ".npy":
        return names(partial(path.open, "rb"), _head(path), path, path.stem)
    if path.suffix != ".txt":
        raise wrong(path, f"the ending '{path.suffix}'", "names of sounds in .npy or .txt")
    if path.stat().st_size > MOST_NAME_BYTES:
        raise wrong(path, f"{path.stat().st_size} bytes", f"names of sounds, at most {MOST_NAME_BYTES} bytes")
    with readable(path, "names of sounds, one a line"):
        return text_of(path.read_text(encoding="utf-8").splitlines(), path, "names of sounds")
