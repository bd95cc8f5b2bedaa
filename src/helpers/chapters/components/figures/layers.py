"""How well each layer predicts the components: a panel each, a line per model."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import LAYER, MODEL, STEP, TARGET
from helpers.plotting import facts, panels, style
from helpers.plotting import references as beside
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

text.words(
    "figure.components",
    en={
        "title": "How well each layer predicts the components",
        "hover": (
            "{model}<br>Layer %{{x}}<br>{measure}: %{{y:.2f}}"
            "<br>Quartiles over splits: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}"
        ),
        "alt": "{n} {n:panel|panels}, one per component: {measure} against layer for each model. {facts}",
        "alt_fact": "{component}: of the networks’ layers the highest is layer {layer} of {model}, {r2}.{rivals}",
        "alt_none": "{component}: no layer of any network predicts it.",
    },
    es={
        "title": "Qué tan bien predice cada capa los componentes",
        "hover": (
            "{model}<br>Capa %{{x}}<br>{measure}: %{{y:.2f}}"
            "<br>Cuartiles entre particiones: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}"
        ),
        "alt": "{n} {n:panel|paneles}, uno por componente: {measure} según la capa, para cada modelo. {facts}",
        "alt_fact": (
            "{component}: de las capas de las redes, el valor más alto es el de la capa {layer} de {model}, {r2}."
            "{rivals}"
        ),
        "alt_none": "{component}: ninguna capa de ninguna red lo predice.",
    },
)


def by_layer(
    curves: pd.DataFrame, references: pd.DataFrame | None = None, *, synthetic: bool, language: str = "en"
) -> go.Figure:
    """Draw each model's last checkpoint, a panel per target, with the baselines and controls that stand beside it.

    curves: model, step, layer, target, median_r2, q25, q75, metric[, note]; references: as `stats.references`
    """
    shown = curves[curves[STEP] == curves.groupby(MODEL)[STEP].transform("max")]
    targets, ends = panels.targets_of(shown), [1, int(shown[LAYER].max())]
    references = beside.NONE if references is None else references
    quartiles = references.rename(columns={"low": "q25", "high": "q75"})
    table = pd.concat([shown, quartiles], ignore_index=True) if len(references) else shown

    def build(labeller: Labeller) -> go.Figure:
        figure, models = panels.grid(targets, labeller), panels.models_of(shown)
        for panel, target in enumerate(targets):
            own, first = shown[shown[TARGET] == target], panel == 0
            for trace in beside.by_layer(references, target, ends, labeller, first):
                figure.add_trace(trace, **panels.place(panel))
            for index, model in enumerate(models):
                for line in _trained(own, model, index, labeller, first):
                    figure.add_trace(line, **panels.place(panel))
        figure.add_traces(panels.note_marks(shown, labeller))
        height = 95 + panels.ROW * panels.n_rows(targets)
        style.laid_out(figure, labeller, labeller("figure.components.title"), height, synthetic)
        figure.update_xaxes(dtick=panels.layer_ticks(shown), tick0=1, range=[0.6, shown[LAYER].max() + 0.4])
        figure.update_yaxes(**panels.r2_axis(shown["q25"].min()))
        return panels.titled(figure, targets, labeller("axis.layer"), panels.measure(shown, labeller))

    def alt(labeller: Labeller) -> str:
        words = {"measure": panels.measure(shown, labeller, inline=True), "facts": _facts(shown, references, labeller)}
        return labeller("figure.components.alt", n=len(targets), **words)

    return bilingual(build, alt, table, language)


def _trained(own: pd.DataFrame, model: str, index: int, labeller: Labeller, first: bool) -> list[go.Scatter]:
    """Return the quartiles over splits and the line of a model's last checkpoint."""
    rows = own[own[MODEL] == model].sort_values(LAYER)
    colour = style.faint(style.COLOURS[index % len(style.COLOURS)])
    quartiles = (rows[column].to_numpy() for column in (LAYER, "q25", "q75"))
    line = _line(rows, style.name(labeller, "model", model), panels.marked(style.of_model(index), rows), labeller)
    return [panels.band(*quartiles, colour, legendgroup=model), line.update(legendgroup=model, showlegend=first)]


def _line(rows: pd.DataFrame, name: str, look: dict, labeller: Labeller) -> go.Scatter:
    words = {"model": name, "measure": panels.measure(rows, labeller)} if len(rows) else {"model": name, "measure": ""}
    return go.Scatter(
        x=rows[LAYER].to_numpy(), y=rows["median_r2"].to_numpy(), customdata=rows[["q25", "q75"]].to_numpy(),
        name=name, mode="lines+markers", hovertemplate=labeller("figure.components.hover", **words) + "<extra></extra>",
        **look,
    )  # fmt: skip


def _facts(curves: pd.DataFrame, references: pd.DataFrame, labeller: Labeller) -> str:
    said = []
    for target, rows in curves.groupby(TARGET, sort=False):
        best = rows.nlargest(1, "median_r2").iloc[0]
        words = {"component": labeller.name("target", target), "model": labeller.name("model", best[MODEL])}
        if not best["median_r2"] > 0:
            said.append(labeller("figure.components.alt_none", component=words["component"]))
            continue
        words |= {"rivals": facts.against(references[references[TARGET] == target], best["median_r2"], labeller)}
        said.append(labeller("figure.components.alt_fact", **words, r2=best["median_r2"], layer=int(best[LAYER])))
    return " ".join(said)
