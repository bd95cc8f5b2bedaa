"""Voxels on the flat map: left and right hemisphere in separate panels, without overlap.

A mark is a place, whose voxels may belong to several subjects: its colour is their median, and its hover counts them
and names their subjects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from helpers import text
from helpers.brain.regions import FUNCTIONAL
from helpers.chapters.voxelwise.figures import divisions
from helpers.names import HEMISPHERES, LAYER, MODEL
from helpers.plotting import maps, panels, style
from helpers.plotting.bilingual import bilingual
from helpers.plotting.facts import ends
from helpers.text import Labeller

SCALE = "Viridis"
MISSING = "#999999"  # a place whose value is not known is grey, not the colour of 0
AT_LAYER = "r2_layer_"  # columns of r² by layer
ABOVE = 185  # px above the panels: title, colour bar, menu

text.words("map", en={"no_region": "Other voxels"}, es={"no_region": "Otros vóxeles"})
text.words(
    "figure.region_map",
    en={
        "title": "Where the regions are",
        "hover": (
            "{region}, {side} hemisphere<br>x %{{x:.1f}} mm, y %{{y:.1f}} mm"
            "<br>Voxels here: %{{customdata[0]}}<br>Subjects: %{{customdata[1]}}"
        ),
        "alt": (
            "Flat map of {n} {n:voxel|voxels} of {n_subjects} {n_subjects:subject|subjects} in two panels, left and "
            "right hemisphere, marked by region."
        ),
        "alt_pooled": (
            "Flat map of {n} {n:voxel|voxels} without subject labels in two panels, left and right hemisphere, marked "
            "by region."
        ),
    },
    es={
        "title": "Dónde están las regiones",
        "hover": (
            "{region}, hemisferio {side}<br>x %{{x:.1f}} mm, y %{{y:.1f}} mm"
            "<br>Vóxeles aquí: %{{customdata[0]}}<br>Sujetos: %{{customdata[1]}}"
        ),
        "alt": (
            "Mapa plano de {n} {n:vóxel|vóxeles} de {n_subjects} {n_subjects:sujeto|sujetos} en dos paneles, "
            "hemisferio izquierdo y derecho, marcados por región."
        ),
        "alt_pooled": (
            "Mapa plano de {n} {n:vóxel|vóxeles} sin etiqueta de sujeto en dos paneles, hemisferio izquierdo y "
            "derecho, marcados por región."
        ),
    },
)


def region_map(places: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | text.Bilingual:
    """Draw where the regions are: a mark per place and region, with how many voxels and subjects it stands for.

    places: hemisphere, x, y (mm), region, n (voxels), subjects (how many), n_subjects (of the whole map)[, division];
    several divisions are offered by a menu. A voxel of several functional regions has a mark in each.
    """
    if places.empty:
        return text.both("say.no_map")
    parts = divisions.divided(places)

    def build(labeller: Labeller) -> go.Figure:
        figure, shown_by_menu = maps.sides(labeller), []
        for division, part in parts.items():
            for index, region, scale in _order_of_marks(part, division):
                for column, side in enumerate(HEMISPHERES, start=1):
                    rows = part[(part["region"] == region) & (part["hemisphere"] == side)]
                    marks = _marks(rows, region, index, scale * maps.size_of_marks(places), side, labeller)
                    marks.update(showlegend=column == 1, legendgroup=f"{division} {region}")
                    figure.add_trace(marks.update(visible=division == next(iter(parts))), row=1, col=column)
                    shown_by_menu.append([division == one for one in parts])
        if len(parts) > 1:
            names_, kind = divisions.names(list(parts), labeller), (divisions.DIVISION, list(parts))
            panels.menu(figure, names_, np.transpose(shown_by_menu).tolist(), kind)
        above = 128 if len(parts) > 1 else 88
        return maps.narrowed(
            maps.laid_out(figure, places, labeller("figure.region_map.title"), labeller, synthetic, above, 95)
        )

    first = next(iter(parts.values()))
    numbers = {"n": int(first["n"].sum()), "n_subjects": int(first["n_subjects"].iloc[0])}
    key = "figure.region_map.alt" if numbers["n_subjects"] else "figure.region_map.alt_pooled"
    return bilingual(build, lambda labeller: labeller(key, **numbers), places, language)


def _order_of_marks(places: pd.DataFrame, division: str) -> Iterator[tuple[int, str, float]]:
    """Yield (index of the look, region, size of its marks), '' for no region, in the order in which they are drawn.

    Functional regions overlap: those drawn later are smaller, so that the ones below are seen around them.
    """
    regions = panels.regions_of(places)
    has_none = (places["region"] == "").any()
    if division != FUNCTIONAL:
        yield from [(index, region, 1.0) for index, region in enumerate([*regions, *([""] if has_none else [])])]
    else:
        yield from [(len(regions), "", 0.6)] if has_none else []
        yield from [(index, region, 1.15 - 0.1 * min(index, 5)) for index, region in enumerate(regions)]


def _region_name(region: str, labeller: Labeller) -> str:
    return style.name(labeller, "region", region) if region else labeller("map.no_region")


def _marks(rows: pd.DataFrame, region: str, index: int, size: float, side: str, labeller: Labeller) -> go.Scatter:
    name = _region_name(region, labeller)
    hover = labeller("figure.region_map.hover", region=name, side=labeller(f"map.{side}"))
    hover = hover if rows["subjects"].any() else hover.rpartition("<br>")[0]  # no subject is named
    colour = style.of_other(index)["line"]["color"] if region else style.GREY
    symbol = style.of_category(index)["symbol"]
    return go.Scatter(
        x=rows["x"].to_numpy(), y=rows["y"].to_numpy(), mode="markers", name=name, legendgroup=region or "none",
        marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.85, "line": style.OUTLINE},
        customdata=rows[["n", "subjects"]].to_numpy(),
        hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip


text.words(
    "figure.r2_map",
    en={
        "title": "{metric} on the flat map, layer by layer",
        "hover": (
            "{model}<br>{region}, {side} hemisphere<br>x %{{x:.1f}} mm, y %{{y:.1f}} mm"
            "<br>Voxels here: %{{customdata[0]}} (%{{text}})<br>Their medians:"
            "<br>{metric} of this layer: %{{marker.color:.2f}}"
            "<br>best layer: %{{customdata[3]}} (%{{customdata[4]}} – %{{customdata[5]}}), "
            "{metric} there: %{{customdata[1]:.2f}}<br>noise ceiling: %{{customdata[2]:.2f}}"
        ),
        "alt": (
            "Flat maps of {metric}, left and right hemisphere side by side, with a slider over {n} {n:layer|layers}"
            "{models:| and a menu of {models} networks}. {facts}"
        ),
        "alt_fact": (
            "{model}: the median over voxels goes from {first} at layer {first_layer} to {last} at layer {last_layer}."
        ),
    },
    es={
        "title": "{metric} en el mapa plano, capa por capa",
        "hover": (
            "{model}<br>{region}, hemisferio {side}<br>x %{{x:.1f}} mm, y %{{y:.1f}} mm"
            "<br>Vóxeles aquí: %{{customdata[0]}} (%{{text}})<br>Sus medianas:"
            "<br>{metric} de esta capa: %{{marker.color:.2f}}"
            "<br>mejor capa: %{{customdata[3]}} (%{{customdata[4]}} – %{{customdata[5]}}), "
            "con {metric}: %{{customdata[1]:.2f}}<br>techo de ruido: %{{customdata[2]:.2f}}"
        ),
        "alt": (
            "Mapas planos de {metric}, hemisferio izquierdo y derecho lado a lado, con un control deslizante de {n} "
            "{n:capa|capas}{models:| y un menú de {models} redes}. {facts}"
        ),
        "alt_fact": (
            "{model}: la mediana entre vóxeles va de {first} en la capa {first_layer} a {last} en la capa {last_layer}."
        ),
    },
)


def r2_map(places: pd.DataFrame, pooled: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Draw the median r² of each place, with a slider over layers and a menu of models; nothing without places.

    places: model, hemisphere, x, y (mm), n, layer, lowest, highest, r2, ceiling, subjects (names), region, metric, and
    `r2_layer_1`, ... for every layer; pooled: model, layer, median_r2[, note] over all voxels.
    """
    if places.empty:
        return None
    shown = [int(column.removeprefix(AT_LAYER)) for column in places if column.startswith(AT_LAYER)]
    last = pooled.groupby(MODEL)[LAYER].max()
    active, unequal = shown.index(last.min()), last.nunique() > 1  # first the last layer that all networks have

    def build(labeller: Labeller) -> go.Figure:
        metric, size = labeller.name("symbol", places["metric"].iloc[0]), maps.size_of_marks(places)
        groups = _groups(places)
        first = f"{AT_LAYER}{shown[active]}"
        marks = [_coloured(rows, rows[first], size, "r2_map", metric, labeller) for rows in groups]
        bars = [_bar()] * unequal  # some layer of some network has no number, without which no bar is drawn
        figure = _of_models(groups, marks, labeller, bars)
        colours = {layer: [_colours(rows[f"{AT_LAYER}{layer}"]) for rows in groups] for layer in shown}
        for values in colours.values():
            values += [[0.0]] * len(bars)
        figure.update_layout(sliders=[_slider(colours, active, pooled, labeller)])
        figure.update_coloraxes(cmin=0, cmax=1, colorscale=SCALE)
        title = labeller("figure.r2_map.title", metric=metric)
        maps.laid_out(figure, places, title, labeller, synthetic, ABOVE, 160)
        return maps.narrowed(style.lying_bar(figure, panels.measure(places, labeller)))

    def alt(labeller: Labeller) -> str:
        facts = " ".join(_r2_fact(pooled, model, labeller) for model in panels.models_of(places))
        metric = labeller.name("symbol", places["metric"].iloc[0])
        counts = {"n": len(shown), "models": places[MODEL].nunique()}
        return labeller("figure.r2_map.alt", metric=metric, facts=facts, **counts)

    return bilingual(build, alt, places, language)


