"""The two ResiDual branches: a drawing, heat maps of their similarity, and what the merged output resembles."""

from __future__ import annotations

import html
import math

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers import text
from helpers.names import LAYER, MODEL
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.plotting.facts import ends
from helpers.text import Labeller, labellers

BRANCH, ENCODER = "branch", "encoder"
PAIRS = (("right", "left"), ("left", "left"), ("right", "right"))  # of branches: rows, columns

text.words(
    "figure.heat_maps",
    en={
        "title": "How similar the layers of both branches are",
        "axis": "{branch} branch, layer",
        "decoder": "{layer} dec",
        "cka": "CKA (debiased)",
        "hover": "{row} branch, layer %{{y}}<br>{column} branch, layer %{{x}}<br>CKA: %{{z:.3f}}",
        "alt": (
            "Three heat maps of linear CKA between layers: right branch against left, left against left, right against "
            "right, with a menu{decoder}. {facts}"
        ),
        "alt_decoder": "; dec marks layers of the decoder, the others are those of the encoder",
        "alt_fact": "{model}, {over}: between the branches of the same encoder layer, CKA is between {low} and {high}.",
    },
    es={
        "title": "Cuánto se parecen las capas de ambas ramas",
        "axis": "Rama {branch}, capa",
        "decoder": "{layer} dec",
        "cka": "CKA (sin sesgo)",
        "hover": "Rama {row}, capa %{{y}}<br>Rama {column}, capa %{{x}}<br>CKA: %{{z:.3f}}",
        "alt": (
            "Tres mapas de calor de la CKA lineal entre capas: rama derecha contra izquierda, izquierda contra "
            "izquierda y derecha contra derecha, con un menú{decoder}. {facts}"
        ),
        "alt_decoder": "; dec señala las capas del decodificador, las demás son del codificador",
        "alt_fact": "{model}, {over}: entre las ramas de una misma capa del codificador, la CKA va de {low} a {high}.",
    },
)


def heat_maps(
    frame: pd.DataFrame, towers: dict[str, dict[int, str]], *, synthetic: bool, language: str = "en"
) -> go.Figure:
    """Draw CKA of right against left, left against left, right against right; a menu chooses model and kind of CKA.

    frame: model, over, row_branch, row_layer, column_branch, column_layer, cka; towers: model -> layer -> tower, of
    which those other than "encoder" are marked at the axes.
    """
    choices = panels.in_order(zip(frame[MODEL], frame["over"], strict=True))

    def build(labeller: Labeller) -> go.Figure:
        figure = make_subplots(rows=len(PAIRS), cols=1, vertical_spacing=0.08)
        for model, over in choices:
            own = frame[(frame[MODEL] == model) & (frame["over"] == over)]
            for row, pair in enumerate(PAIRS, start=1):
                figure.add_trace(_map(own, pair, towers[model], labeller), row=row, col=1)
        names = [f"{style.name(labeller, 'model', m)}: {labeller.name('over', o)}" for m, o in choices]
        panels.choose(figure, names, (f"{MODEL}|over", [f"{m}|{o}" for m, o in choices]))
        style.laid_out(figure, labeller, labeller("figure.heat_maps.title"), 1240, synthetic)
        figure.update_layout(margin={"t": 160})
        figure.update_coloraxes(cmin=0, cmax=1, colorscale="Cividis")
        _branch_axes(style.lying_bar(figure, labeller("figure.heat_maps.cka")), labeller)
        return panels.spread(figure, len(PAIRS))

    return bilingual(build, lambda labeller: _heat_alt(frame, towers, labeller), frame, language)


def _map(own: pd.DataFrame, pair: tuple[str, str], towers: dict[int, str], labeller: Labeller) -> go.Heatmap:
    rows = own[(own["row_branch"] == pair[0]) & (own["column_branch"] == pair[1])]
    grid = rows.pivot(index="row_layer", columns="column_layer", values="cka")
    words = {"row": labeller.name("branch", pair[0]), "column": labeller.name("branch", pair[1])}
    return go.Heatmap(
        x=[_layer(layer, towers, labeller) for layer in grid.columns],
        y=[_layer(layer, towers, labeller) for layer in grid.index],
        z=grid.to_numpy(), coloraxis="coloraxis",
        hovertemplate=labeller("figure.heat_maps.hover", **words) + "<extra></extra>",
    )  # fmt: skip


def _layer(layer: int, towers: dict[int, str], labeller: Labeller) -> str:
    return f"{layer}" if towers[layer] == ENCODER else labeller("figure.heat_maps.decoder", layer=int(layer))


