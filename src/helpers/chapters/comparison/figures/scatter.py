"""Any two targets against each other: a point per network, named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.comparison.figures import looks
from helpers.names import MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

text.words(
    "figure.two_targets",
    en={
        "title": "Two targets against each other",
        "hover": "%{{text}}<br>x: %{{x:.2f}}, y: %{{y:.2f}}<br>%{{customdata}}",
        "x": "x: {target}",
        "y": "y: {target}",
        "axis": "{measure}, the target chosen as {axis}",
        "alt": (
            "{n} {n:network or baseline|networks and baselines} by {measure} for two targets, chosen from {k} by two "
            "menus. {fact}"
        ),
        "alt_fact": "At first {x} against {y}; the correlation over networks and baselines is {r}.",
        "alt_few": "At first {x} against {y}; of so few, no correlation is said.",
    },
    es={
        "title": "Dos respuestas, una frente a otra",
        "hover": "%{{text}}<br>x: %{{x:.2f}}, y: %{{y:.2f}}<br>%{{customdata}}",
        "x": "x: {target}",
        "y": "y: {target}",
        "axis": "{measure}, respuesta elegida como {axis}",
        "alt": (
            "{n} {n:red o línea|redes y líneas} de base según {measure} en dos respuestas, elegidas de {k} con dos "
            "menús. {fact}"
        ),
        "alt_fact": "Al principio, {x} frente a {y}; la correlación entre redes y líneas de base es {r}.",
        "alt_few": "Al principio, {x} frente a {y}; de tan pocas no se indica la correlación.",
    },
)
FEWEST = 3  # points, of which a correlation is said


def scatter(values: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw trained networks and baselines; one menu chooses the target of x, another that of y.

    values : as `analysis.values`, with `training` and `trained_on`; of its targets the last two are shown first
    """
    shown = values[values["role"].isin([looks.TRAINED, looks.BASELINE])]
    wide = shown.pivot_table(index=MODEL, columns=TARGET, values="median_r2", sort=False)[panels.targets_of(shown)]
    known = shown.drop_duplicates(MODEL).set_index(MODEL).loc[wide.index]
    groups = {training: known.index[looks.training_of(known) == training] for training in looks.trainings(known)}
    first = {"x": len(wide.columns) - 1, "y": max(len(wide.columns) - 2, 0)}

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for training, networks in groups.items():
            about = [looks.about(row, labeller) for row in known.loc[networks].reset_index().itertuples()]
            x, y = (wide.loc[networks].iloc[:, first[axis]].to_numpy() for axis in "xy")
            figure.add_scatter(
                x=x, y=y, mode="markers+text", text=[style.name(labeller, "model", one) for one in networks],
                textposition="top center", textfont={"size": 10}, name=style.name(labeller, "training", training),
                marker=looks.look(training)["marker"] | {"size": 10}, customdata=about,
                hovertemplate=labeller("figure.two_targets.hover") + "<extra></extra>",
            )  # fmt: skip
        panels.diagonal(figure, 0, 1)
        style.laid_out(figure, labeller, labeller("figure.two_targets.title"), 640, synthetic)
        figure.update_layout(
            margin={"t": 170}, updatemenus=[_menu(axis, groups, wide, first, labeller) for axis in "xy"]
        )
        what = looks.measure(shown, labeller)
        axes = {axis: labeller("figure.two_targets.axis", measure=what, axis=axis) for axis in "xy"}
        figure.update_xaxes(title_text=axes["x"], range=[0, 1])
        return figure.update_yaxes(title_text=axes["y"], range=[0, 1])

    return bilingual(build, lambda labeller: _alt(shown, wide, first, labeller), shown, language)


def _menu(axis: str, groups: dict, wide: pd.DataFrame, first: dict, labeller: Labeller) -> dict:
    buttons = [
        {
            "label": labeller(f"figure.two_targets.{axis}", target=style.name(labeller, "target", target)),
            "method": "restyle",
            "args": [{axis: [wide.loc[networks, target].tolist() for networks in groups.values()]}],
        }
        for target in wide.columns
    ]
    place = {"x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "pad": {"b": 66 if axis == "x" else 26}}
    return {"buttons": buttons, "active": first[axis], "bgcolor": "rgba(128,128,128,0.15)"} | place


def _alt(shown: pd.DataFrame, wide: pd.DataFrame, first: dict, labeller: Labeller) -> str:
    x, y = (wide.iloc[:, first[axis]] for axis in "xy")
    words = {axis: labeller.name("target", wide.columns[first[axis]]) for axis in "xy"}
    r = float(x.corr(y)) if len(wide) >= FEWEST else float("nan")
    fact = labeller(f"figure.two_targets.{'alt_few' if np.isnan(r) else 'alt_fact'}", r=r, **words)
    counts = {"n": len(wide), "k": len(wide.columns), "measure": panels.measure(shown, labeller, inline=True)}
    return labeller("figure.two_targets.alt", fact=fact, **counts)
