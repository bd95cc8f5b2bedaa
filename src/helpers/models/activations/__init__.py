"""Family `activations`: a user's own activations, computed elsewhere, from a file.

`file` is one of these; whatever it is, a layer is an array (sound, ...) of real numbers:

    .npz             an array for each layer, and the names of the sounds as text, `sound=np.array(names, dtype=str)`
    .h5, .hdf5, .nc  a dataset (netCDF: a variable) for each layer, also in groups, and `sound`; netCDF 4, not 3.
                     Dimension scales and variables that netCDF's attribute `coordinates` names are no layers
    .pkl             a dict, layer -> array, and `sound`: read through a closed list of types, nothing is unpickled
    a folder         of .npy files: one a layer and `sound.npy`; or one a sound, called like it, (unit, ...) for the
                     only layer, or in a sub-folder for each layer
    a folder         of <sound>_activations.pkl, a dict layer -> array (unit, ...) for each sound

The key of the names is `sound`, `sounds` or `stimuli`. A file without names needs `sounds`: a .txt with one name a
line, or a .npy of text or of records whose first field is text, such as `neural_stim_meta.npy`. Names are equal as
text, composed or decomposed Unicode alike, a trailing `.wav` left out; rows are put into the study's order by name.

Layers are numbered from 1 in the file's order, which .npz, pickles, netCDF and HDF5 with `track_order=True` keep.
Folders of .npy and other HDF5 files keep none: there, `layers` names the layers in order. More than two dimensions are
flattened, the last one fastest, or averaged over the axis `average` first: its number, 0 being the sound, or its name
where the file names its dimensions (HDF5, netCDF). Values become float32.

The activations of Tuckute et al. 2023 are read as they are: `natsound_activations.h5`, in which `layer_list` names the
layers in order and whose rows are those of `neural_stim_meta.npy`, and folders of <sound>_activations.pkl, or with
`permuted: true` of <sound>_activations_randnetw.pkl.

Memory: a file is read 32 MiB at a time, or one sound or chunk of HDF5 where these are larger, twice that in all: once
when it is opened, to verify its values, and once for `activations`, which returns 4 bytes for each sound and unit. Two
formats take more: a layer in Fortran's order in numpy's formats is read at once, and pickles are held whole.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field, field_validator

from helpers.errors import UserError
from helpers.models.activations import hdf, npy, pickled, stored
from helpers.models.activations.stored import Content, Layer, wrong
from helpers.models.base import AudioModel, Card, Cost, layer_of
from helpers.models.listener import ONLY_STEP
from helpers.names import SOUND
from helpers.store import files, settings
from helpers.store.checkout import ROOT
from helpers.store.own import is_own

__all__ = ["RATE", "Activations", "Settings", "example", "open"]

RATE = 24_000  # Hz; of the sounds, only their names are used
READERS = {".npz": npy.archive, ".h5": hdf.read, ".hdf5": hdf.read, ".nc": hdf.read, ".pkl": pickled.read}
IN_FOLDERS = (".npy", ".pkl")
MOST_FILES = 200_000  # in a folder


class Settings(settings.Settings):
    """Settings of an entry of this family."""

    file: str = Field(min_length=1)  # or folder
    layers: list[str | int] = Field([])  # by their names in the file, in order; empty: all
    average: Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1)] | None = None
    sounds: str | None = None  # a file with the names of the rows, where `file` has none
    extra_sounds: Literal["refuse", "ignore"] = "refuse"  # those that the study does not have
    permuted: bool = False  # the files `..._randnetw` of a folder of pickles
    training: Literal["speech", "music", "environmental", "mixed"] | None = None
    trained_on: str = ""  # this and the next two are shown as they are
    architecture: str = ""
    citation: str = ""

    @field_validator("layers")
    @classmethod
    def _each_once(cls, layers: list[str | int]) -> list[str | int]:
        if len(set(map(str, layers))) < len(layers):
            raise ValueError("expected each layer once")
        return layers


class Activations(AudioModel):
    """A network of which only the activations are known."""

    counts_steps = False

    def __init__(self, name: str, settings: Settings, waveforms: xr.DataArray, device: str, batch_size: int):
        super().__init__(name, waveforms, [ONLY_STEP], device, batch_size)
        self.settings, self.path = settings, located(settings.file, "file")
        self.card = Card(settings.training or "", settings.trained_on, settings.architecture, "", settings.citation)
        self._state = state(self.path)
        sounds = tuple(waveforms[SOUND].values.tolist())
        self._sizes = _verified(settings.model_dump_json(), sounds, self._state, state(located_sounds(settings)))

    @property
    def sizes(self) -> Cost:
        """As `AudioModel.sizes`: the widest layer's units, of which `activations` holds 4 bytes for each sound."""
        return self._sizes

    def activations(self, step: int) -> list[xr.DataArray]:  # noqa: ARG002
        """As `AudioModel.activations`; raises UserError where the file changed since it was opened."""
        if state(self.path) != self._state:
            raise wrong(self.path, "another file than when it was opened", "the same", "run again")
        sounds = self.waveforms[SOUND].values
        content = read(self.settings)
        where = stored.places(content, sounds.tolist(), self.settings.extra_sounds == "ignore")
        return [
            layer_of(_filled(content, layer, where, len(sounds)), sounds, number, layer.stored.name)
            for number, layer in enumerate(_layers(content, self.settings), start=1)
        ]

    def identity(self, step: int) -> dict:  # noqa: ARG002
        chosen, sounds = self.settings, located_sounds(self.settings)
        return {
            "family": "activations",
            "file": self.path.name,
            "sha256": _digest(self.path, self._state),
            "sounds": _digest(sounds, state(sounds)) if sounds else None,
            "layers": [str(name) for name in chosen.layers],
            "average": chosen.average,
            "permuted": chosen.permuted,
        }

    def missing(self, step: int) -> str:  # noqa: ARG002
        return ""


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> Activations:
    """Return the model of an entry, every value of its file verified; raises UserError for one that cannot be used."""
    return Activations(name, settings, waveforms, device, batch_size)


