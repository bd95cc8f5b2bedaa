"""Voxels on the cortical surface, where they have a vertex of it: r² by layer, best layer, two networks compared."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.voxelwise.figures.maps import AT_LAYER, SCALE, steps_of_layers
from helpers.names import HEMISPHERES, LAYER, MODEL
from helpers.plotting import panels, style, surfaces
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

PLACE = ["hemisphere", "vertex"]
DIVERGING = "PuOr"  # safe for colour-blind readers, white where two networks are equal
QUARTERS = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "tickformat": ".2f"}

text.words(
    "figure.r2_surface",
    en={
        "title": "{metric} on the cortical surface, layer by layer",
        "alt": (
            "{metric} on the inflated cortical surface around auditory cortex, left and right hemisphere, one colour "
            "per vertex, with a menu of {n} {n:network|networks} and a slider over layers. {facts}"
        ),
        "alt_fact": (
            "{model}, layer {layer}, the best one over all vertices: median {medians}; the highest is {highest}, at "
            "vertex {vertex} of the {side} hemisphere."
        ),
    },
    es={
        "title": "{metric} en la superficie cortical, capa por capa",
        "alt": (
            "{metric} en la superficie cortical inflada alrededor de la corteza auditiva, hemisferios izquierdo y "
            "derecho, un color por vértice, con un menú de {n} {n:red|redes} y un control deslizante de capas. {facts}"
        ),
        "alt_fact": (
            "{model}, capa {layer}, la mejor sobre todos los vértices: mediana {medians}; el valor más alto es "
            "{highest}, en el vértice {vertex} del hemisferio {side}."
        ),
    },
)


def r2_surface(
    places: pd.DataFrame, pooled: pd.DataFrame, *, synthetic: bool, language: str = "en"
) -> go.Figure | None:
    """Draw r² at each vertex, with a menu of networks and a slider over layers; nothing without vertices.

    places: model, hemisphere, vertex, n, r2, layer, metric, and `r2_layer_1`, ... for every layer; pooled: model,
    layer[, note], all layers. A network is first shown at the layer with the highest median.
    """
    if places.empty:
        return None
    layers = [column for column in places if column.startswith(AT_LAYER)]
    table = places[[MODEL, *PLACE, "n", LAYER, "r2", *layers, "metric"]].round(surfaces.DIGITS)
    by_model = _by_model(table)
    shown = {model: [column for column in layers if rows[column].notna().any()] for model, rows in by_model.items()}
    first = {model: max(columns, key=lambda c: by_model[model][c].median()) for model, columns in shown.items()}
    everything = table[layers].to_numpy()
    missing = any(by_model[model][columns].isna().any(axis=None) for model, columns in shown.items())
    scale = surfaces.Scale(*panels.r2_axis(np.nanmin(everything))["range"][:1], 1.0, SCALE, QUARTERS)
    surface = surfaces.Surface(_vertices(table), scale, missing=missing)

    def build(labeller: Labeller) -> go.Figure:
        metric = labeller.name("symbol", table["metric"].iloc[0])
        model = next(iter(shown))
        figure = surface.drawn(by_model[model][first[model]], metric, labeller)
        steps = {model: _steps(surface, by_model[model][columns], pooled) for model, columns in shown.items()}
        active = {model: columns.index(first[model]) for model, columns in shown.items()}
        figure.update_layout(sliders=[_slider(steps[model], active[model], pooled, labeller)])
        title, bar = labeller("figure.r2_surface.title", metric=metric), panels.measure(table, labeller)
        surface.laid_out(figure, title, bar, labeller, synthetic)
        if len(shown) > 1:
            changes = [
                [
                    surface.values(by_model[model][first[model]]),
                    {"sliders[0].steps": steps[model], "sliders[0].active": active[model]},
                    surface.cells,
                ]
                for model in shown
            ]
            names = [style.name(labeller, "model", model) for model in shown]
            figure.layout.updatemenus += (surfaces.menu(names, changes, (MODEL, list(shown))),)
        return figure

    def alt(labeller: Labeller) -> str:
        facts = " ".join(_r2_fact(by_model[model], column, model, labeller) for model, column in first.items())
        metric = labeller.name("symbol", table["metric"].iloc[0])
        return labeller("figure.r2_surface.alt", metric=metric, n=len(shown), facts=facts)

    return bilingual(build, alt, table, language)


def _steps(surface: surfaces.Surface, columns: pd.DataFrame, pooled: pd.DataFrame) -> list[dict]:
    """Return a slider's steps, one for each layer of a network."""
    special = set(pooled.loc[panels.noted(pooled) != "", LAYER])
    layers = [int(column.removeprefix(AT_LAYER)) for column in columns]
    return [
        {"method": "restyle", "name": f"{layer}", "label": f"{layer} ◆" if layer in special else f"{layer}"}
        | {"args": [surface.values(columns[f"{AT_LAYER}{layer}"]), surface.cells]}
        for layer in layers
    ]


