"""Similarity against r2: a point per network, its controls and baselines beside it; a menu of sets and regions."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.similarity.figures import looks
from helpers.chapters.similarity.titles import titles
from helpers.names import MODEL
from helpers.plotting import panels, references, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

BASELINES = ("star", "hexagram", "cross", "pentagon", "hourglass", "bowtie")  # symbols that no network has

text.words(
    "figure.alike_scatter",
    en={
        "title": "Are networks with a high r² also similar?",
        "hover": (
            "{model}<br>r²: {r2}<br>Similarity: {rsa} (quartiles {q25} – {q75})<br>Layer chosen most often: {layer}"
        ),
        "control_hover": "{model}, {role}<br>r²: {r2}<br>Similarity: {rsa}<br>{n} {n:seed|seeds}: {low} – {high}",
        "alt": (
            "{n} {n:network|networks}{m:| and one baseline| and {m} baselines}, by {r2} and {measure}, both at a layer "
            "chosen on the train sounds{menu}. {facts}"
        ),
        "alt_fact": "{target}: {first} is most similar ({rsa}); {second} has the highest r² ({r2}){r}.",
        "alt_menu": "; a menu of {k} sets and regions",
        "alt_r": "; over networks they correlate with {r}",
        "alt_none": "{target}: no network has a value.",
    },
    es={
        "title": "¿Las redes de r² alto también se parecen?",
        "hover": (
            "{model}<br>r²: {r2}<br>Similitud: {rsa} (cuartiles {q25} – {q75})<br>Capa elegida más veces: {layer}"
        ),
        "control_hover": "{model}, {role}<br>r²: {r2}<br>Similitud: {rsa}<br>{n} {n:semilla|semillas}: {low} – {high}",
        "alt": (
            "{n} {n:red|redes}{m:| y una línea de base| y {m} líneas de base} según {r2} y {measure}, ambos en una "
            "capa elegida con los sonidos de entrenamiento{menu}. {facts}"
        ),
        "alt_fact": "{target}: la más parecida es {first} ({rsa}); {second} tiene el r² más alto ({r2}){r}.",
        "alt_menu": "; un menú de {k} conjuntos y regiones",
        "alt_r": "; entre redes se correlacionan con {r}",
        "alt_none": "{target}: ninguna red tiene un valor.",
    },
)


def scatter(values: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw similarity against r2 of trained networks with quartiles over splits, of their controls and of baselines.

    values : as `analysis.values` returns them; a menu chooses the set of responses or region
    """
    numbers = ["rsa", "q25", "q75", "r2", "lowest_seed", "highest_seed"]
    shown = values.round(dict.fromkeys(numbers, looks.DIGITS))
    places, networks, baselines = looks.panels_of(shown), looks.networks_of(shown), looks.baselines_of(shown)
    controls = [role for role in references.MARKS if (shown["role"] == role).any()]

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for panel in places:
            own = looks.within(shown, panel)
            figure.add_traces([_control(own[own["role"] == role], role, networks, labeller) for role in controls])
            for index, model in enumerate(baselines):
                rows = own[(own["role"] == looks.BASELINE) & (own[MODEL] == model)]
                marker = {"symbol": BASELINES[index % len(BASELINES)], "size": 12, "color": style.GREY}
                figure.add_trace(_point(rows, model, marker, labeller))
            for index, model in enumerate(networks):
                rows = own[(own["role"] == looks.TRAINED) & (own[MODEL] == model)]
                figure.add_trace(_point(rows, model, style.of_model(index)["marker"] | {"size": 11}, labeller))
        panels.choose(figure, [style.plain(name) for name in titles(labeller, places)])
        height = 520 + 11 * (len(networks) + len(baselines) + 2 * len(controls))
        style.laid_out(figure, labeller, labeller("figure.alike_scatter.title"), height, synthetic)
        figure.update_layout(margin={"t": 130 if len(places) > 1 else 88})
        x, y = looks.span(shown["r2"]), looks.span(shown["q25"], shown["q75"], shown["lowest_seed"])
        what = style.broken(panels.measure(shown, labeller), style.AXIS)
        figure.update_xaxes(title_text=what, range=x, tickformat=".1f")
        figure.update_yaxes(title_text=looks.axis(shown, labeller), range=y, tickformat=".1f")
        return style.narrowed(figure, height + looks.NARROW)

    return bilingual(build, lambda labeller: _alt(values, places, labeller), shown, language)


