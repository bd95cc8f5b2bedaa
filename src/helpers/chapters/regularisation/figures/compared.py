"""Scores by julearn against this project's: the same fits by two programs."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import ESTIMATOR, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

text.words(
    "figure.julearn",
    en={
        "title": "The same regressions by julearn",
        "x": "Test R² by this project",
        "y": "Test R² by julearn",
        "hover": (
            "%{{text}}, split %{{customdata[0]}}<br>This project: %{{x:.4f}} (alpha %{{customdata[1]}})"
            "<br>julearn: %{{y:.4f}} (alpha %{{customdata[2]}})"
        ),
        "alt": (
            "R² of {n} fits by julearn against the same fits by this project; points on the dashed line are equal. "
            "{facts}"
        ),
        "alt_fact": "{estimator}: the largest difference is {apart}.",
    },
    es={
        "title": "Las mismas regresiones con julearn",
        "x": "R² en el conjunto de prueba, este proyecto",
        "y": "R² en el conjunto de prueba, julearn",
        "hover": (
            "%{{text}}, partición %{{customdata[0]}}<br>Este proyecto: %{{x:.4f}} (alfa %{{customdata[1]}})"
            "<br>julearn: %{{y:.4f}} (alfa %{{customdata[2]}})"
        ),
        "alt": (
            "R² de {n} ajustes con julearn frente a los mismos ajustes con este proyecto; los puntos sobre la línea de "
            "trazos son iguales. {facts}"
        ),
        "alt_fact": "{estimator}: la mayor diferencia es {apart}.",
    },
)


def julearn(
    frame: pd.DataFrame | None, summary: pd.DataFrame | None, *, synthetic: bool, language: str = "en"
) -> go.Figure | None:
    """Draw R² by julearn against R² by this project, a point per fit, equality as a line; nothing without a comparison.

    frame: estimator, target, split, r2_ours, r2_julearn, alpha_ours, alpha_julearn; summary: estimator,
    largest_difference.
    """
    if frame is None:
        return None

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, (estimator, rows) in enumerate(frame.groupby(ESTIMATOR, sort=False)):
            points = go.Scatter(
                x=rows["r2_ours"].to_numpy(), y=rows["r2_julearn"].to_numpy(), mode="markers",
                name=labeller.name("estimator", estimator),
                text=[style.name(labeller, "target", target) for target in rows[TARGET]],
                customdata=rows[["split", "alpha_ours", "alpha_julearn"]]
                .assign(**{name: rows[name].map(labeller.power) for name in ("alpha_ours", "alpha_julearn")})
                .to_numpy(dtype=object),
                hovertemplate=labeller("figure.julearn.hover") + "<extra></extra>",
                marker=style.of_other(index)["marker"] | {"size": 8, "opacity": 0.7},
            )  # fmt: skip
            figure.add_trace(points)
        panels.diagonal(figure, float(frame[["r2_ours", "r2_julearn"]].to_numpy().min()), 1)
        style.laid_out(figure, labeller, labeller("figure.julearn.title"), 520, synthetic)
        figure.update_xaxes(title_text=labeller("figure.julearn.x"))
        return figure.update_yaxes(title_text=labeller("figure.julearn.y"))

    def alt(labeller: Labeller) -> str:
        facts = [
            labeller(
                "figure.julearn.alt_fact", estimator=labeller.name("estimator", row.estimator),
                apart=labeller.power(row.largest_difference),
            )
            for row in summary.itertuples()
        ]  # fmt: skip
        return labeller("figure.julearn.alt", n=len(frame), facts=" ".join(facts))

    return bilingual(build, alt, frame, language)