def _slider(colours: dict[int, list[list]], active: int, pooled: pd.DataFrame, labeller: Labeller) -> dict:
    special = set(pooled.loc[panels.noted(pooled) != "", LAYER])
    steps = [
        {"method": "restyle", "name": f"{layer}", "label": f"{layer} ◆" if layer in special else f"{layer}"}
        | {"args": [{"marker.color": values}]}
        for layer, values in colours.items()
    ]
    prefix = {"prefix": panels.axis_of_layers(pooled, labeller) + " ", "xanchor": "left"}
    return {
        "name": LAYER,
        "active": active,
        "steps": steps,
        "currentvalue": prefix,
        "pad": {"t": 70, "l": 8, "r": 8},
    }


def _r2_fact(pooled: pd.DataFrame, model: str, labeller: Labeller) -> str:
    own = ends(pooled[pooled[MODEL] == model], LAYER, "median_r2")
    return labeller("figure.r2_map.alt_fact", model=labeller.name("model", model), **own)


text.words(
    "figure.best_map",
    en={
        "title": "Best layer of each place",
        "title_without": "Best layer of each place, without the layer that is the {note}",
        "scale": "Best layer",
        "hover": (
            "{model}<br>{region}, {side} hemisphere<br>x %{{x:.1f}} mm, y %{{y:.1f}} mm"
            "<br>Voxels here: %{{customdata[0]}} (%{{text}})<br>Their medians:"
            "<br>best layer: %{{customdata[3]}} (%{{customdata[4]}} – %{{customdata[5]}}), "
            "{metric} there: %{{customdata[1]:.2f}}<br>noise ceiling: %{{customdata[2]:.2f}}"
        ),
        "alt": "{title}: flat maps, left and right hemisphere side by side{n:|, with a menu of {n} networks}. {facts}",
        "alt_fact": "{model}: most often layer {layer}, in {share:0} % of the voxels.",
    },
    es={
        "title": "Mejor capa de cada lugar",
        "title_without": "Mejor capa de cada lugar, sin la capa que es la {note}",
        "scale": "Mejor capa",
        "hover": (
            "{model}<br>{region}, hemisferio {side}<br>x %{{x:.1f}} mm, y %{{y:.1f}} mm"
            "<br>Vóxeles aquí: %{{customdata[0]}} (%{{text}})<br>Sus medianas:"
            "<br>mejor capa: %{{customdata[3]}} (%{{customdata[4]}} – %{{customdata[5]}}), "
            "con {metric}: %{{customdata[1]:.2f}}<br>techo de ruido: %{{customdata[2]:.2f}}"
        ),
        "alt": (
            "{title}: mapas planos, hemisferio izquierdo y derecho lado a lado{n:|, con un menú de {n} redes}. {facts}"
        ),
        "alt_fact": "{model}: la más frecuente es la capa {layer}, en el {share:0} % de los vóxeles.",
    },
)


