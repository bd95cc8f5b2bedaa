"""Responses of regions, as junifer aggregates per-sound maps: sound x region for each subject.

The folder (`data_dir` or JUNIFER_DIR) holds `responses.sqlite`, which `junifer run` writes with `params/junifer.yml`,
and `dataset.yml`: `citation`, `synthetic`, and, where the sounds are not those of NH2015, `categories` (sound:
category) of the wav files in `sounds/`. Regions are named `lh_Primary`, `rh_Anterior` and so on; a name that begins
with neither hemisphere is a region of unknown hemisphere. junifer itself is not needed here: its table is read with
SQL, nothing is unpickled.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from helpers import text
from helpers.brain import described, nh2015
from helpers.brain.base import Brain, some
from helpers.encoding.constant import is_constant
from helpers.errors import UserError
from helpers.names import HEMISPHERES, SOUND, TARGET, VOXELS, composed
from helpers.stimuli import sounds
from helpers.store.files import expanded

NAME, FOLDER_VARIABLE, TABLE = "junifer", "JUNIFER_DIR", "responses.sqlite"
LABEL = text.words(
    "dataset",
    en={NAME: "response maps aggregated over regions by junifer"},
    es={NAME: "mapas de respuesta promediados por región con junifer"},
)
MARKER = "ParcelAggregation"
KEYS = ["subject", "sound"]
# Columns that tables have beside responses: what else junifer may tell elements apart by, and numbers of rows
NO_REGIONS = {"index", "level_0", "unnamed: 0", "idx", "id", "element", "session", "run", "task", "acquisition", "age"}
NEEDS = "citation, synthetic and, for sounds other than those of NH2015, categories"


def open(data_dir: str | None, seed: int) -> Brain:  # noqa: ARG001  (measured data have no seed)
    """Return sounds and the responses of regions, set `voxels` (sound, target).

    Raises UserError for missing or contradictory files.
    """
    folder = _folder(data_dir)
    said = described.read(folder / described.FILE, described.Described, NEEDS)
    read_at = _reader(folder, said)
    waveforms = read_at(sounds.RATE)
    responses = _complete(read(folder / TABLE), list(waveforms[SOUND].values), folder / TABLE)
    usable, excluded = _usable(responses)
    provenance, remarks = said.provenance(folder / TABLE), _remarks(usable)
    return Brain(NAME, said.synthetic, waveforms, {VOXELS: usable}, provenance, excluded, read_at, remarks=remarks)


def read(path: Path) -> pd.DataFrame:
    """Return junifer's table, a row per subject and sound, a column per region; raises UserError for anything else."""
    try:
        address = f"{path.resolve().as_uri()}?mode=ro"  # a path may hold any sign, an address may not
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            features = pd.read_sql("SELECT meta_md5, marker, _element_keys FROM meta", connection)
            chosen = features[features["marker"].astype(str).str.contains(f'"{MARKER}"', regex=False)]
            if len(chosen) != 1 or not str(chosen["meta_md5"].item()).isalnum():
                raise _wrong(path, f"{len(chosen)} features of {MARKER}", "exactly one")
            told = _element_keys(chosen["_element_keys"].item())
            table = pd.read_sql(f'SELECT * FROM "meta_{chosen["meta_md5"].item()}"', connection)
    except (sqlite3.Error, pd.errors.DatabaseError, UnicodeDecodeError) as error:  # the last: damaged names of tables
        raise _wrong(
            path, f"no junifer storage ({' '.join(str(error).split())})", "what `junifer run junifer.yml` wrote"
        ) from None
    missing = [key for key in KEYS if key not in table]
    if missing or len(table.columns) <= len(KEYS):
        raise _wrong(path, f"columns {some(table.columns)}", "subject, sound and at least one region")
    if others := [key for key in told if key not in KEYS]:
        raise _wrong(path, f"rows told apart by {some(others)} too", "by subject and sound only")
    return _named(table, path)


