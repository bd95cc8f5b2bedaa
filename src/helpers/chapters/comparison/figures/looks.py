"""What the figures of the comparison share: one colour and marker for each kind of training, order and hover words."""

from __future__ import annotations

import html

import pandas as pd

from helpers.names import MODEL
from helpers.plotting import panels, style
from helpers.text import Labeller

TRAINED, BASELINE = "trained", "baseline"
LONG = 16  # letters, of a name that takes two lines
ORDER = ("speech", "music", "environmental", "mixed", "other", "nothing")  # of trainings


def training_of(frame: pd.DataFrame) -> pd.Series:
    """Return what each row's network was trained for, "other" where that is not known."""
    return frame["training"].fillna("other").where(lambda own: own.isin(ORDER), "other")


def trainings(frame: pd.DataFrame) -> list[str]:
    """Return the trainings of a frame in their order."""
    return [training for training in ORDER if training in set(training_of(frame))]


def look(training: str) -> dict:
    """Return line and marker of a training, the same in all figures of the chapter."""
    return style.of_model(ORDER.index(training))


def sorted_networks(values: pd.DataFrame, role: str = TRAINED) -> list[str]:
    """Return the networks of a role, the highest mean over targets first."""
    means = values[values["role"] == role].groupby(MODEL, sort=False)["median_r2"].mean()
    return means.sort_values(ascending=False, kind="stable").index.tolist()


def about(row, labeller: Labeller) -> str:
    """Return what a network was trained for and on, escaped, for a hover text."""
    training = labeller.name("training", training_of(pd.DataFrame([row._asdict()]))[0])
    if isinstance(row.trained_on, str):
        training += ": " + labeller.name("trained_on", row.trained_on)
    return html.escape(training, quote=False)


def in_lines(name: str) -> str:
    """Return a long name in two lines, so that it leaves room for the figure on a phone."""
    first, space, rest = name.partition(" ")
    return f"{first}<br>{rest}" if space and len(name) > LONG else name


def measure(values: pd.DataFrame, labeller: Labeller) -> str:
    """Return what the values of a frame are."""
    return panels.measure(values, labeller)