def best_map(
    places: pd.DataFrame, frequent: pd.DataFrame, pooled: pd.DataFrame, *, synthetic: bool, language: str = "en"
) -> go.Figure | None:
    """Draw the best layer of each place among those without a note, with a menu of models; nothing without places.

    places: model, hemisphere, x, y (mm), n, layer, lowest, highest, r2, ceiling, subjects (names), region, metric;
    frequent: model, layer, share (of the voxels whose best layer it is); pooled: model, layer[, note], all layers.
    """
    if places.empty:
        return None
    layers = sorted(set(pooled.loc[panels.noted(pooled) == "", LAYER]))

    def title(labeller: Labeller) -> str:
        notes = ", ".join(labeller.name("note", note) for note in panels.notes_of(pooled))
        if not notes:
            return labeller("figure.best_map.title")
        return labeller("figure.best_map.title_without", note=notes)

    def build(labeller: Labeller) -> go.Figure:
        metric, size = labeller.name("symbol", places["metric"].iloc[0]), maps.size_of_marks(places)
        groups = _groups(places)
        marks = [_coloured(rows, rows[LAYER], size, "best_map", metric, labeller) for rows in groups]
        figure = _of_models(groups, marks, labeller)
        low, high = layers[0], layers[-1]
        figure.update_coloraxes(cmin=low - 0.5, cmax=high + 0.5, colorscale=steps_of_layers(high - low + 1))
        maps.laid_out(figure, places, title(labeller), labeller, synthetic, ABOVE)
        ticks = {"tickvals": layers, "tickformat": "d"}
        return maps.narrowed(style.lying_bar(figure, labeller("figure.best_map.scale"), **ticks))

    def alt(labeller: Labeller) -> str:
        facts = [
            labeller(
                "figure.best_map.alt_fact", model=labeller.name("model", row.model), layer=int(row.layer),
                share=float(100 * row.share),
            )
            for row in frequent.itertuples()
        ]  # fmt: skip
        n = places[MODEL].nunique()
        return labeller("figure.best_map.alt", title=title(labeller), n=n, facts=" ".join(facts))

    return bilingual(build, alt, places, language)


