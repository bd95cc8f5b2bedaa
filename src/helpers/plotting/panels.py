"""Panels, menus, axes of layers and ceilings: what the figures of several chapters have in common.

Models, targets and regions are shown in the order in which a frame names them. A frame's column `metric` says what its
values are, and its column `note`, if any, what is special about a layer: "" or the key of a `note` word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from helpers import text
from helpers.names import METRIC, MODEL, NOTE, REGIONS, TARGET
from helpers.plotting import style
from helpers.plotting.spread import spread
from helpers.text import Labeller

ALL, BOTH = "all", "both"  # all regions, targets or categories together; both hemispheres
PANEL = 330  # px, the height of one model's panel
COLUMNS = 2  # panels side by side that a phone's width can still show
LONGEST = 32  # letters of a line of their axis title, in as few lines as a phone has room for
NARROW, BETWEEN = 15, 44  # letters of a line of a name beside those of rows, on a phone; px between such panels
TOP = 112  # px above the first of them: names of two lines stand below the tools of the figure
ROW = 255  # px, the height of a row of such panels
CORRECTED = "r2_corrected"  # the metric whose noise ceiling is 1

text.words(
    "axis",
    en={
        "layer": "Layer",
        "layer_noted": "Layer (◆ {notes})",
        "measured": "Measured (standard deviations)",
        "predicted": "Predicted (standard deviations)",
    },
    es={
        "layer": "Capa",
        "layer_noted": "Capa (◆ {notes})",
        "measured": "Medido (desvíos estándar)",
        "predicted": "Predicho (desvíos estándar)",
    },
)
text.words(
    "panels",
    en={
        "noted": "layer that is the {note}",
        "ceiling": "Noise ceiling (1 after correction)",
        "published": "{name}, published (digitised)",
        "published_network": "{name}, published EnCodecMAE (digitised)",
        "published_mixture": "{name}, published EnCodecMAE-Mixture (digitised)",
        "published_hover": "{name}<br>NH2015, noise-corrected r²: %{{y:.3f}} ± %{{customdata[0]:.4f}} (reading error)",
    },
    es={
        "noted": "capa que es la {note}",
        "ceiling": "Techo de ruido (1 después de corregir)",
        "published": "{name}, publicado (digitalizado)",
        "published_network": "{name}, EnCodecMAE publicado (digitalizado)",
        "published_mixture": "{name}, EnCodecMAE-Mixture publicado (digitalizado)",
        "published_hover": (
            "{name}<br>NH2015, r² corregido por ruido: %{{y:.3f}} ± %{{customdata[0]:.4f}} (error de lectura)"
        ),
    },
)


def in_order(values: Iterable) -> list:
    """Return the different values in the order in which they first appear."""
    return list(dict.fromkeys(values))


def models_of(frame: pd.DataFrame) -> list[str]:
    """Return the models of a frame in the order of the study."""
    return in_order(frame[MODEL])


def targets_of(frame: pd.DataFrame) -> list[str]:
    """Return the targets of a frame in the order of the data."""
    return in_order(frame[TARGET])


def regions_of(frame: pd.DataFrame) -> list[str]:
    """Return the regions that a frame names: those of `REGIONS` first, then the others in order of appearance."""
    named = [region for region in in_order(frame["region"]) if region not in ("", ALL)]
    return [*(region for region in REGIONS if region in named), *(region for region in named if region not in REGIONS)]


def measure(frame: pd.DataFrame, labeller: Labeller, statistic: str = "median", *, inline: bool = False) -> str:
    """Return what a frame's values are, such as "Median test r²", within a sentence if `inline`.

    Raises ValueError where the frame mixes metrics.
    """
    metrics = in_order(frame[METRIC])
    if len(metrics) != 1:
        raise ValueError(f"a figure shows one metric, and its frame has {len(metrics)}: {', '.join(map(str, metrics))}")
    word = labeller.name(statistic, metrics[0])
    return word if inline else word[0].upper() + word[1:]


def is_corrected(frame: pd.DataFrame) -> bool:
    """Return whether all values of a frame are noise-corrected."""
    return bool((frame[METRIC] == CORRECTED).all())


def grid(targets: list[str], labeller: Labeller, kind: str = "target") -> go.Figure:
    """Return a panel for each target, two side by side, all with the same axes; `kind` is that of their words."""
    titles = [style.name(labeller, kind, target) for target in targets]
    rows, columns = n_rows(targets), min(COLUMNS, len(targets))
    used = [[row * columns + column < len(targets) for column in range(columns)] for row in range(rows)]
    specs = [[{} if panel else None for panel in row] for row in used]
    return make_subplots(
        rows=rows, cols=columns, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles, specs=specs,
        horizontal_spacing=0.05, vertical_spacing=0.24 / max(rows, 3),
    )  # fmt: skip


def low(targets: list[str], tall: int, labeller: Labeller) -> go.Figure:
    """Return a panel for each target, two side by side, for rows that share their names on the left.

    tall : px from one panel to the next, of which BETWEEN are for names of two lines; the figure's upper margin is TOP
    """
    rows = n_rows(targets)
    return make_subplots(
        rows=rows, cols=min(COLUMNS, len(targets)), shared_xaxes=True, shared_yaxes=True,
        subplot_titles=[style.broken(style.name(labeller, "target", target), NARROW) for target in targets],
        horizontal_spacing=0.06, vertical_spacing=BETWEEN / (rows * tall),
    )  # fmt: skip


def n_rows(targets: list[str]) -> int:
    """Return how many rows of panels `grid` has."""
    return math.ceil(len(targets) / COLUMNS)


def place(panel: int) -> dict[str, int]:
    """Return row and column of a panel of `grid`, for what is drawn there."""
    return {"row": panel // COLUMNS + 1, "col": panel % COLUMNS + 1}


def titled(figure: go.Figure, targets: list[str], x: str, y: str) -> go.Figure:
    """Name the axes of `grid`: x below the lowest panel of each column, y once, beside the middle row.

    The figure has its height and margins; on wide pages more panels stand side by side.
    """
    for panel in range(len(targets))[-COLUMNS:]:
        figure.update_xaxes(title_text=x, showticklabels=True, **place(panel))
    figure.update_yaxes(title_text=style.broken(y, LONGEST), row=(n_rows(targets) + 1) // 2, col=1)
    return spread(figure, len(targets), min(COLUMNS, len(targets)))


def column(titles: list[str], **options) -> go.Figure:
    """Return panels one below the other, which a phone's width can show."""
    return make_subplots(rows=len(titles), cols=1, subplot_titles=titles, shared_xaxes=True, **options)