def _branch_axes(figure: go.Figure, labeller: Labeller) -> go.Figure:
    for row, (of_row, of_column) in enumerate(PAIRS, start=1):
        title = labeller("figure.heat_maps.axis", branch=labeller.name("branch", of_column))
        figure.update_xaxes(title_text=title, type="category", row=row, col=1)
        title = labeller("figure.heat_maps.axis", branch=labeller.name("branch", of_row))
        axis = {"type": "category", "autorange": "reversed", "scaleanchor": f"x{row if row > 1 else ''}"}
        figure.update_yaxes(title_text=title, row=row, col=1, **axis)
    return figure.update_xaxes(constrain="domain").update_yaxes(constrain="domain", constraintoward="top")


def _heat_alt(frame: pd.DataFrame, towers: dict[str, dict[int, str]], labeller: Labeller) -> str:
    facts = []
    across = frame[(frame["row_branch"] == "right") & (frame["column_branch"] == "left")]
    for (model, over), rows in across.groupby([MODEL, "over"], sort=False):
        encoder = rows["row_layer"].map(lambda layer, of=towers[model]: of[layer] == ENCODER)
        same = rows[encoder & (rows["row_layer"] == rows["column_layer"])]["cka"]
        words = {"model": labeller.name("model", model), "over": labeller.name("over", over)}
        facts.append(labeller("figure.heat_maps.alt_fact", **words, low=float(same.min()), high=float(same.max())))
    marked = any(tower != ENCODER for of_layers in towers.values() for tower in of_layers.values())
    decoder = labeller("figure.heat_maps.alt_decoder") if marked else ""
    return labeller("figure.heat_maps.alt", decoder=decoder, facts=" ".join(facts))


text.words(
    "figure.merged",
    en={
        "title": "What the output of the encoder, the sum of both branches, resembles",
        "branch": "{branch} branch",
        "hover": "Layer %{{x}}<br>CKA: %{{y:.3f}} (95 %: %{{customdata[0]:.3f}} – %{{customdata[1]:.3f}})",
        "alt": (
            "CKA of the encoder's output, the sum of both branches, with the left and right branch of each layer, "
            "{n} {n:panel|panels}, one per model, with 95 % intervals for other sounds. {facts}"
        ),
        "alt_fact": "{branch}, {model}: from {first} at layer {first_layer} to {last} at layer {last_layer}.",
    },
    es={
        "title": "A qué se parece la salida del codificador, suma de ambas ramas",
        "branch": "Rama {branch}",
        "hover": "Capa %{{x}}<br>CKA: %{{y:.3f}} (95 %: %{{customdata[0]:.3f}} – %{{customdata[1]:.3f}})",
        "alt": (
            "CKA de la salida del codificador, suma de ambas ramas, con las ramas izquierda y derecha de cada capa, "
            "{n} {n:panel|paneles}, uno por modelo, con intervalos del 95 % para otros sonidos. {facts}"
        ),
        "alt_fact": "{branch}, {model}: de {first} en la capa {first_layer} a {last} en la capa {last_layer}.",
    },
)


