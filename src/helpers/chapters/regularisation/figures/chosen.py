"""Ridge and both lassos: the alphas that cross-validation chose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import ESTIMATOR, LAYER, MODEL, SPLIT, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

text.words(
    "figure.alphas",
    en={
        "title": "Which alpha was chosen",
        "y": "Chosen alpha",
        "inside": "Within the grid",
        "edge": "At the grid's edge ({low} or {high})",
        "together": "all together",
        "hover": (
            "{model}<br>Layer %{{customdata[0]}}, split %{{customdata[1]}}<br>Component: %{{text}}"
            "<br>alpha: %{{customdata[2]}}"
        ),
        "alt": (
            "Chosen alphas of every layer and split on a logarithmic axis, one panel per estimator, the grid's edges "
            "as dashed lines, at the border where they lie far beyond. {facts}"
        ),
        "alt_fact": "{estimator}: {n} choices from {low} to {high}, {edge:none|one|{edge}} of them at an edge.",
    },
    es={
        "title": "Qué alfa se eligió",
        "y": "Alfa elegido",
        "inside": "Dentro de la grilla",
        "edge": "En el borde de la grilla ({low} o {high})",
        "together": "todos juntos",
        "hover": (
            "{model}<br>Capa %{{customdata[0]}}, partición %{{customdata[1]}}<br>Componente: %{{text}}"
            "<br>alfa: %{{customdata[2]}}"
        ),
        "alt": (
            "Alfas elegidos en cada capa y partición, en escala logarítmica, un panel por estimador; los bordes de la "
            "grilla son líneas de trazos, al margen si están mucho más allá. {facts}"
        ),
        "alt_fact": "{estimator}: {n} elecciones, de {low} a {high}, {edge:ninguna|una|{edge}} de ellas en un borde.",
    },
)


def alphas(frame: pd.DataFrame, edges: tuple[float, float], *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the alphas chosen in every split on a logarithmic axis, a panel per estimator, with a menu of models.

    frame: model, estimator, layer, target ("all" where one alpha serves all), split, alpha, at_edge[, note]. `edges`
    are the smallest and the largest alpha of the grid; what was chosen there is a cross. The axis fits what was chosen
    within the grid: an edge further away than BEYOND decades is drawn that far away.
    """
    near = _near(frame, edges)
    models, estimators = panels.models_of(frame), panels.in_order(frame[ESTIMATOR])

    def build(labeller: Labeller) -> go.Figure:
        titles = [labeller.name("estimator", estimator) for estimator in estimators]
        figure = panels.column(titles, vertical_spacing=0.08)
        ends = dict(zip(("low", "high"), map(labeller.power, edges), strict=True))
        names = {where: labeller(f"figure.alphas.{where}", **ends) for where in LOOKS}
        for model in models:
            for row, estimator in enumerate(estimators, start=1):
                own = frame[(frame[MODEL] == model) & (frame[ESTIMATOR] == estimator)]
                own = own.assign(shown=own["alpha"].clip(*near))
                for where, name in names.items():
                    points = _points(own[own["at_edge"] == (where == "edge")], name, where, model, labeller)
                    figure.add_trace(points, row=row, col=1)
        _named_once(figure, len(models))
        panels.choose_model(figure, models, labeller)
        style.laid_out(figure, labeller, labeller("figure.alphas.title"), 260 * len(estimators) + 160, synthetic)
        figure.update_layout(margin={"t": 130})
        for edge in near:
            figure.add_hline(y=edge, line={"color": style.GREY, "dash": "dash", "width": 1}, row="all", col=1)
        title = panels.axis_of_layers(frame, labeller)
        figure.update_xaxes(dtick=1).update_xaxes(title_text=title, row=len(estimators))
        span = np.log10(near) + np.array([-0.5, 0.5])
        step = next((one for one in (1, 2, 5) if np.ptp(span) / one <= TICKS), 10)
        axis = {"type": "log", "range": span.tolist(), "dtick": step, "exponentformat": "power"}
        figure.update_yaxes(title_text=labeller("figure.alphas.y"), **axis)
        return panels.spread(figure, len(estimators))

    return bilingual(build, lambda labeller: _alpha_alt(frame, labeller), frame, language)


def _near(frame: pd.DataFrame, edges: tuple[float, float]) -> tuple[float, float]:
    """Return the edges of the grid, or what lies BEYOND decades from all chosen within it, where that is nearer."""
    inside = frame.loc[~frame["at_edge"], "alpha"]
    if inside.empty:
        return edges
    return max(edges[0], inside.min() / 10**BEYOND), min(edges[1], inside.max() * 10**BEYOND)


def _named_once(figure: go.Figure, n_models: int) -> None:
    """Keep one legend entry per name and model, of a trace that has points; an empty one would not be listed."""
    per_model = len(figure.data) // n_models
    for start in range(0, len(figure.data), per_model):
        traces, named = figure.data[start : start + per_model], set()
        for trace in traces:
            trace.showlegend = len(trace.x) > 0 and trace.name not in named
            named |= {trace.name} if trace.showlegend else set()


def _spread(rows: pd.DataFrame) -> np.ndarray:
    """Return x positions of layers with their splits side by side, so that equal alphas do not overlap."""
    middle, most = rows[SPLIT].max() / 2 + 0.5, max(rows[SPLIT].max(), 1)
    return (rows[LAYER] + 0.6 * (rows[SPLIT] - middle) / most).to_numpy(dtype=float)


BEYOND = 3  # decades
TICKS = 8  # at most
LOOKS = {
    "inside": {"color": style.COLOURS[0], "symbol": "circle", "size": 6, "opacity": 0.7},
    "edge": {"color": style.COLOURS[1], "symbol": "x", "size": 10},
}


def _points(rows: pd.DataFrame, name: str, where: str, model: str, labeller: Labeller) -> go.Scatter:
    together = labeller("figure.alphas.together")
    words = [together if target == panels.ALL else style.name(labeller, "target", target) for target in rows[TARGET]]
    return go.Scatter(
        x=_spread(rows) if len(rows) else [], y=rows["shown"].to_numpy(), mode="markers",
        marker=LOOKS[where], name=name, legendgroup=where, text=words,
        customdata=rows[[LAYER, SPLIT]].assign(alpha=rows["alpha"].map(labeller.power)).to_numpy(dtype=object),
        hovertemplate=labeller("figure.alphas.hover", model=style.name(labeller, "model", model)) + "<extra></extra>",
    )  # fmt: skip


def _alpha_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = [
        labeller(
            "figure.alphas.alt_fact", estimator=labeller.name("estimator", estimator), n=len(rows),
            low=labeller.power(rows["alpha"].min()), high=labeller.power(rows["alpha"].max()),
            edge=int(rows["at_edge"].sum()),
        )
        for estimator, rows in frame.groupby(ESTIMATOR, sort=False)
    ]  # fmt: skip
    return labeller("figure.alphas.alt", facts=" ".join(facts))
