"""The folder of voxels packaged with Tuckute et al. 2023 (auditory_brain_dnn), from which two datasets are read.

It holds `data/neural/`, as what `fetch` fills does, or the authors' repository after its own download.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.brain.base import some
from helpers.errors import UserError
from helpers.store import download
from helpers.store import files as storage

FOLDER_VARIABLE = "AUDITORY_BRAIN_DNN_DIR"
URL = "https://mcdermottlab.mit.edu/tuckute_feather_2023/data.tar"  # about 180 MB; no checksum is published
TAR, INNER = "data.tar", "data/neural"
RESPONSES, VOXELS, REGIONS = "voxel_features_array.npy", "voxel_features_meta.npy", "df_roi_meta.pkl"
STIMULI = {"NH2015": "neural_stim_meta.npy", "B2021": "stim_info_v4.mat"}
PACKAGED_BY = "as packaged with Tuckute, Feather, Boebinger & McDermott (2023), PLoS Biology 21:e3002366"


def files(dataset: str) -> list[str]:
    """Return the files of a dataset that are read, relative to the folder."""
    return [f"{INNER}/{dataset}/{name}" for name in (STIMULI[dataset], RESPONSES, VOXELS, REGIONS)]


def fetch(folder: str | Path | None = None, url: str = URL) -> Path:
    """Download the tar and keep the files that are read; returns the folder.

    Its SHA-256 is recorded on the first download and verified afterwards.
    """
    target = _chosen(folder)
    download.archive(url, target, [name for dataset in STIMULI for name in files(dataset)])
    return target


def locate(data_dir: str | Path | None, dataset: str) -> tuple[Path, str]:
    """Return the folder of one dataset, and a digest of its files.

    `data_dir`, else AUDITORY_BRAIN_DNN_DIR, else the folder that `fetch` fills. Raises UserError for files that are
    missing or, where `fetch` recorded checksums, not as they were downloaded.
    """
    folder, names = _chosen(data_dir), files(dataset)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise UserError(
            f"no {dataset} voxels: found no {some(missing)} in {folder}; run 'python -m helpers fetch voxels', "
            f"or set data_dir in the study or {FOLDER_VARIABLE} to a folder that holds {INNER}/"
        )
    checksums = {name: storage.sha256(folder / name) for name in names}
    known = download.recorded(folder, TAR) or checksums
    changed = [name for name in names if checksums[name] != known.get(name)]
    if changed:
        raise wrong(folder, f"other content in {some(changed)}", f"what was downloaded ({TAR}.sha256)")
    return folder / INNER / dataset, storage.digest(checksums)


def load(path: Path) -> np.ndarray:
    """Return the array in a .npy file, memory-mapped; raises UserError for other files and for pickled objects."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise wrong(path, f"no plain numpy array ({error})", "numbers or text in .npy format") from None


def table(path: Path, fields: list[str]) -> pd.DataFrame:
    """Return fields of the structured array at `path` as a table, bytes decoded; raises UserError for missing ones."""
    array = load(path)
    found = array.dtype.names or ()
    if array.ndim != 1 or not set(fields) <= set(found):
        raise wrong(path, f"the fields {', '.join(found) or '(none)'}", f"one row per voxel with {', '.join(fields)}")
    return pd.DataFrame({name: text(array[name]) for name in fields})


def text(values: np.ndarray) -> np.ndarray:
    """Return `values` with bytes decoded to text; numbers as they are."""
    return np.char.decode(values, "utf-8") if values.dtype.kind == "S" else np.asarray(values)


def wrong(path: Path, found: str, expected: str) -> UserError:
    """Return the error for files that are not as published."""
    return UserError(
        f"{path}: found {found}, expected {expected}; "
        "remove what is wrong there, then 'python -m helpers fetch voxels' downloads it again"
    )


def _chosen(folder: str | Path | None) -> Path:
    chosen = folder or os.environ.get(FOLDER_VARIABLE) or download.cache("auditory_brain_dnn")
    return storage.expanded(chosen)
