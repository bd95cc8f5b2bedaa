"""A lab's own responses: a table or an array of them, a folder of sounds, and a `dataset.yml` that says what they are.

The folder (`data_dir` or TABLE_DIR) holds `dataset.yml`, `responses.csv` (or .parquet, .nc, .npz, -ave.fif) and
`sounds/`; `responses` and `sounds` in `dataset.yml` may lead to other places, from that file's own place:

    citation: Doe et al. (2024), ...
    synthetic: false
    licence: CC-BY                # optional, as all that follows
    embed_sounds: true            # the page carries them unless the study says otherwise; without it, if synthetic
    responses: ../responses.csv
    sounds: ../sounds
    decimal: ","                  # decimal sign of a .csv
    kind: components              # how the set of responses is called, see `kind_of`
    categories: {dog: Animal}     # or a file with the columns sound and category; without it sounds.csv, if it is there

A .csv or .parquet is wide (the column sound, and one for each target) or long (sound, target, response and, where there
are such, subject, region, functional with "/" between several, hemisphere, group, repetition, time in s, and where a
target is: a vertex of fsaverage, or x, y and z in mm on fsaverage or in MNI space, from which `places` finds it, or x
and y in mm on a flat map). Text stays text: 001 is not 1. netCDF has the dimensions (sound, target[, repetition][,
time]); .npz the arrays responses, sounds and targets.
Targets may have unlike numbers of repetitions: rows of those that one lacks are left out, in arrays they are NaN.
Sounds are found by name, with or without their ending, and are called as their files are.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import xarray as xr
from pydantic import Field

from helpers import text
from helpers.brain import described, packaged
from helpers.brain.base import EXCLUSIONS, Brain, some, without_absent, without_single
from helpers.brain.table import arrays, columns, matching, places, shapes
from helpers.brain.table.refusal import composed, wrong
from helpers.encoding.constant import is_constant
from helpers.encoding.noise import by_repetitions, n_repetitions
from helpers.errors import UserError
from helpers.names import REPETITION, SOUND, SUBJECT, TARGET, TIME, VOXELS
from helpers.stimuli import sounds
from helpers.store.files import expanded
from helpers.store.own import is_own

__all__ = ["FOLDER_VARIABLE", "LABEL", "NAME", "Settings", "example", "kind_of", "open"]

NAME, FOLDER_VARIABLE, RESPONSES = "table", "TABLE_DIR", "responses"
LABEL = text.words("dataset", en={NAME: "a lab's own responses"}, es={NAME: "respuestas propias de un laboratorio"})
ONE_CATEGORY, ALL = "uncategorised", "all_targets"
text.words("category", en={ONE_CATEGORY: "Without categories"}, es={ONE_CATEGORY: "Sin categorías"})
text.words("target", en={ALL: "All targets"}, es={ALL: "Todas las respuestas"})

FEWEST_SOUNDS = 20
RECORDED = ("mag", "grad", "eeg", "seeg", "ecog", "dbs", "hbo", "hbr", "csd")  # MNE's types of channels of the brain
MOST_BYTES = 3 * 2**29  # of the file of responses
MOST_NAMED = 48  # targets without region that are shown one by one
MOST_SOUND_BYTES = 2**32  # of all waveforms as they are held: as many samples each as the longest one
CATEGORY_FILE = "sounds.csv"
NEEDS = "citation and synthetic (see the section on your own brain data in README.md)"


class Settings(described.Described):
    """What `dataset.yml` may hold."""

    embed_sounds: bool | None = None
    responses: str | None = Field(None, min_length=1)  # a file, from where `dataset.yml` is
    sounds: str = Field("sounds", min_length=1)  # a folder
    decimal: Literal[".", ","] = "."
    kind: Literal["components", "voxels", "responses"] | None = None
    categories: dict[str, str] | str = Field({})


def open(data_dir: str | None, seed: int) -> Brain:  # noqa: ARG001  (measured data have no seed)
    """Return sounds and one set of responses (sound, target[, repetition][, time]), in the order of the table.

    The set is called as `kind_of` says. Raises UserError for missing, contradictory and too large files.
    """
    folder = _folder(data_dir)
    said = described.read(folder / described.FILE, Settings, NEEDS)
    path = _located(folder, said)
    responses = arrays.checked(path, read(path, said.decimal))
    names = responses[SOUND].values.tolist()
    if len(names) < FEWEST_SOUNDS:
        raise wrong(path, f"{len(names)} sounds", f"at least {FEWEST_SOUNDS}", "measure responses to more")
    files = matching.files(names, _from(folder, said.sounds), path)
    _check_waveforms(files, _from(folder, said.sounds))
    categories = _categories(folder, said, files)
    read_at = partial(sounds.read, files, categories)  # still to be given: the rate
    responses = _grouped(without_single(responses).assign_coords({SOUND: list(files)}))
    responses, off_surface = places.on_surface(path, responses)
    kind = said.kind or kind_of(responses)
    usable, excluded = _usable(responses, path) if kind == VOXELS else (responses, {})
    provenance = said.provenance(path, categories=categories)
    remarks = _remarks(usable) | off_surface
    return Brain(
        NAME, said.synthetic, read_at(), {kind: usable}, provenance, excluded, read_at, said.embed_sounds, remarks
    )


def read(path: Path, decimal: str = ".") -> xr.DataArray:
    """Return the responses (sound, target[, repetition][, time]) in a file, sounds named as there; raises UserError."""
    ending, size = path.suffix.lower(), path.stat().st_size
    if ending not in READERS:
        known = ", ".join(READERS)
        todo = (
            "average maps over regions with junifer (`make junifer`, README) first"
            if ".nii" in path.name
            else "save it as one of them"
        )
        raise wrong(path, f"the ending '{ending}'", known, todo)
    if size > MOST_BYTES and ending != ".csv":  # which has a limit of its own
        found = f"{size / 2**30:.1f} GiB"
        raise wrong(
            path, found, f"at most {MOST_BYTES / 2**30:.1f} GiB", "average over time or targets, or leave some out"
        )
    return READERS[ending](path, decimal)


def kind_of(responses: xr.DataArray) -> str:
    """Return how a set of responses (sound, target, ...) is called where `dataset.yml` does not say.

    voxels where targets have subject and region, or where there are too many to be shown one by one; else responses.
    """
    told = all(coord in responses.coords for coord in (SUBJECT, "region"))
    return VOXELS if told or responses.sizes[TARGET] > MOST_NAMED else RESPONSES


def _from_columns(path: Path, decimal: str) -> xr.DataArray:
    return shapes.labelled(columns.read(path, decimal))


def _evoked(path: Path, decimal: str) -> xr.DataArray:  # noqa: ARG001  (the signature of a reader)
    """Return responses (sound, target, time) of an MNE file: an average for each sound, called like it; by channel.

    In MNE's units (V, T). Raises UserError where MNE is not installed, for channels that are bad or not of the brain,
    and for averages that are not alike.
    """
    try:
        import mne
    except ImportError:
        found = "averages of MNE, which reads them and is not installed"
        raise wrong(path, found, "MNE", "pip install mne, or save them as .nc (sound, target, time)") from None
    try:
        averages = mne.read_evokeds(path, proj=False, verbose="error")
    except Exception as error:  # a damaged file makes MNE raise almost anything
        found = f"no averages ({' '.join(str(error).split())[:200]})"
        raise wrong(path, found, "what mne.write_evokeds writes", "save them again") from None
    first = averages[0]
    for one in averages:
        if one.kind != "average":
            raise wrong(path, f"a {one.kind} for sound '{one.comment}'", "averages", "leave it out")
        if one.ch_names != first.ch_names or not np.array_equal(one.times, first.times):
            found = f"other channels or times for sound '{one.comment}' than for '{first.comment}'"
            raise wrong(path, found, "the same for all sounds", "make them alike and save them again")
        if one.info["bads"]:
            found = f"the channels {some(one.info['bads'])} marked as bad for sound '{one.comment}'"
            raise wrong(path, found, "good ones", "drop or interpolate them, and save the averages again")
    kinds = zip(first.ch_names, first.get_channel_types(), strict=True)
    if others := [f"{name} ({kind})" for name, kind in kinds if kind not in RECORDED]:
        todo = "save the averages without them: evoked.pick('data')"
        raise wrong(path, f"the channels {some(others)}", f"channels of the brain ({', '.join(RECORDED)})", todo)
    coords = {SOUND: [one.comment for one in averages], TARGET: first.ch_names, TIME: first.times}
    return xr.DataArray(np.stack([one.data for one in averages]), coords, (SOUND, TARGET, TIME))


READERS = {
    ".csv": _from_columns,
    ".parquet": _from_columns,
    ".nc": lambda path, decimal: arrays.netcdf(path),
    ".npz": lambda path, decimal: arrays.npz(path),
    ".fif": _evoked,
}


def _folder(data_dir: str | None) -> Path:
    chosen = data_dir or os.environ.get(FOLDER_VARIABLE)
    folder = expanded(chosen or "no folder given")
    if not (folder / described.FILE).is_file():
        raise UserError(
            f"dataset '{NAME}': found no {described.FILE} in {folder}; set data_dir in the study or {FOLDER_VARIABLE} "
            "to the folder with it, or write one: 'python -m helpers new NAME --responses FILE --sounds FOLDER'"
        )
    return folder


def _from(folder: Path, way: str) -> Path:
    """Return where a way from a folder leads, as errors name it: without `..`."""
    return Path(os.path.normpath(folder.resolve() / way))


def _located(folder: Path, said: Settings) -> Path:
    """Return the file of responses; raises UserError unless there is exactly one."""
    if said.responses is not None:
        path = _from(folder, said.responses)
        if not path.is_file():
            raise wrong(path, "no such file", "the responses", f"correct `responses` in {described.FILE}")
        return path
    there = [path for path in folder.glob(f"{RESPONSES}*") if is_own(path.name)]
    found = sorted(path for path in there if path.suffix.lower() in READERS)
    if len(found) != 1:
        here = some(path.name for path in found) or "none"
        raise wrong(folder, f"{here} as file of responses", f"one of {RESPONSES}.csv, .parquet, .nc, .npz", "leave one")
    return found[0]


def _check_waveforms(files: dict[str, Path], folder: Path) -> None:
    """Raise UserError where the sounds would not fit into memory, before one is decoded."""
    longest, name = 0.0, ""
    for sound, file in files.items():
        try:
            about = soundfile.info(file)
        except (OSError, soundfile.SoundFileError):
            continue  # it is refused by name when it is decoded
        if about.duration > longest:
            longest, name = about.duration, sound
    if 4 * sounds.RATE * min(longest, sounds.MAX_SECONDS) * len(files) > MOST_SOUND_BYTES:
        found = f"{len(files)} sounds, the longest, '{name}', of {longest:.0f} s"
        expected = f"at most {MOST_SOUND_BYTES // (4 * sounds.RATE)} s when all are as long as the longest"
        raise wrong(folder, found, expected, "shorten the longest ones")


def _categories(folder: Path, said: Settings, files: dict[str, Path]) -> dict[str, str]:
    """Return sound -> category; one for all where none are given. Raises UserError unless it is all sounds or none."""
    path, found = folder / CATEGORY_FILE, said.categories
    if isinstance(found, dict) and found and path.is_file():
        raise wrong(path, f"categories here and in {described.FILE}", "one of the two", "remove one")
    if isinstance(found, str) or path.is_file():
        path = _from(folder, found) if isinstance(found, str) else path
        found = _listed(path)
    elif not found:
        return dict.fromkeys(files, ONE_CATEGORY)
    else:
        path, found = folder / described.FILE, {composed(name): category for name, category in found.items()}
    whole = {composed(file.name): name for name, file in files.items()}
    own = {whole.get(name, name): category for name, category in found.items()}
    missing, extra = [name for name in files if name not in own], [name for name in own if name not in files]
    if missing or extra:
        what = f"no category for {some(missing)}" if missing else f"categories of {some(extra)}, which are no sounds"
        near = [f"'{a}' and '{b}'" for a in missing for b in extra if matching.difference(b, files[a].name)]
        alike = f" ({some(near)} differ in little)" if near else ""
        raise wrong(path, what + alike, f"a category for each of {len(files)} sounds", "correct it")
    if empty := [name for name in files if not own[name].strip()]:
        raise wrong(path, f"an empty category for {some(empty)}", "a name", "write one")
    return {name: own[name] for name in files}


def _listed(path: Path) -> dict[str, str]:
    """Return sound -> category from a file with these two columns; raises UserError."""
    if not path.is_file() or path.suffix.lower() not in (".csv", ".parquet"):
        raise wrong(path, "no such .csv or .parquet file", "the columns sound and category", "correct `categories`")
    table = columns.read(path)
    table.need(SOUND, "category")
    own, names = table.labels(SOUND)
    of_row, categories = table.labels("category")
    if len(names) < len(own):
        twice = [name for code, name in enumerate(names) if (own == code).sum() > 1]
        raise wrong(path, f"sound {some(twice)} more than once", "one row for each sound", "remove one")
    return dict(zip([names[code] for code in own], [categories[code] for code in of_row], strict=True))


def _grouped(responses: xr.DataArray) -> xr.DataArray:
    """Return responses whose targets, where too many have neither region nor group, are summed up as one group."""
    known = any((responses[coord] != "").any() for coord in ("region", "group") if coord in responses.coords)
    if known or responses.sizes[TARGET] <= MOST_NAMED:
        return responses
    return responses.assign_coords(group=(TARGET, [ALL] * responses.sizes[TARGET]))


def _usable(responses: xr.DataArray, path: Path) -> tuple[xr.DataArray, dict[str, int]]:
    """Return voxels without those that are constant or whose repetitions are copies, and how many there were.

    Raises UserError where none is left.
    """
    if TIME in responses.dims:
        return responses, {}
    excluded, kept = {}, np.ones(responses.sizes[TARGET], bool)
    for positions, part in by_repetitions(responses):
        repeated = part if REPETITION in part.dims else part.expand_dims(REPETITION, 2)
        for reason, applies in packaged.unusable(repeated.values).items():
            excluded[reason] = excluded.get(reason, 0) + int((kept[positions] & applies).sum())
            kept[positions] &= ~applies
    if not kept.any():
        counts = ", ".join(f"{n}: {EXCLUSIONS[reason]}" for reason, n in excluded.items() if n)
        raise wrong(path, f"no voxel that can be used ({counts})", "one that varies", "correct the responses")
    return responses.isel({TARGET: kept}), excluded


def _remarks(responses: xr.DataArray) -> dict[str, list[str]]:
    """Return which targets are constant, and of which subjects or targets the numbers of repetitions differ."""
    same = is_constant(without_absent(responses).values).numpy().reshape(responses.sizes[TARGET], -1).all(1)
    constant = {"constant": responses[TARGET].values[same].tolist()} if same.any() else {}
    return constant | _unequal(responses)


def _unequal(responses: xr.DataArray) -> dict[str, list[str]]:
    """Return how many repetitions each subject, or each target, has where they differ, and which have a single one."""
    counts = n_repetitions(responses)
    if len(set(counts)) < 2:
        return {}
    subjects = responses[SUBJECT].values.astype(str) if SUBJECT in responses.coords else np.array([""])
    names = subjects if (subjects != "").all() else responses[TARGET].values.astype(str)
    pairs = dict.fromkeys(zip(names.tolist(), counts.tolist(), strict=True))
    single = dict.fromkeys(names[counts == 1].tolist())
    unequal = {"unequal_repetitions": [f"{name}: {count}" for name, count in pairs]}
    return unequal | ({"single_repetition": list(single)} if single else {})


def example(folder: Path) -> str:
    """Write 24 invented sounds, responses to them and what is said of them to `folder`; returns it."""
    random = np.random.default_rng(0)
    names = [f"sound {number:03d}" for number in range(1, 25)]
    (folder / "sounds").mkdir(parents=True)
    times = np.arange(4_800) / 16_000
    for number, name in enumerate(names):
        tone = 0.2 * np.sin(2 * np.pi * (200 + 60 * number) * times) + 0.02 * random.standard_normal(len(times))
        soundfile.write(folder / "sounds" / f"{name}.wav", tone, 16_000)
    rows = [f"{name},{a:.6f},{b:.6f}" for name, (a, b) in zip(names, random.standard_normal((24, 2)), strict=True)]
    (folder / "responses.csv").write_text("\n".join(["sound,A1,belt", *rows, ""]), encoding="utf-8")
    (folder / described.FILE).write_text("citation: Invented for a test\nsynthetic: true\n", encoding="utf-8")
    return str(folder)
