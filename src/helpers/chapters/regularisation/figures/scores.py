"""Ridge and both lassos: curves by layer, differences, and the two metrics."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import ESTIMATOR, LAYER, MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

RIDGE = "ridge"
FAINT = 0.12  # opacity of areas
DETERMINATION, PEARSON = "r2_determination", "r2_pearson"  # the metrics of the columns median_r2_...

text.words(
    "figure.ridge_lasso",
    en={
        "title": "Ridge and both lassos on the same splits",
        "hover": (
            "{model}, {estimator}<br>Layer %{{x}}<br>Median R²: %{{y:.2f}}"
            "<br>Quartiles over splits: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}"
            "<br>Median r² of the same predictions: %{{customdata[2]:.2f}}<br>Units used: %{{customdata[3]:.1~f}}"
        ),
        "alt": (
            "{n} {n:panel|panels}, one per component: {measure} against layer for {estimators}, quartiles over splits "
            "as areas, with a menu of models. {facts}"
        ),
        "alt_fact": "{model}, {estimator}: highest for {component}, {r2} at layer {layer}.",
    },
    es={
        "title": "Ridge y ambos lassos en las mismas particiones",
        "hover": (
            "{model}, {estimator}<br>Capa %{{x}}<br>Mediana de R²: %{{y:.2f}}"
            "<br>Cuartiles entre particiones: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}"
            "<br>Mediana de r² de las mismas predicciones: %{{customdata[2]:.2f}}"
            "<br>Unidades usadas: %{{customdata[3]:.1~f}}"
        ),
        "alt": (
            "{n} {n:panel|paneles}, uno por componente: {measure} según la capa, con {estimators}, cuartiles entre "
            "particiones como áreas y un menú de modelos. {facts}"
        ),
        "alt_fact": "{model}, {estimator}: el valor más alto es el de {component}, {r2} en la capa {layer}.",
    },
)


def by_layer(
    curves: pd.DataFrame, published: pd.DataFrame | None, *, synthetic: bool, language: str = "en"
) -> go.Figure:
    """Draw the estimators by layer, a panel per target, with a menu of models.

    curves: model, estimator, layer, target, median_r2_determination, q25, q75, median_r2_pearson, median_active[,
    note]; published (component, estimator, layer, median_r2, std) is offered as an overlay.
    """
    models, targets = panels.models_of(curves), panels.targets_of(curves)

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.grid(targets, labeller)
        for model in models:
            own = curves[curves[MODEL] == model]
            for panel, target in enumerate(targets):
                for line in _curves(own[own[TARGET] == target], curves, labeller, first=panel == 0):
                    figure.add_trace(line, **panels.place(panel))
        panels.choose_model(figure, models, labeller)
        _overlay(figure, published, curves, labeller)
        figure.add_traces(panels.note_marks(curves, labeller))
        height = 175 + panels.ROW * panels.n_rows(targets)
        style.laid_out(figure, labeller, labeller("figure.ridge_lasso.title"), height, synthetic)
        figure.update_layout(margin={"t": 130})
        figure.update_xaxes(dtick=panels.layer_ticks(curves))
        figure.update_yaxes(**panels.r2_axis(curves["q25"].min()))
        return panels.titled(figure, targets, labeller("axis.layer"), _measure(DETERMINATION, labeller))

    return bilingual(build, lambda labeller: _curve_alt(curves, labeller), curves, language)


def _measure(metric: str, labeller: Labeller, *, inline: bool = False) -> str:
    return panels.measure(pd.DataFrame({"metric": [metric]}), labeller, inline=inline)


def _curves(own: pd.DataFrame, curves: pd.DataFrame, labeller: Labeller, first: bool) -> list[go.Scatter]:
    """Return a line for each estimator, and behind them areas between the quartiles over splits."""
    areas, lines = [], []
    for index, estimator in enumerate(panels.in_order(curves[ESTIMATOR])):
        rows = own[own[ESTIMATOR] == estimator].sort_values(LAYER)
        look = style.of_other(index)
        quartiles = (rows[name].to_numpy() for name in (LAYER, "q25", "q75"))
        areas.append(panels.band(*quartiles, style.faint(look["line"]["color"], FAINT), legendgroup=estimator))
        words = {"model": "", "estimator": labeller.name("estimator", estimator)}
        if len(rows):
            words["model"] = style.name(labeller, "model", rows[MODEL].iloc[0])
        line = go.Scatter(
            x=rows[LAYER].to_numpy(), y=rows["median_r2_determination"].to_numpy(), mode="lines+markers",
            name=words["estimator"], legendgroup=estimator, showlegend=first,
            customdata=rows[["q25", "q75", "median_r2_pearson", "median_active"]].to_numpy(),
            hovertemplate=labeller("figure.ridge_lasso.hover", **words) + "<extra></extra>",
            **panels.marked(look, rows),
        )  # fmt: skip
        lines.append(line)
    return areas + lines


def _overlay(figure: go.Figure, published: pd.DataFrame | None, curves: pd.DataFrame, labeller: Labeller) -> None:
    """Add published medians with their standard deviation over splits, hidden until switched on."""
    if published is None:
        return
    shown = [name for name in panels.in_order(curves[ESTIMATOR]) if name in set(published[ESTIMATOR])]
    for panel, target in enumerate(panels.targets_of(curves)):
        for index, estimator in enumerate(shown):
            rows = published[(published["component"] == target) & (published[ESTIMATOR] == estimator)]
            line = go.Scatter(
                x=rows[LAYER].to_numpy(), y=rows["median_r2"].to_numpy(), mode="lines+markers",
                name=labeller("panels.published_mixture", name=labeller.name("estimator", estimator)),
                error_y={"array": rows["std"].to_numpy(), "thickness": 1}, visible="legendonly",
                line={"color": style.GREY, "dash": style.DASHES[index]},
                marker={"color": style.GREY, "symbol": f"{style.MARKERS[index]}-open"},
                legendgroup=f"published {estimator}", showlegend=panel == 0,
            )  # fmt: skip
            figure.add_trace(line, **panels.place(panel))


def _curve_alt(curves: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for (model, estimator), rows in curves.groupby([MODEL, ESTIMATOR], sort=False):
        top = rows.nlargest(1, "median_r2_determination").iloc[0]
        words = {"model": labeller.name("model", model), "estimator": labeller.name("estimator", estimator)}
        words |= {"component": labeller.name("target", top[TARGET]), "layer": int(top[LAYER])}
        facts.append(labeller("figure.ridge_lasso.alt_fact", **words, r2=float(top["median_r2_determination"])))
    estimators = text.listed(ESTIMATOR, panels.in_order(curves[ESTIMATOR]))(labeller)
    words = {"measure": _measure(DETERMINATION, labeller, inline=True), "estimators": estimators}
    return labeller("figure.ridge_lasso.alt", n=len(panels.targets_of(curves)), **words, facts=" ".join(facts))


text.words(
    "figure.differences",
    en={
        "title": "{one} minus {other}, test R²",
        "x": "R² of {one} minus R² of {other}",
        "hover": (
            "{model}, %{{y}}<br>Difference in R²: %{{x:.3f}}"
            "<br>95 % interval: %{{customdata[0]:.3f}} – %{{customdata[1]:.3f}}"
            "<br>Best layers: {one} %{{customdata[2]}}, {other} %{{customdata[3]}}<br>Splits: %{{customdata[4]}}"
        ),
        "alt": (
            "R² of {one} minus that of {other} for each component, with 95 % intervals, each at its best layer. {facts}"
        ),
        "alt_fact": "{model}: from {low:3} ({lowest}) to {high:3} ({highest}).",
    },
    es={
        "title": "{one} menos {other}, R² en el conjunto de prueba",
        "x": "R² de {one} menos R² de {other}",
        "hover": (
            "{model}, %{{y}}<br>Diferencia de R²: %{{x:.3f}}"
            "<br>Intervalo del 95 %: %{{customdata[0]:.3f}} – %{{customdata[1]:.3f}}"
            "<br>Mejores capas: {one} %{{customdata[2]}}, {other} %{{customdata[3]}}<br>Particiones: %{{customdata[4]}}"
        ),
        "alt": (
            "R² de {one} menos el de {other} para cada componente, con intervalos del 95 %, cada uno en su mejor capa. "
            "{facts}"
        ),
        "alt_fact": "{model}: de {low:3} ({lowest}) a {high:3} ({highest}).",
    },
)


def differences(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw ridge minus another estimator, with intervals.

    frame: model, target, other (the estimator), difference, low, high, layer_ridge, layer_lasso, n_splits.
    """
    models, targets = panels.models_of(frame), panels.targets_of(frame)

    def build(labeller: Labeller) -> go.Figure:
        figure, names = go.Figure(), _compared(frame, labeller)
        for index, model in enumerate(models):
            figure.add_trace(_interval(frame[frame[MODEL] == model], index, labeller))
        figure.add_vline(x=0, line={"color": style.GREY, "dash": "dash", "width": 1})
        height = 190 + 60 * len(targets) + 20 * len(models)
        style.laid_out(figure, labeller, labeller("figure.differences.title", **names), height, synthetic)
        figure.update_layout(scattermode="group")
        figure.update_xaxes(title_text=style.broken(labeller("figure.differences.x", **names), style.AXIS))
        return figure.update_yaxes(autorange="reversed")

    return bilingual(build, lambda labeller: _difference_alt(frame, labeller), frame, language)


