"""Real data: intracranial responses in time to the 165 natural sounds, of 15 components and of 32 single electrodes.

Norman-Haignere, Feather, Boebinger, Brunner, Ritaccio, McDermott, Schalk & Kanwisher 2022, Current Biology 32:1470,
doi 10.1016/j.cub.2022.01.069; files as published at github.com/snormanhaignere/song-ecog-current-biology. The sounds
are those of NH2015 (see `nh2015`). No repetitions are published, so there is no noise ceiling.
"""

from __future__ import annotations

import os
import re
from functools import partial
from importlib.resources import files as package_files
from pathlib import Path

import numpy as np
import scipy.io
import xarray as xr

from helpers import names, text
from helpers.brain import nh2015
from helpers.brain.base import Brain, some
from helpers.errors import UserError
from helpers.names import SOUND, TARGET, TIME
from helpers.stimuli import sounds
from helpers.store import download
from helpers.store import files as storage

NAME = "ecog2022"
LABEL = text.words(
    "dataset",
    en={NAME: "intracranial responses of Norman-Haignere et al. 2022"},
    es={NAME: "respuestas intracraneales de Norman-Haignere et al. 2022"},
)
FOLDER_VARIABLE = "ECOG2022_DIR"
COMMIT = "03bb41e95d04c191acd3b76b1c11d7185096f1f3"
BASE_URL = f"https://raw.githubusercontent.com/snormanhaignere/song-ecog-current-biology/{COMMIT}"
COMPONENT_FILE, ELECTRODE_FOLDER = "data/ecog_component_responses.mat", "data/individual-electrodes"
PROVENANCE = {
    "citation": "Norman-Haignere, Feather, Boebinger et al. (2022), Current Biology 32:1470-1484",
    "doi": "10.1016/j.cub.2022.01.069",
    "source": f"github.com/snormanhaignere/song-ecog-current-biology at commit {COMMIT[:7]}",
    "licence": "no licence is stated for the responses: research use; not redistributed with this project",
}
ELECTRODES = "electrodes"
N_COMPONENTS, N_SOUNDS = 15, 165
GROUPS = ("music", "song", "speech")  # of electrodes, by what they prefer
ELECTRODE = re.compile(r"(music|song|speech)-elec(\d+)-response\.mat")
TWICE = "song-elec7"  # is the same electrode as music-elec5

text.words(
    "target",
    en={
        **{f"ecog{number}": f"ECoG component {number}" for number in range(1, N_COMPONENTS + 1)},
        "music_electrodes": "Music electrodes",
        "song_electrodes": "Song electrodes",
        "speech_electrodes": "Speech electrodes",
    },
    es={
        **{f"ecog{number}": f"Componente ECoG {number}" for number in range(1, N_COMPONENTS + 1)},
        "music_electrodes": "Electrodos de música",
        "song_electrodes": "Electrodos de canto",
        "speech_electrodes": "Electrodos de habla",
    },
)


def open(data_dir: str | None, seed: int) -> Brain:  # noqa: ARG001  (real data have no seed)
    """Return the sounds, `components` (165 sounds, 15 targets, 75 times) and `electrodes` (165, 32, 300); times in s.

    An electrode's `group` is what it prefers. `data_dir`, else ECOG2022_DIR, else the folder that `fetch` fills; the
    sounds are those of `nh2015`. Raises UserError for files that are missing or differ from the published ones.
    """
    folder = locate(data_dir)
    checksums = verify(folder)
    components, stimuli = read_components(folder / COMPONENT_FILE)
    heard = nh2015.locate(None)
    nh2015.verify(heard)
    _, categories = nh2015.read_components(heard / nh2015.COMPONENT_FILE)
    files = {name: heard / nh2015.WAV_FOLDER / f"{name}.wav" for name in stimuli}
    read = partial(sounds.read, files, {name: categories[name] for name in stimuli})  # still to be given: the rate
    responses = {names.COMPONENTS: components, ELECTRODES: read_electrodes(folder / ELECTRODE_FOLDER)}
    return Brain(NAME, False, read(), responses, PROVENANCE | {"checksums": storage.digest(checksums)}, read=read)


def fetch(folder: str | Path | None = None, base_url: str = BASE_URL) -> Path:
    """Download what is missing of the published files (35 MB) into `folder`, verified; returns the folder."""
    target = _chosen(folder)
    download.files(base_url, target, checksums())
    return target


