"""Learning curves: r² against training step, one line per layer, and the surface of steps and layers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from helpers import text
from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.facts import ends
from helpers.figures.voxels import ceiling_line, models_of, name_of_r2
from helpers.names import COMPONENTS, LAYER, MODEL, STEP, TARGET
from helpers.text import Labeller

SCALE = "Viridis"
APART = 0.2  # of an axis: the distance of two numbers that a phone's width can tell apart
COLUMNS, ROWS = 2, 3
EYE = {"x": 2.15, "y": 2.15, "z": 1.35}  # far enough for the whole surface with its axes on a phone


def positions(steps: np.ndarray) -> np.ndarray:
    """Steps on a logarithmic axis; step 0, which has no logarithm, stands a third of the first step to the left."""
    steps = np.asarray(steps, float)
    first = steps[steps > 0].min(initial=np.inf)
    return np.where(steps == 0, first / 3, steps)


def by_step(
    curves: pd.DataFrame, published: pd.DataFrame | None, *, synthetic: bool, language: str = "en"
) -> go.Figure | text.Bilingual:
    """Six panels of `curves` (model, step, layer, target, median_r2, q25, q75); a menu chooses the model."""
    if curves.empty:
        return text.both("say.no_series")

    def build(labeller: Labeller) -> go.Figure:
        titles = [labeller.name("component", component) for component in COMPONENTS]
        figure = make_subplots(
            rows=ROWS, cols=COLUMNS, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles,
            horizontal_spacing=0.05, vertical_spacing=0.08,
        )  # fmt: skip
        for model in models_of(curves):
            own = curves[curves[MODEL] == model]
            for panel, component in enumerate(COMPONENTS):
                place = {"row": panel // COLUMNS + 1, "col": panel % COLUMNS + 1}
                for line in _lines(own[own[TARGET] == component], model, labeller, first=panel == 0):
                    figure.add_trace(line, **place)
        _choice(figure, models_of(curves), [labeller.name("model", model) for model in models_of(curves)])
        _overlay(figure, published, labeller)
        style.laid_out(figure, labeller, labeller("figure.by_step.title"), 960, synthetic)
        figure.update_layout(margin={"t": 200})
        _depth_bar(figure, sorted(curves[LAYER].unique()), labeller)
        return _axes(figure, curves, labeller, ROWS, labeller("axis.r2_median"))

    def alt(labeller: Labeller) -> str:
        return labeller("figure.by_step.alt", facts=_facts(curves, labeller))

    return bilingual(build, alt, curves, language)


def voxels_by_step(curves: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | text.Bilingual:
    """The same for the median over voxels, one panel per model."""
    if curves.empty:
        return text.both("say.no_voxel_series")
    models = models_of(curves)

    def build(labeller: Labeller) -> go.Figure:
        titles = [labeller.name("model", model) for model in models]
        figure = make_subplots(rows=len(models), cols=1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.1)
        for row, model in enumerate(models, start=1):
            for line in _lines(curves[curves[MODEL] == model], model, labeller, first=row == 1):
                figure.add_trace(line, row=row, col=1)
            if (curves["metric"] == "r2_corrected").all():
                ends = positions(np.sort(curves[STEP].unique()))[[0, -1]]
                figure.add_trace(ceiling_line(ends, labeller).update(showlegend=row == 1), row=row, col=1)
        style.laid_out(figure, labeller, labeller("figure.voxels_by_step.title"), 300 * len(models) + 210, synthetic)
        figure.update_layout(margin={"t": 170})
        _depth_bar(figure, sorted(curves[LAYER].unique()), labeller)
        return _axes(figure, curves, labeller, len(models), name_of_r2(curves, labeller))

    return bilingual(build, lambda labeller: _voxel_alt(curves, labeller), curves, language)


def surface(curves: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | text.Bilingual:
    """Steps x layers x r² as a surface to be turned; a menu chooses component and model."""
    if curves.empty:
        return text.both("say.no_series")
    choices = [(model, component) for model in models_of(curves) for component in COMPONENTS]

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, (model, component) in enumerate(choices):
            rows = curves[(curves[MODEL] == model) & (curves[TARGET] == component)]
            figure.add_trace(_surface(rows, labeller).update(visible=index == 0))
        names = [f"{labeller.name('model', m)}: {labeller.name('component', c)}" for m, c in choices]
        menu(figure, names, [[i == j for i in range(len(choices))] for j in range(len(choices))])
        style.laid_out(figure, labeller, labeller("figure.surface.title"), 640, synthetic)
        figure.update_layout(margin={"l": 8, "r": 8, "t": 190})  # the scene has its axes within
        figure.update_coloraxes(cmin=0, cmax=1, colorscale=SCALE)
        style.lying_bar(figure, labeller("axis.r2_median"))
        return figure.update_scenes(
            camera={"eye": EYE, "center": {"x": 0, "y": 0, "z": -0.15}},
            xaxis=_ticks(curves[STEP]) | {"type": "log", "title": {"text": labeller("axis.step")}},
            yaxis={"title": {"text": labeller("axis.layer")}, "dtick": 1},
            zaxis={"title": {"text": labeller("axis.r2_pearson")}, "range": [0, 1]},  # no room; the bar says "median"
        )

    def alt(labeller: Labeller) -> str:
        return labeller("figure.surface.alt", n=len(choices), facts=_facts(curves, labeller))

    return bilingual(build, alt, curves, language)


def _surface(rows: pd.DataFrame, labeller: Labeller) -> go.Surface:
    grid = rows.pivot(index=LAYER, columns=STEP, values="median_r2").sort_index()
    return go.Surface(
        x=positions(grid.columns.to_numpy()), y=grid.index.to_numpy(), z=grid.to_numpy(),
        coloraxis="coloraxis",
        customdata=np.broadcast_to(grid.columns.to_numpy(), grid.shape).copy(),
        hovertemplate=labeller("figure.surface.hover") + "<extra></extra>",
    )  # fmt: skip


def _lines(rows: pd.DataFrame, model: str, labeller: Labeller, first: bool) -> list[go.Scatter]:
    """A line per layer, coloured by depth; the first layer has squares, the last diamonds."""
    layers = sorted(rows[LAYER].unique())
    colours = depth_colours(len(layers))
    return [
        _line(rows[rows[LAYER] == layer], layer, colour, _mark(layer, layers), model, labeller).update(showlegend=first)
        for layer, colour in zip(layers, colours, strict=True)
    ]


def _mark(layer: int, layers: list[int]) -> dict:
    return {"symbol": {layers[0]: "square", layers[-1]: "diamond"}.get(layer, "circle"), "size": 7}


def _line(rows: pd.DataFrame, layer: int, colour: str, marker: dict, model: str, labeller: Labeller) -> go.Scatter:
    rows = rows.sort_values(STEP)
    spread = rows[["q25", "q75"]] if "q25" in rows else rows[["median_r2", "median_r2"]]
    words = {"model": labeller.name("model", model), "layer": int(layer)}
    kind = "figure.by_step.hover" if "q25" in rows else "figure.voxels_by_step.hover"
    return go.Scatter(
        x=positions(rows[STEP].to_numpy()), y=rows["median_r2"].to_numpy(), mode="lines+markers",
        name=labeller("figure.by_step.layer", layer=int(layer)), legendgroup=f"layer {layer}",
        line={"color": colour, "width": 2}, marker=marker | {"color": colour},
        customdata=np.c_[rows[STEP], spread], hovertemplate=labeller(kind, **words) + "<extra></extra>",
    )  # fmt: skip


def _overlay(figure: go.Figure, published: pd.DataFrame | None, labeller: Labeller) -> None:
    """Published curves of all layers, dotted in the colours of their depth, hidden until asked for."""
    for panel, component in enumerate(COMPONENTS) if published is not None else ():
        rows = published[published["component"] == component].sort_values(STEP)
        layers = sorted(rows[LAYER].unique())
        for layer, colour in zip(layers, depth_colours(len(layers)), strict=True):
            own = rows[rows[LAYER] == layer]
            name = labeller("figure.published", name=labeller("figure.by_step.layer", layer=int(layer)))
            line = go.Scatter(
                x=own[STEP].to_numpy(), y=own["median_r2"].to_numpy(), name=name, mode="lines", visible="legendonly",
                line={"color": colour, "dash": "dot"}, legendgroup="published", showlegend=panel == 0,
            )  # fmt: skip
            figure.add_trace(line, row=panel // COLUMNS + 1, col=panel % COLUMNS + 1)


def _depth_bar(figure: go.Figure, layers: list[int], labeller: Labeller) -> None:
    """The colour bar of depth, on an empty trace: the lines' own colours make none."""
    marker = {"color": [layers[0]], "coloraxis": "coloraxis", "opacity": 0}
    figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=marker, showlegend=False, hoverinfo="skip"))
    colours = depth_colours(len(layers))
    scale = [[i / max(1, len(layers) - 1), colour] for i, colour in enumerate(colours)]
    bounds = {"cmin": layers[0], "cmax": max(layers[-1], layers[0] + 1)}
    figure.update_coloraxes(colorscale=scale if len(layers) > 1 else SCALE, **bounds)
    style.lying_bar(figure, labeller("axis.layer"), dtick=1)


