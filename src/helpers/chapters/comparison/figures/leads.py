"""How far the best network is ahead of each rival: a panel per target, an interval per rival, a line at 0."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers import text
from helpers.names import MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

ROW, PANEL, LEVEL = 20, 92, 0.05  # px: of a rival, and around the rows of a panel

text.words(
    "figure.leads",
    en={
        "title": "How far the best network is ahead, and how sure that is",
        "x": "r² ahead",
        "clear": "Beyond chance",
        "open": "Not beyond chance",
        "panel": "{target}<br>{model}",
        "hover": (
            "{model} over %{{text}}: %{{x:.2f}} (%{{customdata[0]:.2f}} – %{{customdata[1]:.2f}})"
            "<br>p = %{{customdata[2]:.3f}}"
        ),
        "alt": (
            "{k} {k:panel|panels}, one per target: r² of the best network minus that of each rival, with intervals. "
            "{facts}"
        ),
        "alt_fact": "{target}: {model} is ahead of {n_ahead} of {n} beyond chance.",
    },
    es={
        "title": "Cuánta ventaja tiene la mejor red, y qué tan segura es",
        "x": "Ventaja en r²",
        "clear": "Más allá del azar",
        "open": "No más allá del azar",
        "panel": "{target}<br>{model}",
        "hover": (
            "{model} sobre %{{text}}: %{{x:.2f}} (%{{customdata[0]:.2f}} – %{{customdata[1]:.2f}})"
            "<br>p = %{{customdata[2]:.3f}}"
        ),
        "alt": (
            "{k} {k:panel|paneles}, uno por respuesta: r² de la mejor red menos el de cada rival, con intervalos. "
            "{facts}"
        ),
        "alt_fact": "{target}: {model} supera a {n_ahead} de {n} más allá del azar.",
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
        n_rows = panels.n_rows(targets)
        best = table.drop_duplicates(TARGET).set_index(TARGET)[MODEL]
        titles = [
            labeller(
                "figure.leads.panel", target=style.name(labeller, "target", target),
                model=style.name(labeller, "model", best[target]),
            )
            for target in targets
        ]  # fmt: skip
        figure = make_subplots(
            rows=n_rows, cols=min(panels.COLUMNS, len(targets)), subplot_titles=titles,
            shared_xaxes=True, shared_yaxes=True, horizontal_spacing=0.04,
            vertical_spacing=0.7 / (n_rows * max(4, len(order) / 3)),
        )  # fmt: skip
        for panel, target in enumerate(targets):
            own = table[table[TARGET] == target]
            clear = (own["p_adjusted"] <= LEVEL).to_numpy()
            for kind, some in (("clear", own[clear]), ("open", own[~clear])):
                figure.add_trace(_marks(some, kind, place, best[target], labeller, panel == 0), **panels.place(panel))
        height = 170 + n_rows * (PANEL + ROW * len(order))
        style.laid_out(figure, labeller, labeller("figure.leads.title"), height, synthetic)
        names = [style.name(labeller, "model", name) for name in order]
        figure.update_yaxes(tickvals=list(place.values()), ticktext=names, range=[-0.7, len(order) - 0.3])
        figure.update_xaxes(zeroline=True, zerolinecolor=style.GREY, zerolinewidth=2, tickformat=".1f", tickangle=0)
        for panel in range(len(targets))[-panels.COLUMNS :]:
            figure.update_xaxes(title_text=labeller("figure.leads.x"), showticklabels=True, **panels.place(panel))
        return figure

    return bilingual(build, lambda labeller: _alt(table, labeller), table, language)


def _marks(some: pd.DataFrame, kind: str, place: dict, best: str, labeller: Labeller, legend: bool) -> go.Scatter:
    x = some["difference"].to_numpy()
    spread = {"array": some["high"].to_numpy() - x, "arrayminus": x - some["low"].to_numpy()}
    symbol = "circle" if kind == "clear" else "circle-open"
    marker = style.of_model(0)["marker"] | {"size": 8, "symbol": symbol}
    hover = labeller("figure.leads.hover", model=style.name(labeller, "model", best)) + "<extra></extra>"
    return go.Scatter(
        x=x, y=[place[name] for name in some["rival"]], mode="markers", marker=marker, legendgroup=kind,
        text=[style.name(labeller, "model", name) for name in some["rival"]], showlegend=legend,
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
