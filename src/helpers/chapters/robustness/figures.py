"""Which network is picked for which, and the networks' places in every universe: two maps with numbers in them."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import METRIC, MODEL, SEED, TARGET
from helpers.plotting import panels, references, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

NAMED = {"x": 16, "y": 22}  # letters of a line of an axis title at a map
ROW, AROUND = 34, 210  # px: of a network, around all of them
BAND = 0.6  # of a target's row, which its networks share
NAME = 30  # characters of a line below a plot that shares a phone's width with the names of its rows

text.words(
    "figure.confusion",
    en={
        "title": "If the brain were this network, which would be picked?",
        "true": "Network that the responses were made from",
        "picked": "Network that is picked",
        "hover": (
            "Made from %{{y}}, picked: %{{x}}<br>%{{z:.0%}} of {n} responses<br>"
            "Layer found: %{{customdata[0]:.0%}}; or one beside it: %{{customdata[1]:.0%}}"
        ),
        "alt": (
            "A map of {n} by {n} {n:network|networks}: how often each is picked for responses made from each. {facts}"
        ),
        "alt_fact": "{model}: {share} % of its responses are attributed to it.",
    },
    es={
        "title": "Si el cerebro fuera esta red, ¿cuál se elegiría?",
        "true": "Red de la que salen las respuestas",
        "picked": "Red que se elige",
        "hover": (
            "Hechas con %{{y}}, elegida: %{{x}}<br>%{{z:.0%}} de {n} {n:respuesta|respuestas}<br>"
            "Capa encontrada: %{{customdata[0]:.0%}}; o una vecina: %{{customdata[1]:.0%}}"
        ),
        "alt": (
            "Un mapa de {n} por {n} {n:red|redes}: con qué frecuencia se elige cada red según de cuál salen las "
            "respuestas. {facts}"
        ),
        "alt_fact": "{model}: se le atribuye el {share} % de sus respuestas.",
    },
)
text.words(
    "figure.ranks",
    en={
        "title": "Places of the networks in every way of comparing them",
        "hover": "%{{y}}<br>%{{customdata[1]}}<br>Place %{{z}}, mean %{{customdata[0]:.3f}}",
        "alt": "A map of the places of {n} {n:network|networks} in {k} ways of comparing them. {facts}",
        "alt_fact": "{model}: from place {low} to {high}.",
    },
    es={
        "title": "Puestos de las redes en cada forma de compararlas",
        "hover": "%{{y}}<br>%{{customdata[1]}}<br>Puesto %{{z}}, media %{{customdata[0]:.3f}}",
        "alt": "Un mapa de los puestos de {n} {n:red|redes} en {k} formas de compararlas. {facts}",
        "alt_fact": "{model}: del puesto {low} al {high}.",
    },
)


text.words(
    "figure.seeds",
    en={
        "title": "The same networks, trained from other seeds",
        "x": "Mean test r², not corrected for noise",
        "hover": "{model}, {target}<br>r²: {r2}<br>Seed {seed}",
        "baseline": "{model}, {target}<br>r²: {r2}",
        "alt": (
            "A row for each of {k} {k:target|targets}: test r² of {n} {n:network|networks}, a mark for each of {m} "
            "{m:seed|seeds} of training{beside}. {facts}"
        ),
        "alt_beside": ", beside the highest baseline",
        "alt_fact": "{model}: seeds differ by {spread} at most, for {target}.",
    },
    es={
        "title": "Las mismas redes, entrenadas con otras semillas",
        "x": "Media de r² en el conjunto de prueba, sin corregir por ruido",
        "hover": "{model}, {target}<br>r²: {r2}<br>Semilla {seed}",
        "baseline": "{model}, {target}<br>r²: {r2}",
        "alt": (
            "Una fila por cada una de {k} {k:respuesta|respuestas}: r² en el conjunto de prueba de {n} {n:red|redes}, "
            "una marca por cada una de {m} {m:semilla|semillas} de "
            "entrenamiento{beside}. {facts}"
        ),
        "alt_beside": ", junto a la línea de base más alta",
        "alt_fact": "{model}: las semillas difieren en {spread} como máximo, para {target}.",
    },
)


def seeds(values: pd.DataFrame, baselines: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Draw `seeds.values`: a row for each target, in it a line from the lowest to the highest seed of each network.

    baselines : as `seeds.baselines`, a line through the row of each target
    """
    if values.empty:
        return None
    models, targets = panels.models_of(values), panels.targets_of(values)
    places = {target: -at for at, target in enumerate(targets)}

    def build(labeller: Labeller) -> go.Figure:
        figure, row = go.Figure(), ROW + 8 * len(models)
        if len(baselines):
            words = [{k: style.name(labeller, k, one[k]) for k in (MODEL, TARGET)} for _, one in baselines.iterrows()]
            hover = [
                labeller("figure.seeds.baseline", r2=float(r2), **named)
                for r2, named in zip(baselines["r2"], words, strict=True)
            ]
            at = [places[one] for one in baselines[TARGET]]
            figure.add_trace(references.highest(baselines["r2"].to_numpy(), at, BAND * row, hover, labeller))
        for index, model in enumerate(models):
            offset = (0.5 - (index + 0.5) / len(models)) * BAND
            figure.add_trace(_from_seeds(values[values[MODEL] == model], index, places, offset, labeller))
        height = AROUND + row * len(targets)
        style.laid_out(figure, labeller, labeller("figure.seeds.title"), height, synthetic)
        names = [style.name(labeller, "target", target) for target in targets]
        figure.update_yaxes(tickvals=list(places.values()), ticktext=names, range=[0.5 - len(targets), 0.5])
        title = {"text": "<br>".join(textwrap.wrap(labeller("figure.seeds.x"), NAME)), "font": {"size": 12}}
        every = pd.concat([values["r2"], baselines["r2"]])
        return figure.update_xaxes(title=title, range=[min(0.0, every.min()) - 0.02, every.max() + 0.05])

    def alt(labeller: Labeller) -> str:
        ends = values.groupby([MODEL, TARGET], sort=False)["r2"].agg(["min", "max"]).reset_index()
        ends["spread"] = ends["max"] - ends["min"]
        facts = [
            labeller(
                "figure.seeds.alt_fact", model=labeller.name("model", row.model), spread=float(row.spread),
                target=labeller.name("target", row.target),
            )
            for row in ends.loc[ends.groupby(MODEL, sort=False)["spread"].idxmax()].itertuples()
        ]  # fmt: skip
        counts = {"k": len(targets), "n": len(models), "m": values[SEED].nunique()}
        beside = labeller("figure.seeds.alt_beside") if len(baselines) else ""
        return labeller("figure.seeds.alt", facts=" ".join(facts), beside=beside, **counts)

    return bilingual(build, alt, values, language)