def read(settings: Settings) -> Content:
    """Return what the file of an entry holds, with the names of its sounds; raises UserError."""
    path, named = located(settings.file, "file"), located_sounds(settings)
    if path.is_dir():
        content = _folder(path, settings)
    elif path.suffix.lower() not in READERS:
        known = ", ".join(READERS)
        raise wrong(path, f"the ending '{path.suffix}'", f"{known}, or a folder", "save it in one of these formats")
    else:
        content = READERS[path.suffix.lower()](path)
    if settings.permuted and not (path.is_dir() and _files(path)[0].suffix == ".pkl"):
        raise wrong(path, "`permuted: true`", "a folder of pickles with it", "leave it out and give another `file`")
    return _with_names(content, named)


def _with_names(content: Content, named: Path | None) -> Content:
    """Return the content with the names of its sounds, which are in it or in the file `named`."""
    if content.sounds is None and named is None:
        layers = stored.few(layer.name for layer in content.layers) or "nothing"
        raise wrong(
            content.path,
            f"{layers} and no names of sounds",
            f"them as text under {' or '.join(stored.NAMES)}",
            "save them too, or set `sounds` to a .txt or .npy file with a name for each row",
        )
    if content.sounds is not None and named is not None:
        raise wrong(content.path, "names of sounds in it and in `sounds`", "one of them", "leave `sounds` out")
    sounds = content.sounds if named is None else npy.names_file(named)
    return Content(content.path, sounds, content.layers, content.ordered, content.listed)


