"""The two figures of notebooks/explore.py: the sounds of a test half, and the error by alpha."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import CATEGORY, SOUND
from helpers.plotting import panels, style
from helpers.text import Labeller

HEIGHT = 560  # px, of the first figure
FLAT = 1e-3  # relative to its whole range, difference from an end of the curve below which the error counts as flat
MARGIN = 2  # decades shown beyond what is not flat

text.words(
    "figure.exploring",
    en={
        "hover": "%{{text}} ({category})<br>Measured: %{{x:.2f}}<br>Predicted: %{{y:.2f}}",
        "error_title": "How alpha was chosen",
        "alpha": "Alpha",
        "loo_error": "Cross-validated error<br>(1 = predicting the mean)",
        "error": "Error",
        "chosen": "Chosen",
        "error_hover": "alpha = %{{text}}<br>Error: %{{y:.4f}}",
    },
    es={
        "hover": "%{{text}} ({category})<br>Medido: %{{x:.2f}}<br>Predicho: %{{y:.2f}}",
        "error_title": "Cómo se eligió alfa",
        "alpha": "Alfa",
        "loo_error": "Error de validación cruzada<br>(1 = predecir la media)",
        "error": "Error",
        "chosen": "Elegido",
        "error_hover": "alfa = %{{text}}<br>Error: %{{y:.4f}}",
    },
)


def live(figure: go.Figure) -> go.FigureWidget:
    """Return a figure that can be changed and reports clicks; it needs a running notebook."""
    return go.FigureWidget(figure)


def responses(
    sounds: pd.DataFrame, categories: list[str], labeller: Labeller, *, title: str, synthetic: bool
) -> go.Figure:
    """Draw measured against predicted (sound, category, measured, predicted), a trace for each of `categories`."""
    figure = go.Figure([_points(sounds, category, i, labeller) for i, category in enumerate(categories)])
    values = sounds[["measured", "predicted"]].to_numpy()
    panels.diagonal(figure, float(values.min()), float(values.max()))
    style.laid_out(figure, labeller, title, HEIGHT, synthetic).update_layout(separators=labeller.separators)
    figure.update_xaxes(title_text=labeller("axis.measured"))
    return figure.update_yaxes(title_text=labeller("axis.predicted"))


def _points(sounds: pd.DataFrame, category: str, index: int, labeller: Labeller) -> go.Scatter:
    own, name = sounds[sounds[CATEGORY] == category], style.name(labeller, "category", category)
    return go.Scatter(
        x=own["measured"].to_numpy(), y=own["predicted"].to_numpy(), text=own[SOUND].map(style.plain).tolist(),
        mode="markers", name=name, marker=style.of_category(index), ids=own[SOUND].tolist(),
        hovertemplate=labeller("figure.exploring.hover", category=name) + "<extra></extra>",
    )  # fmt: skip


def errors(curve: pd.DataFrame, alpha: float, labeller: Labeller, *, synthetic: bool) -> go.Figure:
    """Draw the cross-validated error (alpha, error) on a logarithmic axis, the chosen alpha marked."""
    chosen = curve[curve["alpha"] == alpha]
    hover = labeller("figure.exploring.error_hover") + "<extra></extra>"
    line = go.Scatter(
        x=curve["alpha"].to_numpy(), y=curve["error"].to_numpy(), mode="lines+markers", marker={"size": 4},
        line={"color": style.COLOURS[0]}, name=labeller("figure.exploring.error"), hovertemplate=hover,
        text=curve["alpha"].map(labeller.power).tolist(),
    )  # fmt: skip
    point = go.Scatter(
        x=chosen["alpha"].to_numpy(), y=chosen["error"].to_numpy(), mode="markers",
        name=labeller("figure.exploring.chosen"), text=chosen["alpha"].map(labeller.power).tolist(),
        marker={"color": style.COLOURS[1], "symbol": "diamond", "size": 13}, hovertemplate=hover,
    )  # fmt: skip
    figure = go.Figure([line, point])
    title = labeller("figure.exploring.error_title")
    style.laid_out(figure, labeller, title, 380, synthetic).update_layout(separators=labeller.separators)
    x = labeller("figure.exploring.alpha")
    figure.update_xaxes(type="log", exponentformat="power", title_text=x, range=_range(curve))
    return figure.update_yaxes(title_text=labeller("figure.exploring.loo_error"))


def _range(curve: pd.DataFrame) -> list[float]:
    """Return the decades of alpha over which the error changes, flat ends cut short; a double click shows all."""
    curve = curve.sort_values("alpha")
    error, decade = curve["error"].to_numpy(), np.log10(curve["alpha"].to_numpy())
    slack = FLAT * max(np.ptp(error), np.finfo(float).tiny)
    moving = (abs(error - error[0]) > slack) & (abs(error - error[-1]) > slack)
    shown = decade[moving] if moving.any() else decade
    return [float(shown[0] - MARGIN), float(shown[-1] + MARGIN)]
