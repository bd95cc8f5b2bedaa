"""The voxel chapter's curves and bars: by layer, by region, by depth, model against model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers import text
from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.names import LAYER, MODEL, REGIONS, SUBJECT
from helpers.text import Labeller

ALL, BOTH = "all", "both"
PANEL = 330  # px, the height of one model's panel


def models_of(frame: pd.DataFrame) -> list[str]:
    """The models of a frame in the study's order."""
    return list(dict.fromkeys(frame[MODEL]))


def name_of_r2(frame: pd.DataFrame, labeller: Labeller) -> str:
    """The axis title of a median r², which says whether it is noise-corrected."""
    return labeller("axis.r2_corrected" if (frame["metric"] == "r2_corrected").all() else "axis.r2")


def panels(models: list[str], labeller: Labeller, **options) -> go.Figure:
    """One panel below the other for each model, which a phone's width can show."""
    titles = [labeller.name("model", model) for model in models]
    return make_subplots(rows=len(models), cols=1, subplot_titles=titles, shared_xaxes=True, **options)


def pooled(
    frame: pd.DataFrame, ceiling: pd.DataFrame, published: pd.DataFrame | None, *, synthetic: bool, language: str = "en"
) -> go.Figure:
    """Median r² over all voxels by layer; `published` (model, layer, median_r2_c) is offered as an overlay."""

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, model in enumerate(models_of(frame)):
            rows, name = frame[frame[MODEL] == model].sort_values(LAYER), labeller.name("model", model)
            limit = float(ceiling.set_index(MODEL)["ceiling"].get(model, np.nan))
            figure.add_trace(_band(rows, index))
            figure.add_scatter(
                x=rows[LAYER].to_numpy(), y=rows["median_r2"].to_numpy(), name=name, mode="lines+markers",
                customdata=np.c_[rows[["q25", "q75"]], np.full(len(rows), limit)],
                hovertemplate=labeller("figure.pooled.hover", model=name) + "<extra></extra>", **style.of_model(index),
            )  # fmt: skip
        _overlay(figure, published, labeller)
        _ceiling(figure, frame, ceiling, labeller)
        style.laid_out(figure, labeller, labeller("figure.pooled.title"), 500, synthetic)
        figure.update_xaxes(title_text=labeller("axis.layer"), dtick=1)
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
        line = {"color": style.GREY, "dash": "dot", "width": 1.5}
        y = rows["median_r2_c"].to_numpy()
        figure.add_scatter(x=rows[LAYER].to_numpy(), y=y, name=name, mode="lines", line=line, visible="legendonly")


def _ceiling(figure: go.Figure, frame: pd.DataFrame, ceiling: pd.DataFrame, labeller: Labeller) -> None:
    """The noise ceiling: 1 for corrected values, else the median over voxels where it is known."""
    corrected = (frame["metric"] == "r2_corrected").all()
    height = 1.0 if corrected else ceiling["ceiling"].median()
    if np.isnan(height):
        return
    name = labeller("figure.pooled.ceiling" if corrected else "figure.pooled.ceiling_raw")
    layers, line = [frame[LAYER].min(), frame[LAYER].max()], {"color": style.GREY, "dash": "longdash", "width": 1}
    figure.add_scatter(x=layers, y=[height, height], name=name, mode="lines", line=line, hoverinfo="skip")


