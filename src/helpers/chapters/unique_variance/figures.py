"""What each network adds to the baselines: a panel per target, a row per network."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.plotting.references import MARKS, UNTRAINED
from helpers.text import Labeller

ROW, PANEL, AROUND = 22, 70, 204  # px: of a network, around the rows of a panel, around all panels

text.words(
    "figure.added",
    en={
        "title": "What each network adds to what needs no network",
        "x": "R² added",
        "beyond": "Beyond {name}",
        "beyond_all": "Beyond all of them",
        "untrained": "{beyond}, untrained",
        "hover": (
            "{model}<br>{beyond}: %{{x:.2f}} (quartiles %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}})"
            "<br>R² without the network: %{{customdata[2]:.2f}}, with it: %{{customdata[3]:.2f}}"
        ),
        "alt": (
            "{k} {k:panel|panels}, one per target, with a row for {n:the only network|each of {n} networks}: R² added "
            "to {m} {m:baseline|baselines}. {facts}"
        ),
        "alt_fact": "{target}: at most {added} ({model}).",
    },
    es={
        "title": "Qué agrega cada red a lo que no necesita ninguna",
        "x": "R² agregado",
        "beyond": "Más allá de {name}",
        "beyond_all": "Más allá de todas ellas",
        "untrained": "{beyond}, sin entrenar",
        "hover": (
            "{model}<br>{beyond}: %{{x:.2f}} (cuartiles %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}})"
            "<br>R² sin la red: %{{customdata[2]:.2f}}, con ella: %{{customdata[3]:.2f}}"
        ),
        "alt": (
            "{k} {k:panel|paneles}, uno por respuesta, con una fila para {n:la única red|cada una de {n} redes}: R² "
            "agregado a {m} {m:línea|líneas} de base. {facts}"
        ),
        "alt_fact": "{target}: como máximo {added} ({model}).",
    },
)
text.words(
    "figure.labels",
    en={
        "title": "What is left when categories are taken away",
        "x": "r²",
        "all": "All sounds",
        "within": "Within categories",
        "new_category": "New categories",
        "hover": "{model}<br>{kind}: %{{x:.2f}}",
        "alt": "{k} {k:panel|panels}, one per target: r² in all, within categories and of new categories. {facts}",
        "alt_fact": "{target}: within categories at most {within} ({model}, which has {whole} in all).",
    },
    es={
        "title": "Qué queda si se quitan las categorías",
        "x": "r²",
        "all": "Todos los sonidos",
        "within": "Dentro de las categorías",
        "new_category": "Categorías nuevas",
        "hover": "{model}<br>{kind}: %{{x:.2f}}",
        "alt": (
            "{k} {k:panel|paneles}, uno por respuesta: r² en total, dentro de las categorías y de categorías nuevas. "
            "{facts}"
        ),
        "alt_fact": "{target}: dentro de las categorías, como máximo {within} ({model}, que en total tiene {whole}).",
    },
)
ALL = "all"
KINDS = ("all", "within", "new_category")


def added(table: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw medians over splits with quartiles: `table` as `analysis.summary`; 0 is a line in every panel."""
    last = table["beyond"].iloc[-1]  # all baselines together, or the only one
    order = table[table["beyond"] == last].groupby(MODEL)["added"].mean().sort_values().index.tolist()
    place = {model: row for row, model in enumerate(order)}
    targets, kinds = panels.targets_of(table), panels.in_order(table["beyond"])

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.low(targets, PANEL + ROW * len(order), labeller)
        for panel, target in enumerate(targets):
            for index, kind in enumerate(kinds):
                own = table[(table[TARGET] == target) & (table["beyond"] == kind)]
                figure.add_trace(_points(own, kind, index, place, labeller, panel == 0), **panels.place(panel))
            start = table[(table[TARGET] == target) & (table["beyond"] == last)].dropna(subset="untrained")
            if len(start):
                figure.add_trace(_starts(start, last, place, labeller, panel == 0), **panels.place(panel))
        title, x = labeller("figure.added.title"), labeller("figure.added.x")
        return _rows_of_networks(figure, labeller, title, x, targets, order, synthetic)

    return bilingual(build, lambda labeller: _alt(table, last, labeller), table, language)


