"""Real data: the voxels of twenty more subjects for the same 165 natural sounds.

Boebinger, Norman-Haignere, McDermott & Kanwisher 2021, J Neurophysiol 125:2237-2263, doi 10.1152/jn.00588.2020, as
packaged with Tuckute et al. 2023. Its files begin with the sounds of NH2015, in the order of that dataset's voxels; the
further ones are not used, as published. The six components are those of other subjects, and are not given here.
"""

from __future__ import annotations

import pandas as pd
import scipy.io

from helpers.brain import nh2015, packaged, tuckute2023
from helpers.brain.base import Brain
from helpers.names import SOUND

NAME, DATASET = "b2021", "B2021"
CITATION = "Boebinger, Norman-Haignere, McDermott & Kanwisher (2021), J Neurophysiol 125:2237-2263"


def open(data_dir: str | None, seed: int) -> Brain:
    """All voxels of the dataset; `data_dir` is the folder of the voxels (see `tuckute2023.locate`).

    Raises UserError for missing, changed or contradicting files; unusable voxels are counted in `Brain.excluded`.
    """
    folder, checksums = tuckute2023.locate(data_dir, DATASET)
    heard = nh2015.open(None, seed)
    stimuli = folder / tuckute2023.STIMULI[DATASET]
    first = _stimulus_names(stimuli)[: heard.waveforms.sizes[SOUND]]
    names = packaged.sound_names(first, heard.waveforms, stimuli)
    voxels, excluded = packaged.read(folder, names, _voxels(folder / tuckute2023.VOXELS), further_sounds=True)
    del excluded["few_repetitions"]  # every voxel of this dataset was measured three times
    waveforms = heard.waveforms.sel({SOUND: names})
    return Brain(NAME, False, waveforms, None, voxels, _provenance(heard, checksums), excluded)


def _provenance(heard: Brain, checksums: str) -> dict:
    return heard.provenance | {
        "citation": f"Sounds: {heard.provenance['citation']}; voxels: {CITATION}, {tuckute2023.PACKAGED_BY}",
        "voxels": {"source": tuckute2023.URL, "doi": "10.1152/jn.00588.2020", "checksums": checksums},
    }


def _voxels(path) -> pd.DataFrame:
    """The list of voxel ids, bare or as an only field."""
    ids = tuckute2023.load(path)
    if ids.dtype.names:
        return tuckute2023.table(path, ["voxel_id"])
    return pd.DataFrame({"voxel_id": ids.ravel()})


def _stimulus_names(path) -> list[str]:
    """`stim_info.stim_names` of the MATLAB file; raises UserError when it is not there."""
    try:
        cells = scipy.io.loadmat(path, variable_names=["stim_info"])["stim_info"]["stim_names"].item()
        return [str(cell.item()) for cell in cells.ravel()]
    except Exception as error:  # a damaged MATLAB file makes its parser raise almost anything
        raise tuckute2023.wrong(
            path, f"no list of sounds ({error})", "stim_info.stim_names in MATLAB 5 format"
        ) from None