def stacked(models: list[str], labeller: Labeller, **options) -> go.Figure:
    """Return a panel for each model, one below the other."""
    return column([style.name(labeller, "model", model) for model in models], **options)


Kind = tuple[str, list[str]]  # what a menu chooses, such as MODEL or TARGET, and its identifiers; "a|b" for pairs


def menu(figure: go.Figure, names: list[str], shown: list[list[bool]], of: Kind | None = None) -> None:
    """Add a menu whose entries `names` show the traces marked in `shown`; traces added later keep their own switch.

    Menus of the same kind follow each other on a page.
    """
    _add_menu(figure, names, "visible", shown, of)


def exchange(figure: go.Figure, names: list[str], values: list[list[list[float]]]) -> None:
    """Add a menu of `names`, where there are several, whose entries give every trace so far the y of `values`."""
    if len(names) > 1:
        _add_menu(figure, names, "y", values)


def spans(figure: go.Figure, names: list[str], spans: list[tuple[float, float]], of: Kind | None = None) -> None:
    """Show the first of `spans` of every x axis, and add a menu of `names` for them where there are several."""
    figure.update_xaxes(range=list(spans[0]))
    axes = [axis.plotly_name for axis in figure.select_xaxes()]
    buttons = [
        {"label": name, "method": "relayout", "args": [{f"{axis}.range": list(span) for axis in axes}]}
        for name, span in zip(names, spans, strict=True)
    ]
    if len(names) > 1:
        _put_menu(figure, buttons, of)


def _add_menu(figure: go.Figure, names: list[str], of_traces: str, values: list[list], of: Kind | None = None) -> None:
    indices = list(range(len(figure.data)))
    buttons = [
        {"label": name, "method": "restyle", "args": [{of_traces: value}, indices]}
        for name, value in zip(names, values, strict=True)
    ]
    _put_menu(figure, buttons, of)


def _put_menu(figure: go.Figure, buttons: list[dict], of: Kind | None = None) -> None:
    entry = named(buttons, of) | {
        "buttons": buttons,
        "x": 0,
        "xanchor": "left",
        "y": 1.0,
        "yanchor": "bottom",
        "pad": {"b": 28},
    }
    figure.update_layout(updatemenus=[entry | {"bgcolor": "rgba(128,128,128,0.15)"}])


