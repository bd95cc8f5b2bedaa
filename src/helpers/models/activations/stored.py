"""What a file of activations holds, known from its headers, and how a layer of it is read: some sounds at a time."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers.errors import UserError, suggestion
from helpers.names import composed

WAV = ".wav"
NAMES = ("sound", "sounds", "stimuli")  # keys under which a file may keep the names of its sounds
BLOCK = 2**25  # bytes read at a time, but at least one sound or chunk
MOST_LAYERS, MOST_SOUNDS = 1_000, 100_000
MOST_BYTES = 2**36  # of one layer as it is stored, unpacked
MOST_RESULT = 2**33  # bytes of one layer as it is returned: float32
MOST_NAME_BYTES = 2**24  # of all names of sounds together
PACKED, SMALL = 100, 2**28  # how many times its own size a file may unpack to, and bytes that it always may
NUMBERS = "biuf"  # kinds of numpy types
OTHER_KINDS = {"c": "complex numbers", "S": "text", "U": "text", "T": "text", "O": "objects", "V": "records"}


@dataclass(frozen=True)
class Stored:
    """One layer in a file, of which only the header was read.

    name: in the file
    shape: (n_sounds, ...); an axis in `uneven` differs between sounds, and this is its length for the first one
    dtype: numpy's type of the values in the file
    blocks: reads the values, (some sounds, ...) at a time, in the file's order of sounds; NaN where they are missing
    dims: names of the axes; () where the file has none
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    blocks: Callable[[], Iterator[np.ndarray]]
    dims: tuple[str, ...] = ()
    uneven: frozenset[int] = frozenset()

    @property
    def n_bytes(self) -> int:
        """Bytes of its values, unpacked."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Content:
    """All layers in a file or folder, and the names of its sounds; None where it has no names.

    ordered: whether the order of `layers` was kept by the file, as against that of an alphabet
    listed: names of layers, or of groups of them, that the file itself lists, in this order; empty: it has no such list
    """

    path: Path
    sounds: list[str] | None
    layers: list[Stored]
    ordered: bool
    listed: list[str] = field(default_factory=list)


def wrong(path: Path, found: str, expected: str, do: str = "save the file again") -> UserError:
    """Return the error for a file that cannot be used."""
    return UserError(f"{path}: found {found}, expected {expected}; {do}")


@contextlib.contextmanager
def readable(path: Path, expected: str) -> Iterator[None]:
    """Turn whatever a library raises over damaged or hostile bytes into a UserError that names `path`."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # damaged bytes can make the parsers of these formats raise anything
        reason = " ".join(str(error).split())[:200]
        raise wrong(path, f"damage ({type(error).__name__}: {reason})", expected, "get or save it again") from None


def few(names: Iterable[object], limit: int = 5) -> str:
    """Return the first few names as one text, with their number where there are more."""
    names = [f"'{name}'" for name in names]
    return ", ".join(names[:limit]) + (f", ... ({len(names)} in all)" if len(names) > limit else "")


# Names


def text_of(values: Iterable[object], path: Path, what: str) -> list[str]:
    """Return names as text, bytes decoded as UTF-8; raises UserError for anything else and for unprintable ones."""
    try:
        names = [value.decode("utf-8") if isinstance(value, bytes) else value for value in values]
    except UnicodeDecodeError as error:
        raise wrong(path, f"{what} that are no UTF-8 ({error.reason})", "text") from None
    for name in names:
        if not isinstance(name, str):
            raise wrong(path, f"a {type(name).__name__} among the {what}", "text")
        if not name or not name.isprintable():
            raise wrong(path, f"the name {name!r} among the {what}", "printable text")
    return [str(name) for name in names]


def one_key(keys: Sequence[str], path: Path) -> str | None:
    """Return under which of NAMES the sounds are named; None where there is no such key, raises UserError for two."""
    found = [key for key in NAMES if key in keys]
    if len(found) > 1:
        raise wrong(path, f"names of sounds under each of {few(found)}", "one of them", "keep one of these")
    return found[0] if found else None


def plain(name: str) -> str:
    """Return a sound's name as it is compared: as `composed` does, without a trailing `.wav` or `.WAV`."""
    name = composed(name)
    return name[: -len(WAV)] if name.lower().endswith(WAV) else name


