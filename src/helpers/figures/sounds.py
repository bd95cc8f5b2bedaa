"""Sound by sound: what was measured and what was predicted; every point can be heard."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.dynamics import menu
from helpers.names import COMPONENTS, SOUND, TARGET
from helpers.text import Labeller


def predicted(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Measured against predicted responses (target, sound, category, measured, predicted, n_splits, layer, model).

    Both in standard deviations of the measured ones; a menu chooses the component. A point's `id` is its sound, which
    the report plays when it is clicked.
    """
    categories = list(dict.fromkeys(frame["category"]))

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for target in COMPONENTS:
            for index, category in enumerate(categories):
                own = frame[(frame[TARGET] == target) & (frame["category"] == category)]
                figure.add_trace(_points(own, category, index, labeller).update(visible=target == COMPONENTS[0]))
        n, names = len(categories), [labeller.name("component", target) for target in COMPONENTS]
        menu(figure, names, [[i // n == j for i in range(n * len(COMPONENTS))] for j in range(len(COMPONENTS))])
        values = frame[["measured", "predicted"]].to_numpy()
        ends = [float(np.nanmin(values)), float(np.nanmax(values))]
        dashed = {"color": style.GREY, "dash": "dash", "width": 1}
        figure.add_shape(type="line", x0=ends[0], y0=ends[0], x1=ends[1], y1=ends[1], line=dashed)
        style.laid_out(figure, labeller, labeller("figure.predicted.title"), 640, synthetic)
        figure.update_layout(margin={"t": 130})
        figure.update_xaxes(title_text=labeller("axis.measured"))
        return figure.update_yaxes(title_text=labeller("axis.predicted"))

    figure = bilingual(build, lambda labeller: _alt(frame, labeller), frame, language)
    figure.layout.meta = figure.layout.meta | {"sounds": sorted(set(frame[SOUND]))}
    return figure


def marker(index: int) -> dict:
    """The look of a category's points: shapes repeat hollow where colours repeat."""
    hollow = "-open" if index >= len(style.MARKERS) else ""
    symbol = style.MARKERS[index % len(style.MARKERS)] + hollow
    return {"color": style.COLOURS[index % len(style.COLOURS)], "symbol": symbol, "size": 9}


def _points(own: pd.DataFrame, category: str, index: int, labeller: Labeller) -> go.Scatter:
    name = style.plain(labeller.name("category", category))
    words = {"model": labeller.name("model", own["model"].iloc[0]), "layer": int(own["layer"].iloc[0])}
    return go.Scatter(
        x=own["measured"].to_numpy(), y=own["predicted"].to_numpy(), mode="markers", name=name, marker=marker(index),
        ids=own[SOUND].tolist(), text=own[SOUND].map(style.plain).tolist(), customdata=own[["n_splits"]].to_numpy(),
        hovertemplate=labeller("figure.predicted.hover", category=name, **words) + "<extra></extra>",
    )  # fmt: skip


def _alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = [
        labeller(
            "figure.predicted.alt_fact", component=labeller.name("component", target),
            r=float(rows["measured"].corr(rows["predicted"])),
        )
        for target, rows in frame.groupby(TARGET, sort=False)
    ]  # fmt: skip
    return labeller("figure.predicted.alt", n=frame[SOUND].nunique(), facts=" ".join(facts))
