"""The spectra of the sounds, and how many dimensions each layer uses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import CATEGORY, LAYER, MODEL
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.plotting.facts import ends
from helpers.text import Labeller

TICKS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]  # kHz

text.words(
    "figure.spectra",
    en={
        "title": "Mean spectrum of the sounds of each category",
        "x": "Frequency (kHz)",
        "y": "Log energy after pre-emphasis",
        "all": "All categories",
        "hover": (
            "{category}<br>Frequency: %{{x:.2f}} kHz<br>Log energy: %{{y:.2f}} (quartiles over sounds "
            "%{{customdata[0]:.2f}} – %{{customdata[1]:.2f}})"
        ),
        "alt": (
            "Mean log mel spectrum of {n} categories of sounds, from {low} to {high} kHz, natural logarithm, after a "
            "pre-emphasis that raises high frequencies: without it, maxima lie lower. A menu adds the area "
            "between the quartiles over the sounds of a category. {facts}"
        ),
        "alt_fact": "{category}: with pre-emphasis strongest at {frequency} kHz.",
    },
    es={
        "title": "Espectro medio de los sonidos de cada categoría",
        "x": "Frecuencia (kHz)",
        "y": "Energía logarítmica tras el preénfasis",
        "all": "Todas las categorías",
        "hover": (
            "{category}<br>Frecuencia: %{{x:.2f}} kHz<br>Energía logarítmica: %{{y:.2f}} (cuartiles entre sonidos "
            "%{{customdata[0]:.2f}} – %{{customdata[1]:.2f}})"
        ),
        "alt": (
            "Espectro mel logarítmico medio de {n} categorías de sonidos, de {low} a {high} kHz, logaritmo natural, "
            "tras un preénfasis que realza las frecuencias altas: sin él, los máximos son más graves. Un menú "
            "agrega el área entre los cuartiles de los sonidos de una categoría. {facts}"
        ),
        "alt_fact": "{category}: con preénfasis, máximo en {frequency} kHz.",
    },
)


def spectra(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the mean log mel spectrum of each category; a menu adds the quartiles over the sounds of one.

    frame : category, frequency_khz, level, q25, q75
    """
    categories = panels.in_order(frame[CATEGORY])

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, category in enumerate(categories):
            rows, name = frame[frame[CATEGORY] == category], style.name(labeller, "category", category)
            dash = style.DASHES[index // len(style.OTHERS) % len(style.DASHES)]
            figure.add_scatter(
                x=rows["frequency_khz"].to_numpy(), y=rows["level"].to_numpy(), name=name, mode="lines",
                line=style.of_other(index)["line"] | {"dash": dash}, customdata=rows[["q25", "q75"]].to_numpy(),
                hovertemplate=labeller("figure.spectra.hover", category=name) + "<extra></extra>",
            )  # fmt: skip
        for index, category in enumerate(categories):
            columns = (frame.loc[frame[CATEGORY] == category, name] for name in ("frequency_khz", "q25", "q75"))
            area = panels.band(*map(np.asarray, columns), style.faint(style.of_other(index)["line"]["color"], 0.3))
            figure.add_trace(area.update(visible=False))
        names = [style.name(labeller, "category", category) for category in categories]
        every, n = [True] * len(categories), len(categories)
        shown = [every + [one == chosen for one in range(n)] for chosen in (None, *range(n))]
        panels.menu(figure, [labeller("figure.spectra.all"), *names], shown)
        style.laid_out(figure, labeller, labeller("figure.spectra.title"), 660, synthetic)
        figure.update_xaxes(title_text=labeller("figure.spectra.x"), type="log", tickvals=TICKS)
        return figure.update_yaxes(title_text=labeller("figure.spectra.y"))

    return bilingual(build, lambda labeller: _spectra_alt(frame, labeller), frame, language)


def _spectra_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for category, rows in frame.groupby(CATEGORY, sort=False):
        frequency = float(rows.nlargest(1, "level")["frequency_khz"].iloc[0])
        name = labeller.name("category", category)
        facts.append(labeller("figure.spectra.alt_fact", category=name, frequency=frequency))
    span = {"low": float(frame["frequency_khz"].min()), "high": float(frame["frequency_khz"].max())}
    return labeller("figure.spectra.alt", n=len(facts), facts=" ".join(facts), **span)


text.words(
    "figure.dimensions",
    en={
        "title": "How many dimensions each layer uses",
        "y": "Effective dimensions",
        "hover": "{model}<br>Layer %{{x}}<br>Effective dimensions: %{{y:.1f}}",
        "alt": "Participation ratio of the activations by layer for each model. {facts}",
        "alt_fact": "{model}: from {first:1} at layer {first_layer} to {last:1} at layer {last_layer}.",
    },
    es={
        "title": "Cuántas dimensiones usa cada capa",
        "y": "Dimensiones efectivas",
        "hover": "{model}<br>Capa %{{x}}<br>Dimensiones efectivas: %{{y:.1f}}",
        "alt": "Razón de participación de las activaciones según la capa, para cada modelo. {facts}",
        "alt_fact": "{model}: de {first:1} en la capa {first_layer} a {last:1} en la capa {last_layer}.",
    },
)


def dimensions(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the participation ratio by layer for each model: `frame` (model, layer, dimensions[, note])."""

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, model in enumerate(panels.models_of(frame)):
            rows, name = frame[frame[MODEL] == model], style.name(labeller, "model", model)
            figure.add_scatter(
                x=rows[LAYER].to_numpy(), y=rows["dimensions"].to_numpy(), name=name, mode="lines+markers",
                hovertemplate=labeller("figure.dimensions.hover", model=name) + "<extra></extra>",
                **panels.marked(style.of_model(index), rows),
            )  # fmt: skip
        style.laid_out(figure, labeller, labeller("figure.dimensions.title"), 420, synthetic)
        figure.update_xaxes(title_text=panels.axis_of_layers(frame, labeller), dtick=1)
        return figure.update_yaxes(title_text=labeller("figure.dimensions.y"), rangemode="tozero")

    return bilingual(build, lambda labeller: _dimensions_alt(frame, labeller), frame, language)


def _dimensions_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model, rows in frame.groupby(MODEL, sort=False):
        name = labeller.name("model", model)
        facts.append(labeller("figure.dimensions.alt_fact", model=name, **ends(rows, LAYER, "dimensions")))
    return labeller("figure.dimensions.alt", facts=" ".join(facts))
