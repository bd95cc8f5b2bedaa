"""The voxel chapter's curves by layer: all voxels, and region by region."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers import text
from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.names import LAYER, MODEL, REGIONS
from helpers.text import Labeller

ALL, BOTH = "all", "both"
PANEL = 330  # px, the height of one model's panel


def models_of(frame: pd.DataFrame) -> list[str]:
    """The models of a frame in the study's order."""
    return list(dict.fromkeys(frame[MODEL]))


def name_of_r2(frame: pd.DataFrame, labeller: Labeller) -> str:
    """The axis title of a median r², which says whether it is noise-corrected."""
    return labeller("axis.r2_corrected" if (frame["metric"] == "r2_corrected").all() else "axis.r2")


def name_of_mean(frame: pd.DataFrame, labeller: Labeller) -> str:
    """The axis title of an r² averaged over subjects, if there are any, which says whether it is noise-corrected."""
    if frame["n_subjects"].max() < 2:
        return name_of_r2(frame, labeller)
    return labeller("axis.mean_r2_corrected" if (frame["metric"] == "r2_corrected").all() else "axis.mean_r2")


def panels(models: list[str], labeller: Labeller, **options) -> go.Figure:
    """One panel below the other for each model, which a phone's width can show."""
    titles = [labeller.name("model", model) for model in models]
    return make_subplots(rows=len(models), cols=1, subplot_titles=titles, shared_xaxes=True, **options)


def axis_of_layers(merged_last: bool, labeller: Labeller) -> str:
    """The axis title of layers, which says where the last one is marked as merged."""
    return labeller("axis.layer_merged" if merged_last else "axis.layer")


def marked(look: dict, n_layers: int, merged_last: bool) -> dict:
    """Line and marker with a large diamond at the last layer where that is the sum of both branches."""
    symbols, sizes = [look["marker"]["symbol"]] * n_layers, [look["marker"]["size"]] * n_layers
    if merged_last and n_layers:
        symbols[-1], sizes[-1] = "diamond", 1.7 * sizes[-1]
    return look | {"marker": look["marker"] | {"symbol": symbols, "size": sizes, "opacity": 1}}


def pooled(
    frame: pd.DataFrame,
    ceiling: pd.DataFrame,
    published: pd.DataFrame | None,
    *,
    merged_last: bool = False,
    synthetic: bool,
    language: str = "en",
) -> go.Figure:
    """Median r² over all voxels by layer; `published` (model, layer, median_r2_c) is offered as an overlay."""

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, model in enumerate(models_of(frame)):
            rows, name = frame[frame[MODEL] == model].sort_values(LAYER), labeller.name("model", model)
            limit = float(ceiling.set_index(MODEL)["ceiling"].get(model, np.nan))
            hover = "figure.pooled.hover_bare" if np.isnan(limit) else "figure.pooled.hover"
            figure.add_trace(_band(rows, index))
            figure.add_scatter(
                x=rows[LAYER].to_numpy(), y=rows["median_r2"].to_numpy(), name=name, mode="lines+markers",
                customdata=np.c_[rows[["q25", "q75"]], np.full(len(rows), limit)],
                hovertemplate=labeller(hover, model=name) + "<extra></extra>",
                **marked(style.of_model(index), len(rows), merged_last),
            )  # fmt: skip
        _overlay(figure, published, labeller)
        _ceiling(figure, frame, ceiling, labeller)
        style.laid_out(figure, labeller, labeller("figure.pooled.title"), 500, synthetic)
        figure.update_xaxes(title_text=axis_of_layers(merged_last, labeller), dtick=1)
        return figure.update_yaxes(title_text=name_of_r2(frame, labeller), range=[0, 1.05])

    facts = frame.loc[frame.groupby(MODEL, sort=False)["median_r2"].idxmax()]
    return bilingual(build, lambda labeller: _alt("pooled", facts, "median_r2", labeller), frame, language)