def _groups(places: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each model, hemisphere and region, so that a region is named once."""
    return [rows for _, rows in places.groupby([MODEL, "hemisphere", "region"], sort=False)]


def _bar() -> go.Scatter:
    """Return a trace without a mark that keeps the colour bar where nothing else has a number."""
    bar = {"color": [0.0], "coloraxis": "coloraxis"}
    return go.Scatter(x=[None], y=[None], mode="markers", marker=bar, showlegend=False, hoverinfo="skip")


def _of_models(
    groups: list[pd.DataFrame], marks: list[go.Scatter], labeller: Labeller, always: Sequence[go.Scatter] = ()
) -> go.Figure:
    """Return a panel for each hemisphere with the marks of each group; where there are several models, a menu.

    always : traces that the menu leaves as they are
    """
    figure, of_model = maps.sides(labeller), [rows[MODEL].iloc[0] for rows in groups]
    models = panels.in_order(of_model)
    for rows, own, model in zip(groups, marks, of_model, strict=True):
        column = HEMISPHERES.index(rows["hemisphere"].iloc[0]) + 1
        figure.add_trace(own.update(visible=model == models[0]), row=1, col=column)
    if len(models) > 1:
        names = [style.name(labeller, "model", model) for model in models]
        shown = [[*(one == model for one in of_model), *[True] * len(always)] for model in models]
        panels.menu(figure, names, shown, (MODEL, models))
    return figure.add_traces(list(always))


def _coloured(
    rows: pd.DataFrame, values: pd.Series, size: float, figure: str, metric: str, labeller: Labeller
) -> go.Scatter:
    first = rows.iloc[0]
    region = "/".join(_region_name(name, labeller) for name in first["region"].split("/"))
    words = {"model": style.name(labeller, "model", first[MODEL]), "side": labeller(f"map.{first['hemisphere']}")}
    hover = labeller(f"figure.{figure}.hover", **words, region=region, metric=metric)
    hover = hover if rows["subjects"].any() else hover.replace(" (%{text})", "")  # no subject is named
    hover = hover if rows["ceiling"].notna().any() else hover.rpartition("<br>")[0]  # no repetitions, no ceiling
    return go.Scatter(
        x=rows["x"].to_numpy(), y=rows["y"].to_numpy(), text=rows["subjects"].map(style.plain).tolist(), mode="markers",
        showlegend=False,
        marker={"color": _colours(values), "coloraxis": "coloraxis"}
        | {"symbol": "square", "size": size, "line": style.OUTLINE},
        customdata=rows[["n", "r2", "ceiling", LAYER, "lowest", "highest"]].to_numpy(dtype=float),
        hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip


def _colours(values: pd.Series) -> list:
    """Return numbers for a colour axis; where one is missing, grey, which Plotly takes as it is."""
    return [MISSING if np.isnan(value) else value for value in values.astype(float).tolist()]


def steps_of_layers(n_layers: int) -> list[tuple[float, str]]:
    """Return a colour scale of n_layers equal steps, dark to light."""
    colours = sample_colorscale(SCALE, np.linspace(0, 1, n_layers))
    return [((i + end) / n_layers, colour) for i, colour in enumerate(colours) for end in (0, 1)]
