"""Ridge beside lasso: curves by layer, chosen alphas, by how much ridge is ahead, and the two metrics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.dynamics import menu
from helpers.figures.voxels import axis_of_layers, marked, models_of
from helpers.names import COMPONENTS, ESTIMATOR, LAYER, MODEL, SPLIT, TARGET
from helpers.text import Labeller

COLUMNS, ROWS = 2, 3
ESTIMATORS = ("ridge", "lasso", "lasso_single")


def by_layer(
    curves: pd.DataFrame, published: pd.DataFrame | None, *, merged_last: bool, synthetic: bool, language: str = "en"
) -> go.Figure:
    """Six panels of `curves` (model, estimator, layer, target, median_r2_determination, q25, q75); a menu of models."""

    def build(labeller: Labeller) -> go.Figure:
        titles = [labeller.name("component", component) for component in COMPONENTS]
        figure = make_subplots(
            rows=ROWS, cols=COLUMNS, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles,
            horizontal_spacing=0.05, vertical_spacing=0.08,
        )  # fmt: skip
        for model in models_of(curves):
            own = curves[curves[MODEL] == model]
            for panel, component in enumerate(COMPONENTS):
                for line in _curves(own[own[TARGET] == component], model, merged_last, labeller, first=panel == 0):
                    figure.add_trace(line, **_place(panel))
        _choose(figure, models_of(curves), labeller)
        _published(figure, published, labeller)
        if merged_last:
            figure.add_trace(style.merged_mark(labeller))
        style.laid_out(figure, labeller, labeller("figure.ridge_lasso.title"), 940, synthetic)
        figure.update_layout(margin={"t": 130})
        figure.update_xaxes(dtick=1 if curves[LAYER].max() <= 6 else 2)
        figure.update_xaxes(title_text=labeller("axis.layer"), row=ROWS)
        low = min(0.0, float(np.floor(4 * curves["q25"].min()) / 4))
        figure.update_yaxes(range=[low, 1], dtick=0.25, tickformat=".2f")
        return figure.update_yaxes(title_text=labeller("axis.r2_determination"), row=2, col=1)

    return bilingual(build, lambda labeller: _curve_alt(curves, labeller), curves, language)


def _place(panel: int) -> dict:
    return {"row": panel // COLUMNS + 1, "col": panel % COLUMNS + 1}


def _curves(own: pd.DataFrame, model: str, merged_last: bool, labeller: Labeller, first: bool) -> list[go.Scatter]:
    lines = []
    for index, estimator in enumerate(ESTIMATORS):
        rows = own[own[ESTIMATOR] == estimator].sort_values(LAYER)
        words = {"model": labeller.name("model", model), "estimator": labeller.name("estimator", estimator)}
        line = go.Scatter(
            x=rows[LAYER].to_numpy(), y=rows["median_r2_determination"].to_numpy(), mode="lines+markers",
            name=words["estimator"], legendgroup=estimator, showlegend=first,
            customdata=rows[["q25", "q75", "median_r2_pearson", "median_active"]].to_numpy(),
            hovertemplate=labeller("figure.ridge_lasso.hover", **words) + "<extra></extra>",
            **marked(style.of_model(index), len(rows), merged_last),
        )  # fmt: skip
        lines.append(line)
    return lines


def _choose(figure: go.Figure, models: list[str], labeller: Labeller) -> None:
    """A menu of models over the traces so far, which stand model by model in equal numbers."""
    per_model = len(figure.data) // len(models)
    for index, trace in enumerate(figure.data):
        trace.visible = index < per_model
    if len(models) > 1:
        shown = [[i // per_model == j for i in range(len(figure.data))] for j in range(len(models))]
        menu(figure, [labeller.name("model", model) for model in models], shown)


def _published(figure: go.Figure, published: pd.DataFrame | None, labeller: Labeller) -> None:
    """Published medians with their standard deviation over splits, hidden until asked for."""
    for panel, component in enumerate(COMPONENTS) if published is not None else ():
        for index, estimator in enumerate(("ridge", "lasso")):
            rows = published[(published["component"] == component) & (published[ESTIMATOR] == estimator)]
            name = labeller("figure.published_mixture", name=labeller.name("estimator", estimator))
            line = go.Scatter(
                x=rows[LAYER].to_numpy(), y=rows["median_r2"].to_numpy(), name=name, mode="lines+markers",
                error_y={"array": rows["std"].to_numpy(), "thickness": 1}, visible="legendonly",
                line={"color": style.GREY, "dash": style.DASHES[index]},
                marker={"color": style.GREY, "symbol": f"{style.MARKERS[index]}-open"},
                legendgroup=f"published {estimator}", showlegend=panel == 0,
            )  # fmt: skip
            figure.add_trace(line, **_place(panel))


def _curve_alt(curves: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for (model, estimator), rows in curves.groupby([MODEL, ESTIMATOR], sort=False):
        top = rows.groupby(TARGET)["median_r2_determination"].max()
        words = {"model": labeller.name("model", model), "estimator": labeller.name("estimator", estimator)}
        facts.append(labeller("figure.ridge_lasso.alt_fact", **words, r2=float(top.mean())))
    return labeller("figure.ridge_lasso.alt", facts=" ".join(facts))


def alphas(
    frame: pd.DataFrame, edges: tuple[float, float], *, merged_last: bool, synthetic: bool, language: str = "en"
) -> go.Figure:
    """Chosen alphas of every split (model, estimator, layer, target, split, alpha, at_edge) on a log axis.

    One panel per estimator; `edges` of the grid are drawn, and what was chosen there is a cross. A menu of models.
    """
    shown = [estimator for estimator in ESTIMATORS if estimator in set(frame[ESTIMATOR])]

    def build(labeller: Labeller) -> go.Figure:
        titles = [labeller.name("estimator", estimator) for estimator in shown]
        figure = make_subplots(rows=len(shown), cols=1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.08)
        for model in models_of(frame):
            for row, estimator in enumerate(shown, start=1):
                own = frame[(frame[MODEL] == model) & (frame[ESTIMATOR] == estimator)]
                figure.add_trace(_inside(own, model, labeller), row=row, col=1)
                figure.add_trace(_at_edge(own, model, labeller), row=row, col=1)
            _named_once(figure, len(models_of(frame)))
        _choose(figure, models_of(frame), labeller)
        style.laid_out(figure, labeller, labeller("figure.alphas.title"), 260 * len(shown) + 160, synthetic)
        figure.update_layout(margin={"t": 130})
        for edge in edges:
            figure.add_hline(y=edge, line={"color": style.GREY, "dash": "dash", "width": 1}, row="all", col=1)
        figure.update_xaxes(dtick=1).update_xaxes(title_text=axis_of_layers(merged_last, labeller), row=len(shown))
        span = [float(np.log10(edges[0])) - 3, float(np.log10(edges[1])) + 3]
        return figure.update_yaxes(
            type="log", range=span, dtick=10, exponentformat="power", title_text=labeller("axis.alpha")
        )

    return bilingual(build, lambda labeller: _alpha_alt(frame, labeller), frame, language)


def _named_once(figure: go.Figure, n_models: int) -> None:
    """One legend entry per name and model, of a trace that has points; an empty one would not be listed."""
    per_model = len(figure.data) // n_models
    for start in range(0, len(figure.data), per_model):
        traces, named = figure.data[start : start + per_model], set()
        for trace in traces:
            trace.showlegend = len(trace.x) > 0 and trace.name not in named
            named |= {trace.name} if trace.showlegend else set()


def _spread(rows: pd.DataFrame) -> np.ndarray:
    """Layers with the splits beside each other, so that equal alphas do not cover each other."""
    middle, most = rows[SPLIT].max() / 2 + 0.5, max(rows[SPLIT].max(), 1)
    return (rows[LAYER] + 0.6 * (rows[SPLIT] - middle) / most).to_numpy(dtype=float)


def _inside(own: pd.DataFrame, model: str, labeller: Labeller) -> go.Scatter:
    rows = own[~own["at_edge"]]
    look = {"color": style.COLOURS[0], "symbol": "circle", "size": 6, "opacity": 0.7}
    return _points(rows, look, labeller("figure.alphas.inside"), model, labeller)


def _at_edge(own: pd.DataFrame, model: str, labeller: Labeller) -> go.Scatter:
    rows = own[own["at_edge"]]
    look = {"color": style.COLOURS[1], "symbol": "x", "size": 10}
    return _points(rows, look, labeller("figure.alphas.edge"), model, labeller)


def _points(rows: pd.DataFrame, look: dict, name: str, model: str, labeller: Labeller) -> go.Scatter:
    words = [labeller.name("component", target) for target in rows[TARGET]]
    return go.Scatter(
        x=_spread(rows) if len(rows) else [], y=rows["alpha"].to_numpy(), mode="markers", marker=look, name=name,
        legendgroup=name, text=words, customdata=rows[[LAYER, SPLIT]].to_numpy(),
        hovertemplate=labeller("figure.alphas.hover", model=labeller.name("model", model)) + "<extra></extra>",
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


def differences(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Ridge minus lasso (model, target, difference, low, high, layer_ridge, layer_lasso) with intervals."""

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, model in enumerate(models_of(frame)):
            figure.add_trace(_interval(frame[frame[MODEL] == model], model, index, labeller))
        figure.add_vline(x=0, line={"color": style.GREY, "dash": "dash", "width": 1})
        height = 190 + 60 * len(COMPONENTS) + 20 * len(models_of(frame))
        style.laid_out(figure, labeller, labeller("figure.differences.title"), height, synthetic)
        figure.update_layout(scattermode="group")
        figure.update_xaxes(title_text=labeller("axis.difference"))
        return figure.update_yaxes(autorange="reversed")

    return bilingual(build, lambda labeller: _difference_alt(frame, labeller), frame, language)