def _element_keys(written: object) -> list[str]:
    """Return the columns by which junifer tells rows apart, as its table says; none where it does not say."""
    try:
        keys = json.loads(written)
    except (TypeError, ValueError):
        return []
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _named(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the table with its names as they are compared; raises UserError for what is no name or no region."""
    for key in KEYS:
        strange = [name for name in table[key] if not isinstance(name, str) or not name.strip()]
        if strange:
            rows = "row" if len(strange) == 1 else "rows"
            found = f"{len(strange)} {rows} whose {key} is {some(dict.fromkeys(map(repr, strange)))}"
            raise _wrong(path, found, f"a {key} in every row, as text")
    columns = [composed(column) for column in table]
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise _wrong(path, f"columns that are all called {some(twice)}", "each region once")
    if others := [column for column in columns if column.lower() in NO_REGIONS]:
        raise _wrong(path, f"the column {some(others)}", "subject, sound and regions only")
    table = table.set_axis(columns, axis=1)
    return table.assign(**{key: table[key].map(composed) for key in KEYS})


def _complete(table: pd.DataFrame, names: list[str], path: Path) -> xr.DataArray:
    """Return responses (sound, target); raises UserError unless every subject has every sound once, as numbers."""
    repeated = table[table.duplicated(KEYS)]
    if len(repeated):
        pairs = (f"{row.subject} {row.sound}" for row in repeated.itertuples())
        raise _wrong(path, f"{some(pairs)} twice", "one row per subject and sound")
    for subject, own in table.groupby("subject", sort=True):
        missing, unknown = np.setdiff1d(names, own["sound"]), np.setdiff1d(own["sound"], names)
        if len(missing) or len(unknown):
            found = f"{subject} without {some(missing)}" if len(missing) else f"{subject} with unknown {some(unknown)}"
            raise _wrong(path, found, f"the study's {len(names)} sounds for every subject")
    regions = [column for column in table if column not in KEYS]
    words = [region for region in regions if not pd.api.types.is_numeric_dtype(table[region])]
    if words:
        raise _wrong(path, f"no numbers for {some(words)}", "a number (or NULL) for every region")
    parts = [
        _of_subject(subject, own.set_index("sound")[regions]) for subject, own in table.groupby("subject", sort=True)
    ]
    return xr.concat(parts, TARGET)


def _of_subject(subject: str, table: pd.DataFrame) -> xr.DataArray:
    """Return the responses of one subject (sound, target); the place of a region within it is unknown."""
    sides, places = zip(*(_parsed(region) for region in table), strict=True)
    n_regions = len(table.columns)
    coords = {
        TARGET: [f"{subject} {region}" for region in table],
        "subject": (TARGET, np.full(n_regions, str(subject))),
        "hemisphere": (TARGET, list(sides)),
        "region": (TARGET, list(places)),
        "x": (TARGET, np.full(n_regions, np.nan)),
        "y": (TARGET, np.full(n_regions, np.nan)),
    }
    return xr.DataArray(table.to_numpy(float), {SOUND: table.index.to_numpy(str), **coords}, (SOUND, TARGET))


def _parsed(region: str) -> tuple[str, str]:
    """Return hemisphere and region of a label: `rh_TE3` is TE3 on the right, `TE3` is TE3 of unknown hemisphere ''."""
    side, _, place = region.partition("_")
    return (side, place) if side in HEMISPHERES else ("", region)


def _remarks(responses: xr.DataArray) -> dict[str, list[str]]:
    """Return the regions without hemisphere where others have one: such a column may be something else."""
    sides, places = responses["hemisphere"].values, responses["region"].values
    strange = list(dict.fromkeys(places[sides == ""].tolist()))
    return {"no_hemisphere": strange} if strange and (sides != "").any() else {}


def _usable(responses: xr.DataArray) -> tuple[xr.DataArray, dict[str, int]]:
    """Return `responses` without regions that hold NaN or are constant, and how many there were of each."""
    finite = np.isfinite(responses).all(SOUND)
    constant = is_constant(responses.transpose(SOUND, TARGET).values).numpy() & finite.values
    usable = finite.values & ~constant
    excluded = {"not_finite": int((~finite).sum()), "constant": int(constant.sum())}
    if not usable.any():
        raise UserError(
            f"dataset '{NAME}': found no region that can be used: {excluded['not_finite']} have missing values, "
            f"{excluded['constant']} the same response to all sounds; expected at least one that varies"
        )
    return responses.isel({TARGET: usable}), excluded


def _reader(folder: Path, said: described.Described) -> Callable[[int], xr.DataArray]:
    """Return the function that reads the sounds at a rate in Hz; raises UserError for names that leave the folder."""
    if not said.categories:  # the sounds are those of NH2015
        return nh2015.open(None, 0).waveforms_at
    outside = [name for name in said.categories if Path(name).name != name]
    if outside:
        raise _wrong(folder / described.FILE, f"sound {some(outside)}", "plain names, without folders")
    return partial(sounds.read, sounds.found(folder / "sounds", said.categories), said.categories)


def _folder(data_dir: str | None) -> Path:
    chosen = data_dir or os.environ.get(FOLDER_VARIABLE)
    folder = expanded(chosen or "no folder given")
    if not (folder / TABLE).is_file():
        raise UserError(
            f"dataset '{NAME}': found no {TABLE} in {folder}; set data_dir in the study or {FOLDER_VARIABLE} to the "
            "folder in which `junifer run junifer.yml` wrote it"
        )
    return folder


def _wrong(path: Path, found: str, expected: str) -> UserError:
    return UserError(f"{path}: found {found}, expected {expected}; correct it and run junifer again")
