"""Voxels on the flat map: left and right hemisphere in panels of their own, nothing hidden under anything.

Voxels of several subjects share a place, so a mark stands for a place: it shows the median of its voxels, and its hover
counts them and names their subjects.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots
from scipy.spatial import KDTree

from helpers import text
from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.figures.voxels import models_of, name_of_r2
from helpers.names import HEMISPHERES, LAYER, MODEL, REGIONS, SUBJECT
from helpers.text import Labeller

PLACE = ["hemisphere", "x", "y"]
PANEL, NARROW = 300, 160  # px, on a wide page and on a phone, where two panels side by side are no higher than that
SCALE = "Viridis"
MISSING = "#999999"  # a place whose value is not known is grey, not the colour of 0
DIGITS = 4  # of r² in the slider: finer than any colour, and a tenth of the bytes


def region_map(voxels: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | text.Bilingual:
    """Where the regions lie: a mark per place and region, with how many voxels and subjects it stands for."""
    own = _placed(voxels[voxels[MODEL] == voxels[MODEL].iloc[0]])
    if own.empty:
        return text.both("say.no_map")
    places = own.groupby([*PLACE, "region"], sort=False).agg(n=(SUBJECT, "size"), subjects=(SUBJECT, "nunique"))
    places = places.reset_index()
    size = _size(places)

    def build(labeller: Labeller) -> go.Figure:
        figure = _sides([""], labeller)
        for index, region in enumerate([*REGIONS, ""]):
            for column, side in enumerate(HEMISPHERES, start=1):
                rows = places[(places["region"] == region) & (places["hemisphere"] == side)]
                marks = _marks(rows, region, index, size, side, labeller).update(showlegend=column == 1)
                figure.add_trace(marks, row=1, col=column)
        return _narrowed(_laid_out(figure, places, labeller, "region_map", synthetic, above=88, below=95))

    numbers = {"n": len(own), "n_subjects": own[SUBJECT].nunique()}
    return bilingual(build, lambda labeller: labeller("figure.region_map.alt", **numbers), places, language)


def _marks(rows: pd.DataFrame, region: str, index: int, size: float, side: str, labeller: Labeller) -> go.Scatter:
    name = labeller.name("region", region or "none")
    words = {"region": name, "side": labeller(f"figure.side.{side}")}
    colour = style.GREY if not region else style.COLOURS[index]
    return go.Scatter(
        x=rows["x"].to_numpy(), y=rows["y"].to_numpy(), mode="markers", name=name, legendgroup=region or "none",
        marker={"color": colour, "symbol": style.MARKERS[index], "size": size, "opacity": 0.85, "line": style.OUTLINE},
        customdata=rows[["n", "subjects"]].to_numpy(),
        hovertemplate=labeller("figure.region_map.hover", **words) + "<extra></extra>",
    )  # fmt: skip


def r2_map(
    layers: pd.DataFrame, voxels: pd.DataFrame, *, merged_last: bool = False, synthetic: bool, language: str = "en"
) -> go.Figure | None:
    """Median r² of each place, a row of panels per model, a slider over layers; nothing without coordinates."""
    if _placed(layers).empty:
        return None
    places, shown = _places(_placed(voxels), "best_layer"), sorted(layers[LAYER].unique())
    values = layers.groupby([MODEL, *PLACE, LAYER], sort=False)["r2"].median().unstack(LAYER)
    values = values.reindex(pd.MultiIndex.from_frame(places[[MODEL, *PLACE]])).round(DIGITS)
    values.index = places.index
    table = places.join(values.add_prefix("r2_layer_"))

    def build(labeller: Labeller) -> go.Figure:
        figure, groups = _sides(models_of(places), labeller), list(_groups(places))
        for rows, row, column in groups:
            marks = _coloured(rows, values.loc[rows.index, shown[-1]], _size(places), "r2_map", labeller)
            figure.add_trace(marks, row=row, col=column)
        colours = {layer: [_colours(values.loc[rows.index, layer]) for rows, *_ in groups] for layer in shown}
        figure.update_layout(sliders=[_slider(colours, merged_last, labeller)])
        figure.update_coloraxes(cmin=0, cmax=1, colorscale=SCALE)
        _laid_out(figure, places, labeller, "r2_map", synthetic, below=160)
        return _narrowed(style.lying_bar(figure, name_of_r2(layers, labeller)))

    def alt(labeller: Labeller) -> str:
        facts = " ".join(_r2_fact(layers, model, labeller) for model in models_of(places))
        return labeller("figure.r2_map.alt", n=len(shown), facts=facts)

    return bilingual(build, alt, table, language)


def _r2_fact(layers: pd.DataFrame, model: str, labeller: Labeller) -> str:
    medians = layers[layers[MODEL] == model].groupby(LAYER)["r2"].median()
    words = {"model": labeller.name("model", model), "first": float(medians.iloc[0]), "last": float(medians.iloc[-1])}
    return labeller("figure.r2_map.alt_fact", **words, layer=int(medians.index[-1]))


def best_map(voxels: pd.DataFrame, n_layers: int, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Best layer of each place, the merged last layer left out; of two middle layers the lower one is the median."""
    if _placed(voxels).empty:
        return None
    places = _places(_placed(voxels), "best_layer_unmerged", "best_r2_unmerged")

    def build(labeller: Labeller) -> go.Figure:
        figure = _sides(models_of(places), labeller)
        for rows, row, column in _groups(places):
            figure.add_trace(_coloured(rows, rows["layer"], _size(places), "best_map", labeller), row=row, col=column)
        ticks = {"tickvals": list(range(1, n_layers)), "tickformat": "d"}
        steps = {"cmin": 0.5, "cmax": n_layers - 0.5, "colorscale": _steps(n_layers - 1)}
        figure.update_coloraxes(**steps)
        _laid_out(figure, places, labeller, "best_map", synthetic)
        return _narrowed(style.lying_bar(figure, labeller("axis.best_layer"), **ticks))

    def alt(labeller: Labeller) -> str:
        return labeller("figure.best_map.alt", facts=" ".join(_best_facts(voxels, labeller)))

    return bilingual(build, alt, places, language)