def places(content: Content, sounds: Sequence[str], extra_allowed: bool) -> np.ndarray:
    """Return for each sound of the file (n_file_sounds,) its place among the study's `sounds`; -1 where it has none.

    Raises UserError for sounds that are missing, extra (unless allowed) or repeated.
    """
    own, known = [plain(name) for name in content.sounds], {plain(name): i for i, name in enumerate(sounds)}
    if len(known) < len(sounds):
        raise wrong(
            content.path,
            f"the same name twice among the study's {len(sounds)} sounds",
            "unique names",
            "rename one of the sounds in the dataset",
        )
    expected = f"the study's {len(sounds)} sounds, each once"
    seen: dict[str, str] = {}
    for name, theirs in zip(own, content.sounds, strict=True):
        if name in seen:
            raise wrong(
                content.path,
                f"the sound '{theirs}' repeated (it has '{seen[name]}' too)",
                expected,
                "keep one row for each sound",
            )
        seen[name] = theirs
    if missing := [name for name in sounds if plain(name) not in seen]:
        raise wrong(
            content.path,
            f"{len(own)} sounds without {few(missing)}",
            expected,
            "compute what is missing, or correct the names in the file",
        )
    extra = [theirs for name, theirs in seen.items() if name not in known]
    if extra and not extra_allowed:
        raise wrong(
            content.path,
            f"the further sounds {few(extra)}",
            expected,
            "take them out of the file, or set `extra_sounds: ignore`",
        )
    return np.array([known.get(name, -1) for name in own], int)


# Layers


def chosen(content: Content, names: Sequence[str]) -> list[Stored]:
    """Return the layers called `names`, in that order; without names, all of them, or those that the file lists.

    Raises UserError for unknown layers, for none, and for several in no order.
    """
    known = [layer.name for layer in content.layers]
    if len(set(known)) < len(known):
        raise wrong(content.path, f"a layer twice among {few(known)}", "each once")
    if not known or len(known) > MOST_LAYERS:
        raise wrong(content.path, f"{len(known)} layers", f"1 to {MOST_LAYERS} arrays (sound, ...)")
    if not names and not content.listed and not content.ordered and len(known) > 1:
        raise wrong(
            content.path,
            f"the layers {', '.join(known)}, in no order",
            "layers from the first to the last",
            f"set `layers: [{', '.join(known)}]` with them in their order",
        )
    wanted = list(names) or _listed(content, known) or known
    if unknown := [name for name in wanted if name not in known]:
        raise UserError(f"{content.path}: no layer '{unknown[0]}'; {suggestion(unknown[0], known)}")
    if len(set(wanted)) < len(wanted):
        raise wrong(content.path, f"a layer twice in {few(wanted)}", "each once", "correct `layers`")
    by_name = {layer.name: layer for layer in content.layers}
    return [by_name[name] for name in wanted]


def _listed(content: Content, known: list[str]) -> list[str]:
    """Return the layers that the file lists; a group of it, `final` of `final/...`, stands for the only layer in it."""
    found = []
    for name in content.listed:
        inner = [name] if name in known else [other for other in known if other.startswith(f"{name}/")]
        if len(inner) != 1:
            held = f"{len(inner)} arrays ({few(inner)})" if inner else "nothing"
            raise wrong(
                content.path,
                f"'{name}' in its list of layers and {held} of that name",
                "one array for each",
                f"set `layers` to those you want, of: {', '.join(known)}",
            )
        found += inner
    return found


@dataclass(frozen=True)
class Layer:
    """A layer whose header was found to be usable."""

    stored: Stored
    axis: int | None  # that is averaged over
    n_units: int


def planned(content: Content, layers: Sequence[Stored], average: int | str | None) -> list[Layer]:
    """Return how each layer becomes (sound, unit); raises UserError, naming the layer, for one that cannot."""
    found = [_planned(content, layer, average) for layer in layers]
    if average is not None and all(layer.axis is None for layer in found):
        raise wrong(
            content.path,
            f"no layer of more than two dimensions to apply `average: {average}` to",
            "one that has the axis",
            "leave `average` out",
        )
    return found


