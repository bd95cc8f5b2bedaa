"""The units that the lassos select: how many, whether other splits select them too, and for which targets together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import ESTIMATOR, LAYER, MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

text.words(
    "figure.units",
    en={
        "title": "How many units the multi-task and the single-task lasso use",
        "y": "Units used (median)",
        "hover": "{name}<br>Layer %{{x}}<br>Units used: %{{y}} of {n}",
        "alt": (
            "Median number of units with a coefficient other than zero, by layer: one line for a lasso whose units are "
            "those of all components, and one per component for the other. {facts}"
        ),
        "alt_fact": "{model}, {estimator}: between {low:1} and {high:1} of {n} {n:unit|units}.",
    },
    es={
        "title": "Cuántas unidades usan el lasso multitarea y el univariado",
        "y": "Unidades usadas (mediana)",
        "hover": "{name}<br>Capa %{{x}}<br>Unidades usadas: %{{y}} de {n}",
        "alt": (
            "Mediana de la cantidad de unidades con un coeficiente distinto de cero, según la capa: una línea para el "
            "lasso cuyas unidades son las de todos los componentes y, para el otro, una por componente. {facts}"
        ),
        "alt_fact": "{model}, {estimator}: entre {low:1} y {high:1} de {n} {n:unidad|unidades}.",
    },
)


def units(curves: pd.DataFrame, n_units: dict[str, int], *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the median number of units that estimators which select any use, by layer, one panel per model.

    curves: model, estimator, layer, target, median_active[, note]; `n_units`: model -> units of its widest layer. An
    estimator that uses as many units for every target has one line, the others have one per target.
    """
    shown = curves[curves[ESTIMATOR].isin(_selecting(curves, n_units))]
    models = panels.models_of(shown)

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.stacked(models, labeller, vertical_spacing=0.1)
        for row, model in enumerate(models, start=1):
            for line in _unit_lines(shown[shown[MODEL] == model], n_units[model], labeller):
                figure.add_trace(line.update(showlegend=row == 1), row=row, col=1)
        style.laid_out(figure, labeller, labeller("figure.units.title"), panels.PANEL * len(models) + 160, synthetic)
        title = panels.axis_of_layers(shown, labeller)
        figure.update_xaxes(dtick=1).update_xaxes(title_text=title, row=len(models))
        figure.update_yaxes(title_text=labeller("figure.units.y"), rangemode="tozero", matches="y")
        return panels.spread(figure, len(models))

    return bilingual(build, lambda labeller: _unit_alt(shown, n_units, labeller), shown, language)


def _selecting(curves: pd.DataFrame, n_units: dict[str, int]) -> list[str]:
    """Return the estimators that leave units out: all but those that use every unit of every layer."""
    most = curves.groupby([MODEL, LAYER])["median_active"].transform("max")
    active = curves["median_active"]
    whole = curves.assign(most=active == most, widest=active == curves[MODEL].map(n_units))
    found = whole.groupby(ESTIMATOR, sort=False).agg(most=("most", "all"), widest=("widest", "any"))
    return found.index[~(found["most"] & found["widest"])].tolist()


def _unit_lines(own: pd.DataFrame, n_units: int, labeller: Labeller) -> list[go.Scatter]:
    lines = []
    for estimator, rows in own.groupby(ESTIMATOR, sort=False):
        if (rows.groupby(LAYER)["median_active"].nunique(dropna=False) == 1).all():
            once = rows[rows[TARGET] == rows[TARGET].iloc[0]].sort_values(LAYER)
            lines.append(_unit_line(once, labeller.name("estimator", estimator), n_units, _together(), labeller))
            continue
        for index, target in enumerate(panels.targets_of(rows)):
            name = f"{labeller.name('estimator', estimator)}: {style.name(labeller, 'target', target)}"
            of_target = rows[rows[TARGET] == target].sort_values(LAYER)
            lines.append(_unit_line(of_target, name, n_units, style.of_other(index), labeller))
    return lines


def _together() -> dict:
    """Return line and marker of curves that hold for all targets."""
    return {"line": {"color": style.GREY, "width": 3}, "marker": {"color": style.GREY, "symbol": "hexagon", "size": 9}}


def _unit_line(rows: pd.DataFrame, name: str, n_units: int, look: dict, labeller: Labeller) -> go.Scatter:
    return go.Scatter(
        x=rows[LAYER].to_numpy(), y=rows["median_active"].to_numpy(), mode="lines+markers", name=name, legendgroup=name,
        hovertemplate=labeller("figure.units.hover", name=name, n=n_units) + "<extra></extra>",
        **panels.marked(look, rows),
    )  # fmt: skip


