"""Layers x time: r2 as colour, a panel per group of targets, a menu of networks."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.time_course.figures import looks
from helpers.names import LAYER, MODEL, TARGET, TIME
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

ABOVE, SCALE, DIGITS = 176, "Viridis", 3

text.words(
    "figure.time_heat",
    en={
        "title": "r² by layer and time",
        "hover": "{model}, layer %{{y}}<br>%{{x:.2f}} s<br>{measure}: %{{z:.2f}}",
        "alt": (
            "{k} {k:panel|panels}, one per group of responses, with a menu of {n} {n:network|networks}: layers against "
            "time, {measure} as colour, from 0 to {highest}. {facts}"
        ),
        "fact": "{model}, {target}: the highest value, {r2}, is at layer {layer} and {time} s.",
    },
    es={
        "title": "r² según la capa y el tiempo",
        "hover": "{model}, capa %{{y}}<br>%{{x:.2f}} s<br>{measure}: %{{z:.2f}}",
        "alt": (
            "{k} {k:panel|paneles}, uno por grupo de respuestas, con un menú de {n} {n:red|redes}: capas según el "
            "tiempo, con {measure} como color, de 0 a {highest}. {facts}"
        ),
        "fact": "{model}, {target}: el valor más alto, {r2}, está en la capa {layer} y a los {time} s.",
    },
)


def heat(groups: pd.DataFrame, ends: tuple[float, float], *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw layers x time, a panel per group of targets, all on one scale; a menu chooses the network.

    groups, ends : as for `curves.by_time`
    """
    shown = groups.round({"median_r2": DIGITS})
    targets, models = panels.targets_of(shown), panels.models_of(shown)
    highest = float(shown["median_r2"].max())
    n_layers = [int(shown.loc[shown[MODEL] == model, LAYER].max()) for model in models]

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.grid(targets, labeller)
        for model in models:
            for panel, target in enumerate(targets):
                own = shown[(shown[MODEL] == model) & (shown[TARGET] == target)]
                figure.add_trace(_map(own, model, labeller), **panels.place(panel))
        panels.choose_model(figure, models, labeller)
        for x in sorted({0.0, *ends}):
            figure.add_vline(x=x, line={"color": "#ffffff", "width": 1.5, "dash": "dash"})
        looks.dashed_name(figure, labeller("figure.time.ends"))
        height = ABOVE + 20 + panels.ROW * panels.n_rows(targets)
        style.laid_out(figure, labeller, labeller("figure.time_heat.title"), height, synthetic)
        figure.update_layout(coloraxis={"colorscale": SCALE, "cmin": 0, "cmax": highest}, margin={"t": ABOVE})
        style.lying_bar(figure, panels.measure(shown, labeller))
        figure.update_xaxes(showgrid=False, range=looks.span(shown))
        figure.update_yaxes(showgrid=False, tickformat="d", dtick=2 if n_layers[0] > 6 else 1, tick0=1)
        _fitted(figure, n_layers)
        return panels.titled(figure, targets, labeller("figure.time.x"), labeller("axis.layer"))

    def alt(labeller: Labeller) -> str:
        words = {"measure": panels.measure(shown, labeller, inline=True), "highest": highest}
        words |= {"facts": _facts(shown, models[0], labeller)}
        return labeller("figure.time_heat.alt", k=len(targets), n=len(models), **words)

    return bilingual(build, alt, shown, language)


def _fitted(figure: go.Figure, n_layers: list[int]) -> None:
    """Fit the axes of layers to the network that is shown, at first and by each entry of the menu."""
    figure.update_yaxes(range=[0.5, n_layers[0] + 0.5])
    axes = [axis.plotly_name for axis in figure.select_yaxes()]
    for menu in figure.layout.updatemenus:
        for button, n in zip(menu.buttons, n_layers, strict=True):
            shown, traces = button.args
            ranges = {f"{axis}.range": [0.5, n + 0.5] for axis in axes}
            ranges |= {f"{axis}.dtick": 2 if n > 6 else 1 for axis in axes}
            button.update(method="update", args=[shown, ranges, traces])


def _map(own: pd.DataFrame, model: str, labeller: Labeller) -> go.Heatmap:
    wide = own.pivot_table(index=LAYER, columns=TIME, values="median_r2", sort=True)
    words = {"model": style.name(labeller, "model", model), "measure": panels.measure(own, labeller)}
    return go.Heatmap(
        x=wide.columns.to_numpy(float), y=wide.index.to_numpy(int), z=wide.to_numpy(), coloraxis="coloraxis",
        hovertemplate=labeller("figure.time_heat.hover", **words) + "<extra></extra>",
    )  # fmt: skip


def _facts(shown: pd.DataFrame, model: str, labeller: Labeller) -> str:
    facts = []
    for target, own in shown[shown[MODEL] == model].groupby(TARGET, sort=False):
        top = own.loc[own["median_r2"].idxmax()]
        words = {"model": labeller.name("model", model), "target": labeller.name("target", target)}
        words |= {"r2": float(top["median_r2"]), "layer": int(top[LAYER]), "time": float(top[TIME])}
        facts.append(labeller("figure.time_heat.fact", **words))
    return " ".join(facts)
