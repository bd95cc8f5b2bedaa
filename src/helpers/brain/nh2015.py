"""Real data: 165 natural sounds and six component response profiles of auditory cortex.

Norman-Haignere, Kanwisher & McDermott 2015, Neuron 88:1281-1296, doi 10.1016/j.neuron.2015.11.035; files as published
at github.com/snormanhaignere/natsound165-neuron2015.
"""

from __future__ import annotations

import os
from functools import partial
from importlib.resources import files as package_files
from pathlib import Path

import numpy as np
import scipy.io
import xarray as xr

from helpers import names, text
from helpers.brain.base import Brain, some
from helpers.errors import UserError
from helpers.names import SOUND, TARGET
from helpers.stimuli import sounds
from helpers.store import download
from helpers.store import files as storage

NAME = "nh2015_components"
LABEL = text.words(
    "dataset",
    en={NAME: "natural sounds and fMRI components of Norman-Haignere et al. 2015"},
    es={NAME: "sonidos naturales y componentes de fMRI de Norman-Haignere et al. 2015"},
)
FOLDER_VARIABLE = "NH2015_DIR"
COMMIT = "b41b99ff620d7997dbf278fc770f58566707726a"
BASE_URL = f"https://raw.githubusercontent.com/snormanhaignere/natsound165-neuron2015/{COMMIT}"
COMPONENT_FILE, WAV_FOLDER = "data/components.mat", "sounds/wav"
PROVENANCE = {
    "citation": "Norman-Haignere, Kanwisher & McDermott (2015), Neuron 88:1281-1296",
    "doi": "10.1016/j.neuron.2015.11.035",
    "source": f"github.com/snormanhaignere/natsound165-neuron2015 at commit {COMMIT[:7]}",
    "licence": "sounds used with the authors' permission, for research only; not redistributed with this project",
}

# The six components, in the order and spelling of the published file; two respond to frequency, two to a category
COMPONENTS = ("lowfreq", "highfreq", "envsounds", "pitch", "speech", "music")
GROUPS = {"lowfreq": "frequency", "highfreq": "frequency", "speech": "category", "music": "category"}

# Sound categories with their counts, 165 in all
CATEGORIES = {
    "Music": 24, "Song": 11, "EngSpeech": 10, "ForSpeech": 7, "HumVoc": 13, "AniVoc": 10,
    "HumNonVoc": 15, "AniNonVoc": 5, "Nature": 4, "Mechanical": 39, "EnvSound": 27,
}  # fmt: skip


def open(data_dir: str | None, seed: int) -> Brain:  # noqa: ARG001  (real data have no seed)
    """Return sounds and `components` (165 sounds, 6 targets), in the order of the component file.

    Every file is verified by SHA-256. `data_dir`, else NH2015_DIR, else the folder that `fetch` fills. Raises UserError
    for a folder or a file that is missing, for a sound too many, and for a file that differs from the published one.
    """
    folder = locate(data_dir)
    checksums = verify(folder)
    components, categories = read_components(folder / COMPONENT_FILE)
    files = {name: folder / WAV_FOLDER / f"{name}.wav" for name in categories}
    provenance = PROVENANCE | {"checksums": storage.digest(checksums)}
    read = partial(sounds.read, files, categories)  # still to be given: the rate
    return Brain(NAME, False, read(), {names.COMPONENTS: components}, provenance, read=read)


def fetch(folder: str | Path | None = None, base_url: str = BASE_URL) -> Path:
    """Download what is missing of the published files (29 MB) into `folder`, verified; returns the folder."""
    target = _chosen(folder)
    download.files(base_url, target, checksums())
    return target


def locate(data_dir: str | Path | None) -> Path:
    """Return the data folder; raises UserError, saying how to get one, when it is not there."""
    folder = _chosen(data_dir)
    if not folder.is_dir():
        raise UserError(
            f"no NH2015 data: found no folder {folder}, expected {COMPONENT_FILE} and {WAV_FOLDER}/ in it; "
            f"run 'python -m helpers fetch nh2015', or set data_dir in the study or {FOLDER_VARIABLE} to your copy"
        )
    return folder


def verify(folder: Path) -> dict[str, str]:
    """Verify every file of `folder`; returns relative path -> SHA-256; raises UserError naming what differs."""
    expected = checksums()
    missing = [name for name in expected if not (folder / name).is_file()]
    if missing:
        raise _wrong(folder, f"{some(missing)} missing", f"all {len(expected)} published files")
    extra = [
        path.name
        for path in sorted((folder / WAV_FOLDER).glob("[!.]*.wav"))
        if f"{WAV_FOLDER}/{path.name}" not in expected
    ]
    if extra:
        raise _wrong(folder, f"{some(extra)} in {WAV_FOLDER}/", "only the 165 published sounds; move it away")
    changed = [name for name, checksum in expected.items() if storage.sha256(folder / name) != checksum]
    if changed:
        raise _wrong(folder, f"other content in {some(changed)}", "the published SHA-256 of each file")
    return expected


def checksums() -> dict[str, str]:
    """Return relative path -> SHA-256 of the published files, as listed in `nh2015.sha256`."""
    lines = (package_files("helpers.brain") / "nh2015.sha256").read_text(encoding="utf-8").splitlines()
    return {name: checksum for checksum, name in (line.split(maxsplit=1) for line in lines)}


def read_components(path: Path) -> tuple[xr.DataArray, dict[str, str]]:
    """Return the response profiles R (165 sounds, 6 targets) and sound -> category, in the file's own order.

    That is not the order of the published voxel data: align them by name. The components have their `group` as a
    coordinate (see `grouped`). Raises UserError for any other file.
    """
    try:
        content = scipy.io.loadmat(path, variable_names=["R", "stim_names", "category_labels", "component_names"])
        stimuli, labels, components = (
            _words(content[key]) for key in ("stim_names", "category_labels", "component_names")
        )
        profiles = xr.DataArray(content["R"].astype(np.float64), {SOUND: stimuli, TARGET: components}, (SOUND, TARGET))
        return grouped(profiles.sel({TARGET: list(COMPONENTS)})), dict(zip(stimuli, labels, strict=True))
    except Exception as error:  # a damaged MATLAB file makes its parser raise almost anything
        raise UserError(
            f"{path}: not the published component file ({error}); expected R, stim_names, category_labels and "
            "component_names in MATLAB 5 format; run 'python -m helpers fetch nh2015'"
        ) from None


def grouped(components: xr.DataArray) -> xr.DataArray:
    """Return `components` (sound, target) with the coordinate `group` on target: frequency, category, or ''."""
    return components.assign_coords(group=(TARGET, [GROUPS.get(name, "") for name in components[TARGET].values]))


def _words(cells: np.ndarray) -> list[str]:
    return [str(cell.item()) for cell in cells.ravel()]


def _chosen(folder: str | Path | None) -> Path:
    chosen = folder or os.environ.get(FOLDER_VARIABLE) or download.cache("nh2015")
    return storage.expanded(chosen)


def _wrong(folder: Path, found: str, expected: str) -> UserError:
    return UserError(
        f"{folder}: found {found}, expected {expected}; "
        "'python -m helpers fetch nh2015' downloads what is missing or changed"
    )
