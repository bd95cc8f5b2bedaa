"""What the networks hear and how richly they represent it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.facts import ends
from helpers.names import LAYER, MODEL
from helpers.text import Labeller


def spectra(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Mean log mel spectrum of each category: `frame` (category, frequency_khz, level)."""
    categories = list(dict.fromkeys(frame["category"]))

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, category in enumerate(categories):
            rows, name = frame[frame["category"] == category], style.plain(labeller.name("category", category))
            figure.add_scatter(
                x=rows["frequency_khz"].to_numpy(),
                y=rows["level"].to_numpy(),
                name=name,
                mode="lines",
                line=style.of_model(index)["line"]
                | {"dash": style.DASHES[index // len(style.COLOURS) % len(style.DASHES)]},
                hovertemplate=labeller("figure.spectra.hover", category=name) + "<extra></extra>",
            )
        style.laid_out(figure, labeller, labeller("figure.spectra.title"), 620, synthetic)
        figure.update_xaxes(
            title_text=labeller("axis.frequency"), type="log", tickvals=[0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
        )
        return figure.update_yaxes(title_text=labeller("axis.level"))

    return bilingual(build, lambda labeller: _spectra_alt(frame, labeller), frame, language)


def _spectra_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for category, rows in frame.groupby("category", sort=False):
        frequency = float(rows.loc[rows["level"].idxmax(), "frequency_khz"])
        name = labeller.name("category", category)
        facts.append(labeller("figure.spectra.alt_fact", category=name, frequency=frequency))
    return labeller("figure.spectra.alt", n=len(facts), facts=" ".join(facts))


def dimensions(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Participation ratio by layer for each model: `frame` (model, layer, dimensions)."""
    models = list(dict.fromkeys(frame[MODEL]))

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, model in enumerate(models):
            rows, name = frame[frame[MODEL] == model], labeller.name("model", model)
            figure.add_scatter(
                x=rows[LAYER].to_numpy(),
                y=rows["dimensions"].to_numpy(),
                name=name,
                mode="lines+markers",
                hovertemplate=labeller("figure.dimensions.hover", model=name) + "<extra></extra>",
                **style.of_model(index),
            )
        style.laid_out(figure, labeller, labeller("figure.dimensions.title"), 420, synthetic)
        figure.update_xaxes(title_text=labeller("axis.layer"), dtick=1)
        return figure.update_yaxes(title_text=labeller("axis.dimensions"), rangemode="tozero")

    return bilingual(
        build, lambda labeller: labeller("figure.dimensions.alt", facts=_facts(frame, labeller)), frame, language
    )


def _facts(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model, rows in frame.groupby(MODEL, sort=False):
        name = labeller.name("model", model)
        facts.append(labeller("figure.dimensions.alt_fact", model=name, **ends(rows, LAYER, "dimensions")))
    return " ".join(facts)
