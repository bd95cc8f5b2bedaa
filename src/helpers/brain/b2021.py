"""Real data: the voxels of twenty more subjects for the same 165 natural sounds.

Boebinger, Norman-Haignere, McDermott & Kanwisher 2021, J Neurophysiol 125:2237-2263, doi 10.1152/jn.00588.2020, as
packaged with Tuckute et al. 2023. Its files begin with the sounds of NH2015, in the order of that dataset's voxels; the
further ones are not used, as published. The six components are those of other subjects, and are not given here.
"""

from __future__ import annotations

import pandas as pd
import scipy.io

from helpers import text
from helpers.brain import nh2015, packaged, tuckute2023
from helpers.brain.base import Brain
from helpers.names import SOUND, VOXELS

NAME, DATASET = "b2021", "B2021"
LABEL = text.words(
    "dataset", en={NAME: "voxels of Boebinger et al. 2021"}, es={NAME: "vóxeles de Boebinger et al. 2021"}
)
CITATION = "Boebinger, Norman-Haignere, McDermott & Kanwisher (2021), J Neurophysiol 125:2237-2263"


def open(data_dir: str | None, seed: int) -> Brain:
    """Return the 165 sounds and all `voxels` of the dataset, (sound, target, repetition).

    `data_dir` is the folder of the voxels (see `tuckute2023.locate`). Raises UserError for missing, changed or
    contradictory files; unusable voxels are counted in `Brain.excluded`.
    """
    folder, checksums = tuckute2023.locate(data_dir, DATASET)
    source = nh2015.open(None, seed)
    stimuli = folder / tuckute2023.STIMULI[DATASET]
    first = _stimulus_names(stimuli)[: source.waveforms.sizes[SOUND]]
    names = packaged.sound_names(first, source.waveforms, stimuli)
    voxels, excluded = packaged.read(folder, names, _voxels(folder / tuckute2023.VOXELS), further_sounds=True)
    del excluded["few_repetitions"]  # every voxel of this dataset was measured three times
    waveforms = source.waveforms.sel({SOUND: names})
    return Brain(NAME, False, waveforms, {VOXELS: voxels}, _provenance(source, checksums), excluded, source.read)


def _provenance(source: Brain, checksums: str) -> dict:
    """Return where sounds and voxels come from."""
    return source.provenance | {
        "citation": f"Sounds: {source.provenance['citation']}; voxels: {CITATION}, {tuckute2023.PACKAGED_BY}",
        "voxels": {"source": tuckute2023.URL, "doi": "10.1152/jn.00588.2020", "checksums": checksums},
    }


def _voxels(path) -> pd.DataFrame:
    """Return the voxel ids as a table; the file holds them bare or as its only field."""
    ids = tuckute2023.load(path)
    if ids.dtype.names:
        return tuckute2023.table(path, ["voxel_id"])
    return pd.DataFrame({"voxel_id": ids.ravel()})


def _stimulus_names(path) -> list[str]:
    """Return `stim_info.stim_names` of the MATLAB file; raises UserError when it is not there."""
    try:
        cells = scipy.io.loadmat(path, variable_names=["stim_info"])["stim_info"]["stim_names"].item()
        return [str(cell.item()) for cell in cells.ravel()]
    except Exception as error:  # a damaged MATLAB file makes its parser raise almost anything
        raise tuckute2023.wrong(
            path, f"no list of sounds ({error})", "stim_info.stim_names in MATLAB 5 format"
        ) from None
