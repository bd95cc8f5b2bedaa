"""Latency by relative depth: a panel per group of targets, a line per network, intervals as bars."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.time_course.figures import looks
from helpers.names import LAYER, MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

GROUP = "group"
APART = 0.012  # of relative depth, between networks, so that bars at the same depth do not cover each other

text.words(
    "figure.time_depth",
    en={
        "title": "When r² reaches half of its maximum",
        "x": "Depth (0 to 1)",
        "y": "Latency (ms)",
        "hover": (
            "{model}, layer %{{customdata[0]}}<br>%{{y:.0f}} ms (interval %{{customdata[1]:.0f}} – "
            "%{{customdata[2]:.0f}})<br>Responses with a latency: %{{customdata[3]}}"
        ),
        "alt": (
            "{k} {k:panel|panels}, one per group of responses: latency of {n} {n:network|networks} against the "
            "relative depth of their layers, with intervals. {facts}"
        ),
        "fact": "{group}: latencies go from {low:0} to {high:0} ms.",
        "fact_none": "{group}: no layer has a latency.",
    },
    es={
        "title": "Cuándo llega r² a la mitad de su máximo",
        "x": "Profundidad (0 a 1)",
        "y": "Latencia (ms)",
        "hover": (
            "{model}, capa %{{customdata[0]}}<br>%{{y:.0f}} ms (intervalo: %{{customdata[1]:.0f}} – "
            "%{{customdata[2]:.0f}})<br>Respuestas con latencia: %{{customdata[3]}}"
        ),
        "alt": (
            "{k} {k:panel|paneles}, uno por grupo de respuestas: latencia de {n} {n:red|redes} según la profundidad "
            "relativa de sus capas, con intervalos. {facts}"
        ),
        "fact": "{group}: las latencias van de {low:0} a {high:0} ms.",
        "fact_none": "{group}: ninguna capa tiene latencia.",
    },
)


def by_depth(layers: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the latency of every layer of every network by its relative depth, a panel per group of targets.

    layers : group, model, layer, relative, latency_ms, low, high, n_targets
    """
    shown = layers.round({"latency_ms": 1, "low": 1, "high": 1})
    groups, models = panels.in_order(shown[GROUP]), panels.models_of(shown)
    highest = float(np.nanmax([*shown["latency_ms"], *shown["high"], 100.0]))

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.grid(groups, labeller)
        for panel, group in enumerate(groups):
            for index, model in enumerate(models):
                own = shown[(shown[GROUP] == group) & (shown[MODEL] == model)].sort_values(LAYER)
                figure.add_trace(_line(own, model, index, len(models), labeller, panel == 0), **panels.place(panel))
        height = 95 + panels.ROW * panels.n_rows(groups) + 22 * ((len(models) + 1) // 2)
        style.laid_out(figure, labeller, labeller("figure.time_depth.title"), height, synthetic)
        figure.update_xaxes(range=[-0.08, 1.08], tickvals=[0, 0.5, 1])
        figure.update_yaxes(range=[0, 1.05 * highest])
        return panels.titled(figure, groups, labeller("figure.time_depth.x"), labeller("figure.time_depth.y"))

    def alt(labeller: Labeller) -> str:
        words = {"k": len(groups), "n": len(models)}
        return labeller("figure.time_depth.alt", facts=_facts(shown, labeller), **words)

    return bilingual(build, alt, shown.rename(columns={GROUP: TARGET}), language)


def _line(own: pd.DataFrame, model: str, index: int, n: int, labeller: Labeller, first: bool) -> go.Scatter:
    name, look, middle = style.name(labeller, "model", model), style.of_model(index), own["latency_ms"].to_numpy()
    up, down = own["high"].to_numpy() - middle, middle - own["low"].to_numpy()
    bars = {"array": up, "arrayminus": down, "symmetric": False, "thickness": 1, "width": 2, "type": "data"}
    bars |= {"color": look["line"]["color"]}
    return go.Scatter(
        x=own["relative"].fillna(looks.ONLY).to_numpy() + APART * (index - (n - 1) / 2), y=middle, error_y=bars,
        mode="lines+markers", name=name, legendgroup=model, showlegend=first, **look,
        customdata=own[[LAYER, "low", "high", "n_targets"]].to_numpy(float),
        hovertemplate=labeller("figure.time_depth.hover", model=name) + "<extra></extra>",
    )  # fmt: skip


def _facts(shown: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for group, own in shown.groupby(GROUP, sort=False):
        known, words = own["latency_ms"].dropna(), {"group": labeller.name("target", group)}
        if known.empty:
            facts.append(labeller("figure.time_depth.fact_none", **words))
        else:
            facts.append(labeller("figure.time_depth.fact", low=float(known.min()), high=float(known.max()), **words))
    return " ".join(facts)