def _planned(content: Content, stored: Stored, average: int | str | None) -> Layer:
    def refused(found: str, expected: str, do: str = "save it again, or choose others with `layers`") -> UserError:
        return wrong(content.path, f"layer '{stored.name}' with {found}", expected, do)

    if stored.dtype.kind not in NUMBERS:
        raise refused(OTHER_KINDS.get(stored.dtype.kind, f"values of type {stored.dtype}"), "real numbers")
    if not stored.shape or stored.shape[0] != len(content.sounds):
        raise refused(f"shape {stored.shape}", f"(sound, ...) with a row for each of {len(content.sounds)} sounds")
    if wrongly := [name for name in stored.dims[1:] if name in NAMES]:
        raise refused(f"dimensions {stored.dims}", f"'{wrongly[0]}' first")
    axis = _axis(stored, average, refused) if len(stored.shape) > 2 else None
    if other := sorted(stored.uneven - {axis}):
        raise refused(
            f"an axis {other[0]} whose length differs between sounds",
            "one length for all sounds",
            f"set `average: {other[0]}` if it is time" if len(stored.shape) > 2 else "save as many units for each",
        )
    rest = [length for place, length in enumerate(stored.shape) if place not in (0, axis)]
    n_units, n_bytes = math.prod(rest), 4 * stored.shape[0] * math.prod(rest)
    if not math.prod(stored.shape):
        raise refused(f"shape {stored.shape}", "at least one unit")
    if stored.n_bytes > MOST_BYTES or n_bytes > MOST_RESULT:
        raise refused(
            f"shape {stored.shape}, {n_bytes} bytes as float32",
            f"at most {MOST_RESULT} bytes",
            "average over an axis, or save fewer units",
        )
    return Layer(stored, axis, n_units)


def _axis(stored: Stored, average: int | str | None, refused: Callable[..., UserError]) -> int | None:
    """Return the number of the axis that is averaged over; None where there is none."""
    if average is None:
        return None
    if isinstance(average, str):
        if not stored.dims:
            raise refused(
                f"axes without names, so none called '{average}'",
                f"1 to {len(stored.shape) - 1}",
                "set `average` to the number of the axis; 0 is the sound",
            )
        if average not in stored.dims[1:]:
            raise refused(
                f"dimensions {stored.dims}, none of them '{average}'",
                "the axis of `average`",
                "set `average` to one of these",
            )
        return stored.dims.index(average)
    if not 1 <= average < len(stored.shape):
        raise refused(
            f"shape {stored.shape}, without an axis {average}",
            f"1 to {len(stored.shape) - 1}",
            "set `average` to one of these; 0 is the sound",
        )
    return average


def refuse_bombs(path: Path, size: int, n_bytes: int) -> None:
    """Raise UserError where `size` bytes on disk claim to hold far more than files of activations do."""
    if n_bytes > SMALL and n_bytes > PACKED * size:
        raise wrong(
            path,
            f"{size} bytes that claim to unpack to {n_bytes}",
            f"at most {PACKED} times as many",
            "save it without compression",
        )


def rows_at_a_time(shape: tuple[int, ...], itemsize: int) -> int:
    """Return how many sounds are read at a time."""
    return max(1, BLOCK // max(1, math.prod(shape[1:]) * itemsize))


def values(content: Content, layer: Layer, where: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield places (some,) among the study's sounds and values (some, n_units), float32, of the sounds that are there.

    `where`: the result of `places`. Raises UserError for values that are not finite, naming layer and sound.
    """
    start = 0
    for block in layer.stored.blocks():
        own, start = where[start : start + len(block)], start + len(block)
        known = np.flatnonzero(own >= 0)
        if not known.size:
            continue
        block = block if known.size == len(block) else block[known]
        flat = _flat(block, layer.axis)
        bad = ~np.isfinite(flat).all(1)
        if bad.any():
            row = int(bad.argmax())
            sound = content.sounds[start - len(own) + int(known[row])]
            what = "numbers beyond the range of float32" if np.isfinite(block[row]).all() else "NaN or infinite values"
            raise wrong(
                content.path,
                f"{what} in layer '{layer.stored.name}' for sound '{sound}'",
                "finite numbers",
                "compute them again",
            )
        yield own[known], flat


def _flat(block: np.ndarray, axis: int | None) -> np.ndarray:
    """Return (some sounds, n_units), float32; averaged in float64, then flattened, the last axis fastest."""
    with np.errstate(all="ignore"):  # what is not finite is refused by name
        averaged = block if axis is None else block.mean(axis, dtype=np.float64)
        return averaged.reshape(len(block), -1).astype(np.float32, copy=False)
