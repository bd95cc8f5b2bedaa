"""Sound by sound at one moment: measured against predicted responses, a slider of time, a menu of targets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import CATEGORY, LAYER, MODEL, SOUND, TARGET, TIME
from helpers.plotting import facts, panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

DIGITS = 2  # of standard deviations
START = 0.5  # s, near which the slider begins

text.words(
    "figure.moments",
    en={
        "title": "Sound by sound, moment by moment (click a point to play its sound)",
        "time": "Time from onset: ",
        "step": "{time} s",
        "hover": "%{{text}} ({category})<br>Measured: %{{x:.2f}}<br>Predicted: %{{y:.2f}}<br>{model}, layer {layer}",
        "alt": (
            "Measured against predicted response of {n} sounds, marked by category, with a menu of {k} "
            "{k:response|responses} and a slider of {m} {m:moment|moments}. {facts}"
        ),
        "fact": "{target}: the correlation over sounds is highest, {r}, {time} s after onset.",
    },
    es={
        "title": "Sonido por sonido, momento por momento (un clic en un punto reproduce su sonido)",
        "time": "Tiempo desde el inicio: ",
        "step": "{time} s",
        "hover": "%{{text}} ({category})<br>Medido: %{{x:.2f}}<br>Predicho: %{{y:.2f}}<br>{model}, capa {layer}",
        "alt": (
            "Respuesta medida frente a predicha de {n} sonidos, marcados por categoría, con un menú de {k} "
            "{k:respuesta|respuestas} y un control deslizante de {m} {m:instante|instantes}. {facts}"
        ),
        "fact": "{target}: la correlación entre sonidos es máxima, {r}, a los {time} s del inicio.",
    },
)


def moments(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw measured against predicted responses at one time; a slider moves it, a menu chooses the target.

    frame: target, model, layer, time, sound, category, measured, predicted, r_pearson; all targets have the same times.
    A point's `id` is its sound, which the report plays when it is clicked.
    """
    shown = frame.round({"measured": DIGITS, "predicted": DIGITS, "r_pearson": DIGITS, TIME: 4})
    targets, categories = panels.targets_of(shown), panels.in_order(shown[CATEGORY])
    times = sorted(shown[TIME].unique().tolist())
    start = int(np.abs(np.array(times) - START).argmin())
    points = dict(list(shown.groupby([TARGET, CATEGORY, TIME], sort=False)))
    traces = [(target, category) for target in targets for category in categories]
    values = shown[["measured", "predicted"]].to_numpy()
    low, high = float(np.nanmin(values)), float(np.nanmax(values))

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for target, category in traces:
            index = categories.index(category)
            figure.add_trace(_points(points[target, category, times[start]], category, index, labeller))
        panels.choose(figure, [style.name(labeller, "target", target) for target in targets], (TARGET, targets))
        panels.diagonal(figure, low, high)
        style.laid_out(figure, labeller, labeller("figure.moments.title"), 720, synthetic)
        steps = [_step(points, traces, time, labeller) for time in times]
        figure.update_layout(sliders=[_slider(steps, start, labeller)], margin={"t": 130})
        ends = [low - 0.05 * (high - low), high + 0.05 * (high - low)]
        figure.update_xaxes(title_text=labeller("axis.measured"), range=ends)
        return figure.update_yaxes(title_text=labeller("axis.predicted"), range=ends)

    figure = bilingual(build, lambda labeller: _alt(shown, labeller), shown, language)
    figure.layout.meta = figure.layout.meta | {"sounds": sorted(set(shown[SOUND]))}
    return figure


def _points(own: pd.DataFrame, category: str, index: int, labeller: Labeller) -> go.Scatter:
    name = style.name(labeller, "category", category)
    words = {"model": style.name(labeller, "model", own[MODEL].iloc[0]), "layer": int(own[LAYER].iloc[0])}
    return go.Scatter(
        x=own["measured"].to_numpy(), y=own["predicted"].to_numpy(), mode="markers", name=name,
        marker=style.of_category(index), ids=own[SOUND].tolist(), text=own[SOUND].map(style.plain).tolist(),
        hovertemplate=labeller("figure.moments.hover", category=name, **words) + "<extra></extra>",
    )  # fmt: skip


def _step(points: dict, traces: list, time: float, labeller: Labeller) -> dict:
    """Return the slider's step that moves the points of all targets to a time, so that the menu stays as it is."""
    own = [points[target, category, time] for target, category in traces]
    moved = {"x": [one["measured"].tolist() for one in own], "y": [one["predicted"].tolist() for one in own]}
    label = labeller("figure.moments.step", time=float(time))
    return {"method": "restyle", "args": [moved, list(range(len(traces)))], "label": label}


def _slider(steps: list[dict], start: int, labeller: Labeller) -> dict:
    """Return the slider, above the legend; only the current time is written, which a phone's width can show."""
    return {
        "steps": steps, "active": start, "x": 0, "len": 1, "y": 0, "yanchor": "top", "pad": {"t": 60, "b": 10},
        "currentvalue": {"prefix": labeller("figure.moments.time"), "font": {"size": 14, "color": style.GREY}},
        "ticklen": 4, "font": {"size": 1, "color": "rgba(0,0,0,0)"},
    }  # fmt: skip


def _alt(shown: pd.DataFrame, labeller: Labeller) -> str:
    words = [
        labeller(
            "figure.moments.fact", target=labeller.name("target", row.target), r=float(row.r_pearson),
            time=float(row.time),
        )
        for row in facts.highest(shown, [TARGET], "r_pearson").itertuples()
    ]  # fmt: skip
    counts = {"n": shown[SOUND].nunique(), "k": shown[TARGET].nunique(), "m": shown[TIME].nunique()}
    return labeller("figure.moments.alt", facts=" ".join(words), **counts)
