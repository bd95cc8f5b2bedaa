"""What is said over subjects: the depth of each region's best layer, and model against model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.voxels import ALL, BOTH, PANEL, ceiling_line, models_of, name_of_mean, panels
from helpers.names import MODEL, REGIONS, SUBJECT
from helpers.text import Labeller


def depth(
    frame: pd.DataFrame, hierarchy: pd.DataFrame | None = None, *, synthetic: bool, language: str = "en"
) -> go.Figure | text.Bilingual:
    """Relative depth of the best layer by region: a line per subject, their mean; one panel per model.

    The hover of a region's mean tells its contrast with Primary from `hierarchy`.
    """
    shown = frame[(frame["hemisphere"] == BOTH) & (frame["region"] != ALL)]
    if shown.empty or shown[SUBJECT].nunique() < 2:
        return text.both("say.no_depth")
    means = shown.groupby([MODEL, "region"], sort=False)["relative"].mean().reset_index()
    if hierarchy is not None:
        means = means.merge(hierarchy, on=[MODEL, "region"], how="left", validate="one_to_one")

    def build(labeller: Labeller) -> go.Figure:
        models = models_of(shown)
        figure = panels(models, labeller, vertical_spacing=0.26 / (len(models) + 1))
        for row, model in enumerate(models, start=1):
            for line in _depths(shown[shown[MODEL] == model], means[means[MODEL] == model], model, labeller, row == 1):
                figure.add_trace(line, row=row, col=1)
        style.laid_out(figure, labeller, labeller("figure.depth.title"), PANEL * len(models) + 100, synthetic)
        names = [labeller.name("region", region) for region in REGIONS]
        figure.update_xaxes(tickvals=list(range(len(REGIONS))), ticktext=names, showticklabels=True, range=[-0.5, 3.5])
        return figure.update_yaxes(title_text=labeller("axis.depth"), range=[-0.05, 1.05])

    def alt(labeller: Labeller) -> str:
        return labeller("figure.depth.alt", facts=" ".join(_depth_fact(means, m, labeller) for m in models_of(means)))

    return bilingual(build, alt, shown, language)


def _depths(rows: pd.DataFrame, means: pd.DataFrame, model: str, labeller: Labeller, first: bool) -> list[go.Scatter]:
    """A line per subject, beside each other where they are equal, and the means over subjects."""
    name, subjects = labeller.name("model", model), sorted(rows[SUBJECT].unique(), key=lambda s: (len(s), s))
    places = np.arange(len(REGIONS))
    lines = []
    for subject, shift in zip(subjects, np.linspace(-0.22, 0.22, len(subjects)), strict=True):
        own = rows[rows[SUBJECT] == subject].set_index("region").reindex(list(REGIONS))
        hover = labeller("figure.depth.hover", model=name, subject=style.plain(subject)) + "<extra></extra>"
        look = {"line": {"color": style.GREY, "width": 1}, "marker": {"size": 6}, "opacity": 0.7}
        lines.append(
            go.Scatter(
                x=places + shift, y=own["relative"].to_numpy(), mode="lines+markers", showlegend=False, **look,
                text=[labeller.name("region", region) for region in REGIONS],
                customdata=own[["n_voxels"]].to_numpy(), hovertemplate=hover,
            )
        )  # fmt: skip
    return [*lines, _depth_means(means, name, labeller).update(showlegend=first)]


def _depth_means(means: pd.DataFrame, model: str, labeller: Labeller) -> go.Scatter:
    """A bar at the mean of each region, whose hover tells the test against Primary."""
    own = means.set_index("region").reindex(list(REGIONS))
    hovers = ["figure.depth.mean_hover" if tested else "figure.depth.mean_bare" for tested in _tested(own)]
    look = {"symbol": "line-ew-open", "size": 40, "color": style.COLOURS[1], "line": {"width": 3}}
    return go.Scatter(
        x=np.arange(len(REGIONS)), y=own["relative"].to_numpy(), name=labeller("figure.depth.mean"), mode="markers",
        marker=look, text=[labeller.name("region", region) for region in REGIONS],
        customdata=own.reindex(columns=["difference", "low", "high", "w", "p_value", "n_subjects"]).to_numpy(float),
        hovertemplate=[labeller(hover, model=model) + "<extra></extra>" for hover in hovers],
    )  # fmt: skip


def _tested(means: pd.DataFrame) -> list[bool]:
    return means["p_value"].notna().tolist() if "p_value" in means else [False] * len(means)


def _depth_fact(means: pd.DataFrame, model: str, labeller: Labeller) -> str:
    own = means[means[MODEL] == model].set_index("region")["relative"]
    others = own.drop("Primary", errors="ignore").mean()
    words = {"depth": float(own.get("Primary", np.nan)), "others": float(others)}
    return labeller("figure.depth.alt_fact", model=labeller.name("model", model), **words)


def models(frame: pd.DataFrame, published: pd.DataFrame | None, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Mean r² of each model as a bar; beside it, apart, the within-subject error and the bootstrap interval."""

    def build(labeller: Labeller) -> go.Figure:
        names = [labeller.name("model", model) for model in frame[MODEL]]
        heights = zip(names, frame["mean_r2"], strict=True)
        figure = go.Figure([_bar(place, name, height) for place, (name, height) in enumerate(heights)])
        figure.update_traces(hovertemplate=labeller("figure.models.hover") + "<extra></extra>")
        figure.add_traces(_errors(frame, names, labeller))
        if (frame["metric"] == "r2_corrected").all():
            figure.add_trace(ceiling_line([-0.5, len(names) - 0.3], labeller))
        figure.add_traces(_published(published, len(names), labeller))
        style.laid_out(figure, labeller, labeller("figure.models.title"), 440, synthetic)
        bars = [trace for trace in figure.data if trace.type == "bar"]
        figure.update_xaxes(tickvals=[bar.x[0] for bar in bars], ticktext=[bar.text[0] for bar in bars], showgrid=False)
        return figure.update_yaxes(title_text=name_of_mean(frame, labeller), rangemode="tozero")

    def alt(labeller: Labeller) -> str:
        rows = zip(frame[MODEL], frame["mean_r2"], strict=True)
        facts = [labeller("figure.models.alt_fact", model=labeller.name("model", m), r2=float(r2)) for m, r2 in rows]
        return labeller("figure.models.alt", facts=" ".join(facts))

    return bilingual(build, alt, frame, language)