def _compared(frame: pd.DataFrame, labeller: Labeller) -> dict[str, str]:
    return {"one": labeller.name("estimator", RIDGE), "other": labeller.name("estimator", frame["other"].iloc[0])}


def _interval(rows: pd.DataFrame, index: int, labeller: Labeller) -> go.Scatter:
    errors = {"array": (rows["high"] - rows["difference"]).to_numpy(), "thickness": 1.5, "width": 5}
    model = style.name(labeller, "model", rows[MODEL].iloc[0])
    hover = labeller("figure.differences.hover", model=model, **_compared(rows, labeller))
    return go.Scatter(
        x=rows["difference"].to_numpy(), y=[style.name(labeller, "target", target) for target in rows[TARGET]],
        error_x=errors | {"arrayminus": (rows["difference"] - rows["low"]).to_numpy(), "symmetric": False},
        mode="markers", name=model, marker=style.of_model(index)["marker"] | {"size": 9},
        offsetgroup=rows[MODEL].iloc[0], orientation="h",
        customdata=rows[["low", "high", "layer_ridge", "layer_lasso", "n_splits"]].to_numpy(),
        hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip


def _difference_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model, rows in frame.dropna(subset="difference").groupby(MODEL, sort=False):
        low, high = rows.nsmallest(1, "difference").iloc[0], rows.nlargest(1, "difference").iloc[0]
        words = {"lowest": labeller.name("target", low[TARGET]), "highest": labeller.name("target", high[TARGET])}
        words |= {"low": float(low["difference"]), "high": float(high["difference"])}
        facts.append(labeller("figure.differences.alt_fact", model=labeller.name("model", model), **words))
    return labeller("figure.differences.alt", **_compared(frame, labeller), facts=" ".join(facts))


text.words(
    "figure.metrics",
    en={
        "title": "Two metrics of the same predictions",
        "hover": "{name}<br>Layer %{{customdata[0]}}<br>r²: %{{x:.3f}}<br>R²: %{{y:.3f}}",
        "alt": (
            "Coefficient of determination against squared correlation of the same ridge predictions, a point for each "
            "layer and component; points below the diagonal lose by scale or offset. {facts}"
        ),
        "alt_fact": "{model}: r² from {r2_low} to {r2_high}, R² from {low} to {high}.",
    },
    es={
        "title": "Dos métricas de las mismas predicciones",
        "hover": "{name}<br>Capa %{{customdata[0]}}<br>r²: %{{x:.3f}}<br>R²: %{{y:.3f}}",
        "alt": (
            "Coeficiente de determinación frente a la correlación al cuadrado de las mismas predicciones de ridge, un "
            "punto por capa y componente; los que están bajo la diagonal pierden por escala o desplazamiento. {facts}"
        ),
        "alt_fact": "{model}: r² de {r2_low} a {r2_high}, R² de {low} a {high}.",
    },
)


def metrics(curves: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw both metrics of the same ridge predictions, a point for each layer and target, with a menu of models.

    curves: model, estimator, layer, target, median_r2_determination, median_r2_pearson[, note].
    """
    shown = curves[curves[ESTIMATOR] == RIDGE]
    models = panels.models_of(shown)

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for model in models:
            for index, target in enumerate(panels.targets_of(shown)):
                rows = shown[(shown[MODEL] == model) & (shown[TARGET] == target)]
                figure.add_trace(_pairs(rows, target, index, labeller))
        panels.choose_model(figure, models, labeller)
        figure.add_traces(panels.note_marks(shown, labeller))
        low = min(0.0, float(shown["median_r2_determination"].min()))
        panels.diagonal(figure, 0, 1)
        style.laid_out(figure, labeller, labeller("figure.metrics.title"), 560, synthetic)
        figure.update_layout(margin={"t": 130})
        figure.update_xaxes(title_text=style.broken(_measure(PEARSON, labeller), style.AXIS), range=[-0.02, 1])
        return figure.update_yaxes(
            title_text=style.broken(_measure(DETERMINATION, labeller), style.AXIS), range=[low - 0.02, 1]
        )

    return bilingual(build, lambda labeller: _metric_alt(shown, labeller), shown, language)


def _pairs(rows: pd.DataFrame, target: str, index: int, labeller: Labeller) -> go.Scatter:
    name, look = style.name(labeller, "target", target), style.of_other(index)
    return go.Scatter(
        x=rows["median_r2_pearson"].to_numpy(), y=rows["median_r2_determination"].to_numpy(), mode="markers", name=name,
        marker=panels.marked(look | {"marker": look["marker"] | {"size": 9}}, rows)["marker"],
        customdata=rows[[LAYER]].to_numpy(),
        hovertemplate=labeller("figure.metrics.hover", name=name) + "<extra></extra>",
    )  # fmt: skip


def _metric_alt(shown: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model, rows in shown.groupby(MODEL, sort=False):
        r2, determination = rows["median_r2_pearson"], rows["median_r2_determination"]
        numbers = {"r2_low": float(r2.min()), "r2_high": float(r2.max())}
        numbers |= {"low": float(determination.min()), "high": float(determination.max())}
        facts.append(labeller("figure.metrics.alt_fact", model=labeller.name("model", model), **numbers))
    return labeller("figure.metrics.alt", facts=" ".join(facts))
