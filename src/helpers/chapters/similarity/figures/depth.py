"""Similarity by relative depth: a panel per set and region, a line per network, ceilings as a band where known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.similarity.figures import looks
from helpers.chapters.similarity.titles import titles
from helpers.names import LAYER, MODEL
from helpers.plotting import panels, references, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

GRID = np.linspace(0, 1, 21)  # depths at which controls of unequal numbers of layers are summed up
ONLY = 0.5  # where a single layer is drawn
CEILING = "#8C6D31"  # the colour of no network
BANDS = {  # a line at each end, so that the band is seen without its colour
    "lower": {"color": CEILING, "width": 1, "dash": "longdash"},
    "upper": {"color": CEILING, "width": 1, "dash": "solid"},
}

text.words(
    "figure.alike_depth",
    en={
        "title": "Which layers find the same sounds alike as the brain",
        "x": "Depth (0 to 1)",
        "hover": "{model}<br>Layer %{{customdata}}, depth %{{x:.2f}}<br>Similarity: %{{y:.2f}}",
        "baseline_hover": "{model} (baseline)<br>Similarity: %{{y:.2f}}",
        "control_hover": "{name}<br>Similarity, mean: %{{y:.2f}}",
        "ceiling": "Ceiling, from lower to upper",
        "ceiling_hover": "Ceiling: {lower} to {upper}",
        "alt": (
            "{k} {k:panel|panels}, one per set of responses or region: {measure} of {n} {n:network|networks} from the "
            "first layer (0) to the last (1){baselines}{controls}. {facts}"
        ),
        "alt_baselines": ", with {m} {m:baseline|baselines} as lines",
        "alt_controls": ", with bands for controls of their weights",
        "alt_fact": "{target}: highest {rsa}, at layer {layer} of {model}; {ceiling}.",
        "alt_none": "{target}: no layer has a value.",
        "alt_ceiling": "the ceiling lies between {lower} and {upper}",
        "alt_unknown": "the ceiling is unknown and not drawn",
    },
    es={
        "title": "Qué capas encuentran parecidos los mismos sonidos que el cerebro",
        "x": "Profundidad (0 a 1)",
        "hover": "{model}<br>Capa %{{customdata}}, profundidad %{{x:.2f}}<br>Similitud: %{{y:.2f}}",
        "baseline_hover": "{model} (línea de base)<br>Similitud: %{{y:.2f}}",
        "control_hover": "{name}<br>Similitud, media: %{{y:.2f}}",
        "ceiling": "Techo, de la cota inferior a la superior",
        "ceiling_hover": "Techo: de {lower} a {upper}",
        "alt": (
            "{k} {k:panel|paneles}, uno por conjunto de respuestas o región: {measure} de {n} {n:red|redes} desde su "
            "primera capa (0) hasta la última (1){baselines}{controls}. {facts}"
        ),
        "alt_baselines": ", con {m} {m:línea|líneas} de base",
        "alt_controls": ", con bandas para los controles de sus pesos",
        "alt_fact": "{target}: máximo {rsa}, en la capa {layer} de {model}; {ceiling}.",
        "alt_none": "{target}: ninguna capa tiene un valor.",
        "alt_ceiling": "el techo está entre {lower} y {upper}",
        "alt_unknown": "el techo no se conoce y no se dibuja",
    },
)


def by_depth(curves: pd.DataFrame, ceilings: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the similarity of every layer by its relative depth, with baselines, controls and ceilings.

    curves : as `analysis.curves` returns them; the controls of all networks together are one band
    ceilings : as `analysis.ceilings` returns them; a region whose ceiling is missing has no band
    """
    shown = curves.round({"rsa": looks.DIGITS, "low": looks.DIGITS, "high": looks.DIGITS})
    bounds = ceilings.round({"lower": looks.DIGITS, "upper": looks.DIGITS})
    places, networks = looks.panels_of(shown), looks.networks_of(shown)
    controls = [role for role in references.MARKS if (shown["role"] == role).any()]

    def build(labeller: Labeller) -> go.Figure:
        names = titles(labeller, places)  # words already, and no kind but that of subjects leaves any as it is
        figure = panels.grid(names, labeller, "subject")
        seen = set()  # what stands in the legend already
        for at, panel in enumerate(places):
            own = looks.within(shown, panel)
            for trace in _traces(own, looks.within(bounds, panel), networks, controls, labeller):
                trace.showlegend = trace.legendgroup not in seen and trace.name is not None
                seen |= {trace.legendgroup} if trace.showlegend else set()
                figure.add_trace(trace, **panels.place(at))
        n_entries = len(networks) + len(looks.baselines_of(shown)) + 2 * len(controls) + 2
        height = 110 + panels.ROW * panels.n_rows(places) + (140 if len(places) == 1 else 0) + 11 * n_entries
        style.laid_out(figure, labeller, labeller("figure.alike_depth.title"), height, synthetic)
        figure.update_xaxes(range=[-0.05, 1.05], tickvals=[0, 0.5, 1])
        figure.update_yaxes(range=looks.span(shown["low"], shown["high"], bounds["upper"]), tickformat=".1f")
        panels.titled(figure, places, labeller("figure.alike_depth.x"), looks.axis(shown, labeller))
        return style.narrowed(figure, height + looks.NARROW)

    return bilingual(build, lambda labeller: _alt(curves, ceilings, places, labeller), shown, language)


