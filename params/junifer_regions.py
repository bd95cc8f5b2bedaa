"""Register the atlas beside this file with junifer, after checking that every map lies in its space."""

import csv
import re
from pathlib import Path

import nibabel
import numpy as np
import yaml
from junifer.data import ParcellationRegistry

HERE = Path(__file__).resolve().parent
ATLAS, LABELS, MAPS = HERE / "atlas" / "regions.nii.gz", HERE / "atlas" / "regions.tsv", HERE / "maps"
SPACE = "MNI152NLin6Asym"  # as in junifer.yml


def labels() -> list[str]:
    """Names of the regions by their number in the atlas; raises ValueError where the two differ."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = {int(row["index"]): row["name"] for row in csv.DictReader(file, delimiter="\t")}
    drawn = sorted(set(np.unique(np.asarray(nibabel.load(ATLAS).dataobj)).astype(int)) - {0})
    if drawn != sorted(rows):
        raise ValueError(f"{ATLAS} has the regions {drawn}, {LABELS} names {sorted(rows)}; they must be the same")
    return [rows[index] for index in drawn]


def maps() -> list[Path]:
    """Maps that junifer will read, the files of the patterns in junifer.yml; raises ValueError where there is none."""
    said = yaml.safe_load((HERE / "junifer.yml").read_text(encoding="utf-8"))["datagrabber"]["patterns"]
    patterns = [re.sub(r"\{\w+\}", "*", one["pattern"]) for one in said.values()]
    found = sorted(path for pattern in patterns for path in MAPS.glob(pattern))
    if not found:
        raise ValueError(f"{MAPS} has no file like {', '.join(patterns)}; correct the pattern in junifer.yml")
    return found


def check() -> None:
    """Raise ValueError for the first map on another grid than the atlas: junifer would resample it without a word."""
    atlas = nibabel.load(ATLAS)
    for path in maps():
        image = nibabel.load(path)
        if image.shape != atlas.shape or not np.allclose(image.affine, atlas.affine, atol=1e-3):
            raise ValueError(
                f"{path} has shape {image.shape} and affine {image.affine.tolist()}, the atlas {atlas.shape} and "
                f"{atlas.affine.tolist()}; bring the map into the atlas's space, or the atlas into the map's"
            )


check()
ParcellationRegistry().register(
    name="AuditoryRegions", parcellation_path=ATLAS, parcels_labels=labels(), space=SPACE, overwrite=True
)
