"""r² of the voxels by layer: all of them, and region by region."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.brain.regions import REGION
from helpers.chapters.voxelwise.figures import divisions
from helpers.names import LAYER, MODEL, VOXELS
from helpers.plotting import panels, style
from helpers.plotting import references as beside
from helpers.plotting.bilingual import bilingual
from helpers.plotting.facts import against, highest
from helpers.text import Labeller

NONE = pd.DataFrame(columns=["division", "region", "role", MODEL, "mean_r2"])  # beside the networks
RIGHT = 0.6  # of the distance between layers: what stands beside the networks, to the right of the last one
SIGNS = {beside.BASELINE: {"symbol": "line-ew-open", "size": 12}}
SIGNS |= {role: {"symbol": mark, "size": 8} for role, mark in beside.MARKS.items()}

text.words(
    "figure.pooled",
    en={
        "title": "How well each layer predicts the voxels",
        "hover": (
            "{model}<br>Layer %{{x}}<br>{measure}, over voxels: %{{y:.2f}}"
            "<br>Quartiles: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}"
        ),
        "hover_ceiling": "<br>Noise ceiling of uncorrected r²: %{{customdata[2]:.2f}}",
        "ceiling": "{model}, median noise ceiling",
        "alt": "{measure} over voxels against layer for each model. {facts}",
        "alt_fact": "{model}: highest at layer {layer} with {r2}.",
    },
    es={
        "title": "Qué tan bien predice cada capa los vóxeles",
        "hover": (
            "{model}<br>Capa %{{x}}<br>{measure}, entre vóxeles: %{{y:.2f}}"
            "<br>Cuartiles: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}"
        ),
        "hover_ceiling": "<br>Techo de ruido de r² sin corregir: %{{customdata[2]:.2f}}",
        "ceiling": "{model}, mediana del techo de ruido",
        "alt": "{measure} entre vóxeles según la capa, para cada modelo. {facts}",
        "alt_fact": "{model}: el valor más alto está en la capa {layer}, con {r2}.",
    },
)


def pooled(
    frame: pd.DataFrame,
    ceiling: pd.DataFrame,
    published: pd.DataFrame | None,
    references: pd.DataFrame | None = None,
    *,
    synthetic: bool,
    language: str = "en",
) -> go.Figure:
    """Draw the median over all voxels by layer, with quartiles, the noise ceiling and what stands beside the models.

    frame: model, layer, median_r2, q25, q75, metric[, note]; ceiling: model, ceiling (NaN where it is not known);
    published (model, layer, median_r2_c, uncertainty) is offered as an overlay; references: as `tables.references`.
    """
    references = beside.NONE if references is None else references
    limits = ceiling.set_index(MODEL)["ceiling"].astype(float)

    def build(labeller: Labeller) -> go.Figure:
        figure, corrected = go.Figure(), panels.is_corrected(frame)
        ends = [frame[LAYER].min(), frame[LAYER].max()]
        figure.add_traces(beside.by_layer(references, VOXELS, ends, labeller, legend=True))
        for index, model in enumerate(panels.models_of(frame)):
            limit, rows = float(limits.get(model, np.nan)), frame[frame[MODEL] == model].sort_values(LAYER)
            figure.add_traces(_curve(rows, index, limit, labeller))
            if not corrected and not np.isnan(limit):
                figure.add_trace(_ceiling(ends, limit, model, index, labeller))
        _overlay(figure, published, labeller)
        if corrected:
            figure.add_trace(panels.ceiling_line(ends, labeller))
        style.laid_out(figure, labeller, labeller("figure.pooled.title"), 500, synthetic)
        figure.update_xaxes(title_text=panels.axis_of_layers(frame, labeller), dtick=1)
        title = style.broken(panels.measure(frame, labeller), style.AXIS)
        return figure.update_yaxes(title_text=title, **panels.r2_axis(frame["q25"].min()))

    best = highest(frame, [MODEL], "median_r2")

    def alt(labeller: Labeller) -> str:
        facts = [
            labeller("figure.pooled.alt_fact", model=labeller.name("model", model), layer=int(layer), r2=float(r2))
            for model, layer, r2 in zip(best[MODEL], best[LAYER], best["median_r2"], strict=True)
        ]
        measure = panels.measure(frame, labeller)
        rivals = against(references, float(best["median_r2"].max()), labeller)
        return labeller("figure.pooled.alt", measure=measure, facts=" ".join(facts) + rivals)

    return bilingual(build, alt, frame, language)


def _curve(rows: pd.DataFrame, index: int, limit: float, labeller: Labeller) -> list[go.Scatter]:
    """Return the quartiles over voxels and the line of a model."""
    colour = style.faint(style.COLOURS[index % len(style.COLOURS)], 0.1)
    quartiles = (rows[column].to_numpy() for column in (LAYER, "q25", "q75"))
    name = style.name(labeller, "model", rows[MODEL].iloc[0])
    hover = labeller("figure.pooled.hover", model=name, measure=panels.measure(rows, labeller))
    hover += "" if np.isnan(limit) else labeller("figure.pooled.hover_ceiling")
    line = go.Scatter(
        x=rows[LAYER].to_numpy(), y=rows["median_r2"].to_numpy(), name=name, mode="lines+markers",
        customdata=np.c_[rows[["q25", "q75"]], np.full(len(rows), limit)], hovertemplate=hover + "<extra></extra>",
        **panels.marked(style.of_model(index), rows),
    )  # fmt: skip
    return [panels.band(*quartiles, colour), line]


def _ceiling(ends: list[float], limit: float, model: str, index: int, labeller: Labeller) -> go.Scatter:
    """Return the median noise ceiling of uncorrected values."""
    name = labeller("figure.pooled.ceiling", model=style.name(labeller, "model", model))
    line = {"color": style.COLOURS[index % len(style.COLOURS)], "dash": "longdash", "width": 1}
    return panels.ceiling_line(ends, labeller).update(y=[limit, limit], name=name, line=line, legendgroup=name)


def _overlay(figure: go.Figure, published: pd.DataFrame | None, labeller: Labeller) -> None:
    """Add published curves, labelled as published and hidden until their legend entry is clicked."""
    for model, rows in published.groupby(MODEL, sort=False) if published is not None else ():
        word = style.name(labeller, "model", model)
        name = labeller("panels.published_network", name=word)
        line, y = {"color": style.GREY, "dash": "dot", "width": 1.5}, rows["median_r2_c"].to_numpy()
        figure.add_scatter(
            x=rows[LAYER].to_numpy(), y=y, name=name, mode="lines+text", line=line, visible="legendonly",
            text=[""] * (len(rows) - 1) + [word], textposition="bottom left",
            customdata=rows[["uncertainty"]].to_numpy(),
            hovertemplate=labeller("panels.published_hover", name=name) + "<extra></extra>",
        )  # fmt: skip


text.words(
    "figure.regions",
    en={
        "title": "Which layer predicts which region",
        "hover": (
            "{model}, {region}<br>Layer %{{x}}"
            "<br>{measure}: %{{y:.2f}} ± %{{customdata[2]:.3f}} (within-subject error)"
            "<br>95 % interval: %{{customdata[3]:.2f}} – %{{customdata[4]:.2f}}"
            "<br>Subjects: %{{customdata[0]}}, voxels: %{{customdata[1]}}"
        ),
        "baseline": "Highest baseline",
        "beside_hover": "{name}<br>%{{customdata}}<br>{measure}: %{{y:.2f}}",
        "alt": "{measure} against layer, one line per region, one panel per model. {facts}",
        "alt_fact": "{model}, {region}: highest at layer {layer} with {r2}.",
    },
    es={
        "title": "Qué capa predice qué región",
        "hover": (
            "{model}, {region}<br>Capa %{{x}}"
            "<br>{measure}: %{{y:.2f}} ± %{{customdata[2]:.3f}} (error intrasujeto)"
            "<br>Intervalo del 95 %: %{{customdata[3]:.2f}} – %{{customdata[4]:.2f}}"
            "<br>Sujetos: %{{customdata[0]}}, vóxeles: %{{customdata[1]}}"
        ),
        "baseline": "Línea de base más alta",
        "beside_hover": "{name}<br>%{{customdata}}<br>{measure}: %{{y:.2f}}",
        "alt": "{measure} según la capa, una línea por región y un panel por modelo. {facts}",
        "alt_fact": "{model}, {region}: el valor más alto está en la capa {layer}, con {r2}.",
    },
)


def regions(
    frame: pd.DataFrame, published: pd.DataFrame | None, references: pd.DataFrame | None = None, *, synthetic: bool,
    language: str = "en",
) -> go.Figure | text.Bilingual:  # fmt: skip
    """Draw r² by layer for each region, with within-subject errors; one panel per model, all with the same scale.

    frame: model, layer, region, hemisphere, mean_r2, error, low, high, n_subjects, n_voxels, metric[, note, division];
    the rows of single regions in both hemispheres are drawn, and a menu chooses among several divisions. references:
    as `tables.regions_beside`, drawn to the right: the highest baseline, and each model's own controls. published
    (region, layer, median_r2_c, sem, uncertainty), of one model, is offered as an overlay of every panel.
    """
    shown = frame[(frame["hemisphere"] == panels.BOTH) & ~frame["region"].isin([panels.ALL, ""])]
    if shown.empty:
        return text.both("say.no_regions")
    models, parts = panels.models_of(shown), divisions.divided(shown)
    references = NONE if references is None else references
    names = {division: panels.regions_of(own) for division, own in parts.items()}

    def build(labeller: Labeller) -> go.Figure:
        spacing, shown_by_menu = 0.26 / (len(models) + 1), []
        figure = panels.stacked(models, labeller, vertical_spacing=spacing, shared_yaxes="all")
        for row, model in enumerate(models, start=1):
            for division, part in parts.items():
                own = part[part[MODEL] == model]
                for index, region in enumerate(names[division]):
                    line = _region(own[own["region"] == region].sort_values(LAYER), region, index, shown, labeller)
                    first = division == next(iter(parts))
                    line.update(showlegend=row == 1, visible=first, legendgroup=f"{division} {region}")
                    figure.add_trace(line, row=row, col=1)
                    shown_by_menu.append([division == one for one in parts])
                around = references[(references["division"] == division) & references["region"].isin(names[division])]
                around = around[(around["role"] == beside.BASELINE) | (around[MODEL] == model)]
                for marks in _beside(around, names[division], shown[LAYER].max() + RIGHT, labeller):
                    figure.add_trace(marks.update(visible=division == next(iter(parts))), row=row, col=1)
                    shown_by_menu.append([division == one for one in parts])
        if len(parts) > 1:
            names_, kind = divisions.names(list(parts), labeller), (divisions.DIVISION, list(parts))
            panels.menu(figure, names_, np.transpose(shown_by_menu).tolist(), kind)
        figure.add_traces([_named(role, labeller) for role in panels.in_order(references["role"])])
        for row in range(1, len(models) + 1):
            if panels.is_corrected(shown):
                ends = [shown[LAYER].min(), shown[LAYER].max()]
                figure.add_trace(panels.ceiling_line(ends, labeller).update(showlegend=row == 1), row=row, col=1)
            _published_regions(figure, published, names.get(REGION, []), labeller, row)
        height = panels.PANEL * len(models) + 140
        style.laid_out(figure, labeller, labeller("figure.regions.title"), height, synthetic)
        if len(parts) > 1:
            figure.update_layout(height=height + 40, margin={"t": 128})
        title = panels.axis_of_layers(shown, labeller)
        figure.update_xaxes(dtick=1, tick0=1, showticklabels=True).update_xaxes(title_text=title, row=len(models))
        last = shown[LAYER].max() + (RIGHT if len(references) else 0)
        figure.update_xaxes(range=[shown[LAYER].min() - 0.4, last + 0.3])
        # Not left to Plotly, which ends at 4 where an entry of the legend has no value and x has a range
        values = pd.concat([shown["mean_r2"] - shown["error"].fillna(0), shown["mean_r2"] + shown["error"].fillna(0)])
        ends = pd.concat([values, references["mean_r2"], pd.Series([0.0, 1.0 if panels.is_corrected(shown) else 0.0])])
        figure.update_yaxes(
            title_text=style.broken(mean_of(shown, labeller), style.AXIS),
            range=[min(0.0, 1.05 * float(ends.min())), 1.05 * float(ends.max())],
        )
        return panels.spread(figure, len(models))

    best = highest(shown, [MODEL, "region"], "mean_r2")

    def alt(labeller: Labeller) -> str:
        facts = [
            labeller(
                "figure.regions.alt_fact", model=labeller.name("model", model), layer=int(layer), r2=float(r2),
                region=labeller.name("region", region),
            )
            for model, region, layer, r2 in zip(
                best[MODEL], best["region"], best[LAYER], best["mean_r2"], strict=True
            )
        ]  # fmt: skip
        return labeller("figure.regions.alt", measure=mean_of(shown, labeller), facts=" ".join(facts))

    return bilingual(build, alt, shown, language)


def mean_of(frame: pd.DataFrame, labeller: Labeller) -> str:
    """Return what values averaged over subjects are; where the data have no subjects, they are medians over voxels."""
    return panels.measure(frame, labeller, "median" if frame["n_subjects"].max() < 2 else "mean")


def _region(rows: pd.DataFrame, region: str, index: int, shown: pd.DataFrame, labeller: Labeller) -> go.Scatter:
    words = {"model": "", "region": style.name(labeller, "region", region), "measure": mean_of(shown, labeller)}
    if len(rows):
        words["model"] = style.name(labeller, "model", rows[MODEL].iloc[0])
    return go.Scatter(
        x=rows[LAYER].to_numpy(), y=rows["mean_r2"].to_numpy(), name=words["region"], legendgroup=region,
        error_y={"array": rows["error"].to_numpy(), "thickness": 1.5, "width": 5}, mode="lines+markers",
        customdata=rows[["n_subjects", "n_voxels", "error", "low", "high"]].to_numpy(),
        hovertemplate=labeller("figure.regions.hover", **words) + "<extra></extra>",
        **panels.marked(style.of_other(index), rows),
    )  # fmt: skip


def _beside(rows: pd.DataFrame, regions: list[str], x: float, labeller: Labeller) -> list[go.Scatter]:
    """Return, for each role, a mark for each region, in its colour: the highest of that role."""
    marks = []
    for role, own in rows.groupby("role", sort=False):
        own = own.sort_values("mean_r2", ascending=False).drop_duplicates("region")
        colours = [style.of_other(regions.index(region))["line"]["color"] for region in own["region"]]
        of_baselines = role == beside.BASELINE
        words = {"name": "%{text}" if of_baselines else _word(role, labeller), "measure": mean_of(own, labeller)}
        hover = labeller("figure.regions.beside_hover", **words) + "<extra></extra>"
        marker = SIGNS[role] | {"color": colours, "line": {"color": colours, "width": 2}}
        marks.append(
            go.Scatter(
                x=[x] * len(own), y=own["mean_r2"].to_numpy(), mode="markers", marker=marker, legendgroup=role,
                name=_word(role, labeller), showlegend=False, hovertemplate=hover,
                text=[style.name(labeller, "model", model) for model in own[MODEL]] if of_baselines else None,
                customdata=[style.name(labeller, "region", region) for region in own["region"]],
            )
        )  # fmt: skip
    return marks


def _word(role: str, labeller: Labeller) -> str:
    return labeller("figure.regions.baseline") if role == beside.BASELINE else beside.control(labeller, role, 1)


def _named(role: str, labeller: Labeller) -> go.Scatter:
    """Return an entry of the legend, in no region's colour."""
    marker = SIGNS[role] | {"color": style.GREY, "line": {"color": style.GREY, "width": 2}}
    return go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=_word(role, labeller), legendgroup=role)


def _published_regions(
    figure: go.Figure, published: pd.DataFrame | None, names: list[str], labeller: Labeller, row: int
) -> None:
    for region, rows in published.groupby("region", sort=False) if published is not None else ():
        name = labeller("panels.published_mixture", name=style.name(labeller, "region", region))
        colour = style.of_other(names.index(region))["line"]["color"] if region in names else style.GREY
        curve = go.Scatter(
            x=rows[LAYER].to_numpy(), y=rows["median_r2_c"].to_numpy(), name=name, mode="lines",
            line={"color": colour, "dash": "dot", "width": 1},
            error_y={"array": rows["sem"].to_numpy(), "thickness": 1}, visible="legendonly",
            legendgroup=f"published {region}", showlegend=row == 1, customdata=rows[["uncertainty"]].to_numpy(),
            hovertemplate=labeller("panels.published_hover", name=name) + "<extra></extra>",
        )  # fmt: skip
        figure.add_trace(curve, row=row, col=1)
