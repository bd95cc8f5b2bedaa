"""Any two targets against each other: a point per network, named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.chapters.comparison.figures import looks
from helpers.names import MODEL, TARGET
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.text import Labeller

text.words(
    "figure.two_targets",
    en={
        "title": "Two targets against each other",
        "hover": "%{{text}}<br>x: %{{x:.2f}}, y: %{{y:.2f}}<br>%{{customdata}}",
        "x": "x: {target}",
        "y": "y: {target}",
        "axis": "{measure}, the target chosen as {axis}",
        "alt": (
            "{n} {n:network or baseline|networks and baselines} by {measure} for two targets, chosen from {k} by two "
            "menus. {fact}"
        ),
        "alt_fact": "At first {x} against {y}; the correlation over networks and baselines is {r}.",
        "alt_few": "At first {x} against {y}; with so few, no correlation is given.",
    },
    es={
        "title": "Dos respuestas, una frente a otra",
        "hover": "%{{text}}<br>x: %{{x:.2f}}, y: %{{y:.2f}}<br>%{{customdata}}",
        "x": "x: {target}",
        "y": "y: {target}",
        "axis": "{measure}, respuesta elegida como {axis}",
        "alt": (
            "{n} {n:red o línea|redes y líneas} de base según {measure} en dos respuestas, elegidas de {k} con dos "
            "menús. {fact}"
        ),
        "alt_fact": "Al principio, {x} frente a {y}; la correlación entre redes y líneas de base es {r}.",
        "alt_few": "Al principio, {x} frente a {y}; de tan pocas no se indica la correlación.",
    },
)
WIDTH, HEIGHT, MARK, LETTER = 285, 355, 6, 5.5  # px, of the plot on a phone, half a marker, and a letter
SIDES = ("top center", "bottom center", "middle right", "middle left")  # of a point, where its name may stand
ENDS = (-0.02, 1.02)  # so that 0 and 0 are not written over each other
FEWEST = 3  # points, of which a correlation is said


def scatter(values: pd.DataFrame, *, synthetic: bool, language: str = "en") -> go.Figure:
    """Draw trained networks and baselines; one menu chooses the target of x, another that of y.

    values : as `analysis.values`, with `training` and `trained_on`; of its targets the last two are shown first
    """
    shown = values[values["role"].isin([looks.TRAINED, looks.BASELINE])]
    wide = shown.pivot_table(index=MODEL, columns=TARGET, values="median_r2", sort=False)[panels.targets_of(shown)]
    known = shown.drop_duplicates(MODEL).set_index(MODEL).loc[wide.index]
    groups = {training: known.index[looks.training_of(known) == training] for training in looks.trainings(known)}
    first = {"x": len(wide.columns) - 1, "y": max(len(wide.columns) - 2, 0)}

    def build(labeller: Labeller) -> go.Figure:
        figure, words = go.Figure(), {one: style.name(labeller, "model", one) for one in wide.index}
        sides = _sides({one: tuple(wide.loc[one].iloc[[first["x"], first["y"]]]) for one in wide.index}, words)
        for training, networks in groups.items():
            about = [looks.about(row, labeller) for row in known.loc[networks].reset_index().itertuples()]
            x, y = (wide.loc[networks].iloc[:, first[axis]].to_numpy() for axis in "xy")
            figure.add_scatter(
                x=x, y=y, mode="markers+text", text=[words[one] for one in networks],
                textposition=[sides[one] for one in networks], textfont={"size": 10},
                name=style.name(labeller, "training", training), marker=looks.look(training)["marker"] | {"size": 10},
                customdata=about, hovertemplate=labeller("figure.two_targets.hover") + "<extra></extra>",
                cliponaxis=False,
            )  # fmt: skip
        panels.diagonal(figure, 0, 1)
        style.laid_out(figure, labeller, labeller("figure.two_targets.title"), 640, synthetic)
        figure.update_layout(
            margin={"t": 170}, updatemenus=[_menu(axis, groups, wide, first, labeller) for axis in "xy"]
        )
        what = looks.measure(shown, labeller)
        axes = {axis: labeller("figure.two_targets.axis", measure=what, axis=axis) for axis in "xy"}
        figure.update_xaxes(title_text=style.broken(axes["x"], style.AXIS), range=ENDS)
        return figure.update_yaxes(title_text=style.broken(axes["y"], style.AXIS), range=ENDS)

    return bilingual(build, lambda labeller: _alt(shown, wide, first, labeller), shown, language)


def _sides(points: dict[str, tuple[float, float]], words: dict[str, str]) -> dict[str, str]:
    """Return on which side of its point each name stands, so that on a phone few names at first cover each other."""
    taken = [(x * WIDTH - MARK, x * WIDTH + MARK, y * HEIGHT - MARK, y * HEIGHT + MARK) for x, y in points.values()]
    found = {}
    for one, (x, y) in sorted(points.items(), key=lambda point: -point[1][1]):
        length = LETTER * len(words[one])
        boxes = {side: _box(x * WIDTH, y * HEIGHT, length, side) for side in SIDES}
        inside = [side for side, box in boxes.items() if _is_inside(box)]
        free = [side for side in inside if _is_free(boxes[side], taken)]
        found[one] = (free or inside or SIDES)[0]
        taken.append(boxes[found[one]])
    return found


def _box(x: float, y: float, length: float, side: str) -> tuple[float, float, float, float]:
    """Return where a name of some length (px) lies beside a point: left, right, bottom, top."""
    across = {"left": -length / 2 - MARK, "right": length / 2 + MARK}.get(side.split()[1], 0)
    along = {"top": 2 * MARK, "bottom": -2 * MARK}.get(side.split()[0], 0)
    return x + across - length / 2, x + across + length / 2, y + along - MARK, y + along + MARK


def _is_inside(box: tuple) -> bool:
    """Return whether a box lies within a phone's plot."""
    return box[0] > 0 and box[1] < WIDTH and box[2] > 0 and box[3] < HEIGHT


def _is_free(box: tuple, taken: list[tuple]) -> bool:
    """Return whether a box covers nothing that is taken."""
    return not any(
        box[0] < other[1] and other[0] < box[1] and box[2] < other[3] and other[2] < box[3] for other in taken
    )


def _menu(axis: str, groups: dict, wide: pd.DataFrame, first: dict, labeller: Labeller) -> dict:
    buttons = [
        {
            "label": labeller(f"figure.two_targets.{axis}", target=style.name(labeller, "target", target)),
            "method": "restyle",
            "args": [{axis: [wide.loc[networks, target].tolist() for networks in groups.values()]}],
        }
        for target in wide.columns
    ]
    place = {"x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "pad": {"b": 66 if axis == "x" else 26}}
    return {"buttons": buttons, "active": first[axis], "bgcolor": "rgba(128,128,128,0.15)"} | place


def _alt(shown: pd.DataFrame, wide: pd.DataFrame, first: dict, labeller: Labeller) -> str:
    x, y = (wide.iloc[:, first[axis]] for axis in "xy")
    words = {axis: labeller.name("target", wide.columns[first[axis]]) for axis in "xy"}
    r = float(x.corr(y)) if len(wide) >= FEWEST else float("nan")
    fact = labeller(f"figure.two_targets.{'alt_few' if np.isnan(r) else 'alt_fact'}", r=r, **words)
    counts = {"n": len(wide), "k": len(wide.columns), "measure": panels.measure(shown, labeller, inline=True)}
    return labeller("figure.two_targets.alt", fact=fact, **counts)
