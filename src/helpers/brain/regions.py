"""Regions of auditory cortex: the anatomical ones, of which a voxel is in one at most, and the functional ones.

Functional regions are those that respond to a contrast of sounds, and overlap: a voxel may be in several. A coordinate
on target holds their names, with "/" between them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers import text
from helpers.names import REGIONS

REGION, FUNCTIONAL = "region", "functional"  # coordinates on target
FUNCTIONAL_REGIONS = ("tonotopic", "pitch", "music", "speech")  # as published, in the order in which they are shown
BETWEEN = "/"
text.words(
    "region",
    en={"tonotopic": "Tonotopic region", "pitch": "Pitch region", "music": "Music region", "speech": "Speech region"},
    es={
        "tonotopic": "Región tonotópica",
        "pitch": "Región de altura",
        "music": "Región de música",
        "speech": "Región de habla",
    },
)


def joined(members: pd.DataFrame) -> list[str]:
    """Return the names of each row's functional regions, "/" between them; '' where it is in none.

    members: a column of booleans for each functional region that is known.
    """
    names = [name for name in FUNCTIONAL_REGIONS if name in members]
    inside = members[names].to_numpy(bool)
    return [BETWEEN.join(name for name, member in zip(names, row, strict=True) if member) for row in inside]


def members(labels: Iterable[str], by: str = REGION) -> dict[str, np.ndarray]:
    """Return region -> which targets (n_targets,) are in it, of the `labels` that the coordinate `by` holds.

    Regions come in the published order, others after them in order of appearance; '' is no region.
    """
    labels = [str(label) for label in labels]
    published = FUNCTIONAL_REGIONS if by == FUNCTIONAL else REGIONS
    of_target = [label.split(BETWEEN) if by == FUNCTIONAL else [label] for label in labels]
    found = [name for name in dict.fromkeys(name for names in of_target for name in names) if name]
    ordered = [name for name in published if name in found] + [name for name in found if name not in published]
    return {region: np.array([region in names for names in of_target], bool) for region in ordered}