def _interval(rows: pd.DataFrame, model: str, index: int, labeller: Labeller) -> go.Scatter:
    errors = {"array": (rows["high"] - rows["difference"]).to_numpy(), "thickness": 1.5, "width": 5}
    return go.Scatter(
        x=rows["difference"].to_numpy(), y=[labeller.name("component", target) for target in rows[TARGET]],
        error_x=errors | {"arrayminus": (rows["difference"] - rows["low"]).to_numpy(), "symmetric": False},
        mode="markers", name=labeller.name("model", model), marker=style.of_model(index)["marker"] | {"size": 9},
        offsetgroup=model, orientation="h",
        customdata=rows[["low", "high", "layer_ridge", "layer_lasso", "n_splits"]].to_numpy(),
        hovertemplate=labeller("figure.differences.hover", model=labeller.name("model", model)) + "<extra></extra>",
    )  # fmt: skip


def _difference_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = [
        labeller(
            "figure.differences.alt_fact", model=labeller.name("model", model), mean=float(rows["difference"].mean())
        )
        for model, rows in frame.groupby(MODEL, sort=False)
    ]
    return labeller("figure.differences.alt", facts=" ".join(facts))


def metrics(curves: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Both metrics of the same ridge predictions, a point for each layer and component; a menu of models."""
    shown = curves[curves[ESTIMATOR] == "ridge"]

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for model in models_of(shown):
            for index, component in enumerate(COMPONENTS):
                rows = shown[(shown[MODEL] == model) & (shown[TARGET] == component)]
                figure.add_trace(_pairs(rows, component, index, labeller))
        _choose(figure, models_of(shown), labeller)
        low = min(0.0, float(shown["median_r2_determination"].min()))
        diagonal = {"color": style.GREY, "dash": "dash", "width": 1}
        figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line=diagonal)
        style.laid_out(figure, labeller, labeller("figure.metrics.title"), 560, synthetic)
        figure.update_layout(margin={"t": 130})
        figure.update_xaxes(title_text=style.broken(labeller("axis.r2_pearson_median")), range=[-0.02, 1])
        return figure.update_yaxes(title_text=style.broken(labeller("axis.r2_determination")), range=[low - 0.02, 1])

    return bilingual(build, lambda labeller: _metric_alt(shown, labeller), shown, language)


def _pairs(rows: pd.DataFrame, component: str, index: int, labeller: Labeller) -> go.Scatter:
    name = labeller.name("component", component)
    return go.Scatter(
        x=rows["median_r2_pearson"].to_numpy(), y=rows["median_r2_determination"].to_numpy(), mode="markers", name=name,
        marker=style.of_model(index)["marker"] | {"size": 9}, customdata=rows[[LAYER]].to_numpy(),
        hovertemplate=labeller("figure.metrics.hover", name=name) + "<extra></extra>",
    )  # fmt: skip


def _metric_alt(shown: pd.DataFrame, labeller: Labeller) -> str:
    apart = shown["median_r2_pearson"] - shown["median_r2_determination"]
    return labeller("figure.metrics.alt", mean=float(apart.mean()), most=float(apart.max()))
