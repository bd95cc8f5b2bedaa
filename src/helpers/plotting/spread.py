"""Panels one below the other, or two side by side, on a phone; on a desktop, more of them side by side."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from helpers.plotting import style

WIDE = 3  # panels side by side on a page that is wider than a phone
BESIDE, LABELLED = 0.05, 0.09  # of the width, between panels: without and with labels of y in between
BELOW = 64  # px between rows where there was one row
HIDDEN = {"size": 1, "color": "rgba(0,0,0,0)"}  # a title that is written beside another panel
FONT = {"size": 13}


def spread(figure: go.Figure, n: int, columns: int = 1) -> go.Figure:
    """Arrange a figure's first `n` panels, which stand in `columns`, in up to WIDE columns on wide pages.

    The figure has its final height and margins. What differs is kept in `layout.meta.sizes` for both widths: places,
    the figure's height, which axes have labels and titles. x is named below the lowest panel of each column, y beside
    the first one of each row where all have the same range or words, else beside every panel that was named.
    """
    layout, beside = figure.layout, min(WIDE, n)
    if beside == columns:
        return figure
    area = layout.height - layout.margin.t - layout.margin.b
    low, high = layout.yaxis.domain
    tall, rows = (high - low) * area, math.ceil(n / columns)
    gap = (area - rows * tall) / (rows - 1) if rows > 1 else BELOW
    titles = {axis: layout[axis].title.text for axis in (*_axes("x", n), *_axes("y", n)) if layout[axis].title.text}
    named = set(titles)
    of_y = [titles[axis] for axis in _axes("y", n) if axis in titles]
    alike = _alike(figure, n) and len(set(of_y)) <= 1
    first = {"x": titles.get(_axes("x", n)[-1]), "y": of_y[0] if of_y else None}  # where a panel has none
    ways = {
        width: _way(figure, n, across, tall, gap, alike, named)
        for width, across in (("narrow", columns), ("wide", beside))
    }
    fonts = {axis for way in ways.values() for axis in way["titled"]}
    for axis in fonts - named:
        layout[axis].title.text = first[axis[0]]
    sizes = {}
    for width, way in ways.items():
        looks = [(axis, FONT if axis in way["titled"] else HIDDEN) for axis in sorted(fonts)]
        sizes[width] = [[["layout", *path], value] for path, value in way["paths"]]
        sizes[width] += [[["layout", axis, "title", "font"], font] for axis, font in looks]
    for path, value in sizes["narrow"]:  # as it is shown where nothing chooses by width
        style.put(figure, path[1:], value)
    return figure.update_layout(meta=(layout.meta or {}) | {"sizes": sizes})


def _axes(letter: str, n: int) -> list[str]:
    return [f"{letter}axis{panel + 1 if panel else ''}" for panel in range(n)]


def _way(figure: go.Figure, n: int, columns: int, tall: float, gap: float, alike: bool, named: set[str]) -> dict:
    """Return one arrangement: [path below the layout, value] of its places, and the axes that have a title."""
    layout, rows = figure.layout, math.ceil(n / columns)
    area = rows * tall + (rows - 1) * gap
    height = round(area + layout.margin.t + layout.margin.b)
    apart = BESIDE if alike else LABELLED
    width = (1 - (columns - 1) * apart) / columns
    paths, titled = [[("height",), height]], set()
    if layout.coloraxis.colorbar.y is not None:
        paths.append([("coloraxis", "colorbar", "y"), 1 - style.BAR / height])
    middle, names = (rows - 1) // 2, [at for at, one in enumerate(layout.annotations) if one.name != style.NAMED]
    for panel, (x, y) in enumerate(zip(_axes("x", n), _axes("y", n), strict=True)):
        row, column = divmod(panel, columns)
        left, top = column * (width + apart), 1 - row * (tall + gap) / area
        lowest, first = panel + columns >= n, column == 0
        paths += [
            [(x, "domain"), [left, min(1.0, left + width)]],
            [(y, "domain"), [max(0.0, top - tall / area), top]],
            [(x, "showticklabels"), lowest or not _shared(figure, "x", n)],
            [(y, "showticklabels"), first or not alike],
        ]
        if panel < len(names):  # of panels, if they have any
            at = names[panel]
            paths += [[("annotations", at, "x"), left + width / 2], [("annotations", at, "y"), top]]
        titled |= {x} if lowest or (x in named and not _shared(figure, "x", n)) else set()
        beside_all = named >= set(_axes("y", n))  # each has its own
        titled |= {y} if (first and (beside_all or row == middle)) or (not alike and y in named) else set()
    return {"paths": paths, "titled": titled}


def _alike(figure: go.Figure, n: int) -> bool:
    """Return whether y is the same in all panels: a range, because it is set or the axes are tied, or words."""
    axes = [figure.layout[axis] for axis in _axes("y", n)]
    ranged = all(axis.matches for axis in axes[1:]) or all(axis.range and axis.range == axes[0].range for axis in axes)
    return ranged or _same_words(figure, n)


def _same_words(figure: go.Figure, n: int) -> bool:
    """Return whether y are the same words in all panels, as the names of a matrix's rows are."""
    words: dict[str, list] = {}
    for trace in figure.data:
        words.setdefault((trace.yaxis or "y").replace("y", "yaxis"), []).extend(trace.y if trace.y is not None else ())
    found = [tuple(dict.fromkeys(words.get(axis, ()))) for axis in _axes("y", n)]
    return bool(found[0]) and all(isinstance(one, str) for one in found[0]) and len(set(found)) == 1


def _shared(figure: go.Figure, letter: str, n: int) -> bool:
    """Return whether only the lowest panels show their labels."""
    return any(figure.layout[axis].showticklabels is False for axis in _axes(letter, n))
