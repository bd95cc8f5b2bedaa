"""Real data: every voxel of auditory cortex of eight subjects, and the six components, for the 165 natural sounds.

Norman-Haignere, Kanwisher & McDermott 2015, Neuron 88:1281-1296, as packaged with Tuckute et al. 2023; the sounds and
components come from the NH2015 folder. The sounds are in the order of the voxel files, which the published splits
follow, and which is not that of the component file.
"""

from __future__ import annotations

import xarray as xr

from helpers import text
from helpers.brain import nh2015, packaged, tuckute2023
from helpers.brain.base import Brain
from helpers.brain.published import real_voxels
from helpers.brain.regions import FUNCTIONAL
from helpers.names import SOUND, TARGET, VOXELS

NAME, DATASET = "nh2015", "NH2015"
LABEL = text.words(
    "dataset",
    en={NAME: "natural sounds, components and voxels of Norman-Haignere et al. 2015"},
    es={NAME: "sonidos naturales, componentes y vóxeles de Norman-Haignere et al. 2015"},
)
FIELDS = ["voxel_id", "subj_idx", "hemi", "x_ras", "y_ras", "n_reps"]


def open(data_dir: str | None, seed: int) -> Brain:
    """Return sounds, `voxels` (sound, target, repetition) with three repetitions, and `components` (sound, target).

    Voxels have functional regions where their file has them, or the same voxels have been published with them.
    `data_dir` is the folder of the voxels (see `tuckute2023.locate`). Raises UserError for missing, changed or
    contradictory files; unusable voxels are counted in `Brain.excluded`.
    """
    folder, checksums = tuckute2023.locate(data_dir, DATASET)
    source = nh2015.open(None, seed)
    stimuli = folder / tuckute2023.STIMULI[DATASET]
    names = packaged.sound_names(_file_names(stimuli), source.waveforms, stimuli)
    voxels, excluded = packaged.read(folder, names, tuckute2023.table(folder / tuckute2023.VOXELS, FIELDS))
    provenance, voxels = _provenance(source, checksums), _with_functional_regions(voxels)
    if FUNCTIONAL in voxels.coords:
        provenance["functional_regions"] = voxels[FUNCTIONAL].attrs.get("source", tuckute2023.REGIONS)
    waveforms, responses = source.waveforms.sel({SOUND: names}), source.responses | {VOXELS: voxels}
    return Brain(NAME, False, waveforms, responses, provenance, excluded, source.read)


def _with_functional_regions(voxels: xr.DataArray) -> xr.DataArray:
    """Return the voxels with the functional regions of their file, else with those published for the same voxels.

    Without any where some voxel is not among those published, with the same id at the same place.
    """
    if FUNCTIONAL in voxels.coords:
        return voxels
    known = real_voxels.voxels().set_index(TARGET).reindex(voxels[TARGET].values)
    same = [(known[name].to_numpy() == voxels[name].values).all() for name in ("hemisphere", "x", "y")]
    if not all(same):
        return voxels
    return voxels.assign_coords({FUNCTIONAL: (TARGET, known[FUNCTIONAL].to_list(), {"source": real_voxels.SOURCE})})


def _provenance(source: Brain, checksums: str) -> dict:
    """Return where sounds, components and voxels come from."""
    return source.provenance | {
        "citation": f"{source.provenance['citation']}; voxels {tuckute2023.PACKAGED_BY}",
        "voxels": {"source": tuckute2023.URL, "doi": "10.1371/journal.pbio.3002366", "checksums": checksums},
    }


def _file_names(path) -> list[str]:
    """Return the first field of every row of the stimulus list; raises UserError for another list."""
    stimuli = tuckute2023.load(path)
    fields = stimuli.dtype.names or ()
    if stimuli.ndim != 1 or not fields or stimuli.dtype[0].kind not in "SU":
        raise tuckute2023.wrong(path, f"the fields {', '.join(fields) or '(none)'}", "file names in the first field")
    return tuckute2023.text(stimuli[fields[0]]).tolist()
