"""julearn's scores against ours: the same fits by two programs."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.names import ESTIMATOR
from helpers.text import Labeller


def compare(frame: pd.DataFrame | None, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """R2 by julearn against R2 by this project, a point per fit, equality as a line; nothing without a comparison."""
    if frame is None:
        return None

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for index, (estimator, rows) in enumerate(frame.groupby(ESTIMATOR, sort=False)):
            points = go.Scatter(
                x=rows["r2_ours"].to_numpy(), y=rows["r2_julearn"].to_numpy(), mode="markers",
                name=labeller.name("estimator", "lasso_single" if estimator == "lasso" else estimator),
                text=[labeller.name("component", target) for target in rows["target"]],
                customdata=rows[["split", "alpha_ours", "alpha_julearn"]].to_numpy(),
                hovertemplate=labeller("figure.julearn.hover") + "<extra></extra>",
                marker=style.of_model(index)["marker"] | {"size": 8, "opacity": 0.7},
            )  # fmt: skip
            figure.add_trace(points)
        low = float(frame[["r2_ours", "r2_julearn"]].to_numpy().min())
        dashed = {"color": style.GREY, "dash": "dash", "width": 1}
        figure.add_shape(type="line", x0=low, y0=low, x1=1, y1=1, line=dashed)
        style.laid_out(figure, labeller, labeller("figure.julearn.title"), 520, synthetic)
        figure.update_xaxes(title_text=labeller("axis.r2_ours"))
        return figure.update_yaxes(title_text=labeller("axis.r2_julearn"))

    apart = float((frame["r2_ours"] - frame["r2_julearn"]).abs().max())
    return bilingual(
        build,
        lambda labeller: labeller("figure.julearn.alt", n=len(frame), apart=labeller.power(apart)),
        frame,
        language,
    )
