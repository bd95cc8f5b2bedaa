"""r² of the six components by layer: one panel each, one line per model, the untrained network as baseline."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.names import COMPONENTS, LAYER, MODEL, STEP, TARGET
from helpers.text import Labeller

COLUMNS, ROWS = 2, 3  # two side by side are still readable on a phone


def by_layer(curves: pd.DataFrame, *, merged_last: bool, synthetic: bool, language: str = "en") -> go.Figure:
    """`curves` (model, step, layer, target, median_r2, q25, q75) at each model's last step and at step 0."""
    shown = curves[curves[STEP].isin([0]) | (curves[STEP] == curves.groupby(MODEL)[STEP].transform("max"))]
    return bilingual(
        lambda labeller: _figure(shown, labeller, merged_last, synthetic),
        lambda labeller: labeller("figure.components.alt", facts=_facts(shown, labeller)),
        shown,
        language,
    )


def _figure(curves: pd.DataFrame, labeller: Labeller, merged_last: bool, synthetic: bool) -> go.Figure:
    titles = [labeller.name("component", component) for component in COMPONENTS]
    figure = make_subplots(
        rows=ROWS, cols=COLUMNS, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles,
        horizontal_spacing=0.05, vertical_spacing=0.08,
    )  # fmt: skip
    models = list(dict.fromkeys(curves[MODEL]))
    baselines = _baselines(curves, models, labeller)
    for panel, component in enumerate(COMPONENTS):
        place = {"row": panel // COLUMNS + 1, "col": panel % COLUMNS + 1}
        own = curves[curves[TARGET] == component]
        for model, name in baselines.items():
            figure.add_trace(_untrained(own, model, name, models.index(model), labeller, first=panel == 0), **place)
        for index, model in enumerate(models):
            for line in _trained(own, model, index, labeller, merged_last, first=panel == 0):
                figure.add_trace(line, **place)
    if merged_last:
        figure.add_trace(style.merged_mark(labeller))
    style.laid_out(figure, labeller, labeller("figure.components.title"), 860, synthetic)
    return _axes(figure, curves, labeller)


def _axes(figure: go.Figure, curves: pd.DataFrame, labeller: Labeller) -> go.Figure:
    last = curves[LAYER].max()
    figure.update_xaxes(dtick=1 if last <= 6 else 2, tick0=1, range=[0.6, last + 0.4])
    figure.update_yaxes(range=[0, 1], dtick=0.25, tickformat=".2f")
    figure.update_xaxes(title_text=labeller("axis.layer"), row=ROWS)
    figure.update_yaxes(title_text=labeller("axis.r2_median"), row=2, col=1)
    return figure


def _baselines(curves: pd.DataFrame, models: list[str], labeller: Labeller) -> dict[str, str]:
    """Models whose untrained network is drawn, and its name; networks that start alike are one baseline."""
    starts = {}
    for model in models:
        rows = curves[(curves[MODEL] == model) & (curves[STEP] == 0)]
        if len(rows) and (curves.loc[curves[MODEL] == model, STEP] > 0).any():
            starts.setdefault(tuple(rows["median_r2"]), []).append(model)
    if len(starts) == 1:
        return {group[0]: labeller("figure.untrained_all") for group in starts.values()}
    names = {group[0]: ", ".join(labeller.name("model", model) for model in group) for group in starts.values()}
    return {model: labeller("figure.untrained", model=name) for model, name in names.items()}


def _untrained(own: pd.DataFrame, model: str, name: str, index: int, labeller: Labeller, first: bool) -> go.Scatter:
    look = style.of_model(index)
    look = {key: look[key] | {"color": style.GREY} for key in look}
    look["line"]["width"], look["marker"]["size"] = 1, 5
    rows = own[(own[MODEL] == model) & (own[STEP] == 0)]
    return _line(rows, name, look, labeller, merged_last=False).update(legendgroup=f"{model} 0", showlegend=first)


def _trained(own: pd.DataFrame, model: str, index: int, labeller, merged_last: bool, first: bool) -> list[go.Scatter]:
    """The band over splits and the line of a model's last checkpoint."""
    rows = own[own[MODEL] == model]
    rows = rows[rows[STEP] == rows[STEP].max()]
    line = _line(rows, labeller.name("model", model), style.of_model(index), labeller, merged_last)
    return [_band(rows, index, model), line.update(legendgroup=model, showlegend=first)]


def _line(rows: pd.DataFrame, name: str, look: dict, labeller: Labeller, merged_last: bool) -> go.Scatter:
    rows = rows.sort_values(LAYER)
    symbols, sizes = [look["marker"]["symbol"]] * len(rows), [look["marker"]["size"]] * len(rows)
    if merged_last and len(rows):
        symbols[-1], sizes[-1] = "diamond", 1.7 * sizes[-1]
    return go.Scatter(
        x=rows[LAYER].to_numpy(),
        y=rows["median_r2"].to_numpy(),
        customdata=rows[["q25", "q75"]].to_numpy(),
        name=name,
        mode="lines+markers",
        line=look["line"],
        marker=look["marker"] | {"symbol": symbols, "size": sizes, "opacity": 1},
        hovertemplate=labeller("figure.components.hover", model=name) + "<extra></extra>",
    )


def _band(rows: pd.DataFrame, index: int, model: str) -> go.Scatter:
    """Quartiles over splits."""
    rows = rows.sort_values(LAYER)
    up, down = rows[[LAYER, "q75"]].to_numpy(), rows[[LAYER, "q25"]].to_numpy()[::-1]
    outline = [*up, *down]
    return go.Scatter(
        x=[float(x) for x, _ in outline],
        y=[float(y) for _, y in outline],
        mode="lines",
        fill="toself",
        fillcolor=style.faint(style.COLOURS[index % len(style.COLOURS)]),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
        legendgroup=model,
    )


def _facts(curves: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for component in COMPONENTS:
        best = curves[curves[TARGET] == component].nlargest(1, "median_r2").iloc[0]
        words = {"component": labeller.name("component", component), "model": labeller.name("model", best[MODEL])}
        facts.append(labeller("figure.components.alt_fact", **words, r2=best["median_r2"], layer=int(best[LAYER])))
    return " ".join(facts)
