"""Similarity and r2 by relative depth, one below the other: do they rise and fall at the same layers?"""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.similarity.figures import looks
from helpers.chapters.similarity.figures.depth import ONLY
from helpers.chapters.similarity.titles import titles
from helpers.names import LAYER, MODEL
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

ROWS = ("rsa", "r2")  # from the top

text.words(
    "figure.alike_together",
    en={
        "title": "Similarity and r², layer by layer",
        "x": "Depth (0 to 1)",
        "hover": "{model}<br>Layer %{{customdata}}, depth %{{x:.2f}}<br>{what}: %{{y:.2f}}",
        "alt": (
            "Above {measure}, below {r2}, of {n} {n:network|networks} from the first layer (0) to the last (1){menu}. "
            "{facts}"
        ),
        "alt_menu": "; a menu of {k} sets and regions",
        "alt_fact": (
            "{target}: similarity is highest at layer {first} of {model} ({rsa}), r² at layer {second} of {other} "
            "({r2})."
        ),
        "alt_none": "{target}: no layer has a value.",
    },
    es={
        "title": "Similitud y r², capa por capa",
        "x": "Profundidad (0 a 1)",
        "hover": "{model}<br>Capa %{{customdata}}, profundidad %{{x:.2f}}<br>{what}: %{{y:.2f}}",
        "alt": (
            "Arriba, {measure}; abajo, {r2}, de {n} {n:red|redes} desde la primera capa (0) hasta la última (1){menu}. "
            "{facts}"
        ),
        "alt_menu": "; un menú de {k} conjuntos y regiones",
        "alt_fact": (
            "{target}: la similitud es máxima en la capa {first} de {model} ({rsa}); r², en la capa {second} de "
            "{other} ({r2})."
        ),
        "alt_none": "{target}: ninguna capa tiene un valor.",
    },
)


def together(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the similarity and the r2 of every layer of the trained networks by its relative depth.

    frame : as `analysis.together` returns it; a menu chooses the set of responses or region
    """
    shown = frame.round(dict.fromkeys(ROWS, looks.DIGITS))
    places, networks = looks.panels_of(shown), panels.models_of(shown)

    def build(labeller: Labeller) -> go.Figure:
        what = {"rsa": looks.axis(shown, labeller), "r2": panels.measure(shown, labeller)}
        figure = panels.column([style.plain(word) for word in what.values()], vertical_spacing=0.16)
        for panel in places:
            own = looks.within(shown, panel)
            for row, column in enumerate(ROWS, start=1):
                for index, model in enumerate(networks):
                    line = _line(own[own[MODEL] == model], index, column, what[column], labeller)
                    figure.add_trace(line.update(showlegend=row == 1), row=row, col=1)
        panels.choose(figure, [style.plain(name) for name in titles(labeller, places)])
        height = 620 + 11 * len(networks)
        style.laid_out(figure, labeller, labeller("figure.alike_together.title"), height, synthetic)
        figure.update_layout(margin={"t": 150 if len(places) > 1 else 108})
        figure.update_xaxes(range=[-0.05, 1.05], tickvals=[0, 0.5, 1])
        figure.update_xaxes(title_text=labeller("figure.alike_together.x"), row=2)
        for row, column in enumerate(ROWS, start=1):
            figure.update_yaxes(range=looks.span(shown[column]), tickformat=".2~f", row=row)
        return style.narrowed(figure, height + looks.NARROW)

    return bilingual(build, lambda labeller: _alt(frame, places, labeller), shown, language)


def _line(rows: pd.DataFrame, index: int, column: str, what: str, labeller: Labeller) -> go.Scatter:
    rows, look = rows.sort_values(LAYER), style.of_model(index)
    model = rows[MODEL].iloc[0] if len(rows) else ""
    name = style.name(labeller, "model", model)
    hover = labeller("figure.alike_together.hover", model=name, what=style.plain(what))
    return go.Scatter(
        x=rows["relative"].fillna(ONLY).to_numpy(), y=rows[column].to_numpy(), name=name, legendgroup=model,
        mode="lines+markers", customdata=rows[LAYER].to_numpy(), line=look["line"] | {"width": 1.5},
        marker=look["marker"] | {"size": 6}, hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip


def _alt(frame: pd.DataFrame, places: list, labeller: Labeller) -> str:
    facts = []
    for panel, target in zip(places, titles(labeller, places), strict=True):
        known = looks.within(frame, panel).dropna(subset=list(ROWS))
        if known.empty:
            facts.append(labeller("figure.alike_together.alt_none", target=target))
            continue
        top, other = (known.nlargest(1, column).iloc[0] for column in ROWS)
        words = {"model": labeller.name("model", top[MODEL]), "other": labeller.name("model", other[MODEL])}
        words |= {"first": int(top[LAYER]), "second": int(other[LAYER])}
        numbers = {"rsa": float(top["rsa"]), "r2": float(other["r2"])}
        facts.append(labeller("figure.alike_together.alt_fact", target=target, **words, **numbers))
    menu = labeller("figure.alike_together.alt_menu", k=len(places)) if len(places) > 1 else ""
    words = {"measure": looks.inline(frame, labeller), "r2": panels.measure(frame, labeller, inline=True), "menu": menu}
    return labeller("figure.alike_together.alt", n=len(panels.models_of(frame)), facts=" ".join(facts), **words)