def _from_seeds(own: pd.DataFrame, index: int, places: dict, offset: float, labeller: Labeller) -> go.Scatter:
    """Return a network's marks, those of a target joined by a line."""
    x, y, hover = [], [], []
    model = style.name(labeller, "model", own[MODEL].iloc[0])
    for target, rows in own.groupby(TARGET, sort=False):
        words = {"model": model, "target": style.name(labeller, "target", target)}
        for row in rows.sort_values("r2").itertuples():
            x.append(row.r2)
            hover.append(labeller("figure.seeds.hover", r2=float(row.r2), seed=int(row.seed), **words))
        y += [places[target] + offset] * len(rows)
        x, y, hover = [*x, None], [*y, None], [*hover, ""]  # a gap in the line
    look = style.of_model(index)
    return go.Scatter(
        x=x, y=y, mode="lines+markers", name=model, customdata=hover, hovertemplate="%{customdata}<extra></extra>",
        line={"color": look["line"]["color"], "width": 1}, marker=look["marker"] | {"size": 9},
    )  # fmt: skip


def confusion(table: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Draw `analysis.confusion`, rows the true network; None for an empty table."""
    if table.empty:
        return None
    models = list(dict.fromkeys(table["true_model"]))
    wide = table.pivot(index="true_model", columns=MODEL, values="picked_share").loc[models, models]
    of_layers = table.drop_duplicates("true_model").set_index("true_model").loc[models, ["layer_share", "near_share"]]
    extra = np.repeat(of_layers.to_numpy()[:, None], len(models), axis=1)

    def build(labeller: Labeller) -> go.Figure:
        names = [style.name(labeller, "model", model) for model in models]
        hover = labeller("figure.confusion.hover", n=int(table["n"].iloc[0])) + "<extra></extra>"
        figure = go.Figure(_map(wide.to_numpy(), names, names, extra, hover, (0, 1), "%{text}", _percent(wide)))
        style.laid_out(figure, labeller, labeller("figure.confusion.title"), AROUND + 60 + ROW * len(models), synthetic)
        picked = style.broken(labeller("figure.confusion.picked"), NAMED["x"])
        figure.update_xaxes(title_text=picked, tickangle=-45, showgrid=False, dtick=1)
        named = style.broken(labeller("figure.confusion.true"), NAMED["y"])  # few networks have low maps
        return figure.update_yaxes(title_text=named, autorange="reversed", showgrid=False, automargin=True, dtick=1)

    def alt(labeller: Labeller) -> str:
        own = table[table["true_model"] == table[MODEL]]
        facts = [
            labeller(
                "figure.confusion.alt_fact",
                model=labeller.name("model", row.model),
                share=round(100 * row.picked_share),
            )
            for row in own.itertuples()
        ]
        return labeller("figure.confusion.alt", n=len(models), facts=" ".join(facts))

    return bilingual(build, alt, table, language)


def ranks(table: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw `analysis.ranks`: a row for each network, best first on average, a column for each universe."""
    order = table.groupby(MODEL)["rank"].mean().sort_values(kind="stable").index.tolist()
    keys = ["estimator", "choice", METRIC, "scheme"]
    columns = table[keys].drop_duplicates().itertuples(index=False)
    columns = [tuple(column) for column in columns]
    indexed = table.set_index([MODEL, *keys])
    values = np.array([[indexed.loc[(model, *column), "rank"] for column in columns] for model in order])
    r2 = np.array([[indexed.loc[(model, *column), "r2"] for column in columns] for model in order])

    def build(labeller: Labeller) -> go.Figure:
        names = [style.name(labeller, "model", model) for model in order]
        whole, short = ([_words(column, labeller, form) for column in columns] for form in ("rule", "rule_short"))
        custom = [[[value, universe] for value, universe in zip(row, whole, strict=True)] for row in r2.tolist()]
        hover = labeller("figure.ranks.hover") + "<extra></extra>"
        figure = go.Figure(_map(values, short, names, custom, hover, (1, len(order)), "%{z}", None, reverse=True))
        style.laid_out(
            figure, labeller, labeller("figure.ranks.title"), AROUND + 60 + ROW * max(len(order), 2), synthetic
        )
        figure.update_layout(margin={"r": 24})
        figure.update_xaxes(tickangle=-90, showgrid=False, tickfont={"size": 11}, automargin=True, dtick=1)
        return figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, dtick=1)

    def alt(labeller: Labeller) -> str:
        facts = [
            labeller(
                "figure.ranks.alt_fact", model=labeller.name("model", model), low=int(row.min()), high=int(row.max())
            )
            for model, row in zip(order, values, strict=True)
        ]
        return labeller("figure.ranks.alt", n=len(order), k=len(columns), facts=" ".join(facts))

    return bilingual(build, alt, table, language)


def _words(column: tuple, labeller: Labeller, form: str) -> str:
    """Return a universe in the words of "rule", or of "rule_short", in abbreviations."""
    return " · ".join(labeller.name(form, one) for one in column)


def _map(values, x, y, customdata, hover, span, template, words, reverse: bool = False) -> go.Heatmap:
    return go.Heatmap(
        z=values, x=x, y=y, customdata=customdata, hovertemplate=hover, zmin=span[0], zmax=span[1], showscale=False,
        colorscale="Cividis", reversescale=reverse, texttemplate=template, text=words, xgap=1, ygap=1,
    )  # fmt: skip


def _percent(wide: pd.DataFrame) -> list[list[str]]:
    return [[f"{round(100 * value)}" if value >= 0.005 else "" for value in row] for row in wide.to_numpy()]
