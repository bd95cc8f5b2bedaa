"""How far the best network is ahead of each rival: a menu of targets, an interval per rival, a line at 0."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

ROW, AROUND, LEVEL = 24, 250, 0.05  # px: of a rival, and of all else

text.words(
    "figure.leads",
    en={
        "title": "How far the best network is ahead, and how sure that is",
        "x": "r² ahead",
        "clear": "Difference beyond chance (adjusted p at most 0.05)",
        "open": "No difference beyond chance (adjusted p above 0.05)",
        "entry": "{target}: {model}",
        "hover": (
            "{model} over %{{text}}: %{{x:.2f}} (95 % interval %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}})"
            "<br>adjusted p = %{{customdata[2]:.3f}}"
        ),
        "alt": (
            "A menu of {k} {k:target|targets}: r² of the best network minus that of each rival, with intervals. {facts}"
        ),
        "alt_fact": "{target}: {model} is ahead of {n_ahead:none|one|{n_ahead}} of {n} beyond chance.",
    },
    es={
        "title": "Cuánta ventaja tiene la mejor red, y qué tan segura es",
        "x": "Ventaja en r²",
        "clear": "Diferencia más allá del azar (p ajustado de hasta 0,05)",
        "open": "Sin diferencia más allá del azar (p ajustado mayor que 0,05)",
        "entry": "{target}: {model}",
        "hover": (
            "{model} sobre %{{text}}: %{{x:.2f}} (intervalo del 95 %: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}})"
            "<br>p ajustado = %{{customdata[2]:.3f}}"
        ),
        "alt": (
            "Un menú de {k} {k:respuesta|respuestas}: r² de la mejor red menos el de cada rival, con intervalos. "
            "{facts}"
        ),
        "alt_fact": "{target}: {model} supera a {n_ahead:ninguno|uno|{n_ahead}} de {n} más allá del azar.",
    },
)


def leads(table: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Draw `leads.leads`; filled marks are beyond chance after Holm's adjustment. None for an empty table."""
    if table.empty:
        return None
    order = table.groupby("rival", sort=False)["difference"].mean().sort_values(ascending=False).index.tolist()
    order = list(dict.fromkeys([*order, *table[MODEL]]))
    place = {name: row for row, name in enumerate(order)}
    targets = panels.targets_of(table)

    def build(labeller: Labeller) -> go.Figure:
        figure, titles = go.Figure(), []
        for target in targets:
            own = table[table[TARGET] == target]
            best = style.name(labeller, "model", own[MODEL].iloc[0])
            titles.append(labeller("figure.leads.entry", target=style.name(labeller, "target", target), model=best))
            clear = (own["p_adjusted"] <= LEVEL).to_numpy()
            figure.add_trace(_marks(own[clear], "clear", place, best, labeller))
            figure.add_trace(_marks(own[~clear], "open", place, best, labeller))
        panels.choose(figure, titles, (TARGET, targets))
        style.laid_out(figure, labeller, labeller("figure.leads.title"), AROUND + ROW * len(order), synthetic)
        names = [style.name(labeller, "model", name) for name in order]
        figure.update_yaxes(tickvals=list(place.values()), ticktext=names, range=[-0.7, len(order) - 0.3])
        figure.update_layout(margin={"t": 124})  # the menu stands below the title
        span = [min(0.0, float(table["low"].min())) - 0.03, max(0.0, float(table["high"].max())) + 0.03]
        figure.update_xaxes(title_text=labeller("figure.leads.x"), range=span, tickformat=".1f")
        return figure.update_xaxes(zeroline=True, zerolinecolor=style.GREY, zerolinewidth=2)

    return bilingual(build, lambda labeller: _alt(table, labeller), table, language)


def _marks(some: pd.DataFrame, kind: str, place: dict, best: str, labeller: Labeller) -> go.Scatter:
    x = some["difference"].to_numpy()
    spread = {"array": some["high"].to_numpy() - x, "arrayminus": x - some["low"].to_numpy()}
    symbol = "circle" if kind == "clear" else "circle-open"
    marker = style.of_model(0)["marker"] | {"size": 8, "symbol": symbol}
    hover = labeller("figure.leads.hover", model=best) + "<extra></extra>"
    return go.Scatter(
        x=x, y=[place[name] for name in some["rival"]], mode="markers", marker=marker,
        text=[style.name(labeller, "model", name) for name in some["rival"]], showlegend=True,
        name=labeller(f"figure.leads.{kind}"), customdata=some[["low", "high", "p_adjusted"]].to_numpy(),
        error_x={"type": "data", "symmetric": False, "thickness": 1.5, "width": 0, "color": marker["color"], **spread},
        hovertemplate=hover,
    )  # fmt: skip


def _alt(table: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for target, own in table.groupby(TARGET, sort=False):
        ahead = (own["p_adjusted"] <= LEVEL) & (own["difference"] > 0)
        words = {"target": labeller.name("target", target), "model": labeller.name("model", own[MODEL].iloc[0])}
        facts.append(labeller("figure.leads.alt_fact", **words, n_ahead=int(ahead.sum()), n=len(own)))
    return labeller("figure.leads.alt", k=table[TARGET].nunique(), facts=" ".join(facts))
