"""Pieces of HTML in both languages: sentences, tables, folded sections."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable

import pandas as pd

from helpers.names import LANGUAGES
from helpers.text.labeller import DIGITS, Labeller, labellers

SEVERAL, LETTERS = 3, 700  # pieces, and letters of two or three, of which more are many
LONG = 8  # rows of a table that is shown at once


class Bilingual:
    """A piece of HTML in both languages, of which the report shows one; a notebook shows both."""

    def __init__(self, pieces: dict[str, str]):
        self.pieces = pieces

    def _repr_html_(self) -> str:
        return "".join(f'<div lang="{language}">{piece}</div>' for language, piece in self.pieces.items())


def _in_both(piece: Callable[[Labeller], str]) -> Bilingual:
    return Bilingual({language: piece(labeller) for language, labeller in labellers().items()})


def both(key: str, **values) -> Bilingual:
    """Return a paragraph, the text at `key` with its values escaped.

    A value that is a function is called with the labeller of each language.
    """

    def paragraph(labeller: Labeller) -> str:
        own = {name: value(labeller) if callable(value) else value for name, value in values.items()}
        strings = {name: html.escape(value, quote=False) for name, value in own.items() if isinstance(value, str)}
        return f"<p>{labeller(key, **own | strings)}</p>"

    return _in_both(paragraph)


def listed(kind: str, names: Iterable) -> Callable[[Labeller], str]:
    """Return the words for identifiers of one kind, as a list in a sentence, for `both` to ask in each language."""
    names = list(names)
    return lambda labeller: labeller.listed(labeller.name(kind, name) for name in names)


def markdown(pieces: list[Bilingual]) -> Bilingual:
    """Return several pieces as one; where they are many, a wide page sets them in two columns."""
    whole = _joined(pieces)
    long = len(pieces) > 1 and max(map(len, whole.values())) > LETTERS
    if len(pieces) > SEVERAL or long:
        whole = {language: f'<div class="several">{piece}</div>' for language, piece in whole.items()}
    return Bilingual(whole)


def paragraph(pieces: list[Bilingual]) -> Bilingual:
    """Return several paragraphs as a single one."""
    return Bilingual({language: piece.replace("</p><p>", " ") for language, piece in _joined(pieces).items()})


def _joined(pieces: list[Bilingual]) -> dict[str, str]:
    return {language: "".join(piece.pieces[language] for piece in pieces) for language in LANGUAGES}


def folded(piece: Bilingual, key: str, **values) -> Bilingual:
    """Return a long piece behind a line that opens it, the text at `key`."""

    def fold(labeller: Labeller) -> str:
        summary = html.escape(labeller(key, **values))
        return f"<details><summary>{summary}</summary>{piece.pieces[labeller.language]}</details>"

    return _in_both(fold)


def table(frame: pd.DataFrame, digits: int = DIGITS, *, fold: bool = False) -> Bilingual:
    """Return a frame as an HTML table: columns, identifiers and numbers in each language, everything escaped.

    Columns in which nothing is known are left out. A long table, and any if `fold`, stands behind a line that opens it.
    """
    known = frame if frame.empty else frame.dropna(axis="columns", how="all")
    whole = _in_both(lambda labeller: _table(known, labeller, digits))
    return folded(whole, "report.rows", n=len(frame)) if fold or len(frame) > LONG else whole


def cells(rows: list[list[Callable[[Labeller], str]]], columns: tuple[str, ...]) -> Bilingual:
    """Return a table of words: each cell is called with a labeller; what follows "|" in its text is set small below."""

    def one(labeller: Labeller) -> str:
        names = [html.escape(labeller(f"column.{column}")) for column in columns]
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join("<tr>" + "".join(map(_cell, (cell(labeller) for cell in row), names)) + "</tr>" for row in rows)
        return (
            f'<div class="table"><table class="words"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        )

    return _in_both(one)


def _cell(words: str, column: str) -> str:
    """Return a cell that knows its column's name, for pages too narrow for columns."""
    first, _, second = words.partition("|")
    small = f"<br><small>{html.escape(second)}</small>" if second else ""
    return f'<td data-column="{column}">{html.escape(first)}{small}</td>'


def _table(frame: pd.DataFrame, labeller: Labeller, digits: int) -> str:
    words = pd.DataFrame({column: _cells(frame[column], labeller, digits) for column in frame})
    words.columns = [html.escape(labeller(f"column.{column}")) for column in frame]
    body = words.to_html(index=False, border=0, classes="numbers", escape=False)
    return f'<div class="table">{body}</div>'


def _cells(column: pd.Series, labeller: Labeller, digits: int) -> list[str]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        places = digits if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 != 0).any() else 0
        return [labeller.number(value, places) for value in column]
    kind = labeller.kind(str(column.name))
    known = labeller.names_by_column.get(str(column.name), {})  # looked up once: it goes through all words
    return [html.escape(_names(value, kind, known, labeller)) for value in column]


def _names(cell: object, kind: str, known: dict[str, str], labeller: Labeller) -> str:
    """Return the words for a cell's identifiers, separated by ", "; anything that is no such identifier is kept."""
    if pd.isna(cell):
        return "–"
    return ", ".join(labeller.name(kind, part) if part in known else part for part in str(cell).split(", "))