def locate(data_dir: str | Path | None) -> Path:
    """Return the data folder; raises UserError, saying how to get one, when it is not there."""
    folder = _chosen(data_dir)
    if not folder.is_dir():
        raise UserError(
            f"no ecog2022 data: found no folder {folder}, expected {COMPONENT_FILE} in it; run "
            f"'python -m helpers fetch ecog2022', or set data_dir in the study or {FOLDER_VARIABLE} to your copy"
        )
    return folder


def verify(folder: Path) -> dict[str, str]:
    """Verify all files of `folder`; returns relative path -> SHA-256; raises UserError naming what differs."""
    expected = checksums()
    _refuse(folder, [name for name in expected if not (folder / name).is_file()], "missing")
    _refuse(folder, [name for name, known in expected.items() if storage.sha256(folder / name) != known], "changed")
    return expected


def _refuse(folder: Path, names: list[str], problem: str) -> None:
    if names:
        raise UserError(
            f"{folder}: found {some(names)} {problem}, expected all published files as they were published; "
            "'python -m helpers fetch ecog2022' downloads what is missing or changed"
        )


def checksums() -> dict[str, str]:
    """Return relative path -> SHA-256 of the published files, as listed in `ecog2022.sha256`."""
    lines = (package_files("helpers.brain") / "ecog2022.sha256").read_text(encoding="utf-8").splitlines()
    return {name: checksum for checksum, name in (line.split(maxsplit=1) for line in lines)}


def read_components(path: Path) -> tuple[xr.DataArray, list[str]]:
    """Return the components (165 sounds, 15 targets, 75 times in s) and the sounds in their order.

    Raises UserError for any other file.
    """
    content = _loaded(path, (N_SOUNDS, 75, N_COMPONENTS))
    stimuli = [str(cell.item()).removesuffix(".wav") for cell in content["stim_names"].ravel()]
    targets = [f"ecog{number}" for number in range(1, N_COMPONENTS + 1)]
    coords = {SOUND: stimuli, TIME: content["t"].ravel().astype(float), TARGET: targets}
    found = xr.DataArray(content["R"].astype(np.float64), coords, (SOUND, TIME, TARGET))
    return found.transpose(SOUND, TARGET, TIME), stimuli


def read_electrodes(folder: Path) -> xr.DataArray:
    """Return the electrodes (165 sounds, 32 targets, 300 times in s) with their `group`; raises UserError.

    One of the 33 files is the same electrode in another group; it is there once, in the first.
    """
    found = {}
    for path in sorted(folder.glob("*-response.mat"), key=_order):
        match = ELECTRODE.fullmatch(path.name)
        if match and path.name.removesuffix("-response.mat") != TWICE:
            content = _loaded(path, (N_SOUNDS, 300))
            stimuli = [str(cell.item()).removesuffix(".wav") for cell in content["stim_names"].ravel()]
            coords = {SOUND: stimuli, TIME: content["t"].ravel().astype(float)}
            found[f"{match[1]}-elec{match[2]}"] = xr.DataArray(content["R"].astype(np.float64), coords, (SOUND, TIME))
    whole = xr.concat(found.values(), TARGET, join="exact").assign_coords({TARGET: list(found)})
    groups = [f"{name.split('-')[0]}_electrodes" for name in found]
    return whole.assign_coords(group=(TARGET, groups)).transpose(SOUND, TARGET, TIME)


def _order(path: Path) -> tuple:
    match = ELECTRODE.fullmatch(path.name)
    return (GROUPS.index(match[1]), int(match[2])) if match else (len(GROUPS), 0)


def _loaded(path: Path, shape: tuple[int, ...]) -> dict:
    """Return R, t and stim_names of a published file, R of this shape; raises UserError for any other file."""
    try:
        content = scipy.io.loadmat(path, variable_names=["R", "t", "stim_names"])
        if content["R"].shape != shape or not np.isfinite(content["R"]).all():
            raise ValueError(f"R has the shape {content['R'].shape}, expected finite numbers of shape {shape}")
        return {name: content[name] for name in ("R", "t", "stim_names")}
    except Exception as error:  # a damaged MATLAB file makes its parser raise almost anything
        raise UserError(
            f"{path}: not the published file ({error}); expected R, t and stim_names in MATLAB 5 format; "
            "run 'python -m helpers fetch ecog2022'"
        ) from None


def _chosen(folder: str | Path | None) -> Path:
    chosen = folder or os.environ.get(FOLDER_VARIABLE) or download.cache("ecog2022")
    return storage.expanded(chosen)
