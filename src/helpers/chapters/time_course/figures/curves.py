"""r2 by time: a line per layer, coloured by its depth; groups of targets by network, and single targets."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.time_course.figures import looks
from helpers.names import LAYER, METRIC, MODEL, QUARTILES, TARGET, TIME
from helpers.plotting import facts, panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

ABOVE, DIGITS = 176, 3  # px above the panels: title, colour bar, menu; digits of r2 that are drawn

text.words(
    "figure.by_time",
    en={
        "title": "When each layer predicts the responses",
        "single_title": "When each layer predicts a single response",
        "hover": "{model}, layer {layer}<br>%{{x:.2f}} s<br>{measure}: %{{y:.2f}}{spread}",
        "spread": "<br>quartiles over splits: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}",
        "alt": (
            "{k} {k:panel|panels}, one per group of responses, with a menu of {n} {n:network|networks}: {measure} "
            "against time, a line per layer, coloured from the first layer to the last, with the area between the "
            "quartiles over splits around the layer that rises highest. {facts}"
        ),
        "single_alt": (
            "{n} {n:panel|panels}, one per network, with a menu of {k} {k:response|responses}: {measure} against time, "
            "a line per layer, coloured from the first layer to the last, with the area between the quartiles over "
            "splits around the layer that rises highest. {facts}"
        ),
        "fact": "{target}: highest {time} s after onset, {r2}, at layer {layer} of {model}.",
    },
    es={
        "title": "Cuándo predice cada capa las respuestas",
        "single_title": "Cuándo predice cada capa una sola respuesta",
        "hover": "{model}, capa {layer}<br>%{{x:.2f}} s<br>{measure}: %{{y:.2f}}{spread}",
        "spread": "<br>cuartiles entre particiones: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}",
        "alt": (
            "{k} {k:panel|paneles}, uno por grupo de respuestas, con un menú de {n} {n:red|redes}: {measure} según el "
            "tiempo, una línea por capa, con colores de la primera capa a la última y el área entre los cuartiles "
            "entre particiones alrededor de la capa que llega más alto. {facts}"
        ),
        "single_alt": (
            "{n} {n:panel|paneles}, uno por red, con un menú de {k} {k:respuesta|respuestas}: {measure} según el "
            "tiempo, una línea por capa, con colores de la primera capa a la última y el área entre los cuartiles "
            "entre particiones alrededor de la capa que llega más alto. {facts}"
        ),
        "fact": "{target}: máximo a los {time} s del inicio, {r2}, en la capa {layer} de {model}.",
    },
)


def by_time(groups: pd.DataFrame, ends: tuple[float, float], *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw r2 by time of each layer, a panel per group of targets; a menu chooses the network.

    groups : target, model, layer, relative, time, q25, median_r2, q75, n_targets, metric
    ends : when the shortest and the longest sound end, in s
    """
    shown = groups.round(dict.fromkeys(QUARTILES, DIGITS))
    targets, models = panels.targets_of(shown), panels.models_of(shown)

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.grid(targets, labeller)
        for model in models:
            for panel, target in enumerate(targets):
                area = _area(shown[(shown[MODEL] == model) & (shown[TARGET] == target)], model)
                figure.add_trace(area, **panels.place(panel))
            for layer, own in _every_layer(shown[shown[MODEL] == model]):
                for panel, target in enumerate(targets):
                    line = _line(own[own[TARGET] == target], model, layer, labeller)
                    figure.add_trace(line, **panels.place(panel))
        shown_by_menu = [[trace.legendgroup == model for trace in figure.data] for model in models]
        for trace, visible in zip(figure.data, shown_by_menu[0], strict=True):
            trace.visible = visible
        if len(models) > 1:
            panels.menu(
                figure, [style.name(labeller, "model", model) for model in models], shown_by_menu, (MODEL, models)
            )
        return _laid_out(figure, shown, targets, ends, labeller, labeller("figure.by_time.title"), synthetic)

    def alt(labeller: Labeller) -> str:
        words = {"measure": panels.measure(shown, labeller, inline=True), "facts": _facts(shown, labeller)}
        return labeller("figure.by_time.alt", k=len(targets), n=len(models), **words)

    return bilingual(build, alt, shown, language)


