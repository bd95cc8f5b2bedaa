"""`es/` and `en/` hold every visible word under the same keys; this turns keys, names and numbers into words."""

from __future__ import annotations

import html
import string
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import pandas as pd
import yaml
from babel.numbers import format_decimal

from helpers.names import COMPONENTS, LANGUAGES

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DIGITS = 2  # after the decimal sign, unless a placeholder says otherwise


class Labeller:
    """The words of one language.

    `labeller("key", n=3)` fills the text at `key`: in it `{x}` is a number with two decimals or a word, `{x:3}` one
    with three, and `{n:sound|sounds}` the form that goes with the number n. Raises KeyError for an unknown
    key: a word that one language lacks is a mistake, not a thing to skip.
    """

    def __init__(self, language: str):
        self.language = language
        self.words = _words(language)
        self._formatter = _Formatter(self)

    def __call__(self, key: str, **values) -> str:
        if key not in self.words:
            raise KeyError(f"no text '{key}' in text/{self.language}/")
        return self._formatter.format(self.words[key], **values)

    def name(self, kind: str, identifier) -> str:
        """The word for an identifier of a kind, such as ("component", "lowfreq"); what users name keeps its name."""
        if kind == "target":  # a component or, where there is none of that name, a region
            kind = "component" if identifier in COMPONENTS else "region"
        key = f"{kind}.{identifier}"
        if kind in ("model", "category") and key not in self.words:
            return str(identifier)
        return self(key)

    def number(self, value: float, digits: int = DIGITS) -> str:
        """A number with this language's signs; a dash where it is missing."""
        if pd.isna(value):
            return "–"
        value = round(float(value), digits) + 0.0  # never -0.00
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, format=pattern, locale=self.language).replace("-", "−")  # the sign, not a hyphen

    def power(self, value: float) -> str:
        """A number by its power of ten, such as 10⁻³, as alphas are said; another factor than 1 goes before it."""
        mantissa, exponent = f"{value:.0e}".split("e")
        factor = "" if mantissa == "1" else f"{mantissa} · "
        return f"{factor}10{str(int(exponent)).translate(RAISED)}"

    @property
    def columns(self) -> dict[str, str]:
        """Column of a table -> its word."""
        return self._of_kind("column")

    @property
    def names_by_column(self) -> dict[str, dict[str, str]]:
        """Column whose cells are identifiers -> identifier -> its word."""
        return {column: self._of_kind(kind) for column, kind in KINDS.items()}

    def _of_kind(self, kind: str) -> dict[str, str]:
        own = {key.removeprefix(f"{kind}."): word for key, word in self.words.items() if key.startswith(f"{kind}.")}
        return self._of_kind("region") | self._of_kind("component") | own if kind == "target" else own

    @property
    def separators(self) -> str:
        """Plotly's `layout.separators`: decimal sign, then thousands sign."""
        return ",." if self.language == "es" else ".,"


class _Formatter(string.Formatter):
    def __init__(self, labeller: Labeller):
        self.labeller = labeller

    def format_field(self, value, spec: str) -> str:
        if "|" in spec:
            one, many = spec.split("|")
            return one if value == 1 else many
        if isinstance(value, str):
            return value
        is_whole = not spec and float(value).is_integer() and not isinstance(value, float)
        return self.labeller.number(value, 0 if is_whole else int(spec or DIGITS))


@cache
def _words(language: str) -> dict[str, str]:
    """All files of a language's folder together; raises KeyError where two of them say the same key."""
    words: dict[str, str] = {}
    for file in sorted((files(__package__) / language).iterdir(), key=lambda file: file.name):
        for key, text in _flat(yaml.safe_load(file.read_text(encoding="utf-8"))):
            if words.setdefault(key, text) is not text:
                raise KeyError(f"text '{key}' stands twice in {language}/, once in {file.name}")
    return words


def _flat(tree: dict, prefix: str = ""):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


@cache
def labellers() -> dict[str, Labeller]:
    """A labeller for each language."""
    return {language: Labeller(language) for language in LANGUAGES}