def _best_facts(voxels: pd.DataFrame, labeller: Labeller) -> Iterator[str]:
    for model, rows in voxels.groupby(MODEL, sort=False):
        counts = rows["best_layer_unmerged"].value_counts(normalize=True)
        words = {"model": labeller.name("model", model), "layer": int(counts.index[0])}
        yield labeller("figure.best_map.alt_fact", **words, share=float(100 * counts.iloc[0]))


def _placed(voxels: pd.DataFrame) -> pd.DataFrame:
    """Voxels whose place on the map is known."""
    return voxels[voxels[["x", "y"]].notna().all(axis=1) & voxels["hemisphere"].isin(HEMISPHERES)]


def _places(voxels: pd.DataFrame, layer: str, r2: str = "best_r2") -> pd.DataFrame:
    """One row per model and place: what its voxels say, how many they are and whose."""
    grouped = voxels.assign(ceiling=voxels.get("ceiling", np.nan)).groupby([MODEL, *PLACE], sort=False)
    columns = {
        "n": grouped.size(),
        "layer": grouped[layer].quantile(0.5, interpolation="lower"),
        "lowest": grouped[layer].min(),
        "highest": grouped[layer].max(),
        "r2": grouped[r2].median(),
        "ceiling": grouped["ceiling"].median(),
        "subjects": grouped[SUBJECT].agg(lambda names: ", ".join(sorted(set(names)))),
        "region": grouped["region"].agg(lambda names: "/".join(sorted(set(names) - {""}))),
    }
    return pd.DataFrame(columns).reset_index()


def _groups(places: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, int, int]]:
    """(rows, panel row, panel column) of every model, hemisphere and region, whose name is then said once."""
    models = models_of(places)
    for (model, side, _), rows in places.groupby([MODEL, "hemisphere", "region"], sort=False):
        yield rows, models.index(model) + 1, HEMISPHERES.index(side) + 1


def _square(size: float) -> dict:
    return {"symbol": "square", "size": size, "line": style.OUTLINE}


def _coloured(rows: pd.DataFrame, values: pd.Series, size: float, family: str, labeller: Labeller) -> go.Scatter:
    first = rows.iloc[0]
    region = "/".join(labeller.name("region", name or "none") for name in first["region"].split("/"))
    words = {"model": labeller.name("model", first[MODEL]), "side": labeller(f"figure.side.{first['hemisphere']}")}
    hover = labeller(f"figure.{family}.hover", **words, region=region) + "<extra></extra>"
    return go.Scatter(
        x=rows["x"].to_numpy(), y=rows["y"].to_numpy(), text=rows["subjects"].map(style.plain).tolist(), mode="markers",
        showlegend=False,
        marker={"color": _colours(values), "coloraxis": "coloraxis"} | _square(size),
        customdata=rows[["n", "r2", "ceiling", "layer", "lowest", "highest"]].to_numpy(dtype=float),
        hovertemplate=hover,
    )  # fmt: skip


