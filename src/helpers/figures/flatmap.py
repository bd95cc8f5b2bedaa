"""Voxels on the flat map: left and right hemisphere in panels of their own, nothing hidden under anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers import text
from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.voxels import models_of, name_of_r2
from helpers.names import HEMISPHERES, LAYER, MODEL, REGIONS, SUBJECT
from helpers.text import Labeller

PLACE = ["hemisphere", "x", "y"]
PANEL = 340  # px
SCALE = "Viridis"


def region_map(voxels: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | text.Bilingual:
    """Where the regions lie: a mark per place and region, with how many voxels and subjects it stands for."""
    if not voxels["x"].notna().any():
        return text.both("say.no_map")
    own = voxels[voxels[MODEL] == voxels[MODEL].iloc[0]]
    places = (
        own.groupby([*PLACE, "region"], sort=False)
        .agg(n=(SUBJECT, "size"), subjects=(SUBJECT, "nunique"))
        .reset_index()
    )

    def build(labeller: Labeller) -> go.Figure:
        figure = _sides(1, labeller)
        for index, region in enumerate([*REGIONS, ""]):
            for column, side in enumerate(HEMISPHERES, start=1):
                rows = places[(places["region"] == region) & (places["hemisphere"] == side)]
                figure.add_trace(
                    _marks(rows, region, index, labeller).update(showlegend=column == 1), row=1, col=column
                )
        return _laid_out(figure, labeller, "region_map", 1, synthetic)

    numbers = {"n": len(own), "n_subjects": own[SUBJECT].nunique()}
    return bilingual(build, lambda labeller: labeller("figure.region_map.alt", **numbers), places, language)


def _marks(rows: pd.DataFrame, region: str, index: int, labeller: Labeller) -> go.Scatter:
    name = labeller.name("region", region or "none")
    colour = style.GREY if not region else style.COLOURS[index]
    return go.Scatter(
        x=rows["x"].to_numpy(), y=rows["y"].to_numpy(), mode="markers", name=name, legendgroup=region or "none",
        marker={"color": colour, "symbol": style.MARKERS[index], "size": 9, "opacity": 0.85},
        customdata=rows[["n", "subjects"]].to_numpy(),
        hovertemplate=labeller("figure.region_map.hover", region=name) + "<extra></extra>",
    )  # fmt: skip


def r2_map(layers: pd.DataFrame, voxels: pd.DataFrame, *, synthetic: bool, language: str = "en"):
    """r² of each place, a row of panels per model, a slider over layers."""
    if not layers["x"].notna().any():
        return text.both("say.no_map")
    best = voxels[[MODEL, "target", "best_layer"]]
    places = _places(layers.merge(best, on=[MODEL, "target"]), [MODEL, LAYER], "r2", "best_layer")
    shown = sorted(places[LAYER].unique())

    def build(labeller: Labeller) -> go.Figure:
        figure = _sides(len(models_of(places)), labeller, models_of(places))
        for layer in shown:
            for trace, row, column in _panels(places[places[LAYER] == layer], "r2_map", labeller):
                figure.add_trace(trace.update(visible=bool(layer == shown[-1])), row=row, col=column)
        per_layer = len(figure.data) // len(shown)
        figure.update_layout(sliders=[_slider(shown, per_layer, labeller)])
        figure.update_coloraxes(cmin=0, cmax=1, colorscale=SCALE, colorbar=_bar(name_of_r2(layers, labeller)))
        return _laid_out(figure, labeller, "r2_map", len(models_of(places)), synthetic, below=150)

    return bilingual(build, lambda labeller: labeller("figure.r2_map.alt", n=len(shown)), places, language)


def best_map(voxels: pd.DataFrame, n_layers: int, *, synthetic: bool, language: str = "en"):
    """Median best layer of each place, the merged last layer left out."""
    if not voxels["x"].notna().any():
        return text.both("say.no_map")
    places = _places(voxels.assign(r2=voxels["best_layer_unmerged"]), [MODEL], "r2", "best_r2")

    def build(labeller: Labeller) -> go.Figure:
        figure = _sides(len(models_of(places)), labeller, models_of(places))
        for trace, row, column in _panels(places, "best_map", labeller, ["n", "further", "ceiling"]):
            figure.add_trace(trace, row=row, col=column)
        ticks = {"tickvals": list(range(1, n_layers))}
        figure.update_coloraxes(
            cmin=1, cmax=n_layers - 1, colorscale=SCALE, colorbar=_bar(labeller("axis.layer")) | ticks
        )
        return _laid_out(figure, labeller, "best_map", len(models_of(places)), synthetic)

    return bilingual(build, lambda labeller: labeller("figure.best_map.alt"), places, language)


def _places(voxels: pd.DataFrame, groups: list[str], value: str, further: str) -> pd.DataFrame:
    """One row per place: medians over the voxels of all subjects there, which are counted and named."""
    grouped = voxels.assign(ceiling=voxels.get("ceiling", np.nan)).groupby([*groups, *PLACE], sort=False, observed=True)
    table = grouped[[value, "ceiling", further]].median().rename(columns={value: "value", further: "further"})
    table["n"] = grouped.size()
    table["subjects"] = grouped[SUBJECT].agg(lambda names: ", ".join(sorted(set(names))))
    table["region"] = grouped["region"].agg(lambda names: "/".join(sorted(set(names) - {""})))
    return table.reset_index()


def _panels(places: pd.DataFrame, family: str, labeller: Labeller, data=("n", "ceiling", "further")):
    """(trace, row, column) of every model and hemisphere."""
    for row, model in enumerate(models_of(places), start=1):
        for column, side in enumerate(HEMISPHERES, start=1):
            rows = places[(places[MODEL] == model) & (places["hemisphere"] == side)]
            words = [_where(region, labeller) for region in rows["region"]]
            yield (
                _coloured(
                    rows, words, labeller(f"figure.{family}.hover", model=labeller.name("model", model)), list(data)
                ),
                row,
                column,
            )


def _where(regions: str, labeller: Labeller) -> str:
    return "/".join(labeller.name("region", region or "none") for region in regions.split("/"))


def _coloured(rows: pd.DataFrame, words: list[str], hover: str, data: list[str]) -> go.Scatter:
    return go.Scatter(
        x=rows["x"].to_numpy(), y=rows["y"].to_numpy(), mode="markers", showlegend=False,
        marker={"color": rows["value"].to_numpy(), "coloraxis": "coloraxis", "symbol": "square", "size": 10},
        text=[f"{word} · {subjects}" for word, subjects in zip(words, rows["subjects"], strict=True)],
        customdata=rows[data].to_numpy(dtype=float),
        hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip


def _sides(n_rows: int, labeller: Labeller, models: list[str] = ()) -> go.Figure:
    """Two columns of panels, left and right hemisphere; row titles are the models."""
    titles = [labeller.name("model", model) for model in models] or None
    return make_subplots(
        rows=n_rows, cols=2, row_titles=titles, shared_yaxes=True, horizontal_spacing=0.04, vertical_spacing=0.06
    )


def _slider(layers: list, per_layer: int, labeller: Labeller) -> dict:
    steps = [
        {
            "method": "restyle",
            "label": str(layer),
            "args": [{"visible": [i // per_layer == index for i in range(per_layer * len(layers))]}],
        }
        for index, layer in enumerate(layers)
    ]
    prefix = labeller("figure.r2_map.slider") + " "
    return {"active": len(layers) - 1, "steps": steps, "currentvalue": {"prefix": prefix}, "pad": {"t": 76}}


def _bar(title: str) -> dict:
    return {"title": {"text": title, "side": "right"}, "thickness": 12}


def _laid_out(
    figure: go.Figure, labeller: Labeller, family: str, rows: int, synthetic: bool, below: int = 20
) -> go.Figure:
    style.laid_out(figure, labeller, labeller(f"figure.{family}.title"), PANEL * rows + 130 + below, synthetic)
    for column, side in enumerate(HEMISPHERES, start=1):
        title = labeller("axis.x", side=labeller.name("hemisphere", side))
        figure.update_xaxes(title_text=title, row=rows, col=column)
    figure.update_yaxes(title_text=labeller("axis.y"), col=1)
    for axis in figure.select_yaxes():
        axis.scaleanchor = axis.anchor  # mm are mm in both directions
    return figure
