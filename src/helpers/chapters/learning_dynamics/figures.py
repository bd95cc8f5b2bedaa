"""Learning curves: r² against training step, one line per layer, and the surface of steps and layers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from helpers import text
from helpers.names import LAYER, METRIC, MODEL, STEP, TARGET, VOXELS
from helpers.plotting import panels, style
from helpers.plotting import references as beside
from helpers.plotting.bilingual import bilingual
from helpers.plotting.facts import ends
from helpers.text import Labeller

SCALE = "Viridis"
APART = 0.2  # of an axis: the distance of two numbers that a phone's width can tell apart
EYE = {"x": 2.15, "y": 2.15, "z": 1.35}  # far enough for the whole surface with its axes on a phone
NEARER = 0.7  # of that distance, where a page is wide
ABOVE = 190  # px above the surface, for its bar and menu

text.words(
    "figure.by_step",
    en={
        "title": "How the components are learned",
        "x": "Step (log)",
        "layer": "Layer {layer}",
        "hover": (
            "{model}, layer {layer}<br>Step %{{customdata[0]}}<br>{measure}: %{{y:.2f}}"
            "<br>Quartiles over splits: %{{customdata[1]:.2f}} – %{{customdata[2]:.2f}}"
        ),
        "alt": (
            "{n} {n:panel|panels}, one per component: {measure} against training step, one line per layer, "
            "darker lines for first layers; quartiles over splits as areas around the first and the last. {facts}"
        ),
        "alt_fact": "{model}: at the end the highest value is {r2}, for {component} at layer {layer}.",
    },
    es={
        "title": "Cómo se aprenden los componentes",
        "x": "Paso (log)",
        "layer": "Capa {layer}",
        "hover": (
            "{model}, capa {layer}<br>Paso %{{customdata[0]}}<br>{measure}: %{{y:.2f}}"
            "<br>Cuartiles entre particiones: %{{customdata[1]:.2f}} – %{{customdata[2]:.2f}}"
        ),
        "alt": (
            "{n} {n:panel|paneles}, uno por componente: {measure} según el paso de entrenamiento, una línea por capa, "
            "más oscuras las primeras; cuartiles entre particiones como áreas en torno a la primera y la última. "
            "{facts}"
        ),
        "alt_fact": "{model}: al final el valor más alto es {r2}, para {component} en la capa {layer}.",
    },
)


def by_step(
    curves: pd.DataFrame, published: pd.DataFrame | None, baselines: pd.DataFrame | None = None, *, synthetic: bool,
    language: str = "en",
) -> go.Figure | text.Bilingual:  # fmt: skip
    """Draw `curves` (model, step, layer, target, median_r2, q25, q75, metric[, note]), a panel per target.

    A menu chooses the model; `published` (component, layer, step, median_r2) is offered as an overlay; baselines: as
    `stats.references` returns them.
    """
    if curves.empty:
        return text.both("say.no_series")
    models, targets = panels.models_of(curves), panels.targets_of(curves)

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.grid(targets, labeller)
        for model in models:
            own = curves[curves[MODEL] == model]
            layers = sorted(own[LAYER].unique())
            for panel, target in enumerate(targets):
                for line in _lines(own[own[TARGET] == target], layers, model, "by_step", labeller, first=panel == 0):
                    figure.add_trace(line, **panels.place(panel))
        panels.choose_model(figure, models, labeller)
        for panel, target in enumerate(targets):
            for line in beside.by_layer(_lines_of(baselines), target, _ends(curves), labeller, legend=panel == 0):
                figure.add_trace(line, **panels.place(panel))
        _overlay(figure, published, targets, labeller)
        figure.add_traces(panels.note_marks(curves, labeller))
        height = 175 + panels.ROW * panels.n_rows(targets)
        style.laid_out(figure, labeller, labeller("figure.by_step.title"), height, synthetic)
        figure.update_layout(margin={"t": 180})
        _depth_bar(figure, sorted(curves[LAYER].unique()), labeller)
        return panels.titled(
            _axes(figure, curves), targets, labeller("figure.by_step.x"), panels.measure(curves, labeller)
        )

    def alt(labeller: Labeller) -> str:
        words = {"measure": panels.measure(curves, labeller, inline=True), "facts": _facts(curves, labeller)}
        return labeller("figure.by_step.alt", n=len(targets), **words)

    return bilingual(build, alt, curves, language)


text.words(
    "figure.voxels_by_step",
    en={
        "title": "How the voxels are learned",
        "hover": (
            "{model}, layer {layer}<br>Step %{{customdata[0]}}<br>{measure}, over voxels: %{{y:.2f}}"
            "<br>Quartiles over voxels: %{{customdata[1]:.2f}} – %{{customdata[2]:.2f}}"
        ),
        "alt": (
            "{measure} over voxels against training step, one line per layer, {n} {n:panel|panels}, one per model; "
            "quartiles over voxels as areas around the first and the last layer. {facts}"
        ),
        "alt_fact": (
            "{model}: from {first} at step {first_step:0} to {last} at step {last_step:0} in layer {layer}, "
            "the best at the end."
        ),
    },
    es={
        "title": "Cómo se aprenden los vóxeles",
        "hover": (
            "{model}, capa {layer}<br>Paso %{{customdata[0]}}<br>{measure}, entre vóxeles: %{{y:.2f}}"
            "<br>Cuartiles entre vóxeles: %{{customdata[1]:.2f}} – %{{customdata[2]:.2f}}"
        ),
        "alt": (
            "{measure} entre vóxeles según el paso de entrenamiento, una línea por capa, {n} {n:panel|paneles}, "
            "uno por modelo; cuartiles entre vóxeles como áreas en torno a la primera y la última capa. {facts}"
        ),
        "alt_fact": (
            "{model}: de {first} en el paso {first_step:0} a {last} en el paso {last_step:0} en la capa {layer}, "
            "la mejor al final."
        ),
    },
)


def voxels_by_step(
    curves: pd.DataFrame, baselines: pd.DataFrame | None = None, *, synthetic: bool, language: str = "en"
) -> go.Figure | text.Bilingual:
    """Draw median and quartiles over voxels, one panel per model.

    curves : model, step, layer, median_r2, q25, q75, metric[, note]; baselines: as `tables.references` of voxels
    """
    if curves.empty:
        return text.both("say.no_voxel_series")
    models = panels.models_of(curves)

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.stacked(models, labeller, vertical_spacing=0.1)
        for row, model in enumerate(models, start=1):
            own = curves[curves[MODEL] == model]
            layers = sorted(own[LAYER].unique())
            for line in _lines(own, layers, model, "voxels_by_step", labeller, first=row == 1):
                figure.add_trace(line, row=row, col=1)
            for line in beside.by_layer(_lines_of(baselines), VOXELS, _ends(curves), labeller, legend=row == 1):
                figure.add_trace(line, row=row, col=1)
            if panels.is_corrected(curves):
                line = panels.ceiling_line(_ends(curves), labeller).update(showlegend=row == 1)
                figure.add_trace(line, row=row, col=1)
        figure.add_traces(panels.note_marks(curves, labeller))
        style.laid_out(figure, labeller, labeller("figure.voxels_by_step.title"), 300 * len(models) + 174, synthetic)
        figure.update_layout(margin={"t": 134})
        _depth_bar(figure, sorted(curves[LAYER].unique()), labeller)
        _axes(figure, curves).update_xaxes(title_text=labeller("figure.by_step.x"), row=len(models))
        title = style.broken(panels.measure(curves, labeller), style.AXIS)
        figure.update_yaxes(title_text=title, row=(len(models) + 1) // 2, col=1)
        return panels.spread(figure, len(models))

    return bilingual(build, lambda labeller: _voxel_alt(curves, labeller), curves, language)


text.words(
    "figure.surface",
    en={
        "title": "Steps, layers and {metric} as a surface (drag to turn it)",
        "hover": "Step %{{customdata}}<br>Layer %{{y}}<br>{measure}: %{{z:.2f}}",
        "alt": (
            "A surface of {measure} over training steps and layers, with a menu of {n} combinations of model and "
            "component. {facts}"
        ),
    },
    es={
        "title": "Pasos, capas y {metric} como superficie (arrastrar para girarla)",
        "hover": "Paso %{{customdata}}<br>Capa %{{y}}<br>{measure}: %{{z:.2f}}",
        "alt": (
            "Superficie de {measure} según pasos de entrenamiento y capas, con un menú de {n} combinaciones de modelo "
            "y componente. {facts}"
        ),
    },
)


def surface(curves: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure | text.Bilingual:
    """Draw steps x layers x r² (model, step, layer, target, median_r2, metric); a menu chooses model and target."""
    if curves.empty:
        return text.both("say.no_series")
    choices = [(model, target) for model in panels.models_of(curves) for target in panels.targets_of(curves)]

    def build(labeller: Labeller) -> go.Figure:
        figure = go.Figure()
        for model, target in choices:
            rows = curves[(curves[MODEL] == model) & (curves[TARGET] == target)]
            figure.add_trace(_surface(rows, labeller))
        names = [f"{style.name(labeller, 'model', m)}: {style.name(labeller, 'target', t)}" for m, t in choices]
        panels.choose(figure, names, (f"{MODEL}|{TARGET}", [f"{m}|{t}" for m, t in choices]))
        metric = labeller.name("symbol", curves[METRIC].iloc[0])
        title = labeller("figure.surface.title", metric=metric)
        style.laid_out(figure, labeller, title, 640, synthetic)
        figure.update_layout(margin={"l": 8, "r": 8, "t": ABOVE})  # the scene has its axes within
        figure.update_coloraxes(cmin=0, cmax=1, colorscale=SCALE)
        style.lying_bar(figure, panels.measure(curves, labeller))
        eye = ["layout", "scene", "camera", "eye"]
        near = {axis: NEARER * at for axis, at in EYE.items()}
        figure.update_layout(meta={"sizes": {"narrow": [[eye, EYE]], "wide": [[eye, near]]}})
        return figure.update_scenes(
            camera={"eye": EYE, "center": {"x": 0, "y": 0, "z": -0.15}},
            xaxis=_ticks(curves[STEP]) | {"type": "log", "title": {"text": labeller("figure.by_step.x")}},
            yaxis={"title": {"text": labeller("axis.layer")}, "dtick": 1},
            zaxis={"title": {"text": metric}, "range": [0, 1]},  # the colour bar says of what
        )

    def alt(labeller: Labeller) -> str:
        words = {"measure": panels.measure(curves, labeller, inline=True), "facts": _facts(curves, labeller)}
        return labeller("figure.surface.alt", n=len(choices), **words)

    return bilingual(build, alt, curves, language)


def _ends(curves: pd.DataFrame) -> np.ndarray:
    """Return where the first and the last step are drawn."""
    return positions(np.sort(curves[STEP].unique()))[[0, -1]]


def _lines_of(baselines: pd.DataFrame | None) -> pd.DataFrame:
    return beside.NONE if baselines is None else baselines


def positions(steps: np.ndarray) -> np.ndarray:
    """Return steps on a logarithmic axis; step 0, which has no logarithm, is a third of the first step to the left."""
    steps = np.asarray(steps, float)
    first = steps[steps > 0].min(initial=np.inf)
    return np.where(steps == 0, first / 3, steps)


def _surface(rows: pd.DataFrame, labeller: Labeller) -> go.Surface:
    grid = rows.pivot(index=LAYER, columns=STEP, values="median_r2").sort_index()
    hover = labeller("figure.surface.hover", measure=panels.measure(rows, labeller))
    return go.Surface(
        x=positions(grid.columns.to_numpy()), y=grid.index.to_numpy(), z=grid.to_numpy(),
        coloraxis="coloraxis",
        customdata=np.broadcast_to(grid.columns.to_numpy(), grid.shape).copy(),
        hovertemplate=hover + "<extra></extra>",
    )  # fmt: skip


def _lines(
    rows: pd.DataFrame, layers: list[int], model: str, figure: str, labeller: Labeller, first: bool
) -> list[go.Scatter]:
    """Return lines by layer, coloured by depth, and areas between the quartiles of the first and the last.

    First layer square, last triangle, one with a note diamond. All areas lie behind all lines.
    """
    shapes = dict.fromkeys(layers, "circle") | {layers[0]: "square", layers[-1]: "triangle-up"}
    lines, areas = [], []
    for layer, colour in zip(layers, depth_colours(len(layers)), strict=True):
        own = rows[rows[LAYER] == layer].sort_values(STEP)
        look = {"line": {"color": colour, "width": 2}, "marker": {"color": colour, "symbol": shapes[layer], "size": 7}}
        words = {"model": style.name(labeller, "model", model), "measure": panels.measure(own, labeller)}
        spread = own[["q25", "q75"]]
        if layer in (layers[0], layers[-1]):
            area = positions(own[STEP].to_numpy()), own["q25"].to_numpy(), own["q75"].to_numpy()
            areas.append(panels.band(*area, style.faint(colour), legendgroup=f"layer {layer}"))
        lines.append(
            go.Scatter(
                x=positions(own[STEP].to_numpy()), y=own["median_r2"].to_numpy(), mode="lines+markers",
                name=labeller("figure.by_step.layer", layer=int(layer)), legendgroup=f"layer {layer}", showlegend=first,
                customdata=np.c_[own[STEP], spread],
                hovertemplate=labeller(f"figure.{figure}.hover", layer=int(layer), **words) + "<extra></extra>",
                **panels.marked(look, own),
            )
        )  # fmt: skip
    return areas + lines


def _overlay(figure: go.Figure, published: pd.DataFrame | None, targets: list[str], labeller: Labeller) -> None:
    """Add published curves of all layers, dotted in the colours of their depth, hidden until switched on."""
    for panel, target in enumerate(targets) if published is not None else ():
        rows = published[published["component"] == target].sort_values(STEP)
        layers = sorted(rows[LAYER].unique())
        for layer, colour in zip(layers, depth_colours(len(layers)), strict=True):
            own = rows[rows[LAYER] == layer]
            name = labeller("panels.published_network", name=labeller("figure.by_step.layer", layer=int(layer)))
            line = go.Scatter(
                x=own[STEP].to_numpy(), y=own["median_r2"].to_numpy(), name=name, mode="lines", visible="legendonly",
                line={"color": colour, "dash": "dot"}, legendgroup="published", showlegend=panel == 0,
            )  # fmt: skip
            figure.add_trace(line, **panels.place(panel))


def _depth_bar(figure: go.Figure, layers: list[int], labeller: Labeller) -> None:
    """Add the colour bar of depth on an empty trace, since coloured lines do not make one."""
    marker = {"color": [layers[0]], "coloraxis": "coloraxis", "opacity": 0}
    figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=marker, showlegend=False, hoverinfo="skip"))
    colours = depth_colours(len(layers))
    scale = [[i / max(1, len(layers) - 1), colour] for i, colour in enumerate(colours)]
    bounds = {"cmin": layers[0], "cmax": max(layers[-1], layers[0] + 1)}
    figure.update_coloraxes(colorscale=scale if len(layers) > 1 else SCALE, **bounds)
    style.lying_bar(figure, labeller("axis.layer"), dtick=1)


def depth_colours(n_layers: int) -> list[str]:
    """Return colours from dark (first) to light (last), without the ends that dark or light pages would hide."""
    return sample_colorscale(SCALE, np.linspace(0.2, 0.88, n_layers))


def _ticks(steps: pd.Series) -> dict:
    """Return a tick for every checkpoint; those that fit have their number, the last one always."""
    values = np.sort(steps.unique())
    places = np.log10(positions(values))
    room, numbered = APART * np.ptp(places), [len(values) - 1]
    for index in reversed(range(len(values) - 1)):
        if places[numbered[-1]] - places[index] >= room:
            numbered.append(index)
    words = [f"{step / 1000:g}k" if step >= 1000 else f"{step:g}" for step in values]
    texts = [word if index in numbered else "" for index, word in enumerate(words)]
    return {"tickvals": positions(values).tolist(), "ticktext": texts}


def _axes(figure: go.Figure, curves: pd.DataFrame) -> go.Figure:
    figure.update_xaxes(type="log", tickangle=0, **_ticks(curves[STEP]))
    return figure.update_yaxes(**panels.r2_axis(curves["median_r2"].min()))


def _facts(curves: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model, rows in curves.groupby(MODEL, sort=False):
        last = rows[rows[STEP] == rows[STEP].max()]
        best = last.nlargest(1, "median_r2").iloc[0]
        words = {"model": labeller.name("model", model), "component": labeller.name("target", best[TARGET])}
        facts.append(labeller("figure.by_step.alt_fact", **words, r2=float(best["median_r2"]), layer=int(best[LAYER])))
    return " ".join(facts)


def _voxel_alt(curves: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for model in panels.models_of(curves):
        rows, name = curves[curves[MODEL] == model], labeller.name("model", model)
        last = rows[rows[STEP] == rows[STEP].max()]
        layer = int(last.nlargest(1, "median_r2")[LAYER].iloc[0])
        numbers = ends(rows[rows[LAYER] == layer], STEP, "median_r2")
        facts.append(labeller("figure.voxels_by_step.alt_fact", model=name, layer=layer, **numbers))
    words = {"measure": panels.measure(curves, labeller), "facts": " ".join(facts)}
    return labeller("figure.voxels_by_step.alt", n=len(facts), **words)
