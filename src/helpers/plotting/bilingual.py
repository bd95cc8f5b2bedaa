"""Build a figure in both languages and keep it as one set of numbers and two sets of words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers.names import LANGUAGES
from helpers.text import Labeller, labellers

Build = Callable[[Labeller], go.Figure]


def bilingual(build: Build, alt: Callable[[Labeller], str], data: pd.DataFrame, first: str = "en") -> go.Figure:
    """Return the figure of `build` in the language `first`, with the words of both languages in `layout.meta`.

    `meta.name` is the name of the function that draws it, which `build` is within; `meta.words[language]` lists [path,
    text] for every text that differs, `meta.alt[language]` is the alternative text, `meta.table` the plotted numbers as
    CSV, `meta.text` its columns of text; what `build` keeps in `meta` stays there. Raises ValueError when the two
    differ in anything but words.
    """
    figures = {language: build(labeller) for language, labeller in labellers().items()}
    for language, figure in figures.items():
        figure.update_layout(separators=labellers()[language].separators)
    plain = [figure.to_plotly_json() for figure in figures.values()]
    paths = list(_differences(*plain))
    words = {
        language: [[path, _at(tree, path)] for path in paths] for language, tree in zip(figures, plain, strict=True)
    }
    texts = {language: alt(labellers()[language]) for language in LANGUAGES}
    figure = figures[first]
    name = build.__qualname__.split(".<locals>")[0].rsplit(".", 1)[-1].lstrip("_")
    meta = {
        "name": name,
        "words": words,
        "alt": texts,
        "table": _whole(data).to_csv(index=False),
        "text": _of_text(data),
    }
    figure.update_layout(meta=(figure.layout.meta or {}) | meta)
    return figure


def _whole(data: pd.DataFrame) -> pd.DataFrame:
    """Return data with whole numbers beside missing ones as whole numbers: step 2 is written 2, not 2.0."""
    gaps = [name for name, column in data.items() if column.dtype.kind == "f" and column.isna().any()]
    return data.astype({name: "Int64" for name in gaps if (data[name].dropna() % 1 == 0).all()})


def _of_text(data: pd.DataFrame) -> list[str]:
    """Return the columns that hold nothing but text: what looks like a number in them is a name."""
    return [str(name) for name, column in data.items() if all(isinstance(one, str) for one in column.dropna())]


def _differences(one, other, path: tuple = ()) -> Iterator[list]:
    """Yield paths at which two trees hold different text; anything else that differs is an error."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys() and "bdata" not in one:
        for key in one:
            yield from _differences(one[key], other[key], (*path, key))
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, (*path, index))
    elif isinstance(one, str) and isinstance(other, str):
        if one != other:
            yield list(path)
    elif not _same(one, other):
        raise ValueError(f"the figure's {'.'.join(map(str, path))} is not the same in both languages")


def _same(one, other) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and all(
            a == b or (a != a and b != b) for a, b in zip(one.flat, other.flat, strict=True)
        )
    return one == other or (one != one and other != other)


def _at(tree, path: list):
    for key in path:
        tree = tree[key]
    return tree
