"""What both figures of similarity share: which panels there are, roles, and the name of the measure."""

from __future__ import annotations

import pandas as pd

from helpers import text
from helpers.plotting import panels
from helpers.text import Labeller

SET, REGION, MODEL = "responses", "region", "model"
TRAINED, BASELINE = "trained", "baseline"
NARROW = 120  # px more on a phone, whose legend has more lines
DIGITS = 4  # of similarities that are drawn

text.words(
    "figure.alike",
    en={"y": "Similarity ({measure})", "inline": "similarity of matrices ({measure})"},
    es={"y": "Similitud ({measure})", "inline": "similitud de matrices ({measure})"},
)


def panels_of(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Return set and region of each panel, in the order of a frame."""
    return panels.in_order(zip(frame[SET], frame[REGION], strict=True))


def within(frame: pd.DataFrame, panel: tuple[str, str]) -> pd.DataFrame:
    """Return the rows of a panel."""
    return frame[(frame[SET] == panel[0]) & (frame[REGION] == panel[1])]


def networks_of(frame: pd.DataFrame) -> list[str]:
    """Return the trained networks of a frame in the order of the study."""
    return panels.models_of(frame[frame["role"] == TRAINED])


def baselines_of(frame: pd.DataFrame) -> list[str]:
    """Return the baselines of a frame in the order of the study."""
    return panels.models_of(frame[frame["role"] == BASELINE])


def axis(frame: pd.DataFrame, labeller: Labeller) -> str:
    """Return the title of an axis of similarities."""
    return labeller("figure.alike.y", measure=labeller.name("measure", frame["measure"].iloc[0]))


def inline(frame: pd.DataFrame, labeller: Labeller) -> str:
    """Return what similarities are, within a sentence."""
    return labeller("figure.alike.inline", measure=labeller.name("measure", frame["measure"].iloc[0]))


def span(*columns: pd.Series) -> list[float]:
    """Return the ends of an axis that shows all values and 0, with a margin."""
    known = pd.concat([column.astype(float) for column in columns]).dropna()
    low, high = min(0.0, known.min()), max(0.1, known.max())
    return [low - 0.04 * (high - low), high + 0.06 * (high - low)]