class Bilingual:
    """A piece of HTML in both languages, of which the report shows one; a notebook shows both."""

    def __init__(self, pieces: dict[str, str]):
        self.pieces = pieces

    def _repr_html_(self) -> str:
        return "".join(f'<div lang="{language}">{piece}</div>' for language, piece in self.pieces.items())


def both(key: str, **values) -> Bilingual:
    """A paragraph: the text at `key` in both languages; a value that is a function is asked with each labeller."""
    return Bilingual({language: f"<p>{_say(labeller, key, values)}</p>" for language, labeller in labellers().items()})


def markdown(sentences: list[Bilingual]) -> Bilingual:
    """Several pieces, one after the other."""
    return Bilingual({language: "".join(s.pieces[language] for s in sentences) for language in LANGUAGES})


def _say(labeller: Labeller, key: str, values: dict) -> str:
    return labeller(key, **{name: value(labeller) if callable(value) else value for name, value in values.items()})


def folded(piece: Bilingual) -> Bilingual:
    """A long piece behind a line that opens it."""

    def fold(labeller: Labeller) -> str:
        summary = html.escape(labeller("report.table"))
        return f"<details><summary>{summary}</summary>{piece.pieces[labeller.language]}</details>"

    return Bilingual({language: fold(labeller) for language, labeller in labellers().items()})


def table(frame: pd.DataFrame, digits: int = DIGITS) -> Bilingual:
    """A frame as an HTML table: columns, identifiers and numbers in each language, everything escaped."""
    return Bilingual({language: _table(frame, labeller, digits) for language, labeller in labellers().items()})


def cells(rows: list[list[Callable[[Labeller], str]]], columns: tuple[str, ...]) -> Bilingual:
    """A table of words: each cell is asked with each labeller; what follows a "|" in it is set small below."""

    def one(labeller: Labeller) -> str:
        names = [html.escape(labeller(f"column.{column}")) for column in columns]
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join("<tr>" + "".join(map(_cell, (cell(labeller) for cell in row), names)) + "</tr>" for row in rows)
        return (
            f'<div class="table"><table class="words"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        )

    return Bilingual({language: one(labeller) for language, labeller in labellers().items()})


def _cell(words: str, column: str) -> str:
    """A cell that knows its column's name, for pages too narrow for columns."""
    first, _, second = words.partition("|")
    small = f"<br><small>{html.escape(second)}</small>" if second else ""
    return f'<td data-column="{column}">{html.escape(first)}{small}</td>'


# Columns whose cells are identifiers, and of which kind; several may stand in one cell, separated by ", "
KINDS = {"target": "target", "model": "model", "region": "region", "hemisphere": "hemisphere"}
KINDS |= {"category": "category", "metric": "metric", "learned_from": "category", "reason": "excluded"}
KINDS |= {
    "estimator": "estimator",
    "other": "estimator",
    "one": "component",
    "two": "component",
    "quantity": "quantity",
    "curve": "target",
    "branch": "branch",
    "row_branch": "branch",
    "column_branch": "branch",
    "over": "over",
    "at_edge": "answer",
}


def _table(frame: pd.DataFrame, labeller: Labeller, digits: int) -> str:
    words = pd.DataFrame({column: _cells(frame[column], labeller, digits) for column in frame})
    words.columns = [html.escape(labeller(f"column.{column}")) for column in frame]
    body = words.to_html(index=False, border=0, classes="numbers", escape=False)
    return f'<div class="table">{body}</div>'


def _cells(column: pd.Series, labeller: Labeller, digits: int) -> list[str]:
    if pd.api.types.is_numeric_dtype(column):
        places = digits if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 != 0).any() else 0
        return [labeller.number(value, places) for value in column]
    return [html.escape(_names(KINDS.get(str(column.name)), value, labeller)) for value in column]


def _names(kind: str | None, cell: object, labeller: Labeller) -> str:
    """The words for the identifiers of a cell; what is no identifier of that kind stays as it is."""
    if pd.isna(cell):
        return "–"
    parts = str(cell).split(", ")
    known = kind in ("model", "target") or (kind and all(f"{kind}.{part}" in labeller.words for part in parts))
    return ", ".join(labeller.name(kind, part) for part in parts) if known else str(cell)