def regions(
    frame: pd.DataFrame, published: pd.DataFrame | None, *, synthetic: bool, language: str = "en"
) -> go.Figure | text.Bilingual:
    """r² by layer for each region, with within-subject errors; one panel per model."""
    shown = frame[(frame["hemisphere"] == BOTH) & (frame["region"] != ALL)]
    if shown.empty:
        return text.both("say.no_depth")

    def build(labeller: Labeller) -> go.Figure:
        models = models_of(shown)
        figure = panels(models, labeller, vertical_spacing=0.1)
        for row, model in enumerate(models, start=1):
            for index, region in enumerate(REGIONS):
                line = _region(shown, model, region, index, labeller).update(showlegend=row == 1)
                figure.add_trace(line, row=row, col=1)
        _published_regions(figure, published, labeller)
        style.laid_out(figure, labeller, labeller("figure.regions.title"), PANEL * len(models) + 120, synthetic)
        figure.update_xaxes(dtick=1).update_xaxes(title_text=labeller("axis.layer"), row=len(models))
        return figure.update_yaxes(title_text=labeller("axis.mean_r2"), rangemode="tozero")

    facts = shown.loc[shown.groupby([MODEL, "region"], sort=False)["mean_r2"].idxmax()]
    return bilingual(build, lambda labeller: _alt("regions", facts, "mean_r2", labeller), shown, language)


def _region(frame: pd.DataFrame, model: str, region: str, index: int, labeller: Labeller) -> go.Scatter:
    rows = frame[(frame[MODEL] == model) & (frame["region"] == region)].sort_values(LAYER)
    words = {"model": labeller.name("model", model), "region": labeller.name("region", region)}
    return go.Scatter(
        x=rows[LAYER].to_numpy(), y=rows["mean_r2"].to_numpy(), name=words["region"], legendgroup=region,
        error_y={"array": rows["error"].to_numpy(), "thickness": 1}, mode="lines+markers",
        customdata=rows[["n_subjects", "n_voxels"]].to_numpy(),
        hovertemplate=labeller("figure.regions.hover", **words) + "<extra></extra>", **style.of_model(index),
    )  # fmt: skip


def _published_regions(figure: go.Figure, published: pd.DataFrame | None, labeller: Labeller) -> None:
    for region, rows in published.groupby("region", sort=False) if published is not None else ():
        name = labeller("figure.published", name=labeller.name("region", region))
        line = {"color": style.of_model(REGIONS.index(region))["line"]["color"], "dash": "dot", "width": 1}
        figure.add_trace(
            go.Scatter(
                x=rows[LAYER].to_numpy(), y=rows["median_r2_c"].to_numpy(), name=name, mode="lines", line=line,
                error_y={"array": rows["sem"].to_numpy(), "thickness": 1}, visible="legendonly",
            ),
            row=1, col=1,
        )  # fmt: skip


