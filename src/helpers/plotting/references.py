"""What is drawn beside networks in a figure of r²: baselines as lines, controls of their weights as bands."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import text
from helpers.names import LAYER, METRIC, MODEL, TARGET
from helpers.plotting import panels, style
from helpers.text import Labeller

BASELINE, UNTRAINED, PERMUTED, MATCHED = "baseline", "untrained", "permuted", "matched"
MARKS = {UNTRAINED: "circle-open", PERMUTED: "x-thin-open", MATCHED: "diamond-open"}  # of controls: no baseline has one
NONE = pd.DataFrame(columns=["role", MODEL, LAYER, TARGET, "low", "median_r2", "high", "n_seeds", METRIC])
BANDS = {UNTRAINED: 0.16, PERMUTED: 0.3, MATCHED: 0.22}  # opacity

text.words(
    "references",
    en={
        "untrained": "Untrained weights",
        "permuted": "Permuted weights",
        "matched": "Trained on as many sounds drawn at random",
        "highest": "Baselines, the highest",
        "of_several": "{name}: range over {n} {n:network|networks}",
        "baseline_hover": "{name}<br>{measure}: %{{y:.2f}}",
        "control_hover": (
            "{name}<br>Layer %{{x}}<br>{measure}: %{{y:.2f}}<br>From %{{customdata[0]:.2f}} to %{{customdata[1]:.2f}}"
        ),
    },
    es={
        "untrained": "Pesos sin entrenar",
        "permuted": "Pesos permutados",
        "matched": "Entrenada con igual número de sonidos elegidos al azar",
        "highest": "Líneas de base, la más alta",
        "of_several": "{name}: rango entre {n} {n:red|redes}",
        "baseline_hover": "{name}<br>{measure}: %{{y:.2f}}",
        "control_hover": (
            "{name}<br>Capa %{{x}}<br>{measure}: %{{y:.2f}}<br>De %{{customdata[0]:.2f}} a %{{customdata[1]:.2f}}"
        ),
    },
)


def by_layer(
    references: pd.DataFrame, target: str, ends: Iterable[float], labeller: Labeller, legend: bool
) -> list[go.Scatter]:
    """Return the traces of one target's panel, whose x axis is the layer.

    Of several networks the controls are one band, from the lowest to the highest of all.

    Parameters
    ----------
    references : as `stats.references` returns it; may be empty
    ends : where the lines of baselines begin and end
    legend : whether these traces stand in the legend
    """
    own = references[references[TARGET] == target]
    traces = []
    for kind in MARKS:
        traces += _control(own[own["role"] == kind], kind, labeller, legend)
    return traces + _baselines(own[own["role"] == BASELINE], list(ends), labeller, legend)


def control(labeller: Labeller, kind: str, n_networks: int) -> str:
    """Return the name of a control of so many networks."""
    name = labeller(f"references.{kind}")
    return labeller("references.of_several", name=name, n=n_networks) if n_networks > 1 else name


def highest(x: np.ndarray, y: list[float], height: float, hover: list[str], labeller: Labeller) -> go.Scatter:
    """Return the highest baseline of each row of a figure whose x axis is r2: a grey line, `height` px high."""
    look = {"symbol": "line-ns-open", "size": height, "color": style.GREY, "line": {"color": style.GREY, "width": 2}}
    return go.Scatter(
        x=x, y=y, mode="markers", name=labeller("references.highest"), marker=look,
        customdata=hover, hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def name_of(labeller: Labeller, baseline: str) -> str:
    """Return the word for a baseline, escaped."""
    return style.name(labeller, "model", baseline)


def _baselines(own: pd.DataFrame, ends: list[float], labeller: Labeller, legend: bool) -> list[go.Scatter]:
    lines = []
    for index, row in enumerate(own.itertuples()):
        name, dash = name_of(labeller, row.model), style.DASHES[(index + 1) % len(style.DASHES)]
        words = {"name": name, "measure": panels.measure(own, labeller)}
        hover = labeller("references.baseline_hover", **words) + "<extra></extra>"
        line = {"color": style.GREY, "dash": dash, "width": 1.5}
        look = {"line": line, "legendgroup": f"baseline {row.model}", "showlegend": legend, "hovertemplate": hover}
        lines.append(go.Scatter(x=ends, y=[row.median_r2] * len(ends), name=name, mode="lines", **look))
    return lines


def _control(own: pd.DataFrame, kind: str, labeller: Labeller, legend: bool) -> list[go.Scatter]:
    if own.empty:
        return []
    name = control(labeller, kind, own.groupby(MODEL)["median_r2"].agg(tuple).nunique())  # some may start alike
    groups = own.groupby(LAYER)
    low, middle, high = groups["low"].min(), groups["median_r2"].median(), groups["high"].max()
    x = low.index.to_numpy(float)
    words = {"name": name, "measure": panels.measure(own, labeller)}
    area, look = drawn(kind, x, low.to_numpy(), high.to_numpy())
    line = go.Scatter(
        x=x, y=middle.to_numpy(), name=name, showlegend=legend, customdata=pd.concat([low, high], axis=1).to_numpy(),
        hovertemplate=labeller("references.control_hover", **words) + "<extra></extra>", **look,
    )  # fmt: skip
    return [area, line]


def drawn(kind: str, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[go.Scatter, dict]:
    """Return the band of a control, and how its line is drawn: thin, with its mark at six places at most."""
    area = panels.band(x, low, high, style.faint(style.GREY, BANDS[kind]), legendgroup=kind)
    marker = {"symbol": MARKS[kind], "size": 6, "color": style.GREY, "line": {"color": style.GREY, "width": 1}}
    look = {"line": {"color": style.GREY, "width": 1}, "marker": marker | {"maxdisplayed": 6}}
    return area, look | {"mode": "lines+markers", "legendgroup": kind}
