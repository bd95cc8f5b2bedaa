"""All networks in one figure: r2 by relative depth, a panel per target, a colour and dash for each kind of training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.comparison.figures import looks
from helpers.names import LAYER, MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

text.words(
    "figure.by_depth",
    en={
        "title": "From the first layer to the last, all networks",
        "x": "Relative depth",
        "hover": (
            "{model}<br>Layer %{{customdata[0]}}, relative depth %{{x:.2f}}<br>{measure}: %{{y:.2f}} (quartiles over "
            "splits %{{customdata[1]:.2f}} – %{{customdata[2]:.2f}})<br>{about}"
        ),
        "alt": (
            "{k} {k:panel|panels}, one per target: {measure} of {n} {n:network|networks} from the first layer (0) to "
            "the last (1), the area between the quartiles over splits behind the mean of each training. {facts}"
        ),
        "alt_fact": "{target}: the {n:curve|mean over networks} is highest at a depth of {depth}.",
    },
    es={
        "title": "De la primera capa a la última, todas las redes",
        "x": "Profundidad relativa",
        "hover": (
            "{model}<br>Capa %{{customdata[0]}}, profundidad relativa %{{x:.2f}}<br>{measure}: %{{y:.2f}} (cuartiles "
            "entre particiones %{{customdata[1]:.2f}} – %{{customdata[2]:.2f}})<br>{about}"
        ),
        "alt": (
            "{k} {k:panel|paneles}, uno por respuesta: {measure} de {n} {n:red|redes} desde la primera capa (0) hasta "
            "la última (1), con el área entre los cuartiles entre particiones detrás de la media de cada "
            "entrenamiento. {facts}"
        ),
        "alt_fact": "{target}: la {n:curva|media entre redes} es máxima a una profundidad de {depth}.",
    },
)
GRID = np.linspace(0, 1, 21)  # depths at which networks of unequal numbers of layers are averaged


def by_depth(curves: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw each network's curve of `analysis.curves`, thin, and the mean over the networks of a training, thick.

    Behind the mean is the area between the means of the networks' quartiles over splits.
    """
    targets, trainings = panels.targets_of(curves), looks.trainings(curves)
    known = curves.assign(training=looks.training_of(curves)).sort_values(["training", MODEL], kind="stable")

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.grid(targets, labeller)
        for panel, target in enumerate(targets):
            of_target = known[known[TARGET] == target]
            for training in trainings:
                own = of_target[of_target["training"] == training]
                for line in _lines(own, training, labeller, panel == 0):
                    figure.add_trace(line, **panels.place(panel))
        height = 95 + panels.ROW * panels.n_rows(targets)
        style.laid_out(figure, labeller, labeller("figure.by_depth.title"), height, synthetic)
        figure.update_xaxes(range=[-0.03, 1.03], dtick=0.5)
        figure.update_yaxes(**panels.r2_axis(curves["q25"].min()))
        return panels.titled(figure, targets, labeller("figure.by_depth.x"), looks.measure(curves, labeller))

    return bilingual(build, lambda labeller: _alt(known, labeller), curves, language)


def _lines(own: pd.DataFrame, training: str, labeller: Labeller, first: bool) -> list[go.Scatter]:
    look, lines, name = looks.look(training)["line"], [], style.name(labeller, "training", training)
    networks = panels.models_of(own)
    for model in networks:
        rows = own[own[MODEL] == model].sort_values(LAYER)
        words = {"model": style.name(labeller, "model", model), "measure": looks.measure(rows, labeller)}
        words |= {"about": looks.about(next(rows.itertuples()), labeller)}
        lines.append(
            go.Scatter(
                x=rows["relative"].fillna(0.5).to_numpy(), y=rows["median_r2"].to_numpy(), name=words["model"],
                mode="lines+markers" if len(rows) < 2 else "lines", line=look | {"width": 1.2}, opacity=0.75,
                customdata=rows[[LAYER, "q25", "q75"]].to_numpy(), legendgroup=training, showlegend=False,
                hovertemplate=labeller("figure.by_depth.hover", **words) + "<extra></extra>",
            )
        )  # fmt: skip
    mean = go.Scatter(
        x=GRID, y=_mean(own), name=name, mode="lines", line=look | {"width": 4}, opacity=0.9, hoverinfo="skip",
        legendgroup=training, showlegend=first,
    )  # fmt: skip
    quartiles = (_mean(own, column) for column in ("q25", "q75"))
    area = panels.band(GRID, *quartiles, style.faint(look["color"]), legendgroup=training)
    return [area, *lines, mean]


def _mean(own: pd.DataFrame, column: str = "median_r2") -> np.ndarray:
    """Return the mean of a column over networks at the depths of GRID, between layers by straight lines."""
    curves = []
    for _, rows in own.groupby(MODEL, sort=False):
        ordered = rows.sort_values(LAYER)
        if len(ordered) > 1:
            curves.append(np.interp(GRID, ordered["relative"], ordered[column]))
    return np.mean(curves, 0) if curves else np.full(len(GRID), np.nan)


def _alt(curves: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for target, own in curves.groupby(TARGET, sort=False):
        mean = _mean(own)
        if np.isfinite(mean).any() and np.nanmax(mean) > 0:  # else nothing is highest
            words = {"target": labeller.name("target", target), "depth": float(GRID[mean.argmax()])}
            words |= {"n": own[MODEL].nunique()}
            facts.append(labeller("figure.by_depth.alt_fact", **words))
    words = {"k": curves[TARGET].nunique(), "n": curves[MODEL].nunique(), "facts": " ".join(facts)}
    return labeller("figure.by_depth.alt", measure=panels.measure(curves, labeller, inline=True), **words)
