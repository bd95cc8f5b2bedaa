"""Over subjects: the depth of each region's best layer, and model against model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.brain.regions import FUNCTIONAL, FUNCTIONAL_REGIONS, REGION
from helpers.chapters.voxelwise.figures import divisions
from helpers.chapters.voxelwise.figures.curves import NONE, mean_of
from helpers.names import LAYER, MODEL, REGIONS, SUBJECT, TARGET, VOXELS
from helpers.plotting import panels, style
from helpers.plotting import references as beside
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

REFERENCE = {REGION: REGIONS[0], FUNCTIONAL: FUNCTIONAL_REGIONS[0]}  # what the others of a division are compared with
WORD = 10  # letters of a line of a network's name below its bar
TESTED = ["difference", "low", "high", "w", "p_value", "n_subjects"]

text.words(
    "figure.depth",
    en={
        "title": "Relative depth of the best layer, by region and subject",
        "y": "Relative depth",
        "hover": "{model}<br>Subject {subject}, %{{text}}<br>Relative depth: %{{y:.2f}}<br>Voxels: %{{customdata[0]}}",
        "mean": "Mean over subjects",
        "mean_bare": "{model}<br>%{{text}}<br>Mean over subjects: %{{y:.2f}}",
        "mean_hover": (
            "{model}<br>%{{text}}<br>Mean over subjects: %{{y:.2f}}"
            "<br>Minus {reference}: %{{customdata[0]:.2f}} "
            "(95 % interval %{{customdata[1]:.2f}} – %{{customdata[2]:.2f}})"
            "<br>Wilcoxon, one-sided: W = %{{customdata[3]:.1f}}, p = %{{customdata[4]:.4f}}"
            "<br>Subjects: %{{customdata[5]}}"
        ),
        "alt": "Relative depth of the best layer by region, one line per subject, one panel per model. {facts}",
        "alt_fact": "{model}, mean over subjects: {depths}.",
    },
    es={
        "title": "Profundidad relativa de la mejor capa, por región y sujeto",
        "y": "Profundidad relativa",
        "hover": (
            "{model}<br>Sujeto {subject}, %{{text}}<br>Profundidad relativa: %{{y:.2f}}<br>Vóxeles: %{{customdata[0]}}"
        ),
        "mean": "Media entre sujetos",
        "mean_bare": "{model}<br>%{{text}}<br>Media entre sujetos: %{{y:.2f}}",
        "mean_hover": (
            "{model}<br>%{{text}}<br>Media entre sujetos: %{{y:.2f}}"
            "<br>Menos {reference}: %{{customdata[0]:.2f}} "
            "(intervalo del 95 %: %{{customdata[1]:.2f}} – %{{customdata[2]:.2f}})"
            "<br>Wilcoxon, una cola: W = %{{customdata[3]:.1f}}, p = %{{customdata[4]:.4f}}"
            "<br>Sujetos: %{{customdata[5]}}"
        ),
        "alt": "Profundidad relativa de la mejor capa por región, una línea por sujeto y un panel por modelo. {facts}",
        "alt_fact": "{model}, media entre sujetos: {depths}.",
    },
)


def depth(
    frame: pd.DataFrame, means: pd.DataFrame, *, synthetic: bool, language: str = "en"
) -> go.Figure | text.Bilingual:
    """Draw the relative depth of the best layer by region: a line per subject, their mean; one panel per model.

    frame: model, subject, region, hemisphere, relative, n_voxels[, division]; the rows of single regions in both
    hemispheres are drawn; several divisions stand side by side, and a menu shows one of them. means: model, region,
    relative (mean over subjects)[, division] and, where the hierarchy was tested, difference (from the first region),
    low, high, w, p_value, n_subjects, shown in the hover text of a mean.
    """
    shown = frame[(frame["hemisphere"] == panels.BOTH) & ~frame["region"].isin([panels.ALL, ""])]
    if shown.empty or shown[SUBJECT].nunique() < 2:
        return text.both("say.no_depth")
    models, parts, of_means = panels.models_of(shown), divisions.divided(shown), divisions.divided(means)
    regions = {division: panels.regions_of(part) for division, part in parts.items()}
    starts = dict(zip(parts, np.cumsum([0, *(len(names) + 1 for names in regions.values())]).tolist(), strict=False))

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.stacked(models, labeller, vertical_spacing=0.26 / (len(models) + 1))
        for row, model in enumerate(models, start=1):
            for division, part in parts.items():
                own, average = (one[one[MODEL] == model] for one in (part, of_means[division]))
                lines = _subjects(own, regions[division], starts[division], labeller) if len(own) else []
                mean = _means(average, regions[division], division, starts[division], labeller)
                for line in (*lines, mean.update(showlegend=row == 1 and starts[division] == 0)):
                    figure.add_trace(line, row=row, col=1)
        height = panels.PANEL * len(models) + 100
        style.laid_out(figure, labeller, labeller("figure.depth.title"), height, synthetic)
        if len(parts) > 1:
            figure.update_layout(height=height + 40, margin={"t": 128})
        words = [word for names in regions.values() for word in _names(names, labeller)]
        places = [starts[division] + place for division, names in regions.items() for place in range(len(names))]
        figure.update_xaxes(tickvals=places, ticktext=words, showticklabels=True, tickangle=0)
        spans = [(starts[division] - 0.5, starts[division] + len(names) - 0.5) for division, names in regions.items()]
        panels.spans(figure, divisions.names(list(parts), labeller), spans, (divisions.DIVISION, list(parts)))
        figure.update_yaxes(title_text=labeller("figure.depth.y"), range=[-0.05, 1.05])
        return panels.spread(figure, len(models))

    def alt(labeller: Labeller) -> str:
        facts = " ".join(
            _fact(of_means[division][of_means[division][MODEL] == model], regions[division], labeller)
            for model in models
            for division in parts
        )
        return labeller("figure.depth.alt", facts=facts)

    return bilingual(build, alt, shown, language)


def _names(regions: list[str], labeller: Labeller) -> list[str]:
    return [style.name(labeller, "region", region) for region in regions]


def _subjects(rows: pd.DataFrame, regions: list[str], start: int, labeller: Labeller) -> list[go.Scatter]:
    """Return a line per subject, from place `start` on; shifted, so that equal depths do not hide each other."""
    name, subjects = style.name(labeller, "model", rows[MODEL].iloc[0]), sorted(set(rows[SUBJECT]), key=_number_last)
    look = {"line": {"color": style.GREY, "width": 1}, "marker": {"size": 6}, "opacity": 0.7}
    lines = []
    for subject, shift in zip(subjects, np.linspace(-0.22, 0.22, len(subjects)), strict=True):
        own = rows[rows[SUBJECT] == subject].set_index("region").reindex(regions)
        words = {"model": name, "subject": style.name(labeller, "subject", subject)}
        line = go.Scatter(
            x=start + np.arange(len(regions)) + shift, y=own["relative"].to_numpy(), mode="lines+markers",
            showlegend=False, text=_names(regions, labeller), customdata=own[["n_voxels"]].to_numpy(),
            hovertemplate=labeller("figure.depth.hover", **words) + "<extra></extra>", **look,
        )  # fmt: skip
        lines.append(line)
    return lines


def _number_last(subject: str) -> tuple[int, str]:
    """Return a sorting key that puts S2 before S10."""
    return len(subject), subject


def _means(means: pd.DataFrame, regions: list[str], division: str, start: int, labeller: Labeller) -> go.Scatter:
    """Return a bar at the mean of each region, with the test against the first region in its hover text."""
    own = means.set_index("region").reindex(regions).reindex(columns=["relative", *TESTED])
    words = {"model": "", "reference": style.name(labeller, "region", REFERENCE[division])}
    if len(means):
        words["model"] = style.name(labeller, "model", means[MODEL].iloc[0])
    tested = labeller("figure.depth.mean_hover", **words) + "<extra></extra>"
    bare = labeller("figure.depth.mean_bare", model=words["model"]) + "<extra></extra>"
    look = {"symbol": "line-ew-open", "size": 40, "color": style.COLOURS[1], "line": {"width": 3}}
    return go.Scatter(
        x=start + np.arange(len(regions)), y=own["relative"].to_numpy(float), name=labeller("figure.depth.mean"),
        legendgroup="mean",
        mode="markers", marker=look, text=_names(regions, labeller), customdata=own[TESTED].to_numpy(float),
        hovertemplate=[bare if np.isnan(p_value) else tested for p_value in own["p_value"].astype(float)],
    )  # fmt: skip


def _fact(means: pd.DataFrame, regions: list[str], labeller: Labeller) -> str:
    depths = means.set_index("region")["relative"].reindex(regions)
    said = [f"{labeller.name('region', region)} {labeller.number(value)}" for region, value in depths.items()]
    model = labeller.name("model", means[MODEL].iloc[0]) if len(means) else ""
    return labeller("figure.depth.alt_fact", model=model, depths="; ".join(said))


text.words(
    "figure.models",
    en={
        "title": "Model against model",
        "hover": "%{{text}}<br>{measure}: %{{y:.3f}}",
        "within": "Within-subject error (compares models)",
        "within_hover": "%{{text}}<br>%{{y:.3f}} ± %{{customdata[0]:.3f}}<br>Subjects: %{{customdata[3]}}",
        "interval": "95 % interval for other subjects (t)",
        "interval_hover": (
            "%{{text}}<br>95 % interval: %{{customdata[1]:.3f}} – %{{customdata[2]:.3f}}"
            "<br>Subjects: %{{customdata[3]}}"
        ),
        "alt": "Bars of {measure} for each model, layer chosen and read on different splits. {facts}",
        "alt_fact": "{model} reaches {r2}.",
    },
    es={
        "title": "Modelo contra modelo",
        "hover": "%{{text}}<br>{measure}: %{{y:.3f}}",
        "within": "Error intrasujeto (compara modelos)",
        "within_hover": "%{{text}}<br>%{{y:.3f}} ± %{{customdata[0]:.3f}}<br>Sujetos: %{{customdata[3]}}",
        "interval": "Intervalo del 95 % con otros sujetos (t)",
        "interval_hover": (
            "%{{text}}<br>Intervalo del 95 %: %{{customdata[1]:.3f}} – %{{customdata[2]:.3f}}"
            "<br>Sujetos: %{{customdata[3]}}"
        ),
        "alt": "Barras de {measure} de cada modelo, con la capa elegida y leída en particiones distintas. {facts}",
        "alt_fact": "{model} alcanza {r2}.",
    },
)


def models(
    frame: pd.DataFrame, published: pd.DataFrame | None, references: pd.DataFrame | None = None, *, synthetic: bool,
    language: str = "en",
) -> go.Figure:  # fmt: skip
    """Draw the mean r² of each model as a bar; beside it, apart, within-subject error and interval over subjects.

    frame: model, mean_r2, error, low, high, n_subjects, metric; references: role, model, mean_r2 of baselines, drawn as
    lines, and of controls, left of their model's bar; published (model, median_r2_c, sem, uncertainty) is offered
    as more bars.
    """

    references = NONE if references is None else references

    def build(labeller: Labeller) -> go.Figure:
        names = [style.name(labeller, "model", model) for model in frame[MODEL]]
        heights = zip(names, frame["mean_r2"], strict=True)
        figure = go.Figure([_bar(place, name, height) for place, (name, height) in enumerate(heights)])
        hover = labeller("figure.models.hover", measure=mean_of(frame, labeller))
        figure.update_traces(hovertemplate=hover + "<extra></extra>")
        figure.add_traces(_errors(frame, names, labeller))
        if panels.is_corrected(frame):
            figure.add_trace(panels.ceiling_line([-0.5, len(names) - 0.3], labeller))
        figure.add_traces(_beside(references, list(frame[MODEL]), mean_of(frame, labeller), labeller))
        figure.add_traces(_published(published, len(names), labeller))
        style.laid_out(figure, labeller, labeller("figure.models.title"), 440, synthetic)
        bars = [trace for trace in figure.data if trace.type == "bar"]
        names = [style.broken(bar.text[0], WORD) for bar in bars]  # turned, the last one would not be shown on a phone
        figure.update_xaxes(tickvals=[bar.x[0] for bar in bars], ticktext=names, showgrid=False)
        y = style.broken(mean_of(frame, labeller), style.AXIS)
        return figure.update_yaxes(title_text=y, rangemode="tozero")

    def alt(labeller: Labeller) -> str:
        rows = zip(frame[MODEL], frame["mean_r2"], strict=True)
        facts = [labeller("figure.models.alt_fact", model=labeller.name("model", m), r2=float(r2)) for m, r2 in rows]
        statistic = "median" if frame["n_subjects"].max() < 2 else "mean"
        measure = panels.measure(frame, labeller, statistic, inline=True)
        return labeller("figure.models.alt", measure=measure, facts=" ".join(facts))

    return bilingual(build, alt, frame, language)


def _bar(place: int, name: str, height: float) -> go.Bar:
    marker = {"color": style.COLOURS[place % len(style.COLOURS)], "pattern": {"shape": ("", "/", ".", "x")[place % 4]}}
    return go.Bar(
        x=[place], y=[height], text=[name], name=name, textposition="none", width=0.5, showlegend=False, marker=marker
    )


def _errors(frame: pd.DataFrame, names: list[str], labeller: Labeller) -> list[go.Scatter]:
    """Return within-subject error and the interval over subjects as separate marks; none where both are missing."""
    mean = frame["mean_r2"].to_numpy()
    within = {"array": frame["error"].to_numpy(), "width": 7, "thickness": 3}
    interval = {"array": frame["high"].to_numpy() - mean, "arrayminus": mean - frame["low"].to_numpy(), "width": 4}
    kinds = (("within", "error", within, "square", 0.33), ("interval", "low", interval, "triangle-up", 0.43))
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


def _beside(references: pd.DataFrame, names: list[str], measure: str, labeller: Labeller) -> list[go.Scatter]:
    """Return a line for each baseline, and the marks of each control of the models in `names`."""
    baselines = references[references["role"] == beside.BASELINE].rename(columns={"mean_r2": "median_r2"})
    ends = [-0.5, len(names) - 0.3]
    lines = beside.by_layer(baselines.assign(**{TARGET: VOXELS, LAYER: np.nan}), VOXELS, ends, labeller, legend=True)
    for line in lines:
        line.hovertemplate = f"{line.name}<br>{measure}: %{{y:.3f}}<extra></extra>"
    controls = references[references["role"].isin(beside.MARKS) & references[MODEL].isin(names)]
    for role, own in controls.groupby("role", sort=False):
        marker = {"symbol": beside.MARKS[role], "size": 8, "color": style.GREY}
        name = beside.control(labeller, role, 1)
        lines.append(
            go.Scatter(
                x=[names.index(model) - 0.33 for model in own[MODEL]], y=own["mean_r2"].to_numpy(), mode="markers",
                name=name, marker=marker | {"line": {"color": style.GREY, "width": 1.5}},
                text=[style.name(labeller, "model", model) for model in own[MODEL]],
                hovertemplate=f"%{{text}}<br>{name}<br>{measure}: %{{y:.3f}}<extra></extra>",
            )
        )  # fmt: skip
    return lines


def _published(published: pd.DataFrame | None, first: int, labeller: Labeller) -> list[go.Bar]:
    """Return published bars from place `first` on, labelled as published and hidden until clicked in the legend."""
    rows = published.itertuples() if published is not None else ()
    return [
        _bar(place, row.model, row.median_r2_c).update(
            name=labeller("panels.published", name=row.model), visible="legendonly", showlegend=True,
            error_y={"array": [row.sem]}, marker={"color": style.GREY}, customdata=[[row.uncertainty]],
            hovertemplate=labeller("panels.published_hover", name=row.model) + "<extra></extra>",
        )
        for place, row in enumerate(rows, start=first)
    ]  # fmt: skip