def _bar(place: int, name: str, height: float) -> go.Bar:
    marker = {"color": style.COLOURS[place % len(style.COLOURS)], "pattern": {"shape": ("", "/", ".", "x")[place % 4]}}
    return go.Bar(
        x=[place], y=[height], text=[name], name=name, textposition="none", width=0.5, showlegend=False, marker=marker
    )


def _errors(frame: pd.DataFrame, names: list[str], labeller: Labeller) -> list[go.Scatter]:
    """Within-subject error and bootstrap interval: two questions, so two marks; none where there is nothing to tell."""
    mean = frame["mean_r2"].to_numpy()
    within = {"array": frame["error"].to_numpy(), "width": 7, "thickness": 3}
    interval = {"array": frame["high"].to_numpy() - mean, "arrayminus": mean - frame["low"].to_numpy(), "width": 4}
    kinds = (("within", "error", within, "square", 0.33), ("interval", "low", interval, "circle-open", 0.43))
    return [
        go.Scatter(
            x=np.arange(len(names)) + beside, y=mean, error_y=error | {"symmetric": kind == "within"}, mode="markers",
            marker={"size": 7, "color": style.GREY, "symbol": symbol}, name=labeller(f"figure.models.{kind}"),
            text=names, customdata=frame[["error", "low", "high", "n_subjects"]].to_numpy(),
            hovertemplate=labeller(f"figure.models.{kind}_hover") + "<extra></extra>",
        )
        for kind, column, error, symbol, beside in kinds
        if frame[column].notna().any()
    ]  # fmt: skip


def _published(published: pd.DataFrame | None, first: int, labeller: Labeller) -> list[go.Bar]:
    """Published bars from place `first` on: hidden until their legend entry is clicked, and called published."""
    rows = published.itertuples() if published is not None else ()
    return [
        _bar(place, row.model, row.median_r2_c).update(
            name=labeller("figure.published_bar", name=row.model), visible="legendonly", showlegend=True,
            error_y={"array": [row.sem]}, marker={"color": style.GREY}, customdata=[[row.uncertainty]],
            hovertemplate=labeller("figure.published_hover", name=row.model) + "<extra></extra>",
        )
        for place, row in enumerate(rows, start=first)
    ]  # fmt: skip