def one_by_one(singles: pd.DataFrame, ends: tuple[float, float], *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw r2 by time of each layer, a panel per network; a menu chooses a single target.

    singles : target, model, layer, relative, time, q25, median_r2, q75, metric; all targets have the same times
    """
    columns = [TARGET, MODEL, LAYER, "relative", TIME, *QUARTILES, METRIC]
    shown = singles[columns].round(dict.fromkeys(QUARTILES, DIGITS))
    targets, models = panels.targets_of(shown), panels.models_of(shown)
    lines = [(model, layer) for model in models for layer, _ in _every_layer(shown[shown[MODEL] == model])]
    whole = dict(list(shown.groupby([TARGET, MODEL], sort=False)))
    rows = {key: own.sort_values(TIME) for key, own in shown.groupby([TARGET, MODEL, LAYER], sort=False)}

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.grid(models, labeller, "model")
        for panel, model in enumerate(models):
            figure.add_trace(_area(whole[targets[0], model], model), **panels.place(panel))
        for model, layer in lines:
            line = _line(rows[targets[0], model, layer], model, layer, labeller, spread=False)
            figure.add_trace(line, **panels.place(models.index(model)))
        names = [style.name(labeller, "target", target) for target in targets]
        areas = [[_area(whole[target, model], model).y.tolist() for model in models] for target in targets]
        values = [[rows[target, *line]["median_r2"].tolist() for line in lines] for target in targets]
        panels.exchange(figure, names, [area + line for area, line in zip(areas, values, strict=True)])
        return _laid_out(figure, shown, models, ends, labeller, labeller("figure.by_time.single_title"), synthetic)

    def alt(labeller: Labeller) -> str:
        words = {"measure": panels.measure(shown, labeller, inline=True), "facts": _facts(shown, labeller)}
        return labeller("figure.by_time.single_alt", k=len(targets), n=len(models), **words)

    return bilingual(build, alt, shown, language)


def _every_layer(rows: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    return [(int(layer), own) for layer, own in rows.groupby(LAYER, sort=True)]


def _area(rows: pd.DataFrame, model: str) -> go.Scatter:
    """Return the area between the quartiles over splits of a network's layer that rises highest."""
    highest = rows.loc[rows["median_r2"].idxmax(), LAYER]
    own = rows[rows[LAYER] == highest].sort_values(TIME)
    columns = (own[column].to_numpy() for column in (TIME, "q25", "q75"))
    return panels.band(*columns, style.faint(style.GREY, 0.25), legendgroup=model)


def _line(own: pd.DataFrame, model: str, layer: int, labeller: Labeller, spread: bool = True) -> go.Scatter:
    """Return the line of a layer; `spread`: pointing at it tells the quartiles, which a menu cannot exchange."""
    ordered = own.sort_values(TIME)
    words = {"model": style.name(labeller, "model", model), "layer": layer, "measure": panels.measure(own, labeller)}
    words["spread"] = labeller("figure.by_time.spread") if spread else ""
    more = {"customdata": ordered[["q25", "q75"]].to_numpy()} if spread else {}
    return go.Scatter(
        x=ordered[TIME].to_numpy(), y=ordered["median_r2"].to_numpy(), mode="lines", legendgroup=model,
        line=looks.line_of(float(own["relative"].iloc[0])), showlegend=False, name=f"{words['model']} {layer}",
        hovertemplate=labeller("figure.by_time.hover", **words) + "<extra></extra>", **more,
    )  # fmt: skip


def _laid_out(
    figure: go.Figure, shown: pd.DataFrame, titles: list[str], ends, labeller: Labeller, title: str, synthetic: bool
) -> go.Figure:
    looks.shaded(figure, ends, labeller)
    height = ABOVE + 60 + panels.ROW * panels.n_rows(titles)
    style.laid_out(figure, labeller, title, height, synthetic)
    figure.update_layout(margin={"t": ABOVE})
    looks.keyed(figure, labeller)
    figure.update_xaxes(range=looks.span(shown))
    figure.update_yaxes(**looks.r2_axis(shown))
    return panels.titled(figure, titles, labeller("figure.time.x"), panels.measure(shown, labeller))


def _facts(shown: pd.DataFrame, labeller: Labeller) -> str:
    return " ".join(
        labeller(
            "figure.by_time.fact", target=labeller.name("target", row.target), time=float(row.time),
            r2=float(row.median_r2), layer=int(row.layer), model=labeller.name("model", row.model),
        )
        for row in facts.highest(shown, [TARGET], "median_r2").itertuples()
    )  # fmt: skip