def depth(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | text.Bilingual:
    """Relative depth of the best layer by region: a line per subject, their mean; one panel per model."""
    shown = frame[(frame["hemisphere"] == BOTH) & (frame["region"] != ALL)]
    if shown.empty or shown[SUBJECT].nunique() < 2:
        return text.both("say.no_depth")
    means = shown.groupby([MODEL, "region"], sort=False, observed=True)["relative"].mean().reset_index()

    def build(labeller: Labeller) -> go.Figure:
        models = models_of(shown)
        figure = panels(models, labeller, vertical_spacing=0.1)
        for row, model in enumerate(models, start=1):
            for line in _depths(shown[shown[MODEL] == model], means[means[MODEL] == model], model, labeller, row == 1):
                figure.add_trace(line, row=row, col=1)
        style.laid_out(figure, labeller, labeller("figure.depth.title"), PANEL * len(models) + 100, synthetic)
        return figure.update_yaxes(title_text=labeller("axis.depth").split("(")[0], range=[-0.05, 1.05])

    def alt(labeller: Labeller) -> str:
        return labeller("figure.depth.alt", facts=" ".join(_depth_fact(means, m, labeller) for m in models_of(means)))

    return bilingual(build, alt, shown, language)


def _depths(rows: pd.DataFrame, means: pd.DataFrame, model: str, labeller: Labeller, first: bool) -> list[go.Scatter]:
    places = [labeller.name("region", region) for region in REGIONS]
    name = labeller.name("model", model)
    lines = []
    for subject, own in rows.groupby(SUBJECT, sort=False):
        y = own.set_index("region")["relative"].reindex(list(REGIONS)).to_numpy()
        hover = labeller("figure.depth.hover", model=name, subject=subject) + "<extra></extra>"
        look = {"line": {"color": style.GREY, "width": 1}, "marker": {"size": 6}, "opacity": 0.6}
        lines.append(go.Scatter(x=places, y=y, mode="lines+markers", hovertemplate=hover, showlegend=False, **look))
    mean = means.set_index("region")["relative"].reindex(list(REGIONS)).to_numpy()
    look = {"mode": "markers", "marker": {"symbol": "line-ew-open", "size": 34, "color": style.COLOURS[1]}}
    look["marker"]["line"] = {"width": 3, "color": style.COLOURS[1]}
    return [*lines, go.Scatter(x=places, y=mean, name=labeller("figure.depth.mean"), showlegend=first, **look)]


def _depth_fact(means: pd.DataFrame, model: str, labeller: Labeller) -> str:
    own = means[means[MODEL] == model].set_index("region")["relative"]
    others = own.drop("Primary", errors="ignore").mean()
    words = {"depth": float(own.get("Primary", np.nan)), "others": float(others)}
    return labeller("figure.depth.alt_fact", model=labeller.name("model", model), **words)


def models(frame: pd.DataFrame, published: pd.DataFrame | None, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Mean r² of each model: bars with within-subject errors, and the bootstrap interval beside them."""

    def build(labeller: Labeller) -> go.Figure:
        names = [labeller.name("model", model) for model in frame[MODEL]]
        figure = go.Figure()
        for index, (name, row) in enumerate(zip(names, frame.itertuples(), strict=True)):
            figure.add_bar(
                x=[name], y=[row.mean_r2], error_y={"array": [row.error]}, name=name, showlegend=False, width=0.5,
                marker={
                    "color": style.of_model(index)["line"]["color"],
                    "pattern": {"shape": " /.x"[index % 4].strip()},
                },
                hovertemplate=labeller("figure.models.hover", model=name) + "<extra></extra>",
            )  # fmt: skip
        middle, half = (frame["low"] + frame["high"]) / 2, (frame["high"] - frame["low"]) / 2
        figure.add_scatter(
            x=names, y=middle.to_numpy(), error_y={"array": half.to_numpy(), "width": 10, "color": style.GREY},
            mode="markers", marker={"size": 0.1, "color": style.GREY}, name=labeller("figure.models.interval"),
            customdata=frame[["low", "high"]].to_numpy(),
            hovertemplate=labeller("figure.models.interval_hover") + "<extra></extra>",
        )  # fmt: skip
        _published_models(figure, published, labeller)
        style.laid_out(figure, labeller, labeller("figure.models.title"), 440, synthetic)
        return figure.update_yaxes(title_text=labeller("axis.mean_r2"), rangemode="tozero")

    def alt(labeller: Labeller) -> str:
        rows = zip(frame[MODEL], frame["mean_r2"], strict=True)
        facts = [labeller("figure.models.alt_fact", model=labeller.name("model", m), r2=float(r2)) for m, r2 in rows]
        return labeller("figure.models.alt", facts=" ".join(facts))

    return bilingual(build, alt, frame, language)


def _published_models(figure: go.Figure, published: pd.DataFrame | None, labeller: Labeller) -> None:
    for row in published.itertuples() if published is not None else ():
        name = labeller("figure.published", name=row.model)
        figure.add_bar(
            x=[row.model], y=[row.median_r2_c], error_y={"array": [row.sem]}, name=name, visible="legendonly",
            marker={"color": style.GREY}, width=0.5,
        )  # fmt: skip


def _alt(family: str, facts: pd.DataFrame, value: str, labeller: Labeller) -> str:
    def fact(row: pd.Series) -> str:
        words = {"model": labeller.name("model", row[MODEL]), "layer": int(row[LAYER]), "r2": float(row[value])}
        region = {"region": labeller.name("region", row["region"])} if "region" in row else {}
        return labeller(f"figure.{family}.alt_fact", **words, **region)

    return labeller(f"figure.{family}.alt", facts=" ".join(fact(row) for _, row in facts.iterrows()))