def _folder(path: Path, settings: Settings) -> Content:
    found = _files(path)
    endings = {file.suffix for file in found}
    if len(endings) != 1:
        raise wrong(path, f"files that end in {' and '.join(sorted(endings)) or 'nothing known'}", "one of .npy, .pkl")
    if endings == {".npy"}:
        return npy.folder(path, found, named=settings.sounds is not None)
    if inner := [file for file in found if file.parent != path]:
        raise wrong(path, f"the sub-folder '{inner[0].parent.name}'", "all pickles in one folder")
    return pickled.folder(path, found, settings.permuted)


def _files(path: Path) -> list[Path]:
    """Return the files of activations in a folder and its sub-folders, sorted; raises UserError for links elsewhere."""
    found = sorted(
        file
        for pattern in ("*", "*/*")
        for file in path.glob(pattern)
        if file.suffix in IN_FOLDERS and all(map(is_own, file.relative_to(path).parts)) and file.is_file()
    )
    if len(found) > MOST_FILES:
        raise wrong(path, f"{len(found)} files", f"at most {MOST_FILES}", "save them as one file")
    for file in found:
        if not file.resolve().is_relative_to(path.resolve()):
            raise wrong(path, f"'{file.name}', a link that leads out of the folder", "files", "copy it there")
    return found


def located(name: str, key: str) -> Path:
    """Return a file or folder of a study, relative to the place of the command or to the project; raises UserError."""
    places = (files.expanded(name), ROOT / name)
    for path in places:
        if path.is_file() or path.is_dir():
            return path
    raise UserError(f"{key}: found no file or folder '{name}'; correct its path")


def located_sounds(settings: Settings) -> Path | None:
    """Return the file with the names of the sounds; None where `file` should have them."""
    return None if settings.sounds is None else located(settings.sounds, "sounds")


def state(path: Path | None) -> tuple:
    """Return names, sizes and times of change of all files that are read; () where there is none."""
    if path is None:
        return ()
    found = _files(path) if path.is_dir() else [path]
    stats = [(str(file), file.stat()) for file in found]
    return tuple((name, one.st_size, one.st_mtime_ns) for name, one in stats)


def _layers(content: Content, settings: Settings) -> list[Layer]:
    chosen = stored.chosen(content, [str(name) for name in settings.layers])
    return stored.planned(content, chosen, settings.average)


@cache
def _verified(chosen: str, sounds: tuple[str, ...], *states: tuple) -> Cost:  # noqa: ARG001  (changed files count anew)
    """Return the sizes of a file whose every value was read and found usable; raises UserError."""
    settings = Settings.model_validate_json(chosen)
    content = read(settings)
    where = stored.places(content, sounds, settings.extra_sounds == "ignore")
    layers = _layers(content, settings)
    for layer in layers:
        for _ in stored.values(content, layer, where):
            pass
    return Cost(tuple((layer.stored.name, layer.n_units) for layer in layers), n_weights=0)


def _filled(content: Content, layer: Layer, where: np.ndarray, n_sounds: int) -> np.ndarray:
    """Return a layer (n_sounds, n_units), float32, in the study's order."""
    filled = np.empty((n_sounds, layer.n_units), np.float32)
    for places, values in stored.values(content, layer, where):
        filled[places] = values
    return filled


@cache
def _digest(path: Path, known: tuple) -> str:
    """Return SHA-256 of a file, or a digest of those of all files in a folder."""
    if path.is_file():
        return files.sha256(path)
    return files.digest({str(Path(name).relative_to(path)): files.sha256(Path(name)) for name, *_ in known})


def example(folder: Path) -> dict:
    """Return settings of a file small enough for tests, written to `folder`; it has sounds that no study uses."""
    random, names = np.random.default_rng(0), np.array([f"stim_{letter}" for letter in "abcdef"])
    layers = {"conv": random.standard_normal((6, 3, 4)), "pool": random.standard_normal((6, 5))}
    np.savez(folder / "activations.npz", sound=names, **layers)
    return {"file": str(folder / "activations.npz"), "extra_sounds": "ignore"}
