"""The units that the lasso selects: how many, whether it selects them again, and for which components together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.voxels import PANEL, axis_of_layers, marked, models_of, panels
from helpers.names import COMPONENTS, ESTIMATOR, LAYER, MODEL, TARGET
from helpers.text import Labeller

LASSOS = ("lasso", "lasso_single")


def units(curves: pd.DataFrame, n_units: dict[str, int], *, merged_last: bool, synthetic: bool, language: str = "en"):
    """Median number of units that the lassos use, by layer, one panel per model; `n_units`: how many there are."""
    shown = curves[curves[ESTIMATOR].isin(LASSOS)]
    models = models_of(shown)

    def build(labeller: Labeller) -> go.Figure:
        figure = panels(models, labeller, vertical_spacing=0.1)
        for row, model in enumerate(models, start=1):
            own = shown[shown[MODEL] == model]
            for line in _unit_lines(own, n_units[model], merged_last, labeller):
                figure.add_trace(line.update(showlegend=row == 1), row=row, col=1)
        style.laid_out(figure, labeller, labeller("figure.units.title"), PANEL * len(models) + 160, synthetic)
        figure.update_xaxes(dtick=1).update_xaxes(title_text=axis_of_layers(merged_last, labeller), row=len(models))
        return figure.update_yaxes(title_text=labeller("axis.units"), rangemode="tozero")

    return bilingual(build, lambda labeller: _unit_alt(shown, n_units, labeller), shown, language)


def _unit_lines(own: pd.DataFrame, n_units: int, merged_last: bool, labeller: Labeller) -> list[go.Scatter]:
    together = own[(own[ESTIMATOR] == "lasso") & (own[TARGET] == own[TARGET].iloc[0])]
    black = {"line": {"color": style.GREY, "width": 3}, "marker": {"color": style.GREY, "symbol": "hexagon", "size": 9}}
    lines = [
        _unit_line(
            together, labeller.name("estimator", "lasso"), n_units, marked(black, len(together), merged_last), labeller
        )
    ]
    for index, component in enumerate(COMPONENTS):
        rows = own[(own[ESTIMATOR] == "lasso_single") & (own[TARGET] == component)]
        name = labeller.name("component", component)
        look = marked(style.of_model(index), len(rows), merged_last)
        lines.append(_unit_line(rows, name, n_units, look, labeller))
    return lines


def _unit_line(rows: pd.DataFrame, name: str, n_units: int, look: dict, labeller: Labeller) -> go.Scatter:
    rows = rows.sort_values(LAYER)
    return go.Scatter(
        x=rows[LAYER].to_numpy(), y=rows["median_active"].to_numpy(), mode="lines+markers", name=name, legendgroup=name,
        hovertemplate=labeller("figure.units.hover", name=name, n=n_units) + "<extra></extra>", **look,
    )  # fmt: skip


def _unit_alt(shown: pd.DataFrame, n_units: dict[str, int], labeller: Labeller) -> str:
    facts = [
        labeller(
            "figure.units.alt_fact", model=labeller.name("model", model), n=n_units[model],
            low=float(rows["median_active"].min()), high=float(rows["median_active"].max()),
        )
        for model, rows in shown.groupby(MODEL, sort=False)
    ]  # fmt: skip
    return labeller("figure.units.alt", facts=" ".join(facts))


def agreement(frame: pd.DataFrame, *, merged_last: bool, synthetic: bool, language: str = "en") -> go.Figure:
    """Jaccard index of the units selected in pairs of splits (full) beside its expectation by chance (open, dotted).

    frame: model, estimator, layer, target, jaccard, expected, excess, n_pairs. One panel per model and lasso.
    """
    choices = [(model, lasso) for model in models_of(frame) for lasso in LASSOS]

    def build(labeller: Labeller) -> go.Figure:
        titles = [f"{labeller.name('model', m)}: {labeller.name('estimator', e)}" for m, e in choices]
        figure = make_subplots(
            rows=len(choices), cols=1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.25 / len(choices)
        )
        named = set()
        for row, (model, lasso) in enumerate(choices, start=1):
            own = frame[(frame[MODEL] == model) & (frame[ESTIMATOR] == lasso)]
            for line in _agreement_lines(own, labeller):
                figure.add_trace(line.update(showlegend=line.name not in named), row=row, col=1)
                named.add(line.name)
        style.laid_out(figure, labeller, labeller("figure.agreement.title"), 230 * len(choices) + 170, synthetic)
        figure.update_xaxes(dtick=1).update_xaxes(title_text=axis_of_layers(merged_last, labeller), row=len(choices))
        return figure.update_yaxes(title_text=labeller("axis.jaccard"), range=[-0.05, 1.05])

    return bilingual(build, lambda labeller: _agreement_alt(frame, labeller), frame, language)


def _agreement_lines(own: pd.DataFrame, labeller: Labeller) -> list[go.Scatter]:
    lines = []
    for target, rows in own.groupby(TARGET, sort=False):
        look = style.of_model(COMPONENTS.index(target)) if target in COMPONENTS else style.of_model(0)
        look = look if target in COMPONENTS else {key: look[key] | {"color": style.GREY} for key in look}
        name, rows = labeller.name("component", target), rows.sort_values(LAYER)
        for column, suffix in (("jaccard", ""), ("expected", "chance")):
            open_ = {"symbol": f"{look['marker']['symbol']}-open"} if suffix else {}
            line = go.Scatter(
                x=rows[LAYER].to_numpy(), y=rows[column].to_numpy(), mode="lines+markers",
                name=labeller("figure.agreement.chance", name=name) if suffix else name, legendgroup=target,
                line=look["line"] | ({"dash": "dot", "width": 1} if suffix else {}),
                marker=look["marker"] | open_, customdata=rows[["n_pairs"]].to_numpy(),
                hovertemplate=labeller(f"figure.agreement.hover_{column}", name=name) + "<extra></extra>",
            )  # fmt: skip
            lines.append(line)
    return lines


def _agreement_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = [
        labeller(
            "figure.agreement.alt_fact", model=labeller.name("model", model),
            estimator=labeller.name("estimator", lasso),
            jaccard=float(rows["jaccard"].mean()), expected=float(rows["expected"].mean()),
        )
        for (model, lasso), rows in frame.groupby([MODEL, ESTIMATOR], sort=False)
    ]  # fmt: skip
    return labeller("figure.agreement.alt", facts=" ".join(facts))


def shared(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Agreement beyond chance of the units selected for two components (model, layer, one, two, excess)."""
    models = models_of(frame)

    def build(labeller: Labeller) -> go.Figure:
        names = [labeller.name("component", component) for component in COMPONENTS]
        layers = frame.drop_duplicates(MODEL).set_index(MODEL)[LAYER]
        titles = [
            labeller("figure.shared.panel", model=labeller.name("model", m), layer=int(layers[m])) for m in models
        ]
        figure = make_subplots(
            rows=len(models), cols=1, subplot_titles=titles, shared_xaxes=True, vertical_spacing=0.12 / len(models)
        )
        for row, model in enumerate(models, start=1):
            grid = _square(frame[frame[MODEL] == model])
            heat = go.Heatmap(
                x=names, y=names, z=grid, coloraxis="coloraxis", hoverongaps=False,
                hovertemplate=labeller("figure.shared.hover") + "<extra></extra>",
            )  # fmt: skip
            figure.add_trace(heat, row=row, col=1)
        style.laid_out(figure, labeller, labeller("figure.shared.title"), 330 * len(models) + 260, synthetic)
        figure.update_layout(margin={"t": 170})
        figure.update_coloraxes(cmin=0, cmax=1, colorscale="Cividis")
        return style.lying_bar(figure, labeller("axis.excess")).update_yaxes(autorange="reversed")

    return bilingual(build, lambda labeller: _shared_alt(frame, labeller), frame, language)


def _square(rows: pd.DataFrame) -> np.ndarray:
    """A symmetric matrix over the components; its diagonal, which says nothing, is empty."""
    grid = pd.DataFrame(np.nan, index=list(COMPONENTS), columns=list(COMPONENTS))
    for row in rows.itertuples():
        grid.loc[row.one, row.two] = grid.loc[row.two, row.one] = row.excess
    return grid.to_numpy()


def _shared_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model, rows in frame.dropna(subset="excess").groupby(MODEL, sort=False):
        top = rows.loc[rows["excess"].idxmax()]
        words = {"one": labeller.name("component", top["one"]), "two": labeller.name("component", top["two"])}
        facts.append(
            labeller(
                "figure.shared.alt_fact", model=labeller.name("model", model), excess=float(top["excess"]), **words
            )
        )
    return labeller("figure.shared.alt", facts=" ".join(facts))
