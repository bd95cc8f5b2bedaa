"""Other networks on the real voxels of NH2015, as published: their map, their curves, the depth of their best layers.

Every title and hover text says that these are published results; nothing in them was computed in this study, except the
curves of the study's own networks where they are drawn beside.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.brain.regions import BETWEEN, FUNCTIONAL
from helpers.chapters.voxelwise.figures.maps import SCALE
from helpers.names import HEMISPHERES, LAYER, MODEL, SUBJECT
from helpers.plotting import maps, panels, style
from helpers.plotting.bilingual import bilingual
from helpers.plotting.facts import highest
from helpers.text import Labeller

SOURCE = "Feather, Leclerc, Madry & McDermott 2023"
PUBLISHED = "published"  # whose results a curve shows
INPUT = "input_after_preproc"  # the published name of the cochleagram that a network starts from
ABOVE, BAR = 215, 106  # px above the panels of the map, and above its colour bar
ROBUST = "_robust_"  # in the names of networks trained on adversarial sounds

text.words(
    "model",
    en={
        "cochresnet50": "CochResNet50",
        "cochresnet50_l2_1_robust_cochleagram": "CochResNet50, robust (ε 1)",
        "cochresnet50_l2_p5_robust_cochleagram": "CochResNet50, robust (ε 0.5)",
        "kell2018": "Kell2018",
        "kell2018_l2_1_robust_cochleagram": "Kell2018, robust (ε 1)",
        "kell2018_l2_p5_robust_cochleagram": "Kell2018, robust (ε 0.5)",
        "spectemp_filters": "Spectrotemporal filters",
    },
    es={
        "cochresnet50": "CochResNet50",
        "cochresnet50_l2_1_robust_cochleagram": "CochResNet50, robusta (ε 1)",
        "cochresnet50_l2_p5_robust_cochleagram": "CochResNet50, robusta (ε 0,5)",
        "kell2018": "Kell2018",
        "kell2018_l2_1_robust_cochleagram": "Kell2018, robusta (ε 1)",
        "kell2018_l2_p5_robust_cochleagram": "Kell2018, robusta (ε 0,5)",
        "spectemp_filters": "Filtros espectrotemporales",
    },
)
text.words(
    "results", en={"published": "published", "run": "this study"}, es={"published": "publicado", "run": "este estudio"}
)
text.words(
    "figure.published_map",
    en={
        "title": "Published: other networks on the real flat map",
        "by": "Published by {source}",
        "layer": "Layer ",
        "input": "cochleagram",
        "hover": (
            "Published: {source}<br>{side} hemisphere, x %{{x}} mm, y %{{y}} mm"
            "<br>Voxels here: %{{customdata}} (%{{text}})<br>Their median noise-corrected r²: %{{marker.color:.2f}}"
        ),
        "nowhere": "in no functional region",
        "alt": (
            "Flat maps of the published noise-corrected r² of {n} voxels, left and right hemisphere side by side, with "
            "a menu of {n_networks} {n_networks:network|networks} and a slider over the layers of each. {facts}"
        ),
        "alt_fact": "{model}: the median over voxels is highest at layer {layer} ({stage}) with {r2:3}.",
    },
    es={
        "title": "Publicado: otras redes en el mapa plano real",
        "by": "Publicado por {source}",
        "layer": "Capa ",
        "input": "cocleagrama",
        "hover": (
            "Publicado: {source}<br>hemisferio {side}, x %{{x}} mm, y %{{y}} mm"
            "<br>Vóxeles aquí: %{{customdata}} (%{{text}})"
            "<br>Su mediana de r² corregido por ruido: %{{marker.color:.2f}}"
        ),
        "nowhere": "en ninguna región funcional",
        "alt": (
            "Mapas planos del r² corregido por ruido publicado de {n} vóxeles, hemisferio izquierdo y derecho lado a "
            "lado, con un menú de {n_networks} {n_networks:red|redes} y un control deslizante de las capas de cada "
            "una. {facts}"
        ),
        "alt_fact": "{model}: la mediana entre vóxeles es máxima en la capa {layer} ({stage}), con {r2:3}.",
    },
)


def published_map(
    places: pd.DataFrame, curves: pd.DataFrame, *, synthetic: bool, language: str = "en"
) -> go.Figure | None:
    """Draw the published r² of each place, with a menu of networks and for each a slider over its layers.

    places: hemisphere, x, y (mm), n, subjects, functional, and a column `network/layer` of r² for each layer;
    curves: of `published_layers`. Nothing without places.
    """
    if places.empty:
        return None
    whole = _whole(curves[curves["results"] == PUBLISHED])
    networks = panels.models_of(whole)
    sides = [places[places["hemisphere"] == side] for side in HEMISPHERES]

    def build(labeller: Labeller) -> go.Figure:
        figure = maps.sides(labeller)
        size = maps.size_of_marks(places)
        for column, (side, rows) in enumerate(zip(HEMISPHERES, sides, strict=True), start=1):
            figure.add_trace(_marks(rows, side, size, labeller), row=1, col=column)
        sliders = [_slider(whole[whole[MODEL] == network], sides, labeller) for network in networks]
        for slider, shown in zip(sliders, [True] + [False] * len(sliders), strict=False):
            slider["visible"] = shown
        figure.update_layout(sliders=sliders)
        colours = [slider["steps"][slider["active"]]["args"][0]["marker.color"] for slider in sliders]
        for trace, own in zip(figure.data, colours[0], strict=True):
            trace.marker.color = own
        _choose(figure, [style.name(labeller, "model", network) for network in networks], colours, sliders)
        figure.update_coloraxes(cmin=0, cmax=1, colorscale=SCALE)
        title = labeller("figure.published_map.title")
        maps.laid_out(figure, places, title, labeller, synthetic, ABOVE, 150)
        return _with_bar(_attributed(figure, labeller), panels.measure(whole, labeller))

    def alt(labeller: Labeller) -> str:
        facts = [_best_fact(row, labeller) for row in highest(whole, [MODEL], "median_r2").itertuples()]
        words = {"n": int(places["n"].sum()), "n_networks": len(networks), "facts": " ".join(facts)}
        return labeller("figure.published_map.alt", **words)

    return bilingual(build, alt, places, language)


def _whole(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the rows over all voxels of all subjects."""
    return curves[(curves["region"] == panels.ALL) & (curves[SUBJECT] == panels.ALL)]