def _band(rows: pd.DataFrame, index: int) -> go.Scatter:
    outline = np.r_[rows[[LAYER, "q75"]].to_numpy(), rows[[LAYER, "q25"]].to_numpy()[::-1]]
    colour = style.faint(style.COLOURS[index % len(style.COLOURS)], 0.1)
    return go.Scatter(
        x=outline[:, 0], y=outline[:, 1], mode="lines", fill="toself", fillcolor=colour, line={"width": 0},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _overlay(figure: go.Figure, published: pd.DataFrame | None, labeller: Labeller) -> None:
    """Published curves: hidden until their legend entry is clicked, and called published."""
    for model, rows in published.groupby(MODEL, sort=False) if published is not None else ():
        name = labeller("figure.published", name=labeller.name("model", model))
        line, y = {"color": style.GREY, "dash": "dot", "width": 1.5}, rows["median_r2_c"].to_numpy()
        figure.add_scatter(
            x=rows[LAYER].to_numpy(), y=y, name=name, mode="lines+text", line=line, visible="legendonly",
            text=[""] * (len(rows) - 1) + [labeller.name("model", model)], textposition="bottom left",
            customdata=rows[["uncertainty"]].to_numpy(),
            hovertemplate=labeller("figure.published_hover", name=name) + "<extra></extra>",
        )  # fmt: skip


def _ceiling(figure: go.Figure, frame: pd.DataFrame, ceiling: pd.DataFrame, labeller: Labeller) -> None:
    """The noise ceiling: 1 for corrected values, else the median over voxels where it is known."""
    corrected = (frame["metric"] == "r2_corrected").all()
    height = 1.0 if corrected else ceiling["ceiling"].median()
    if np.isnan(height):
        return
    line = ceiling_line([frame[LAYER].min(), frame[LAYER].max()], labeller)
    raw = {} if corrected else {"y": [height, height], "name": labeller("figure.pooled.ceiling_raw")}
    figure.add_trace(line.update(raw))


def ceiling_line(ends, labeller: Labeller) -> go.Scatter:
    """The noise ceiling of corrected values, which is 1, between two places."""
    line = {"color": style.GREY, "dash": "longdash", "width": 1}
    return go.Scatter(
        x=list(ends), y=[1.0, 1.0], name=labeller("figure.pooled.ceiling"), mode="lines", line=line, hoverinfo="skip",
        legendgroup="ceiling",
    )  # fmt: skip


def regions(
    frame: pd.DataFrame,
    published: pd.DataFrame | None,
    *,
    merged_last: bool = False,
    synthetic: bool,
    language: str = "en",
) -> go.Figure | text.Bilingual:
    """r² by layer for each region, with within-subject errors; one panel per model, all with the same scale.

    `published` (region, layer, median_r2_c, sem), which is of one model, is offered as an overlay of every panel.
    """
    shown = frame[(frame["hemisphere"] == BOTH) & (frame["region"] != ALL)]
    if shown.empty:
        return text.both("say.no_regions")

    def build(labeller: Labeller) -> go.Figure:
        models = models_of(shown)
        figure = panels(models, labeller, vertical_spacing=0.26 / (len(models) + 1), shared_yaxes="all")
        for row, model in enumerate(models, start=1):
            for index, region in enumerate(REGIONS):
                line = _region(shown, model, region, index, merged_last, labeller).update(showlegend=row == 1)
                figure.add_trace(line, row=row, col=1)
            if (shown["metric"] == "r2_corrected").all():
                ends = [shown[LAYER].min(), shown[LAYER].max()]
                figure.add_trace(ceiling_line(ends, labeller).update(showlegend=row == 1), row=row, col=1)
            _published_regions(figure, published, labeller, row)
        style.laid_out(figure, labeller, labeller("figure.regions.title"), PANEL * len(models) + 140, synthetic)
        title = axis_of_layers(merged_last, labeller)
        figure.update_xaxes(dtick=1, showticklabels=True).update_xaxes(title_text=title, row=len(models))
        return figure.update_yaxes(title_text=name_of_mean(shown, labeller), rangemode="tozero")

    facts = shown.loc[shown.groupby([MODEL, "region"], sort=False)["mean_r2"].idxmax()]
    return bilingual(build, lambda labeller: _alt("regions", facts, "mean_r2", labeller), shown, language)


def _region(
    frame: pd.DataFrame, model: str, region: str, index: int, merged_last: bool, labeller: Labeller
) -> go.Scatter:
    rows = frame[(frame[MODEL] == model) & (frame["region"] == region)].sort_values(LAYER)
    words = {"model": labeller.name("model", model), "region": labeller.name("region", region)}
    return go.Scatter(
        x=rows[LAYER].to_numpy(), y=rows["mean_r2"].to_numpy(), name=words["region"], legendgroup=region,
        error_y={"array": rows["error"].to_numpy(), "thickness": 1.5, "width": 5}, mode="lines+markers",
        customdata=rows[["n_subjects", "n_voxels", "error", "low", "high"]].to_numpy(),
        hovertemplate=labeller("figure.regions.hover", **words) + "<extra></extra>",
        **marked(style.of_model(index), len(rows), merged_last),
    )  # fmt: skip


def _published_regions(figure: go.Figure, published: pd.DataFrame | None, labeller: Labeller, row: int) -> None:
    for region, rows in published.groupby("region", sort=False) if published is not None else ():
        name = labeller("figure.published_mixture", name=labeller.name("region", region))
        line = {"color": style.of_model(REGIONS.index(region))["line"]["color"], "dash": "dot", "width": 1}
        curve = go.Scatter(
            x=rows[LAYER].to_numpy(), y=rows["median_r2_c"].to_numpy(), name=name, mode="lines", line=line,
            error_y={"array": rows["sem"].to_numpy(), "thickness": 1}, visible="legendonly",
            legendgroup=f"published {region}", showlegend=row == 1, customdata=rows[["uncertainty"]].to_numpy(),
            hovertemplate=labeller("figure.published_hover", name=name) + "<extra></extra>",
        )  # fmt: skip
        figure.add_trace(curve, row=row, col=1)


def _alt(family: str, facts: pd.DataFrame, value: str, labeller: Labeller) -> str:
    def fact(row: pd.Series) -> str:
        words = {"model": labeller.name("model", row[MODEL]), "layer": int(row[LAYER]), "r2": float(row[value])}
        region = {"region": labeller.name("region", row["region"])} if "region" in row else {}
        return labeller(f"figure.{family}.alt_fact", **words, **region)

    return labeller(f"figure.{family}.alt", facts=" ".join(fact(row) for _, row in facts.iterrows()))
