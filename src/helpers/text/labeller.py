"""The words of one language: texts with their values filled in, names of identifiers, numbers and their signs."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import cache

import pandas as pd
from babel.numbers import format_decimal

from helpers.names import LANGUAGES
from helpers.text.catalogue import catalogue

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DIGITS = 2  # after the decimal sign, unless a placeholder says otherwise
STARTS_WITH_I = re.compile(r"h?[ií](?![aeou])", re.IGNORECASE)
GIVEN = (  # kinds whose identifiers users choose
    "model", "category", "target", "region", "subject", "responses", "trained_on", "architecture",
)  # fmt: skip


class Labeller:
    """The words of one language.

    `labeller("key", n=3)` returns the text at `key` with its values filled in: `{x}` is a number with two decimals or a
    word, `{x:3}` a number with three, and `{n:sound|sounds}` the form that goes with the number n, `{n:none|one|{n}}`
    with one for 0. `asked` holds every key asked for so far. Raises KeyError for an unknown key.
    """

    def __init__(self, language: str):
        self.language = language
        self.asked: set[str] = set()
        self._formatter = _Formatter(self)

    @property
    def words(self) -> dict[str, str]:
        """Key -> text, of all words known now."""
        return catalogue(self.language)

    def __call__(self, key: str, **values) -> str:
        if key not in self.words:
            raise KeyError(f"no text '{key}' in '{self.language}'")
        self.asked.add(key)
        return self._formatter.format(self.words[key], **values)

    def name(self, kind: str, identifier) -> str:
        """Return the word for an identifier, such as that of ("component", "pitch").

        A target is a component or a region. Identifiers that users choose are their own word where they have no other.
        """
        for key in (f"{kind}.{identifier}" for kind in _kinds(kind)):
            if key in self.words:
                return self(key)
        return str(identifier) if kind in GIVEN else self(f"{kind}.{identifier}")

    def listed(self, parts: Iterable[str]) -> str:
        """Return parts of a sentence as "one, another and a third", "" for none; Spanish has "e" before an i."""
        *first, last = list(parts) or [""]
        if not first:
            return last
        joint = self("list.and_i" if STARTS_WITH_I.match(last) else "list.and")
        return f"{', '.join(first)} {joint} {last}"

    def number(self, value: float, digits: int = DIGITS) -> str:
        """Return a number with this language's signs; a dash where it is missing."""
        if pd.isna(value):
            return "–"
        value = round(float(value), digits) + 0.0  # never -0.00
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, format=pattern, locale=self.language).replace("-", "−")  # minus, not a hyphen

    def power(self, value: float) -> str:
        """Return a number as a power of ten, such as 10⁻³ or 2 · 10⁻³; from 1 to 99 as it is, as Plotly's axes do."""
        mantissa, exponent = f"{value:.0e}".split("e")
        if int(exponent) in (0, 1):
            return self.number(int(mantissa) * 10 ** int(exponent), 0)
        factor = "" if mantissa == "1" else f"{mantissa} · "
        return f"{factor}10{str(int(exponent)).translate(RAISED)}"

    @property
    def columns(self) -> dict[str, str]:
        """Column of a table -> its word."""
        return self._of_kind("column")

    @property
    def names_by_column(self) -> dict[str, dict[str, str]]:
        """Column whose cells are identifiers -> identifier -> its word."""
        names = {column: self._of_kind(self.kind(column)) for column in self.columns}
        return {column: own for column, own in names.items() if own}

    def kind(self, column: str) -> str:
        """Return of which kind the identifiers of a column are: `kind.column` says it, or the column's name does."""
        return self.words.get(f"kind.{column}", column)

    def _of_kind(self, kind: str) -> dict[str, str]:
        return {
            key.removeprefix(f"{kind}."): word
            for kind in reversed(_kinds(kind))
            for key, word in self.words.items()
            if key.startswith(f"{kind}.")
        }

    @property
    def separators(self) -> str:
        """Plotly's `layout.separators`: decimal sign, then thousands sign."""
        return ",." if self.language == "es" else ".,"


def _kinds(kind: str) -> tuple[str, ...]:
    return ("target", "component", "region") if kind == "target" else (kind,)


class _Formatter(string.Formatter):
    def __init__(self, labeller: Labeller):
        self.labeller = labeller

    def format_field(self, value, spec: str) -> str:
        if "|" in spec:
            *none, one, many = spec.split("|")
            return none[0] if none and value == 0 else one if value == 1 else many
        if isinstance(value, str):
            return value
        is_whole = not spec and float(value).is_integer() and not isinstance(value, float)
        return self.labeller.number(value, 0 if is_whole else int(spec or DIGITS))


@cache
def labellers() -> dict[str, Labeller]:
    """Return a labeller for each language."""
    return {language: Labeller(language) for language in LANGUAGES}
