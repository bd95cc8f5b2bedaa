"""The two ways in which the voxels' cortex is divided into regions, and the menu that offers them."""

from __future__ import annotations

import pandas as pd

from helpers import text
from helpers.brain.regions import REGION
from helpers.plotting import panels
from helpers.text import Labeller

DIVISION = "division"  # column: the coordinate that the regions of a row are of; without it all are anatomical
text.words(
    "division",
    en={"region": "Anatomical regions", "functional": "Functional regions"},
    es={"region": "Regiones anatómicas", "functional": "Regiones funcionales"},
)


def divided(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return division -> its rows, in the order of the frame."""
    if DIVISION not in frame:
        return {REGION: frame}
    return {name: frame[frame[DIVISION] == name] for name in panels.in_order(frame[DIVISION])}


def names(divisions: list[str], labeller: Labeller) -> list[str]:
    """Return the words of a menu of divisions."""
    return [labeller.name("division", name) for name in divisions]