def named(buttons: list[dict], of: Kind | None) -> dict[str, str]:
    """Give the entries of a menu their identifiers, and return the menu's own name; nothing for a menu of no kind."""
    if of is None:
        return {}
    for button, identifier in zip(buttons, of[1], strict=True):
        button["name"] = identifier
    return {"name": of[0]}


def choose(figure: go.Figure, names: list[str], of: Kind | None = None) -> None:
    """Show the first of `names`, and add a menu of them where there are several; see `menu`.

    The traces so far belong to the names in turn, as many to each.
    """
    per_name = len(figure.data) // len(names)
    for index, trace in enumerate(figure.data):
        trace.visible = index < per_name
    if len(names) > 1:
        shown = [[i // per_name == j for i in range(len(figure.data))] for j in range(len(names))]
        menu(figure, names, shown, of)


def choose_model(figure: go.Figure, models: list[str], labeller: Labeller) -> None:
    """Add a menu of models over the traces so far, which belong to the models in turn."""
    choose(figure, [style.name(labeller, "model", model) for model in models], (MODEL, models))


def noted(rows: pd.DataFrame) -> np.ndarray:
    """Return what is special about the layer of each row, "" where nothing is."""
    return (rows[NOTE].fillna("") if NOTE in rows else pd.Series("", rows.index)).to_numpy(dtype=object)


def notes_of(frame: pd.DataFrame) -> list[str]:
    """Return all notes of a frame, each once."""
    return [note for note in in_order(noted(frame)) if note]


def marked(look: dict, rows: pd.DataFrame) -> dict:
    """Return line and marker with a large diamond at every layer that has a note."""
    symbol, size, special = look["marker"]["symbol"], look["marker"]["size"], [bool(note) for note in noted(rows)]
    symbols = ["diamond" if one else symbol for one in special]
    sizes = [1.7 * size if one else size for one in special]
    return look | {"marker": look["marker"] | {"symbol": symbols, "size": sizes, "opacity": 1}}


def axis_of_layers(frame: pd.DataFrame, labeller: Labeller) -> str:
    """Return the axis title of layers, which says what a diamond means."""
    if not notes_of(frame):
        return labeller("axis.layer")
    return labeller("axis.layer_noted", notes="; ".join(labeller.name("note", note) for note in notes_of(frame)))


def note_marks(frame: pd.DataFrame, labeller: Labeller) -> list[go.Scatter]:
    """Return legend entries that say what a diamond means, for panels too narrow to say it at their axis."""
    look = {"symbol": "diamond", "size": 11, "color": style.GREY}
    names = [labeller("panels.noted", note=labeller.name("note", note)) for note in notes_of(frame)]
    return [go.Scatter(x=[None], y=[None], mode="markers", marker=look, name=name) for name in names]


def layer_ticks(frame: pd.DataFrame, column: str = "layer") -> int:
    """Return the distance of numbered layers in narrow panels."""
    return 1 if frame[column].max() <= 6 else 2


def r2_axis(lowest: float) -> dict:
    """Return the look of an axis from 0, or from below it where the lowest value is negative, to 1."""
    low = min(0.0, math.floor(4 * lowest) / 4) if np.isfinite(lowest) else 0.0
    return {"range": [low, 1.02], "dtick": 0.25, "tickformat": ".2f"}


def ceiling_line(ends: Iterable[float], labeller: Labeller) -> go.Scatter:
    """Return the noise ceiling of corrected values, which is 1, between two places."""
    line = {"color": style.GREY, "dash": "longdash", "width": 1}
    return go.Scatter(
        x=list(ends), y=[1.0, 1.0], name=labeller("panels.ceiling"), mode="lines", line=line, hoverinfo="skip",
        legendgroup="ceiling",
    )  # fmt: skip


def band(x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str, **more) -> go.Scatter:
    """Return the area between two curves, such as quartiles."""
    return go.Scatter(
        x=np.r_[x, x[::-1]].astype(float), y=np.r_[high, low[::-1]].astype(float), mode="lines", fill="toself",
        fillcolor=colour, line={"width": 0}, hoverinfo="skip", showlegend=False, **more,
    )  # fmt: skip


def diagonal(figure: go.Figure, low: float, high: float) -> go.Figure:
    """Draw where both axes are equal, as a dashed line."""
    dashed = {"color": style.GREY, "dash": "dash", "width": 1}
    return figure.add_shape(type="line", x0=low, y0=low, x1=high, y1=high, line=dashed)
