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


def sides(models: list[str], labeller: Labeller) -> go.Figure:
    """Return a row of panels per model, left and right hemisphere side by side, each with its name above it."""
    names = [style.name(labeller, "model", model) if model else "" for model in models]
    sides = [labeller(f"map.{side}") for side in HEMISPHERES]
    titles = [f"{name}: {side}" if name else side.capitalize() for name in names for side in sides]
    return make_subplots(
        rows=len(models), cols=2, subplot_titles=titles,
        horizontal_spacing=0.04, vertical_spacing=0.18 / max(len(models), 2),
    )  # fmt: skip


def laid_out(
    figure: go.Figure, places: pd.DataFrame, title: str, labeller: Labeller, synthetic: bool,
    above: int = 170, below: int = 60,
) -> go.Figure:  # fmt: skip
    """Apply the common layout to the panels of `sides`, with `above` and `below` px around them.

    places: hemisphere, x, y (mm) of what is drawn.
    """
    rows = _rows(figure)
    style.laid_out(figure, labeller, title, (PANEL + 40) * rows + above + below, synthetic)
    figure.update_layout(margin={"t": above, "b": below})
    figure.update_xaxes(showticklabels=True, constrain="domain").update_xaxes(title_text=labeller("map.x"), row=rows)
    figure.update_yaxes(constrain="domain", constraintoward="top").update_yaxes(title_text=labeller("map.y"), col=1)
    return _equal(figure, places)


def _rows(figure: go.Figure) -> int:
    return len(figure.layout.annotations) // len(HEMISPHERES)  # the panels' names


def narrowed(figure: go.Figure) -> go.Figure:
    """Give the panels of `sides` less height on pages as narrow as a phone, where they are less wide."""
    return style.narrowed(figure, figure.layout.height - (PANEL - NARROW) * _rows(figure))


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