def _traces(own: pd.DataFrame, bounds: pd.DataFrame, networks: list[str], controls: list[str], labeller) -> list:
    traces = _ceiling(bounds, labeller)
    for role in controls:
        traces += _control(own[own["role"] == role], role, labeller)
    for index, model in enumerate(looks.baselines_of(own)):
        traces.append(_baseline(own[(own["role"] == looks.BASELINE) & (own[MODEL] == model)], index, labeller))
    for index, model in enumerate(networks):
        rows = own[(own["role"] == looks.TRAINED) & (own[MODEL] == model)].sort_values(LAYER)
        name = style.name(labeller, "model", model)
        look = style.of_model(index)
        traces.append(
            go.Scatter(
                x=rows["relative"].fillna(ONLY).to_numpy(), y=rows["rsa"].to_numpy(), name=name, legendgroup=model,
                mode="lines+markers", customdata=rows[LAYER].to_numpy(), line=look["line"] | {"width": 1.5},
                marker=look["marker"] | {"size": 6},
                hovertemplate=labeller("figure.alike_depth.hover", model=name) + "<extra></extra>",
            )
        )  # fmt: skip
    return traces


def _ceiling(bounds: pd.DataFrame, labeller: Labeller) -> list[go.Scatter]:
    """Return the band between both ceilings and a line at each; nothing where they are unknown."""
    if bounds.empty or bounds["upper"].isna().any():
        return []
    ends, levels = np.array([-0.05, 1.05]), {end: float(bounds[end].iloc[0]) for end in BANDS}
    low, high = (np.full(2, level) for level in levels.values())
    traces = [panels.band(ends, low, high, style.faint(CEILING, 0.2), legendgroup="ceiling")]
    hover = labeller("figure.alike_depth.ceiling_hover", **levels) + "<extra></extra>"
    for end, line in BANDS.items():
        look = {"mode": "lines", "line": line, "legendgroup": "ceiling", "hovertemplate": hover}
        name = labeller("figure.alike_depth.ceiling") if end == "upper" else None
        traces.append(go.Scatter(x=ends, y=np.full(2, levels[end]), name=name, **look))
    return traces


def _control(own: pd.DataFrame, role: str, labeller: Labeller) -> list[go.Scatter]:
    """Return the range over networks of one control, and their mean, between layers by straight lines."""
    low, middle, high = (_at_depths(own, column) for column in ("low", "rsa", "high"))
    name = references.control(labeller, role, len(np.unique(middle, axis=0)))
    area, look = references.drawn(role, GRID, low.min(0), high.max(0))
    hover = labeller("figure.alike_depth.control_hover", name=name) + "<extra></extra>"
    line = go.Scatter(x=GRID, y=middle.mean(0).round(looks.DIGITS), name=name, hovertemplate=hover, **look)
    return [area, line]


def _at_depths(own: pd.DataFrame, column: str) -> np.ndarray:
    """Return the values of each network at the depths of GRID (network, depth); a single layer is the same at all."""
    curves = []
    for _, rows in own.groupby(MODEL, sort=False):
        known = rows.sort_values(LAYER).dropna(subset=[column])
        if len(known):
            curves.append(np.interp(GRID, known["relative"].fillna(ONLY), known[column]))
    return np.array(curves) if curves else np.full((1, len(GRID)), np.nan)


def _baseline(rows: pd.DataFrame, index: int, labeller: Labeller) -> go.Scatter:
    """Return a line at the highest layer of a baseline, which has one as a rule."""
    model = rows[MODEL].iloc[0]
    name, dash = style.name(labeller, "model", model), style.DASHES[(index + 1) % len(style.DASHES)]
    return go.Scatter(
        x=[-0.05, 1.05], y=[float(rows["rsa"].max())] * 2, name=name, mode="lines", legendgroup=f"baseline {model}",
        line={"color": style.GREY, "dash": dash, "width": 2},
        hovertemplate=labeller("figure.alike_depth.baseline_hover", model=name) + "<extra></extra>",
    )  # fmt: skip


def _alt(shown: pd.DataFrame, bounds: pd.DataFrame, places: list, labeller: Labeller) -> str:
    facts = []
    for panel, target in zip(places, titles(labeller, places), strict=True):
        own = looks.within(shown, panel)
        known = own[own["role"] == looks.TRAINED].dropna(subset=["rsa"])
        if known.empty:
            facts.append(labeller("figure.alike_depth.alt_none", target=target))
            continue
        top, ceiling = known.nlargest(1, "rsa").iloc[0], looks.within(bounds, panel)
        words = {"target": target, "model": labeller.name("model", top[MODEL]), "rsa": float(top["rsa"])}
        limit = labeller("figure.alike_depth.alt_unknown")
        if len(ceiling) and ceiling["upper"].notna().all():
            ends = {end: float(ceiling[end].iloc[0]) for end in BANDS}
            limit = labeller("figure.alike_depth.alt_ceiling", **ends)
        facts.append(labeller("figure.alike_depth.alt_fact", layer=int(top[LAYER]), ceiling=limit, **words))
    has_controls = shown["role"].isin(list(references.MARKS)).any()
    words = {"controls": labeller("figure.alike_depth.alt_controls") if has_controls else ""}
    n_baselines = len(looks.baselines_of(shown))
    words |= {"baselines": labeller("figure.alike_depth.alt_baselines", m=n_baselines) if n_baselines else ""}
    counts = {"k": len(places), "n": len(looks.networks_of(shown))}
    words |= {"measure": looks.inline(shown, labeller), "facts": " ".join(facts)}
    return labeller("figure.alike_depth.alt", **counts, **words)
