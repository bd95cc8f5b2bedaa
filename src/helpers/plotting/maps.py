"""The flat map of auditory cortex: each hemisphere in a panel of its own, all with the same scale in mm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy.spatial import KDTree

from helpers import text
from helpers.names import HEMISPHERES
from helpers.plotting import style
from helpers.text import Labeller

PLACE = ["hemisphere", "x", "y"]
PANEL, NARROW = 300, 160  # px, on a wide page and on a phone, where two panels side by side are no higher than that

text.words(
    "map",
    en={
        "lh": "left",
        "rh": "right",
        "x": "Position x (mm)",
        "y": "Position y (mm)",
    },
    es={
        "lh": "izquierdo",
        "rh": "derecho",
        "x": "Posición x (mm)",
        "y": "Posición y (mm)",
    },
)


def sides(labeller: Labeller) -> go.Figure:
    """Return a panel for each hemisphere, side by side, each with its name above it."""
    titles = [labeller(f"map.{side}").capitalize() for side in HEMISPHERES]
    return make_subplots(rows=1, cols=2, subplot_titles=titles, horizontal_spacing=0.04)


def laid_out(
    figure: go.Figure, places: pd.DataFrame, title: str, labeller: Labeller, synthetic: bool,
    above: int = 170, below: int = 60,
) -> go.Figure:  # fmt: skip
    """Apply the common layout to the panels of `sides`, with `above` and `below` px around them.

    places: hemisphere, x, y (mm) of what is drawn.
    """
    style.laid_out(figure, labeller, title, PANEL + 40 + above + below, synthetic)
    figure.update_layout(margin={"t": above, "b": below})
    figure.update_xaxes(showticklabels=True, constrain="domain").update_xaxes(title_text=labeller("map.x"))
    figure.update_yaxes(constrain="domain", constraintoward="top").update_yaxes(title_text=labeller("map.y"), col=1)
    return _equal(figure, places)


def narrowed(figure: go.Figure) -> go.Figure:
    """Give the panels of `sides` less height on pages as narrow as a phone, where they are less wide."""
    return style.narrowed(figure, figure.layout.height - (PANEL - NARROW))


def _equal(figure: go.Figure, places: pd.DataFrame) -> go.Figure:
    """Give a mm the same length in x, y and all panels; each spans the same, around its own hemisphere."""
    sides = [places.loc[places["hemisphere"] == side, "x"].agg(["min", "max"]) for side in HEMISPHERES]
    reach = 0.54 * max(side["max"] - side["min"] for side in sides if side.notna().all()) + 1
    for column, side in enumerate(sides, start=1):
        middle = side.fillna(0).mean()
        figure.update_xaxes(range=[middle - reach, middle + reach], col=column)
    low, high = places["y"].min(), places["y"].max()
    figure.update_yaxes(range=[low - 0.04 * (high - low) - 1, high + 0.04 * (high - low) + 1])
    for axis in figure.select_yaxes():
        axis.scaleanchor = axis.anchor
    return figure.update_yaxes(showticklabels=False, col=2)


def size_of_marks(places: pd.DataFrame) -> float:
    """Return px of a mark such that neighbours touch where a panel is as wide as it is high."""
    unique = places[PLACE].drop_duplicates()
    own = unique[unique["hemisphere"] == unique["hemisphere"].iloc[0]][["x", "y"]].to_numpy()
    if len(own) < 2:
        return 10
    spacing = np.median(KDTree(own).query(own, k=2)[0][:, 1])
    return float(np.clip(PANEL * spacing / np.ptp(own, axis=0).max(), 3, 11).round(1))
