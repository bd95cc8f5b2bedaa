"""Regions of auditory cortex: the anatomical ones, of which a voxel is in one at most, and the functional ones.

Functional regions are those that respond to a contrast of sounds, and overlap: a voxel may be in several. A coordinate
on target holds their names, with "/" between them.
"""

from __future__ import annotations

import pandas as pd

from helpers import text
from helpers.stats.regions import BETWEEN, FUNCTIONAL, FUNCTIONAL_REGIONS, REGION, members

__all__ = ["BETWEEN", "FUNCTIONAL", "FUNCTIONAL_REGIONS", "REGION", "joined", "members"]

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
