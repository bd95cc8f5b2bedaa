"""Sound by sound: measured against predicted responses; a click on a point plays its sound."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import CATEGORY, LAYER, MODEL, SOUND, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

text.words(
    "figure.predicted",
    en={
        "title": "Sound by sound (click a point to play its sound)",
        "hover": (
            "%{{text}} ({category})<br>Measured: %{{x:.2f}}<br>Predicted: %{{y:.2f}}"
            "<br>{model}, layer {layer}; mean of the %{{customdata[0]}} splits that test this sound"
        ),
        "alt": (
            "Measured against predicted response of {n} sounds, marked by category, with a menu of components: by the "
            "network and layer with the highest value on the test sounds. {facts}"
        ),
        "alt_fact": "{component}: correlation {r}.",
    },
    es={
        "title": "Sonido por sonido (un clic en un punto reproduce su sonido)",
        "hover": (
            "%{{text}} ({category})<br>Medido: %{{x:.2f}}<br>Predicho: %{{y:.2f}}"
            "<br>{model}, capa {layer}; media de las %{{customdata[0]}} particiones en las que este sonido es de prueba"
        ),
        "alt": (
            "Respuesta medida frente a predicha de {n} sonidos, marcados por categoría, con un menú de componentes: "
            "con la red y la capa de mayor valor en los sonidos de prueba. {facts}"
        ),
        "alt_fact": "{component}: correlación {r}.",
    },
)


def predicted(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw measured against predicted responses, in standard deviations of the measured; a menu chooses the target.

    frame: target, sound, category, measured, predicted, n_splits, layer, model, r_pearson (the correlation of both, the
    same in all rows of a target). A point's `id` is its sound, which the report plays when it is clicked.
    """
    categories, targets = panels.in_order(frame[CATEGORY]), panels.targets_of(frame)

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for target in targets:
            own = frame[frame[TARGET] == target]
            for index, category in enumerate(categories):
                figure.add_trace(_points(own, category, index, labeller))
        panels.choose(figure, [style.name(labeller, "target", target) for target in targets], (TARGET, targets))
        values = frame[["measured", "predicted"]].to_numpy()
        panels.diagonal(figure, float(np.nanmin(values)), float(np.nanmax(values)))
        style.laid_out(figure, labeller, labeller("figure.predicted.title"), 640, synthetic)
        figure.update_layout(margin={"t": 130})
        figure.update_xaxes(title_text=labeller("axis.measured"))
        return figure.update_yaxes(title_text=labeller("axis.predicted"))

    figure = bilingual(build, lambda labeller: _alt(frame, labeller), frame, language)
    figure.layout.meta = figure.layout.meta | {"sounds": sorted(set(frame[SOUND]))}
    return figure


def _points(of_target: pd.DataFrame, category: str, index: int, labeller: Labeller) -> go.Scatter:
    own, name = of_target[of_target[CATEGORY] == category], style.name(labeller, "category", category)
    words = {"model": style.name(labeller, "model", of_target[MODEL].iloc[0]), "layer": int(of_target[LAYER].iloc[0])}
    return go.Scatter(
        x=own["measured"].to_numpy(), y=own["predicted"].to_numpy(), mode="markers", name=name,
        marker=style.of_category(index), ids=own[SOUND].tolist(), text=own[SOUND].map(style.plain).tolist(),
        customdata=own[["n_splits"]].to_numpy(),
        hovertemplate=labeller("figure.predicted.hover", category=name, **words) + "<extra></extra>",
    )  # fmt: skip


def _alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = [
        labeller("figure.predicted.alt_fact", component=labeller.name("target", target), r=float(r))
        for target, r in frame.drop_duplicates(TARGET).set_index(TARGET)["r_pearson"].items()
    ]
    return labeller("figure.predicted.alt", n=frame[SOUND].nunique(), facts=" ".join(facts))