def _stage(stage: str, labeller: Labeller) -> str:
    return labeller("figure.published_map.input") if stage == INPUT else str(stage)


def _marks(rows: pd.DataFrame, side: str, size: float, labeller: Labeller) -> go.Scatter:
    hover = labeller("figure.published_map.hover", source=SOURCE, side=labeller(f"map.{side}"))
    about = [
        f"{row.subjects}; {_functional(getattr(row, FUNCTIONAL), labeller)}" for row in rows.itertuples(index=False)
    ]
    return go.Scatter(
        x=rows["x"].to_numpy(np.int16), y=rows["y"].to_numpy(np.int16), text=about, mode="markers", showlegend=False,
        marker={"coloraxis": "coloraxis", "symbol": "square", "size": size, "line": style.OUTLINE},
        customdata=rows["n"].to_numpy(np.int16), hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip


def _functional(label: str, labeller: Labeller) -> str:
    if not label:
        return labeller("figure.published_map.nowhere")
    return ", ".join(style.name(labeller, "region", region) for region in label.split(BETWEEN))


def _slider(rows: pd.DataFrame, sides: list[pd.DataFrame], labeller: Labeller) -> dict:
    """Return the slider over the layers of one network, at its best one; a step gives both panels their colours."""
    ordered = rows.sort_values(LAYER)
    steps = [
        {
            "method": "restyle",
            "label": f"{row.layer}: {_stage(row.stage, labeller)}",
            "args": [{"marker.color": [side[f"{row.model}/{row.layer}"].tolist() for side in sides]}],
        }
        for row in ordered.itertuples()
    ]
    prefix = {"prefix": labeller("figure.published_map.layer"), "xanchor": "left"}
    active = int(ordered["median_r2"].to_numpy().argmax())
    return {"active": active, "steps": steps, "currentvalue": prefix, "pad": {"t": 70, "l": 8, "r": 8}}


def _choose(figure: go.Figure, names: list[str], colours: list[list[list[float]]], sliders: list[dict]) -> None:
    """Add a menu whose entries show a network at its best layer, with its own slider."""
    buttons = []
    for index, (name, own) in enumerate(zip(names, colours, strict=True)):
        shown = {f"sliders[{place}].visible": place == index for place in range(len(sliders))}
        layout = shown | {f"sliders[{index}].active": sliders[index]["active"]}
        buttons.append({"label": name, "method": "update", "args": [{"marker.color": own}, layout]})
    look = {"x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "pad": {"b": 28}}
    figure.update_layout(updatemenus=[look | {"buttons": buttons, "bgcolor": "rgba(128,128,128,0.15)"}])


def _attributed(figure: go.Figure, labeller: Labeller) -> go.Figure:
    """Add below the title whose results are drawn."""
    by = labeller("figure.published_map.by", source=SOURCE)
    return figure.update_layout(title_text=f"{figure.layout.title.text}<br><sup>{by}</sup>")


def _with_bar(figure: go.Figure, name: str) -> go.Figure:
    """Lay the colour bar and its name below the title, on wide and on narrow pages."""
    style.lying_bar(figure, name, BAR)
    wide = figure.layout.height
    heights = {"wide": wide, "narrow": wide - (maps.PANEL - maps.NARROW)}
    bar = ["layout", "coloraxis", "colorbar", "y"]
    sizes = {width: [[["layout", "height"], value], [bar, 1 - BAR / value]] for width, value in heights.items()}
    return figure.update_layout(meta={"sizes": sizes})


def _best_fact(row, labeller: Labeller) -> str:
    words = {"model": labeller.name("model", row.model), "stage": _stage(row.stage, labeller)}
    return labeller("figure.published_map.alt_fact", layer=int(row.layer), r2=float(row.median_r2), **words)


text.words(
    "figure.published_layers",
    en={
        "title": "Published: other networks by layer, functional region and subject",
        "everyone": "All subjects",
        "subject": "Subject {subject}",
        "line": "{model}, {results}",
        "hover": (
            "{model}<br>{region}, %{{customdata[0]}} voxels<br>Layer %{{x}}: %{{customdata[1]}}"
            "<br>Median noise-corrected r² over voxels: %{{y:.3f}}"
        ),
        "single": (
            "{model}, a single layer<br>{region}, {n} {n:voxel|voxels}"
            "<br>Median noise-corrected r² over voxels: %{{y:.3f}}"
        ),
        "alt": (
            "Published median noise-corrected r² over voxels against layer, one panel for all voxels and one for each "
            "functional region, one line per network, with a menu of subjects. {facts}"
        ),
        "alt_fact": "{model}: highest over all voxels at layer {layer} ({stage}) with {r2:3}; {by_region}.",
    },
    es={
        "title": "Publicado: otras redes según la capa, la región funcional y el sujeto",
        "everyone": "Todos los sujetos",
        "subject": "Sujeto {subject}",
        "line": "{model}, {results}",
        "hover": (
            "{model}<br>{region}, %{{customdata[0]}} vóxeles<br>Capa %{{x}}: %{{customdata[1]}}"
            "<br>Mediana de r² corregido por ruido entre vóxeles: %{{y:.3f}}"
        ),
        "single": (
            "{model}, una sola capa<br>{region}, {n} {n:vóxel|vóxeles}"
            "<br>Mediana de r² corregido por ruido entre vóxeles: %{{y:.3f}}"
        ),
        "alt": (
            "Mediana publicada del r² corregido por ruido entre vóxeles según la capa, un panel para todos los vóxeles "
            "y uno por región funcional, una línea por red, con un menú de sujetos. {facts}"
        ),
        "alt_fact": (
            "{model}: el valor más alto entre todos los vóxeles está en la capa {layer} ({stage}), con {r2:3}; "
            "{by_region}."
        ),
    },
)


def published_layers(curves: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Draw the median r² by layer, a panel for all voxels and each functional region, with a menu of subjects.

    curves: results (published, run), model, layer, stage, region, subject ("all" for all), median_r2, n_voxels, metric.
    Networks trained on adversarial sounds wait in the legend. Nothing without published curves.
    """
    if curves[curves["results"] == PUBLISHED].empty:
        return None
    names = [panels.ALL, *panels.regions_of(curves)]
    lines = sorted((key for key, _ in curves.groupby(["results", MODEL], sort=False)), key=_order)
    subjects = panels.in_order(curves[SUBJECT])
    last = curves[LAYER].max()

    def build(labeller: Labeller) -> go.Figure:
        figure, values = panels.grid(names, labeller, "region"), [[] for _ in subjects]
        for panel, region in enumerate(names):
            for index, (results, model) in enumerate(lines):
                of_line = curves[
                    (curves["results"] == results) & (curves[MODEL] == model) & (curves["region"] == region)
                ]
                line = _line(of_line[of_line[SUBJECT] == panels.ALL], results, index, last, labeller)
                figure.add_trace(line.update(showlegend=panel == 0), **panels.place(panel))
                for place, subject in enumerate(subjects):
                    y = of_line.loc[of_line[SUBJECT] == subject].sort_values(LAYER)["median_r2"].tolist()
                    values[place].append(y * 2 if len(y) == 1 else y)
        words = [labeller("figure.published_layers.everyone")]
        words += [
            labeller("figure.published_layers.subject", subject=style.name(labeller, "subject", subject))
            for subject in subjects[1:]
        ]
        panels.exchange(figure, words, values)
        height = 130 + panels.ROW * panels.n_rows(names) + 24 * len(lines)
        style.laid_out(figure, labeller, labeller("figure.published_layers.title"), height, synthetic)
        _attributed(figure, labeller).update_layout(margin={"t": 160})
        figure.update_xaxes(dtick=2, tick0=1, range=[0.6, last + 0.4]).update_yaxes(**panels.r2_axis(0))
        return panels.titled(figure, names, labeller("axis.layer"), panels.measure(curves, labeller))

    def alt(labeller: Labeller) -> str:
        best = highest(_whole(curves[curves["results"] == PUBLISHED]), [MODEL], "median_r2").itertuples()
        facts = " ".join(_curve_fact(row, curves, names[1:], labeller) for row in best)
        return labeller("figure.published_layers.alt", facts=facts)

    return bilingual(build, alt, curves, language)


def _order(line: tuple[str, str]) -> tuple[bool, bool]:
    """Return a sorting key that puts the study's networks first, and those that wait in the legend last."""
    results, model = line
    return results == PUBLISHED, ROBUST in model


def _line(rows: pd.DataFrame, results: str, index: int, last: int, labeller: Labeller) -> go.Scatter:
    """Return the curve of one network in one region; that of a single layer goes straight across the panel."""
    ordered = rows.sort_values(LAYER)
    model, region = ordered[MODEL].iloc[0], style.name(labeller, "region", ordered["region"].iloc[0])
    name = _named(model, results, labeller)
    hidden = "legendonly" if results == PUBLISHED and ROBUST in model else True
    look = style.of_model(index)
    shared = {"name": name, "legendgroup": f"{results} {model}", "visible": hidden}
    if len(ordered) == 1:
        hover = labeller(
            "figure.published_layers.single", model=name, region=region, n=int(ordered["n_voxels"].iloc[0])
        )
        y = ordered["median_r2"].tolist() * 2
        flat = {"color": style.GREY, "dash": "dash", "width": 1.5}  # as baselines are drawn
        return go.Scatter(x=[1, last], y=y, mode="lines", line=flat, hovertemplate=hover + "<extra></extra>", **shared)
    about = [[int(row.n_voxels), _stage(row.stage, labeller)] for row in ordered.itertuples()]
    hover = labeller("figure.published_layers.hover", model=name, region=region)
    return go.Scatter(
        x=ordered[LAYER].tolist(), y=ordered["median_r2"].tolist(), mode="lines+markers", customdata=about,
        hovertemplate=hover + "<extra></extra>", **look, **shared,
    )  # fmt: skip


def _named(model: str, results: str, labeller: Labeller) -> str:
    """Return a network's name with whose results are drawn."""
    words = {"model": style.name(labeller, "model", model), "results": labeller.name("results", results)}
    return labeller("figure.published_layers.line", **words)


def _curve_fact(row, curves: pd.DataFrame, names: list[str], labeller: Labeller) -> str:
    """Return where a published network is best over all voxels, and its r² in each functional region there."""
    there = curves[(curves["results"] == PUBLISHED) & (curves[MODEL] == row.model) & (curves[LAYER] == row.layer)]
    by_region = there[there[SUBJECT] == panels.ALL].set_index("region")["median_r2"]
    said = [f"{labeller.name('region', name)} {labeller.number(by_region[name], 3)}" for name in names]
    words = {"model": labeller.name("model", row.model), "stage": _stage(row.stage, labeller)}
    words |= {"layer": int(row.layer), "r2": float(row.median_r2), "by_region": ", ".join(said)}
    return labeller("figure.published_layers.alt_fact", **words)


text.words(
    "figure.published_depth",
    en={
        "title": "Published: relative depth of the best layer, by functional region",
        "y": "Relative depth",
        "hover": (
            "{model}, published<br>%{{text}}<br>Mean over subjects: %{{y:.3f}}"
            "<br>Lowest and highest subject: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}"
            "<br>Subjects: %{{customdata[2]}}"
        ),
        "alt": "Published relative depth of the best layer by functional region, one line per network. {facts}",
        "alt_fact": "{model}, mean over subjects: {depths}.",
    },
    es={
        "title": "Publicado: profundidad relativa de la mejor capa, por región funcional",
        "y": "Profundidad relativa",
        "hover": (
            "{model}, publicado<br>%{{text}}<br>Media entre sujetos: %{{y:.3f}}"
            "<br>Sujeto más bajo y más alto: %{{customdata[0]:.2f}} – %{{customdata[1]:.2f}}"
            "<br>Sujetos: %{{customdata[2]}}"
        ),
        "alt": "Profundidad relativa publicada de la mejor capa por región funcional, una línea por red. {facts}",
        "alt_fact": "{model}, media entre sujetos: {depths}.",
    },
)


NAMED = 10  # letters of a line of a region's name, of which a phone shows four side by side


def published_depth(means: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | None:
    """Draw the mean over subjects of the relative depth of the best layer by functional region, a line per network.

    means: model, region, relative, low and high (lowest and highest subject), n_subjects. Nothing without rows.
    """
    shown = means[means["region"] != panels.ALL]
    if shown.empty:
        return None
    networks, names = panels.models_of(shown), panels.regions_of(shown)

    def build(labeller: Labeller) -> go.Figure:
        figure, words = go.Figure(), [style.name(labeller, "region", region) for region in names]
        for index, (model, shift) in enumerate(zip(networks, np.linspace(-0.2, 0.2, len(networks)), strict=True)):
            own = shown[shown[MODEL] == model].set_index("region").reindex(names)
            name = style.name(labeller, "model", model)
            figure.add_scatter(
                x=np.arange(len(names)) + shift, y=own["relative"].to_numpy(float), text=words, mode="lines+markers",
                name=_named(model, PUBLISHED, labeller), **style.of_model(index),
                customdata=own[["low", "high", "n_subjects"]].to_numpy(float),
                error_y={
                    "symmetric": False, "thickness": 1, "width": 3,
                    "array": (own["high"] - own["relative"]).to_numpy(float),
                    "arrayminus": (own["relative"] - own["low"]).to_numpy(float),
                },
                hovertemplate=labeller("figure.published_depth.hover", model=name) + "<extra></extra>",
            )  # fmt: skip
        height = 420 + 24 * len(networks)
        style.laid_out(figure, labeller, labeller("figure.published_depth.title"), height, synthetic)
        _attributed(figure, labeller).update_layout(margin={"t": 110})
        figure.update_xaxes(tickvals=list(range(len(names))), ticktext=[style.broken(name, NAMED) for name in words])
        figure.update_xaxes(range=[-0.5, len(names) - 0.5])
        return figure.update_yaxes(title_text=labeller("figure.published_depth.y"), range=[-0.05, 1.05])

    def alt(labeller: Labeller) -> str:
        facts = [_depth_fact(shown[shown[MODEL] == model], names, labeller) for model in networks]
        return labeller("figure.published_depth.alt", facts=" ".join(facts))

    return bilingual(build, alt, means, language)


def _depth_fact(means: pd.DataFrame, names: list[str], labeller: Labeller) -> str:
    depths = means.set_index("region")["relative"].reindex(names)
    said = [f"{labeller.name('region', region)} {labeller.number(value, 3)}" for region, value in depths.items()]
    model = labeller.name("model", means[MODEL].iloc[0])
    return labeller("figure.published_depth.alt_fact", model=model, depths="; ".join(said))