def _unit_alt(shown: pd.DataFrame, n_units: dict[str, int], labeller: Labeller) -> str:
    facts = [
        labeller(
            "figure.units.alt_fact", model=labeller.name("model", model), n=n_units[model],
            estimator=labeller.name("estimator", estimator),
            low=float(rows["median_active"].min()), high=float(rows["median_active"].max()),
        )
        for (model, estimator), rows in shown.groupby([MODEL, ESTIMATOR], sort=False)
    ]  # fmt: skip
    return labeller("figure.units.alt", facts=" ".join(facts))


text.words(
    "figure.agreement",
    en={
        "title": "Whether different splits select the same units",
        "y": "Jaccard index",
        "together": "All components",
        "chance": "{name}, by chance",
        "hover_jaccard": "{name}<br>Layer %{{x}}<br>Jaccard index: %{{y:.2f}}<br>Pairs of splits: %{{customdata[0]}}",
        "hover_expected": "{name}, random sets as large<br>Layer %{{x}}<br>Jaccard index: %{{y:.2f}}",
        "alt": (
            "Jaccard index of the units selected in two splits against layer, and what random sets as large would "
            "reach. {facts}"
        ),
        "alt_fact": "{model}, {estimator}: at most {jaccard}, at layer {layer} ({expected} by chance).",
    },
    es={
        "title": "Si distintas particiones eligen las mismas unidades",
        "y": "Índice de Jaccard",
        "together": "Todos los componentes",
        "chance": "{name}, por azar",
        "hover_jaccard": (
            "{name}<br>Capa %{{x}}<br>Índice de Jaccard: %{{y:.2f}}<br>Pares de particiones: %{{customdata[0]}}"
        ),
        "hover_expected": "{name}, conjuntos al azar del mismo tamaño<br>Capa %{{x}}<br>Índice de Jaccard: %{{y:.2f}}",
        "alt": (
            "Índice de Jaccard de las unidades elegidas en dos particiones según la capa, y el que alcanzarían "
            "conjuntos al azar del mismo tamaño. {facts}"
        ),
        "alt_fact": "{model}, {estimator}: como máximo {jaccard}, en la capa {layer} (por azar, {expected}).",
    },
)