def _colours(values: pd.Series) -> list:
    """Numbers for a colour axis; grey, which Plotly takes as it is, where one is missing."""
    return [MISSING if np.isnan(value) else value for value in values.astype(float).tolist()]


def _size(places: pd.DataFrame) -> float:
    """px of a mark, so that neighbours touch where a panel is as wide as it is high."""
    unique = places[PLACE].drop_duplicates()
    own = unique[unique["hemisphere"] == unique["hemisphere"].iloc[0]][["x", "y"]].to_numpy()
    if len(own) < 2:
        return 10
    spacing = np.median(KDTree(own).query(own, k=2)[0][:, 1])
    return float(np.clip(PANEL * spacing / np.ptp(own, axis=0).max(), 3, 11).round(1))


def _steps(n_layers: int) -> list[tuple[float, str]]:
    """A colour scale of n_layers equal steps, dark to light."""
    colours = sample_colorscale(SCALE, np.linspace(0, 1, n_layers))
    return [((i + end) / n_layers, colour) for i, colour in enumerate(colours) for end in (0, 1)]


def _sides(models: list[str], labeller: Labeller) -> go.Figure:
    """A row of panels per model, left and right hemisphere side by side, each with its name above it."""
    names = [labeller.name("model", model) if model else "" for model in models]
    sides = [labeller(f"figure.side.{side}") for side in HEMISPHERES]
    titles = [f"{name}: {side}" if name else side.capitalize() for name in names for side in sides]
    return make_subplots(
        rows=len(models), cols=2, subplot_titles=titles,
        horizontal_spacing=0.04, vertical_spacing=0.18 / max(len(models), 2),
    )  # fmt: skip


def _slider(colours: dict[int, list[list]], merged_last: bool, labeller: Labeller) -> dict:
    marks = {max(colours): " ◆"} if merged_last else {}
    steps = [
        {"method": "restyle", "label": f"{layer}{marks.get(layer, '')}", "args": [{"marker.color": values}]}
        for layer, values in colours.items()
    ]
    prefix = {"prefix": labeller("axis.layer") + " ", "xanchor": "left"}
    return {"active": len(steps) - 1, "steps": steps, "currentvalue": prefix, "pad": {"t": 70, "l": 8, "r": 8}}


def _laid_out(
    figure: go.Figure, places: pd.DataFrame, labeller: Labeller, family: str, synthetic: bool,
    above: int = 170, below: int = 60,
) -> go.Figure:  # fmt: skip
    rows = _rows(figure)
    title = labeller(f"figure.{family}.title")
    style.laid_out(figure, labeller, title, (PANEL + 40) * rows + above + below, synthetic)
    figure.update_layout(margin={"t": above, "b": below})
    figure.update_xaxes(showticklabels=True, constrain="domain").update_xaxes(title_text=labeller("axis.x"), row=rows)
    figure.update_yaxes(constrain="domain", constraintoward="top").update_yaxes(title_text=labeller("axis.y"), col=1)
    return _equal(figure, places)


def _rows(figure: go.Figure) -> int:
    return len(figure.layout.annotations) // len(HEMISPHERES)  # the panels' names


def _narrowed(figure: go.Figure) -> go.Figure:
    return style.narrowed(figure, figure.layout.height - (PANEL - NARROW) * _rows(figure))


def _equal(figure: go.Figure, places: pd.DataFrame) -> go.Figure:
    """A mm as long in x as in y, and the same in all panels: each spans the same, around its own hemisphere."""
    sides = [places.loc[places["hemisphere"] == side, "x"].agg(["min", "max"]) for side in HEMISPHERES]
    reach = 0.54 * max(side["max"] - side["min"] for side in sides if side.notna().all()) + 1
    for column, side in enumerate(sides, start=1):
        middle = side.fillna(0).mean()
        figure.update_xaxes(range=[middle - reach, middle + reach], col=column)
    low, high = places["y"].min(), places["y"].max()
    figure.update_yaxes(range=[low - 0.04 * (high - low) - 1, high + 0.04 * (high - low) + 1])
    for axis in figure.select_yaxes():
        axis.scaleanchor = axis.anchor
    return figure.update_yaxes(showticklabels=False, col=2)
