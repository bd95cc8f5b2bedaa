"""Responses of regions, as junifer aggregates per-sound maps: sound x region for each subject.

The folder (`data_dir` or JUNIFER_DIR) holds `responses.sqlite`, which `junifer run` writes with `params/junifer.yml`,
and `dataset.yml`: `citation`, `synthetic`, and, where the sounds are not those of NH2015, `categories` (sound:
category) of the wav files in `sounds/`. Regions are named `lh_Primary`, `rh_Anterior` and so on; a name without a known
hemisphere or region stays without one. junifer itself is not needed here: its table is read with SQL, nothing is
unpickled.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from helpers import params, sounds, storage
from helpers.brain import nh2015
from helpers.brain.base import Brain, some
from helpers.names import HEMISPHERES, REGIONS, SOUND, TARGET, UserError

NAME, FOLDER_VARIABLE, TABLE = "junifer", "JUNIFER_DIR", "responses.sqlite"
MARKER = "ParcelAggregation"
KEYS = ["subject", "sound"]


class Settings(params.Settings):
    """What `dataset.yml` may say."""

    citation: str = Field(min_length=1)
    synthetic: bool
    categories: dict[str, str] = Field({})  # of the sounds in `sounds/`; empty: the sounds are those of NH2015


def open(data_dir: str | None, seed: int) -> Brain:  # noqa: ARG001  (measured data have no seed)
    """Sounds and region responses (sound, target); raises UserError for whatever does not fit together."""
    folder = _folder(data_dir)
    settings = _settings(folder / "dataset.yml")
    waveforms = _waveforms(folder, settings)
    responses = _complete(read(folder / TABLE), list(waveforms[SOUND].values), folder / TABLE)
    usable, excluded = _usable(responses)
    citation = f"{settings.citation} (synthetic)" if settings.synthetic else settings.citation
    provenance = {"citation": citation, "checksums": storage.sha256(folder / TABLE)[:16]}
    return Brain(NAME, settings.synthetic, waveforms, None, usable, provenance, excluded)


def read(path: Path) -> pd.DataFrame:
    """junifer's table, one row per subject and sound, one column per region; raises UserError for anything else."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            features = pd.read_sql("SELECT meta_md5, marker, _element_keys FROM meta", connection)
            chosen = features[features["marker"].str.contains(f'"{MARKER}"', regex=False)]
            if len(chosen) != 1 or not str(chosen["meta_md5"].item()).isalnum():
                raise _wrong(path, f"{len(chosen)} features of {MARKER}", "exactly one")
            table = pd.read_sql(f'SELECT * FROM "meta_{chosen["meta_md5"].item()}"', connection)
    except (sqlite3.Error, pd.errors.DatabaseError) as error:
        raise _wrong(
            path, f"no junifer storage ({' '.join(str(error).split())})", "what `junifer run junifer.yml` wrote"
        ) from None
    missing = [key for key in KEYS if key not in table]
    if missing or len(table.columns) <= len(KEYS):
        raise _wrong(path, f"columns {some(table.columns)}", "subject, sound and at least one region")
    return table


def _complete(table: pd.DataFrame, names: list[str], path: Path) -> xr.DataArray:
    """(sound, target), after every subject has been found to have every sound once, and every region a number type."""
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
    """Hemisphere and region of a label; '' for what is not of this project's vocabulary."""
    side, _, place = region.partition("_")
    return (side if side in HEMISPHERES else ""), (place if place in REGIONS else "")


def _usable(responses: xr.DataArray) -> tuple[xr.DataArray, dict[str, int]]:
    """Without regions that hold NaN or do not vary, and how many there were of each."""
    finite = np.isfinite(responses).all(SOUND)
    varying = responses.std(SOUND) > 0
    excluded = {"not_finite": int((~finite).sum()), "constant": int((finite & ~varying).sum())}
    return responses.isel({TARGET: (finite & varying).values}), excluded


def _waveforms(folder: Path, settings: Settings) -> xr.DataArray:
    if not settings.categories:
        return nh2015.open(None, 0).waveforms
    files = {name: folder / "sounds" / f"{name}.wav" for name in settings.categories}
    outside = [name for name in files if Path(name).name != name]
    if outside:
        raise _wrong(folder / "dataset.yml", f"sound {some(outside)}", "plain names, without folders")
    return sounds.read(files, settings.categories)


def _folder(data_dir: str | None) -> Path:
    chosen = data_dir or os.environ.get(FOLDER_VARIABLE)
    folder = Path(chosen or "no folder given").expanduser()
    if not (folder / TABLE).is_file():
        raise UserError(
            f"dataset '{NAME}': found no {TABLE} in {folder}; set data_dir in the study or {FOLDER_VARIABLE} to the "
            "folder in which `junifer run junifer.yml` wrote it"
        )
    return folder


def _settings(path: Path) -> Settings:
    if not path.is_file():
        raise _wrong(path, "no such file", "citation, synthetic and, if need be, categories")
    return params.validated(Settings, params.read_yaml(path), str(path))


def _wrong(path: Path, found: str, expected: str) -> UserError:
    return UserError(f"{path}: found {found}, expected {expected}; correct it and run junifer again")
