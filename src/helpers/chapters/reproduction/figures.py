"""This run and the published figures: one curve at a time, chosen from a menu."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import LAYER, MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

CURVE = ["quantity", MODEL, TARGET]

text.words(
    "figure.reproduction",
    en={
        "title": "This run and the published figures, curve by curve",
        "y": "r² (voxels and regions noise-corrected; R² of ridge and multi-task lasso)",
        "run": "This run",
        "published": "Published (digitised)",
        "run_hover": "Layer %{{x}}<br>This run: %{{y:.4f}}",
        "published_hover": "Layer %{{x}}<br>Published: %{{y:.4f}} ± %{{customdata[0]:.4f}} (reading error)",
        "alt": (
            "{n} {n:curve|curves} by layer, this run and the published figure, chosen from a menu. "
            "Largest difference {largest:3} ({name})."
        ),
    },
    es={
        "title": "Esta ejecución y las figuras publicadas, curva por curva",
        "y": "r² (corregido por ruido en vóxeles y regiones; R² en ridge y lasso multitarea)",
        "run": "Esta ejecución",
        "published": "Publicado (digitalizado)",
        "run_hover": "Capa %{{x}}<br>Esta ejecución: %{{y:.4f}}",
        "published_hover": "Capa %{{x}}<br>Publicado: %{{y:.4f}} ± %{{customdata[0]:.4f}} (error de lectura)",
        "alt": (
            "{n} {n:curva|curvas} por capa, de esta ejecución y de la figura publicada, que se eligen en un menú. "
            "Diferencia máxima: {largest:3} ({name})."
        ),
    },
)


def curve_by_curve(
    points: pd.DataFrame, curves: pd.DataFrame, *, synthetic: bool, language: str = "en"
) -> go.Figure | None:
    """Draw `points` (quantity, model, target, layer, run, published, uncertainty) by layer; nothing without points.

    `curves` (quantity, model, target, largest) holds the largest difference of each curve.
    """
    shown = points[points["quantity"] != "learning"]
    if shown.empty:
        return None
    groups = list(shown.groupby(CURVE, sort=False))

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for _, rows in groups:
            figure.add_traces(_pair(rows, labeller))
        panels.choose(figure, [style.plain(_name(curve, labeller)) for curve, _ in groups])
        style.laid_out(figure, labeller, labeller("figure.reproduction.title"), 520, synthetic)
        figure.update_layout(margin={"t": 130})
        figure.update_xaxes(title_text=labeller("axis.layer"), dtick=1)
        top = float(np.nanmax(shown[["run", "published"]].to_numpy()))
        return figure.update_yaxes(title_text=labeller("figure.reproduction.y"), range=[0, max(1.0, 1.05 * top)])

    return bilingual(build, lambda labeller: _alt(curves, labeller), shown, language)


def _pair(rows: pd.DataFrame, labeller: Labeller) -> list[go.Scatter]:
    """Return this run's line, and the published one with its reading error."""
    rows = rows.sort_values(LAYER)
    common = {"x": rows[LAYER].to_numpy(), "mode": "lines+markers"}
    run = go.Scatter(
        y=rows["run"].to_numpy(), name=labeller("figure.reproduction.run"), **common, **style.of_model(0),
        hovertemplate=labeller("figure.reproduction.run_hover") + "<extra></extra>",
    )  # fmt: skip
    read = go.Scatter(
        y=rows["published"].to_numpy(), name=labeller("figure.reproduction.published"), **common, **style.of_model(1),
        error_y={"array": rows["uncertainty"].to_numpy()}, customdata=rows[["uncertainty"]].to_numpy(),
        hovertemplate=labeller("figure.reproduction.published_hover") + "<extra></extra>",
    )  # fmt: skip
    return [run, read]


def _name(curve: tuple, labeller: Labeller) -> str:
    quantity, model, target = curve
    return f"{labeller.name('quantity', quantity)}: {labeller.name('model', model)}, {labeller.name('target', target)}"


def _alt(curves: pd.DataFrame, labeller: Labeller) -> str:
    shown = curves[curves["quantity"] != "learning"]
    worst = shown.nlargest(1, "largest").iloc[0]
    words = {"largest": float(worst["largest"]), "name": _name(tuple(worst[CURVE]), labeller)}
    return labeller("figure.reproduction.alt", n=len(shown), **words)
