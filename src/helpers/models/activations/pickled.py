"""Activations in pickles, read through the closed list of types in `store.unpickle`; held in memory whole."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from helpers.models.activations.npy import stacked
from helpers.models.activations.stored import Content, Stored, one_key, rows_at_a_time, text_of, wrong
from helpers.store import unpickle

MOST_BYTES = 2**32  # of all pickles together
ENDINGS = {False: "_activations.pkl", True: "_activations_randnetw.pkl"}  # of a file a sound; by permuted weights


def read(path: Path) -> Content:
    """Return what a pickled dict of arrays (sound, ...) holds, with the names of the sounds under one of its keys."""
    _refuse_large([path])
    found = unpickle.arrays(path)
    key = one_key(list(found), path)
    if key and (found[key].ndim != 1 or found[key].dtype.kind not in "SUO"):
        raise wrong(path, f"'{key}' of type {found[key].dtype} and shape {found[key].shape}", "names as text (n,)")
    sounds = text_of(found[key].tolist(), path, "names of sounds") if key else None
    layers = [
        Stored(text_of([name], path, "layers")[0], own.shape, own.dtype, partial(_blocks, own))
        for name, own in found.items()
        if name != key
    ]
    return Content(path, sounds, layers, ordered=True)


def folder(path: Path, files: list[Path], permuted: bool) -> Content:
    """Return what a folder of pickled dicts, layer -> array (unit,) or of more dimensions, one a sound, holds.

    `permuted`: take those of the network with permuted weights, whose files end in `_randnetw`.
    """
    if strange := [file.name for file in files if not file.name.endswith(tuple(ENDINGS.values()))]:
        raise wrong(
            path, f"'{strange[0]}'", f"<sound>{ENDINGS[False]} or <sound>{ENDINGS[True]}", "rename or remove it"
        )
    own = [file for file in files if file.name.endswith(ENDINGS[permuted])]
    if not own:
        raise wrong(
            path,
            f"no file *{ENDINGS[permuted]}",
            "one for each sound",
            f"set `permuted: {str(not permuted).lower()}` or another folder",
        )
    _refuse_large(own)
    sounds = text_of([file.name.removesuffix(ENDINGS[permuted]) for file in own], path, "names of sounds")
    held = {sound: unpickle.arrays(file) for sound, file in zip(sounds, own, strict=True)}
    first = held[sounds[0]]
    for sound, arrays in held.items():
        if strange := [name for name in (*first, *arrays) if name not in first or name not in arrays]:
            raise wrong(
                path,
                f"layer '{strange[0]}' for only one of '{sounds[0]}' and '{sound}'",
                "the same layers for every sound",
            )
    layers = [
        stacked(
            text_of([name], path, "layers")[0],
            {sound: (arrays[name].shape, arrays[name].dtype) for sound, arrays in held.items()},
            partial(_rows, [arrays[name] for arrays in held.values()]),
            path,
        )
        for name in first
    ]
    return Content(path, sounds, layers, ordered=True)


def _blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    n_rows = rows_at_a_time(array.shape, array.dtype.itemsize)
    return (array[start : start + n_rows] for start in range(0, len(array), n_rows))


def _rows(arrays: list[np.ndarray]) -> Iterator[np.ndarray]:
    return (array[None] for array in arrays)


def _refuse_large(files: list[Path]) -> None:
    n_bytes = sum(file.stat().st_size for file in files)
    if n_bytes > MOST_BYTES:
        raise wrong(files[0], f"{n_bytes} bytes of pickles", f"at most {MOST_BYTES}", "save them as .npz or HDF5")