def _slider(steps: list[dict], active: int, pooled: pd.DataFrame, labeller: Labeller) -> dict:
    prefix = {"prefix": panels.axis_of_layers(pooled, labeller) + " ", "xanchor": "left"}
    return {
        "name": LAYER,
        "active": active,
        "steps": steps,
        "currentvalue": prefix,
        "pad": {"t": 44, "l": 8, "r": 8},
        "y": 0,
    }


def _r2_fact(rows: pd.DataFrame, column: str, model: str, labeller: Labeller) -> str:
    top = rows.loc[rows[column].idxmax()]
    words = {"side": labeller(f"map.{top['hemisphere']}"), "vertex": str(int(top["vertex"]))}
    return labeller(
        "figure.r2_surface.alt_fact", model=labeller.name("model", model), layer=int(column.removeprefix(AT_LAYER)),
        medians=_sides(rows, column, labeller), highest=float(top[column]), **words,
    )  # fmt: skip


text.words(
    "figure.best_surface",
    en={
        "title": "Best layer of each vertex",
        "title_without": "Best layer of each vertex, without the layer that is the {note}",
        "alt": (
            "{title}: the inflated cortical surface around auditory cortex, left and right hemisphere, one colour per "
            "vertex, with a menu of {n} {n:network|networks}. {facts}"
        ),
        "alt_fact": "{model}: median best layer {medians}; {range}.",
        "one": "no other layer occurs",
        "several": "layers {low} to {high} occur",
    },
    es={
        "title": "Mejor capa de cada vértice",
        "title_without": "Mejor capa de cada vértice, sin la capa que es la {note}",
        "alt": (
            "{title}: la superficie cortical inflada alrededor de la corteza auditiva, hemisferios izquierdo y "
            "derecho, un color por vértice, con un menú de {n} {n:red|redes}. {facts}"
        ),
        "alt_fact": "{model}: mediana de la mejor capa {medians}; {range}.",
        "one": "no aparece ninguna otra capa",
        "several": "aparecen las capas {low} a {high}",
    },
)


def _range(layers: pd.Series, labeller: Labeller) -> str:
    """Return which layers are the best of any vertex, in words."""
    low, high = int(layers.min()), int(layers.max())
    if low == high:
        return labeller("figure.best_surface.one")
    return labeller("figure.best_surface.several", low=low, high=high)


def best_surface(
    places: pd.DataFrame, pooled: pd.DataFrame, *, synthetic: bool, language: str = "en"
) -> go.Figure | None:
    """Draw the best layer of each vertex among those without a note, with a menu of networks; nothing without vertices.

    places: model, hemisphere, vertex, n, layer, r2, metric; pooled: model, layer[, note], all layers.
    """
    if places.empty:
        return None
    layers = sorted(set(pooled.loc[panels.noted(pooled) == "", LAYER]))
    table = places[[MODEL, *PLACE, "n", LAYER, "r2", "metric"]].round(surfaces.DIGITS)
    by_model = _by_model(table)
    ticks = {"tickvals": layers, "tickformat": "d"}
    scale = surfaces.Scale(layers[0] - 0.5, layers[-1] + 0.5, steps_of_layers(layers[-1] - layers[0] + 1), ticks, "d")
    missing = any(rows[LAYER].isna().any() for rows in by_model.values())
    surface = surfaces.Surface(_vertices(table), scale, missing=missing)

    def title(labeller: Labeller) -> str:
        notes = ", ".join(labeller.name("note", note) for note in panels.notes_of(pooled))
        if not notes:
            return labeller("figure.best_surface.title")
        return labeller("figure.best_surface.title_without", note=notes)

    def build(labeller: Labeller) -> go.Figure:
        bar = labeller("figure.best_map.scale")
        figure = surface.drawn(next(iter(by_model.values()))[LAYER], bar, labeller)
        surface.laid_out(figure, title(labeller), bar, labeller, synthetic)
        if len(by_model) > 1:
            changes = [[surface.values(rows[LAYER]), {}, surface.cells] for rows in by_model.values()]
            names = [style.name(labeller, "model", model) for model in by_model]
            figure.layout.updatemenus += (surfaces.menu(names, changes, (MODEL, list(by_model))),)
        return figure

    def alt(labeller: Labeller) -> str:
        facts = [
            labeller(
                "figure.best_surface.alt_fact", model=labeller.name("model", model),
                medians=_sides(rows, LAYER, labeller, 1), range=_range(rows[LAYER], labeller),
            )
            for model, rows in by_model.items()
            if rows[LAYER].notna().any()
        ]  # fmt: skip
        return labeller("figure.best_surface.alt", title=title(labeller), n=len(by_model), facts=" ".join(facts))

    return bilingual(build, alt, table, language)


