"""This run beside the published figures: one curve at a time, chosen from a menu."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.dynamics import menu
from helpers.names import LAYER, MODEL, TARGET
from helpers.text import Labeller

CURVE = ["quantity", MODEL, TARGET]


def curve_by_curve(points: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """`points` (quantity, model, target, layer, run, published, uncertainty), by layer; nothing without points."""
    shown = points[points["quantity"] != "learning"]
    if shown.empty:
        return None
    curves = list(shown.groupby(CURVE, sort=False))

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, (_, rows) in enumerate(curves):
            figure.add_traces([trace.update(visible=index == 0) for trace in _pair(rows, labeller)])
        names = [_name(curve, labeller) for curve, _ in curves]
        menu(figure, names, [[i // 2 == j for i in range(2 * len(curves))] for j in range(len(curves))])
        style.laid_out(figure, labeller, labeller("figure.reproduction.title"), 520, synthetic)
        figure.update_layout(margin={"t": 130})
        figure.update_xaxes(title_text=labeller("axis.layer"), dtick=1)
        top = float(np.nanmax(shown[["run", "published"]].to_numpy()))
        return figure.update_yaxes(title_text=labeller("axis.reproduction"), range=[0, max(1.0, 1.05 * top)])

    return bilingual(build, lambda labeller: _alt(shown, labeller), shown, language)


def _pair(rows: pd.DataFrame, labeller: Labeller) -> list[go.Scatter]:
    """The run's line, and the published one with what it may be misread by."""
    rows = rows.sort_values(LAYER)
    common = {"x": rows[LAYER].to_numpy(), "mode": "lines+markers"}
    run = go.Scatter(
        y=rows["run"].to_numpy(), name=labeller("figure.reproduction.run"), **common, **style.of_model(0),
        hovertemplate=labeller("figure.reproduction.run_hover") + "<extra></extra>",
    )  # fmt: skip
    read = go.Scatter(
        y=rows["published"].to_numpy(), name=labeller("figure.reproduction.published"), **common, **style.of_model(1),
        error_y={"array": rows["uncertainty"].to_numpy()}, customdata=rows[["uncertainty"]].to_numpy(),
        hovertemplate=labeller("figure.reproduction.published_hover") + "<extra></extra>",
    )  # fmt: skip
    return [run, read]


def _name(curve: tuple, labeller: Labeller) -> str:
    quantity, model, target = curve
    return f"{labeller.name('quantity', quantity)}: {labeller.name('model', model)}, {labeller.name('target', target)}"


def _alt(points: pd.DataFrame, labeller: Labeller) -> str:
    apart = (points["run"] - points["published"]).abs()
    n_curves = points.groupby(CURVE).ngroups
    return labeller("figure.reproduction.alt", n=n_curves, median=float(apart.median()), largest=float(apart.max()))
