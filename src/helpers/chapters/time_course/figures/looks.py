"""What the figures of the chapter share: how a layer looks, and where the sounds begin and end."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from helpers import text
from helpers.names import LAYER, TARGET, TIME
from helpers.plotting import style
from helpers.text import Labeller

# From blue to vermilion by way of pink: told apart by colour-blind readers, and visible on light and dark pages
SCALE = [[0.0, "#0072B2"], [0.5, "#CC79A7"], [1.0, "#D55E00"]]
THIRDS = {"first": "dot", "middle": "dash", "last": "solid"}  # of the layers: the cue besides colour
ONLY = 0.5  # where the single layer of a network is drawn

text.words(
    "figure.time",
    en={
        "x": "Time (s)",
        "sound": "While the sound lasts",
        "shortest": "While the shortest sound lasts",
        "longest": "End of the longest sound",
        "ends": "Onset and end of the sound",
        "depth": "Relative depth of the layer",
        "first": "First third of the layers",
        "middle": "Middle third",
        "last": "Last third",
    },
    es={
        "x": "Tiempo (s)",
        "sound": "Mientras dura el sonido",
        "shortest": "Mientras dura el sonido más breve",
        "longest": "Fin del sonido más largo",
        "ends": "Inicio y fin del sonido",
        "depth": "Profundidad relativa de la capa",
        "first": "Primer tercio de las capas",
        "middle": "Tercio medio",
        "last": "Último tercio",
    },
)


def third(relative: float) -> str:
    """Return the third of the layers that a relative depth lies in."""
    return list(THIRDS)[min(int(3 * relative), 2)]


def line_of(relative: float) -> dict:
    """Return the line of a layer by its relative depth: its colour, the dash of its third, thicker where deeper."""
    depth = ONLY if np.isnan(relative) else float(relative)
    (colour,) = sample_colorscale(SCALE, [depth], colortype="rgb")
    return {"color": colour, "dash": THIRDS[third(depth)], "width": 1.2 + 1.6 * depth}


def keyed(figure: go.Figure, labeller: Labeller) -> None:
    """Add the legend of thirds, and a colour bar of relative depth above the panels; height and margin must be set."""
    for key, dash in THIRDS.items():
        line = {"color": style.GREY, "dash": dash, "width": 2}
        figure.add_scatter(x=[None], y=[None], mode="lines", line=line, name=labeller(f"figure.time.{key}"))
    marker = {"color": [0.0], "coloraxis": "coloraxis"}  # a colour axis is drawn only where something uses it
    figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, showlegend=False, hoverinfo="skip")
    figure.update_layout(coloraxis={"colorscale": SCALE, "cmin": 0, "cmax": 1})
    style.lying_bar(figure, labeller("figure.time.depth"), tickvals=[0, 0.5, 1])


def shaded(figure: go.Figure, ends: tuple[float, float], labeller: Labeller) -> None:
    """Shade in every panel from the onset to the end of the shortest sound, with a line where the longest ends."""
    shortest, longest = ends
    edge, shade = {"color": style.GREY, "width": 1}, "rgba(128,128,128,0.12)"
    figure.add_vrect(x0=0, x1=shortest, fillcolor=shade, line=edge, layer="below")
    square = {"symbol": "square", "size": 13, "color": shade, "line": edge}
    name = labeller("figure.time.sound" if longest == shortest else "figure.time.shortest")
    figure.add_scatter(x=[None], y=[None], mode="markers", marker=square, name=name)
    if longest > shortest:
        figure.add_vline(x=longest, line=edge | {"dash": "dash"}, layer="below")
        dashed_name(figure, labeller("figure.time.longest"))


def dashed_name(figure: go.Figure, name: str) -> None:
    """Add a legend entry that says what a dashed line is."""
    line = {"color": style.GREY, "width": 1, "dash": "dash"}
    figure.add_scatter(x=[None], y=[None], mode="lines", line=line, name=name, showlegend=True)


def layers_of(rows: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """Return the rows of each layer in the order of time."""
    return [(int(layer), own.sort_values(TIME)) for layer, own in rows.groupby(LAYER, sort=True)]


def span(frame: pd.DataFrame) -> list[float]:
    """Return the ends of a time axis, which begins at the onset or before it."""
    return [min(0.0, float(frame[TIME].min())) - 0.02, float(frame[TIME].max()) + 0.02]


def r2_axis(frame: pd.DataFrame) -> dict:
    """Return the look of an axis from 0 to a little above the highest r2: in a bin it may be far below 1."""
    highest = "q75" if "q75" in frame else "median_r2"
    return {"range": [0, 1.06 * max(float(frame[highest].max()), 0.05)], "tickformat": ".2f", "nticks": 5}


def n_of(frame: pd.DataFrame, target: str) -> int:
    """Return how many targets are summed up under a name."""
    return int(frame.loc[frame[TARGET] == target, "n_targets"].iloc[0])
