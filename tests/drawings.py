"""Figures as a reader of either language sees them."""

import re
from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go

from helpers.names import LANGUAGES

RAW_NUMBER = re.compile(r"(?<![\w.&-])-\d|\d[eE][+-]?\d")  # a hyphen as a minus, or an exponent as programs write it
SHOWN = re.compile(r"%\{customdata(?:\[(\d+)\])?\}")  # what a hover text shows as it is, without a format
EXPONENT = re.compile(r"%\{[^}]*:[^}]*e\}")
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}$|rgba?\(")


def in_language(figure: go.Figure, language: str) -> go.Figure:
    """The figure after the switch of the report has put in the words of `language`."""
    content = figure.to_plotly_json()
    for path, value in figure.layout.meta["words"][language]:
        node = content
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value
    return go.Figure(content)


def unbroken(title: str | None) -> str:
    """The words of a title or name, wherever its lines break: a test is of words, the browser's tests are of lines."""
    return (title or "").replace("<br>", " ")


def name_of_bar(figure: go.Figure) -> str:
    """The words above a figure's colour bar."""
    (named,) = (one.text for one in figure.layout.annotations if one.name == "bar")
    return unbroken(named)


def misplaced_bar(figure: go.Figure) -> str:
    """What is wrong with the place of the name of a figure's lying colour bar: it ends where the bar begins."""
    bar, layout = figure.layout.coloraxis.colorbar, figure.layout
    if bar.orientation != "h":
        return ""
    names = [one for one in layout.annotations if one.name == "bar"]
    if len(names) != 1:
        return f"{len(names)} names of a colour bar"
    above = (1 - bar.y) * layout.height
    return "" if abs(layout.margin.t - above - names[0].yshift) < 1 else f"{names[0].text}: not above its bar"


def raw_numbers(figure: go.Figure) -> list[str]:
    """What a reader of either language would see as a program writes numbers: -1, 1e+01, 0.5 in a Spanish text."""
    found = []
    for language in LANGUAGES:
        content = in_language(figure, language).to_plotly_json()
        content["layout"] = {key: value for key, value in content["layout"].items() if key != "meta"}
        found += [f"{language} {place}: {text}" for place, text in _texts(content) if RAW_NUMBER.search(text)]
    found += [f"hover: {text}" for _, text in _texts(content) if EXPONENT.search(text)]
    found += [f"axis: {axis.exponentformat}" for axis in _axes(figure) if axis.exponentformat in ("e", "E")]
    found += [f"axis: {axis.tickformat}" for axis in _axes(figure) if (axis.tickformat or "").endswith("e")]
    log = (axis for axis in _axes(figure) if axis.type == "log" and axis.tickvals is None)
    found += [f"axis: {axis.exponentformat} of decades" for axis in log if axis.exponentformat != "power"]
    return found + [problem for trace in figure.data for problem in _unformatted(trace)]


def _axes(figure: go.Figure) -> list:
    return [*figure.select_xaxes(), *figure.select_yaxes()]


def _texts(tree, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a figure but colours."""
    if isinstance(tree, str) and not COLOUR.match(tree):
        yield place, tree
    elif isinstance(tree, dict) and "bdata" not in tree:
        for key, value in tree.items():
            yield from _texts(value, f"{place}.{key}")
    elif isinstance(tree, list | tuple) or (isinstance(tree, np.ndarray) and tree.dtype.kind in "OU"):
        for value in tree:
            yield from _texts(value, place)


def _unformatted(trace) -> Iterator[str]:
    """Numbers with a fraction or a sign that a hover text shows without a format, and so without a language."""
    templates = (
        trace.hovertemplate if isinstance(trace.hovertemplate, tuple | list | np.ndarray) else [trace.hovertemplate]
    )
    for column in {found for template in templates for found in SHOWN.findall(template or "")}:
        data = np.asarray(trace.customdata, dtype=object)
        cells = data[..., int(column)] if column else data
        numbers = [one for one in cells.ravel() if not isinstance(one, str) and one is not None and one == one]
        if any(number < 0 or number % 1 for number in numbers):
            yield f"hover: customdata[{column}] without a format in {trace.hovertemplate}"