def merged(frame: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw the similarity of the encoder's merged output to each layer's branches, with its interval.

    frame : model, branch, layer, cka, low, high
    """
    models, branches = panels.models_of(frame), panels.in_order(frame[BRANCH])

    def build(labeller: Labeller) -> go.Figure:
        figure = panels.stacked(models, labeller, vertical_spacing=0.1)
        for row, model in enumerate(models, start=1):
            for index, branch in enumerate(branches):
                own = frame[(frame[MODEL] == model) & (frame[BRANCH] == branch)]
                line = go.Scatter(
                    x=own[LAYER].to_numpy(), y=own["cka"].to_numpy(), mode="lines+markers",
                    name=_branch(branch, labeller), legendgroup=branch, showlegend=row == 1,
                    error_y={
                        "array": (own["high"] - own["cka"]).to_numpy(), "thickness": 1.5, "width": 4,
                        "arrayminus": (own["cka"] - own["low"]).to_numpy(), "symmetric": False,
                    },
                    customdata=own[["low", "high"]].to_numpy(),
                    hovertemplate=labeller("figure.merged.hover") + "<extra></extra>",
                    **style.of_other(index),
                )  # fmt: skip
                figure.add_trace(line, row=row, col=1)
        style.laid_out(figure, labeller, labeller("figure.merged.title"), panels.PANEL * len(models) + 100, synthetic)
        figure.update_xaxes(dtick=1).update_xaxes(title_text=labeller("axis.layer"), row=len(models))
        figure.update_yaxes(title_text=labeller("figure.heat_maps.cka"), range=[-0.05, 1.05])
        return panels.spread(figure, len(models))

    return bilingual(build, lambda labeller: _merged_alt(frame, labeller), frame, language)


def _branch(branch: str, labeller: Labeller) -> str:
    return labeller("figure.merged.branch", branch=labeller.name("branch", branch))


def _merged_alt(frame: pd.DataFrame, labeller: Labeller) -> str:
    facts = []
    for (model, branch), rows in frame.groupby([MODEL, BRANCH], sort=False):
        words = {"model": labeller.name("model", model), "branch": _branch(branch, labeller)}
        facts.append(labeller("figure.merged.alt_fact", **words, **ends(rows, LAYER, "cka")))
    return labeller("figure.merged.alt", n=frame[MODEL].nunique(), facts=" ".join(facts))


text.words(
    "figure.drawing",
    en={
        "title": "Placement of layer norm in post-norm, pre-norm and ResiDual layers",
        "post": "Post-norm",
        "pre": "Pre-norm",
        "residual": "ResiDual",
        "block": "Block",
        "norm": "Norm",
        "left": "left",
        "right": "right",
    },
    es={
        "title": "Ubicación de la normalización en capas post-norm, pre-norm y ResiDual",
        "post": "Post-norm",
        "pre": "Pre-norm",
        "residual": "ResiDual",
        "block": "Bloque",
        "norm": "Normalización",
        "left": "izquierda",
        "right": "derecha",
    },
)
DRAWN = ("title", "post", "pre", "residual", "block", "norm", "left", "right")


def drawing() -> text.Bilingual:
    """Draw post-norm, pre-norm and ResiDual layers side by side, in the colour of the page's text."""
    return text.Bilingual({language: _svg(labeller) for language, labeller in labellers().items()})


def _svg(labeller: Labeller) -> str:
    words = {key: html.escape(labeller(f"figure.drawing.{key}")) for key in DRAWN}
    names = ("post", "pre", "residual")
    columns = "".join(
        f'<g transform="translate({20 + 250 * i},0)">{shape(words)}{_words(100, 24, words[name], 15)}</g>'
        for i, (name, shape) in enumerate(zip(names, (_post, _pre, _residual), strict=True))
    )
    return (
        f'<svg viewBox="0 0 760 330" role="img" aria-label="{words["title"]}" style="max-width:46rem;width:100%" '
        'fill="none" stroke="currentColor" stroke-width="1.6" font-family="system-ui, sans-serif">'
        f"{columns}</svg>"
    )


def _words(x: int, y: int, words: str, size: int = 13) -> str:
    look = f'text-anchor="middle" font-size="{size}" fill="currentColor" stroke="none"'
    return f'<text x="{x}" y="{y}" {look}>{words}</text>'


def _box(x: int, y: int, words: str) -> str:
    return f'<rect x="{x - 52}" y="{y - 17}" width="104" height="34" rx="6"/>{_words(x, y + 5, words)}'


def _sum(x: int, y: int) -> str:
    return f'<circle cx="{x}" cy="{y}" r="10"/><path d="M{x - 6} {y}h12M{x} {y - 6}v12"/>'


def _arrow(*points: tuple[int, int]) -> str:
    """Return a line with its own arrowhead: a shared marker would be hidden with the language that defines it."""
    path = "L".join(f"{x} {y}" for x, y in points)
    (x0, y0), (x1, y1) = points[-2:]
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    turn = f"translate({x1},{y1}) rotate({angle:.0f})"
    head = f'<path d="M0 0L-9 -4L-9 4z" fill="currentColor" stroke="none" transform="{turn}"/>'
    return f'<path d="M{path}"/>{head}'


def _post(words: dict) -> str:
    shapes = [_box(100, 230, words["block"]), _sum(100, 165), _box(100, 105, words["norm"])]
    arrows = [_arrow((100, 310), (100, 250)), _arrow((100, 213), (100, 177)), _arrow((100, 155), (100, 124))]
    arrows += [_arrow((100, 288), (24, 288), (24, 165), (88, 165)), _arrow((100, 88), (100, 48))]
    return "".join([*shapes, *arrows])


def _pre(words: dict) -> str:
    shapes = [_box(100, 235, words["norm"]), _box(100, 165, words["block"]), _sum(100, 100)]
    arrows = [_arrow((100, 310), (100, 254)), _arrow((100, 218), (100, 184)), _arrow((100, 148), (100, 112))]
    arrows += [_arrow((100, 288), (24, 288), (24, 100), (88, 100)), _arrow((100, 90), (100, 48))]
    return "".join([*shapes, *arrows])


def _residual(words: dict) -> str:
    """Draw both branches: post-norm on the left; on the right the sum of all blocks' outputs, never normalised."""
    shapes = [_post(words), _sum(205, 195), _words(205, 42, words["right"], 12), _words(36, 42, words["left"], 12)]
    arrows = [_arrow((205, 310), (205, 207)), _arrow((205, 185), (205, 52)), _arrow((100, 195), (193, 195))]
    return "".join([*shapes, *arrows])