def labels(table: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw `analysis.beside_labels`: a panel per target, a row per network, a mark for each kind."""
    order = table.groupby(MODEL)["within"].mean().sort_values().index.tolist()
    place = {model: row for row, model in enumerate(order)}
    targets = panels.targets_of(table)
    kinds = [kind for kind in KINDS if table[kind].notna().any()]

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.low(targets, PANEL + ROW * len(order), labeller)
        for panel, target in enumerate(targets):
            own = table[table[TARGET] == target]
            names = [style.name(labeller, "model", model) for model in own[MODEL]]
            for index, kind in enumerate(kinds):
                said = labeller(f"figure.labels.{kind}")
                hover = labeller("figure.labels.hover", model="%{text}", kind=said) + "<extra></extra>"
                marks = {"marker": style.of_other(index)["marker"] | {"size": 9}, "legendgroup": kind}
                points = go.Scatter(
                    x=own[kind], y=[place[model] for model in own[MODEL]], mode="markers", text=names, name=said,
                    hovertemplate=hover, showlegend=panel == 0, **marks,
                )  # fmt: skip
                figure.add_trace(points, **panels.place(panel))
        title, x = labeller("figure.labels.title"), labeller("figure.labels.x")
        return _rows_of_networks(figure, labeller, title, x, targets, order, synthetic)

    def alt(labeller: Labeller) -> str:
        facts = []
        for target, own in table.groupby(TARGET, sort=False):
            top = own.nlargest(1, "within").iloc[0]
            words = {"target": labeller.name("target", target), "model": labeller.name("model", top[MODEL])}
            numbers = {"within": float(top["within"]), "whole": float(top["all"])}
            facts.append(labeller("figure.labels.alt_fact", **words, **numbers))
        return labeller("figure.labels.alt", k=len(targets), facts=" ".join(facts))

    return bilingual(build, alt, table, language)


def _rows_of_networks(
    figure: go.Figure, labeller: Labeller, title: str, x: str, targets: list[str], order: list[str], synthetic: bool
) -> go.Figure:
    """Return the figure with a named row for each network in every panel, and a line at 0."""
    height = AROUND + panels.n_rows(targets) * (PANEL + ROW * len(order))
    style.laid_out(figure, labeller, title, height, synthetic).update_layout(margin={"t": panels.TOP})
    names = [style.name(labeller, "model", model) for model in order]
    figure.update_yaxes(tickvals=list(range(len(order))), ticktext=names, range=[-0.7, len(order) - 0.3])
    figure.update_xaxes(zeroline=True, zerolinecolor=style.GREY, zerolinewidth=2, tickformat=".2f", matches="x")
    for panel in range(len(targets))[-panels.COLUMNS :]:
        figure.update_xaxes(title_text=x, showticklabels=True, **panels.place(panel))
    return figure


def _beyond(kind: str, labeller: Labeller) -> str:
    if kind == ALL:
        return labeller("figure.added.beyond_all")
    return labeller("figure.added.beyond", name=style.name(labeller, "model", kind))


def _points(own: pd.DataFrame, kind: str, index: int, place: dict, labeller: Labeller, legend: bool) -> go.Scatter:
    x, name = own["added"].to_numpy(), _beyond(kind, labeller)
    marker = style.of_other(index)["marker"] | {"size": 9}
    spread = {"array": own["q75"].to_numpy() - x, "arrayminus": x - own["q25"].to_numpy()}
    names = [style.name(labeller, "model", model) for model in own[MODEL]]
    hover = labeller("figure.added.hover", model="%{text}", beyond=name)
    return go.Scatter(
        x=x, y=[place[model] for model in own[MODEL]], mode="markers", name=name, marker=marker, text=names,
        error_x={"type": "data", "symmetric": False, "thickness": 1, "width": 0, "color": marker["color"], **spread},
        customdata=own[["q25", "q75", "without", "joint"]].to_numpy(), legendgroup=kind, showlegend=legend,
        hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip


def _starts(own: pd.DataFrame, kind: str, place: dict, labeller: Labeller, legend: bool) -> go.Scatter:
    name = labeller("figure.added.untrained", beyond=_beyond(kind, labeller))
    return go.Scatter(
        x=own["untrained"], y=[place[model] for model in own[MODEL]], mode="markers", name=name, showlegend=legend,
        marker={"symbol": MARKS[UNTRAINED], "size": 8, "color": style.GREY, "line": {"width": 1, "color": style.GREY}},
        text=[style.name(labeller, "model", model) for model in own[MODEL]], legendgroup=UNTRAINED,
        hovertemplate=f"%{{text}}<br>{name}: %{{x:.2f}}<extra></extra>",
    )  # fmt: skip


def _alt(table: pd.DataFrame, last: str, labeller: Labeller) -> str:
    facts = []
    for target, own in table[table["beyond"] == last].groupby(TARGET, sort=False):
        known = own[own["added"].round(2) > 0]
        if len(known):
            top = known.nlargest(1, "added").iloc[0]
            words = {"target": labeller.name("target", target), "model": labeller.name("model", top[MODEL])}
            facts.append(labeller("figure.added.alt_fact", **words, added=float(top["added"])))
    counts = {"k": table[TARGET].nunique(), "n": table[MODEL].nunique()}
    n_baselines = len([kind for kind in table["beyond"].unique() if kind != ALL])
    return labeller("figure.added.alt", m=n_baselines, facts=" ".join(facts), **counts)