def agreement(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw how far pairs of splits select the same units (full) and what chance would give (open, dotted).

    frame: model, estimator, layer, target ("all" where the units are those of all targets), jaccard, expected,
    n_pairs[, note]. One panel per model and estimator.
    """
    targets = [target for target in panels.targets_of(frame) if target != panels.ALL]
    choices = [(m, e) for m in panels.models_of(frame) for e in panels.in_order(frame[ESTIMATOR])]

    def build(labeller: Labeller) -> go.Figure:
        titles = [f"{style.name(labeller, 'model', m)}: {labeller.name('estimator', e)}" for m, e in choices]
        figure, named = panels.column(titles, vertical_spacing=0.25 / len(choices)), set()
        for row, (model, estimator) in enumerate(choices, start=1):
            own = frame[(frame[MODEL] == model) & (frame[ESTIMATOR] == estimator)]
            for line in _agreement_lines(own, targets, labeller):
                figure.add_trace(line.update(showlegend=line.name not in named), row=row, col=1)
                named.add(line.name)
        style.laid_out(figure, labeller, labeller("figure.agreement.title"), 230 * len(choices) + 170, synthetic)
        title = panels.axis_of_layers(frame, labeller)
        figure.update_xaxes(dtick=1).update_xaxes(title_text=title, row=len(choices))
        figure.update_yaxes(title_text=labeller("figure.agreement.y"), range=[-0.05, 1.05])
        return panels.spread(figure, len(choices))

    return bilingual(build, lambda labeller: _agreement_alt(frame, labeller), frame, language)


def _agreement_lines(own: pd.DataFrame, targets: list[str], labeller: Labeller) -> list[go.Scatter]:
    lines = []
    for target, rows in own.groupby(TARGET, sort=False):
        together, rows = target == panels.ALL, rows.sort_values(LAYER)
        name = labeller("figure.agreement.together") if together else style.name(labeller, "target", target)
        look = _together() if together else style.of_other(targets.index(target))
        line = go.Scatter(
            x=rows[LAYER].to_numpy(), y=rows["jaccard"].to_numpy(), mode="lines+markers", name=name, legendgroup=target,
            customdata=rows[["n_pairs"]].to_numpy(),
            hovertemplate=labeller("figure.agreement.hover_jaccard", name=name) + "<extra></extra>",
            **panels.marked(look, rows),
        )  # fmt: skip
        chance = go.Scatter(
            x=rows[LAYER].to_numpy(), y=rows["expected"].to_numpy(), mode="lines+markers", legendgroup=target,
            name=labeller("figure.agreement.chance", name=name), line=look["line"] | {"dash": "dot", "width": 1},
            marker=look["marker"] | {"symbol": f"{look['marker']['symbol']}-open"},
            hovertemplate=labeller("figure.agreement.hover_expected", name=name) + "<extra></extra>",
        )  # fmt: skip
        lines += [line, chance]
    return lines


def _agreement_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for (model, estimator), rows in frame.dropna(subset="jaccard").groupby([MODEL, ESTIMATOR], sort=False):
        top = rows.nlargest(1, "jaccard").iloc[0]
        words = {"model": labeller.name("model", model), "estimator": labeller.name("estimator", estimator)}
        words |= {"jaccard": float(top["jaccard"]), "expected": float(top["expected"]), "layer": int(top[LAYER])}
        facts.append(labeller("figure.agreement.alt_fact", **words))
    return labeller("figure.agreement.alt", facts=" ".join(facts))


TOP = 170  # px above the heat maps of shared units, for a bar and its name

text.words(
    "figure.shared",
    en={
        "title": "Whether two components need the same units",
        "scale": "Agreement beyond chance",
        "panel": "{model}, layer {layer}",
        "hover": "%{{y}} and %{{x}}<br>Agreement beyond chance: %{{z:.2f}}",
        "alt": (
            "Heat maps of the agreement beyond chance between the units that the single-task lasso selects for two "
            "components. {facts}"
        ),
        "alt_fact": "{model}: highest for {one} and {two}, {excess}.",
    },
    es={
        "title": "Si dos componentes necesitan las mismas unidades",
        "scale": "Coincidencia más allá del azar",
        "panel": "{model}, capa {layer}",
        "hover": "%{{y}} y %{{x}}<br>Coincidencia más allá del azar: %{{z:.2f}}",
        "alt": (
            "Mapas de calor de la coincidencia, más allá del azar, entre las unidades que el lasso univariado elige "
            "para dos componentes. {facts}"
        ),
        "alt_fact": "{model}: la más alta es la de {one} y {two}, {excess}.",
    },
)


def shared(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the agreement beyond chance of the units selected for two targets (model, layer, one, two, excess)."""
    models, targets = panels.models_of(frame), panels.in_order([*frame["one"], *frame["two"]])
    lowest, highest = min(0.0, frame["excess"].min()), frame["excess"].max()  # 0 is what chance gives

    def build(labeller: Labeller) -> go.Figure:
        names = [style.name(labeller, "target", target) for target in targets]
        layers = frame.drop_duplicates(MODEL).set_index(MODEL)[LAYER]
        words = [{"model": style.name(labeller, "model", model), "layer": int(layers[model])} for model in models]
        titles = [labeller("figure.shared.panel", **own) for own in words]
        figure = panels.column(titles, vertical_spacing=0.12 / len(models))
        for row, model in enumerate(models, start=1):
            heat = go.Heatmap(
                x=names, y=names, z=_square(frame[frame[MODEL] == model], targets), coloraxis="coloraxis",
                hoverongaps=False, hovertemplate=labeller("figure.shared.hover") + "<extra></extra>",
            )  # fmt: skip
            figure.add_trace(heat, row=row, col=1)
        style.laid_out(figure, labeller, labeller("figure.shared.title"), 330 * len(models) + 260, synthetic)
        figure.update_layout(margin={"t": TOP})
        figure.update_coloraxes(cmin=lowest, cmax=highest, colorscale="Cividis")
        style.lying_bar(figure, labeller("figure.shared.scale")).update_yaxes(autorange="reversed")
        return panels.spread(figure, len(models))

    return bilingual(build, lambda labeller: _shared_alt(frame, labeller), frame, language)


def _square(rows: pd.DataFrame, targets: list[str]) -> np.ndarray:
    """Return a symmetric matrix over the targets; its diagonal, which is not informative, is empty."""
    grid = pd.DataFrame(np.nan, index=targets, columns=targets)
    for row in rows.itertuples():
        grid.loc[row.one, row.two] = grid.loc[row.two, row.one] = row.excess
    return grid.to_numpy()


def _shared_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model, rows in frame.dropna(subset="excess").groupby(MODEL, sort=False):
        top = rows.nlargest(1, "excess").iloc[0]
        words = {"one": labeller.name("target", top["one"]), "two": labeller.name("target", top["two"])}
        words |= {"model": labeller.name("model", model), "excess": float(top["excess"])}
        facts.append(labeller("figure.shared.alt_fact", **words))
    return labeller("figure.shared.alt", facts=" ".join(facts))