def _point(rows: pd.DataFrame, model: str, marker: dict, labeller: Labeller) -> go.Scatter:
    """Return one network or baseline with its quartiles over splits."""
    name, y = style.name(labeller, "model", model), rows["rsa"].to_numpy()
    spread = {"array": rows["q75"].to_numpy() - y, "arrayminus": y - rows["q25"].to_numpy(), "thickness": 1, "width": 0}
    return go.Scatter(
        x=rows["r2"].to_numpy(), y=y, mode="markers", name=name, marker=marker, legendgroup=model,
        error_y={"type": "data", "symmetric": False, "color": marker["color"], **spread},
        customdata=[_hover(row, labeller) for row in rows.itertuples()],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _hover(row, labeller: Labeller) -> str:
    words = {"model": style.name(labeller, "model", row.model), "layer": labeller.number(row.layer, 0)}
    words |= {name: labeller.number(getattr(row, name)) for name in ("r2", "rsa", "q25", "q75")}
    return labeller("figure.alike_scatter.hover", **words)


def _control(rows: pd.DataFrame, role: str, networks: list[str], labeller: Labeller) -> go.Scatter:
    """Return the controls of all networks in one role, each in the colour of its network."""
    colours = [style.of_model(networks.index(model))["marker"]["color"] for model in rows[MODEL]]
    word = references.control(labeller, role, 1)
    hover = []
    for row in rows.itertuples():
        words = {"model": style.name(labeller, "model", row.model), "role": word, "n": int(row.n_seeds)}
        words |= {"low": labeller.number(row.lowest_seed), "high": labeller.number(row.highest_seed)}
        words |= {name: labeller.number(getattr(row, name)) for name in ("r2", "rsa")}
        hover.append(labeller("figure.alike_scatter.control_hover", **words))
    marker = {"symbol": references.MARKS[role], "size": 8, "color": colours, "line": {"width": 1.5, "color": colours}}
    return go.Scatter(
        x=rows["r2"].to_numpy(), y=rows["rsa"].to_numpy(), mode="markers", name=word, marker=marker,
        legendgroup=role, customdata=hover, hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _alt(shown: pd.DataFrame, places: list, labeller: Labeller) -> str:
    facts = []
    for panel, target in zip(places, titles(labeller, places), strict=True):
        own = looks.within(shown, panel)
        known = own[own["role"] == looks.TRAINED].dropna(subset=["rsa", "r2"])
        if known.empty:
            facts.append(labeller("figure.alike_scatter.alt_none", target=target))
            continue
        first, second = (known.nlargest(1, column).iloc[0] for column in ("rsa", "r2"))
        differ = len(known) > 2 and (known[["rsa", "r2"]].nunique() > 1).all()
        r = float(known["rsa"].corr(known["r2"])) if differ else None
        words = {"first": labeller.name("model", first[MODEL]), "second": labeller.name("model", second[MODEL])}
        words |= {"r": labeller("figure.alike_scatter.alt_r", r=r) if differ else ""}
        numbers = {"rsa": float(first["rsa"]), "r2": float(second["r2"])}
        facts.append(labeller("figure.alike_scatter.alt_fact", target=target, **numbers, **words))
    counts = {"n": len(looks.networks_of(shown)), "m": len(looks.baselines_of(shown))}
    menu = labeller("figure.alike_scatter.alt_menu", k=len(places)) if len(places) > 1 else ""
    words = {"measure": looks.inline(shown, labeller), "r2": panels.measure(shown, labeller, inline=True)}
    return labeller("figure.alike_scatter.alt", facts=" ".join(facts), menu=menu, **counts, **words)