text.words(
    "figure.difference_surface",
    en={
        "title": "Two networks compared on the cortical surface",
        "pair": "{one} minus {other}",
        "bar": "Difference of {metric} (best layers)",
        "hover": "Difference of {metric}",
        "alt": (
            "Difference of {metric} of two networks, each at the best layer of the vertex, on the inflated cortical "
            "surface around auditory cortex, left and right hemisphere, with a menu of {n} {n:pair|pairs}. {facts}"
        ),
        "alt_fact": "{pair}: median {medians}; the first is ahead at {share:0} % of the vertices.",
    },
    es={
        "title": "Dos redes comparadas en la superficie cortical",
        "pair": "{one} menos {other}",
        "bar": "Diferencia de {metric} (mejores capas)",
        "hover": "Diferencia de {metric}",
        "alt": (
            "Diferencia de {metric} de dos redes, cada una en la mejor capa del vértice, en la superficie cortical "
            "inflada alrededor de la corteza auditiva, hemisferios izquierdo y derecho, con un menú de {n} "
            "{n:par|pares}. {facts}"
        ),
        "alt_fact": "{pair}: mediana {medians}; la primera supera a la segunda en el {share:0} % de los vértices.",
    },
)


def difference_surface(places: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Draw how much better one network's best layer predicts each vertex than another's, with a menu of pairs.

    places: model, hemisphere, vertex, r2 (of the best layer), metric. Nothing without vertices or with one network.
    """
    models = panels.models_of(places)
    if places.empty or len(models) < 2:
        return None
    by_model, pairs = _by_model(places), list(combinations(models, 2))
    differences = {pair: (by_model[pair[0]]["r2"] - by_model[pair[1]]["r2"]).to_numpy() for pair in pairs}
    differences = {pair: values.round(surfaces.DIGITS) for pair, values in differences.items()}
    where = _vertices(places)
    parts = [where.assign(model=one, second=other, difference=differences[one, other]) for one, other in pairs]
    table = pd.concat(parts, ignore_index=True)[[MODEL, "second", *PLACE, "difference"]]
    table = table.assign(metric=places["metric"].iloc[0])
    most = max(0.1, math.ceil(10 * table["difference"].abs().max() - 1e-9) / 10)
    ticks = {"tickvals": np.linspace(-most, most, 5).round(3).tolist(), "tickformat": "+.2f"}
    scale = surfaces.Scale(-most, most, DIVERGING, ticks, "+.2f")
    surface = surfaces.Surface(where, scale, missing=bool(table["difference"].isna().any()))

    def name(pair: tuple[str, str], labeller: Labeller, naming=style.name) -> str:
        one, other = (naming(labeller, "model", model) for model in pair)
        return labeller("figure.difference_surface.pair", one=one, other=other)

    def build(labeller: Labeller) -> go.Figure:
        metric = labeller.name("symbol", table["metric"].iloc[0])
        hover = labeller("figure.difference_surface.hover", metric=metric)
        figure = surface.drawn(differences[pairs[0]], hover, labeller)
        bar = labeller("figure.difference_surface.bar", metric=metric)
        surface.laid_out(figure, labeller("figure.difference_surface.title"), bar, labeller, synthetic)
        changes = [[surface.values(differences[pair]), {}, surface.cells] for pair in pairs]
        figure.layout.updatemenus += (surfaces.menu([name(pair, labeller) for pair in pairs], changes),)
        return figure

    def alt(labeller: Labeller) -> str:
        facts = [
            labeller(
                "figure.difference_surface.alt_fact", share=float(100 * (values[~np.isnan(values)] > 0).mean()),
                pair=name(pair, labeller, lambda labeller, *key: labeller.name(*key)),
                medians=_sides(where.assign(difference=values), "difference", labeller),
            )
            for pair, values in differences.items()
            if not np.isnan(values).all()
        ]  # fmt: skip
        metric = labeller.name("symbol", table["metric"].iloc[0])
        return labeller("figure.difference_surface.alt", metric=metric, n=len(pairs), facts=" ".join(facts))

    return bilingual(build, alt, table, language)


text.words("figure.surface", en={"side": "{value} {side}"}, es={"side": "{value} ({side})"})


def _sides(rows: pd.DataFrame, column: str, labeller: Labeller, digits: int = 2) -> str:
    """Return the median of each hemisphere that has vertices, in words."""
    medians = {side: rows.loc[rows["hemisphere"] == side, column].median() for side in HEMISPHERES}
    return labeller.listed(
        labeller("figure.surface.side", value=labeller.number(value, digits), side=labeller(f"map.{side}"))
        for side, value in medians.items()
        if not np.isnan(value)
    )


def _vertices(table: pd.DataFrame) -> pd.DataFrame:
    """Return hemisphere and vertex of each place, once."""
    return table[PLACE].drop_duplicates().reset_index(drop=True)


def _by_model(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each model, one for each vertex, in the order of `_vertices`."""
    where = pd.MultiIndex.from_frame(_vertices(table))
    return {
        model: rows.set_index(PLACE).reindex(where).reset_index() for model, rows in table.groupby(MODEL, sort=False)
    }