def depth_colours(n_layers: int) -> list[str]:
    """Dark first, light last; both ends of the scale are left out, one on dark pages and one on light ones unseen."""
    return sample_colorscale(SCALE, np.linspace(0.2, 0.88, n_layers))


def _choice(figure: go.Figure, models: list[str], names: list[str]) -> None:
    """A menu that shows the traces of one model; those of the first are shown at the beginning."""
    per_model = len(figure.data) // len(models)
    for index, trace in enumerate(figure.data):
        trace.visible = index < per_model
    if len(models) > 1:
        shown = [[i // per_model == j for i in range(len(figure.data))] for j in range(len(models))]
        menu(figure, names, shown)


def menu(figure: go.Figure, names: list[str], shown: list[list[bool]]) -> None:
    """A menu whose entries `names` show the traces marked in `shown`."""
    indices = list(range(len(figure.data)))  # later traces, such as overlays, keep their own switch
    buttons = [
        {"label": name, "method": "restyle", "args": [{"visible": visible}, indices]}
        for name, visible in zip(names, shown, strict=True)
    ]
    entry = {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "pad": {"b": 28}}
    figure.update_layout(updatemenus=[entry | {"bgcolor": "rgba(128,128,128,0.15)"}])


def _ticks(steps: pd.Series) -> dict:
    """A tick for every checkpoint; those with room for it have their number, the last one always."""
    values = np.sort(steps.unique())
    places = np.log10(positions(values))
    room, numbered = APART * np.ptp(places), [len(values) - 1]
    for index in reversed(range(len(values) - 1)):
        if places[numbered[-1]] - places[index] >= room:
            numbered.append(index)
    words = [f"{step / 1000:g}k" if step >= 1000 else f"{step:g}" for step in values]
    texts = [word if index in numbered else "" for index, word in enumerate(words)]
    return {"tickvals": positions(values).tolist(), "ticktext": texts}


def _axes(figure: go.Figure, curves: pd.DataFrame, labeller: Labeller, rows: int, r2: str) -> go.Figure:
    figure.update_xaxes(type="log", tickangle=0, **_ticks(curves[STEP]))
    figure.update_xaxes(title_text=labeller("axis.step"), row=rows)
    figure.update_yaxes(range=[0, 1.02], dtick=0.25, tickformat=".2f")
    return figure.update_yaxes(title_text=r2, row=(rows + 1) // 2, col=1)


def _facts(curves: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model, rows in curves.groupby(MODEL, sort=False):
        last = rows[rows[STEP] == rows[STEP].max()]
        best = last.loc[last["median_r2"].idxmax()]
        words = {"model": labeller.name("model", model), "component": labeller.name("component", best[TARGET])}
        facts.append(labeller("figure.by_step.alt_fact", **words, r2=float(best["median_r2"]), layer=int(best[LAYER])))
    return " ".join(facts)


def _voxel_alt(curves: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model in models_of(curves):
        rows, name = curves[curves[MODEL] == model], labeller.name("model", model)
        last = rows[rows[STEP] == rows[STEP].max()]
        layer = int(last.loc[last["median_r2"].idxmax(), LAYER])
        numbers = ends(rows[rows[LAYER] == layer], STEP, "median_r2")
        facts.append(labeller("figure.voxels_by_step.alt_fact", model=name, layer=layer, **numbers))
    return labeller("figure.voxels_by_step.alt", n=len(facts), facts=" ".join(facts))
