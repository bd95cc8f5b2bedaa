"""Columns of a CSV or Parquet file: text stays text, and what is no number is named with its line.

Memory: a CSV is held as text and as numbers. Measured, that took six times the size of a long file of 39 MiB, and
twelve times that of a wide one of 27 MiB with 20,000 columns, whose own cost that mostly is.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from helpers.brain.base import some
from helpers.brain.table.refusal import MOST_VALUES, composed, named, wrong
from helpers.errors import UserError, suggestion

MOST_TEXT = 2**28  # bytes of a CSV
MOST_LINE = 2**24  # bytes of a line
MOST_COLUMNS = 100_000
SEPARATORS = ",;\t"
NUMBER = r"^[+-]?([0-9]+\{0}?[0-9]*|\{0}[0-9]+)([eE][+-]?[0-9]+)?$"  # with the decimal sign in it
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "–")
PIECE = 2**20


@dataclass(frozen=True)
class Columns:
    """The columns of a file.

    table: of text (CSV), or as the file has them (Parquet)
    lines: (n_rows,) where each row is in the file; a CSV's header is line 1
    decimal: the sign in numbers that are text, "." or ","
    """

    path: Path
    table: pa.Table
    lines: np.ndarray
    decimal: str

    @property
    def names(self) -> list[str]:
        """The names of the columns, in their order."""
        return self.table.column_names

    def __len__(self) -> int:
        return self.table.num_rows

    def need(self, *names: str) -> None:
        """Raise UserError unless there are columns of these names."""
        for name in names:
            if name not in self.names:
                near = suggestion(name, self.names[:20])
                raise wrong(self.path, f"no column '{name}' ({near})", f"the columns {', '.join(names)}", "rename one")

    def labels(self, name: str, *, unknown: bool = False) -> tuple[np.ndarray, list[str]]:
        """Return codes (n_rows,) and the different labels of a column, in the order of their first row.

        Composed and decomposed Unicode are one label. Empty ones are allowed where they may be `unknown`. Raises
        UserError for what is no text; whole numbers are taken for text except as names of sounds and targets.
        """
        column = self.table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_integer(column.type) and name not in ("sound", "target"):
            column = column.cast(pa.string())
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            todo = "save the column as text, with the zeros that names begin with"
            raise wrong(self.path, f"the type {column.type} in column '{name}'", "text", todo)
        encoded = pc.dictionary_encode(pc.fill_null(column, "").combine_chunks())
        codes, found = np.asarray(encoded.indices), encoded.dictionary.to_pylist()
        for code, label in enumerate(found):
            if label or not unknown:
                line = self.lines[int((codes == code).argmax())] if not _is_good(label) else 0
                named([label], f"'{name}' in line {line}", self.path)
        own = [composed(label) for label in found]
        different = {label: place for place, label in enumerate(dict.fromkeys(own))}
        return np.array([different[label] for label in own], np.int64)[codes], list(different)

    def numbers(self, name: str, *, unknown: bool = False) -> np.ndarray:
        """Return a column as numbers (n_rows,), float64; NaN where a cell is empty, if that may be `unknown`.

        Raises UserError for text, decimal signs that are not those of `decimal`, infinite and missing values.
        """
        column = self.table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            values = self._parsed(name, pc.utf8_trim_whitespace(pc.fill_null(column, "")))
        elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), float)
        else:
            raise wrong(self.path, f"the type {column.type} in column '{name}'", "numbers")
        if np.isinf(values).any():
            raise self._bad(name, int(np.isinf(values).argmax()), "an infinite number", "a finite one")
        if not unknown and np.isnan(values).any():
            n_missing, first = int(np.isnan(values).sum()), int(np.isnan(values).argmax())
            more = f" ({n_missing} empty cells in that column)" if n_missing > 1 else ""
            todo = "fill it in, or leave out the sound or the target"
            raise self._bad(name, first, f"no value{more}", "a number in every cell", todo)
        return values

    def _parsed(self, name: str, column: pa.ChunkedArray) -> np.ndarray:
        """Return the numbers in a column of text, NaN where a cell is empty or says that it is missing."""
        fits = pc.match_substring_regex(column, NUMBER.format(self.decimal)).to_numpy()
        for row in np.flatnonzero(~fits):
            if (value := column[int(row)].as_py()).casefold() not in MISSING:
                raise self._no_number(name, int(row), value)
        digits = pc.if_else(pa.array(fits), column, "nan")
        if self.decimal == ",":
            digits = pc.replace_substring(digits, ",", ".")
        return np.asarray(digits.cast(pa.float64()).to_numpy(), float)

    def _no_number(self, name: str, row: int, value: str) -> UserError:
        """Return the error for a cell that holds no number, with advice on decimal signs."""
        other = "," if self.decimal == "." else "."
        if pc.match_substring_regex(pa.array([value]), NUMBER.format(other))[0].as_py():
            said = f"`decimal: '{other}'` into dataset.yml (`--decimal {other}` of `python -m helpers new`)"
            todo = f"write {said}, or numbers with '{self.decimal}'"
            return self._bad(name, row, f"'{value}'", f"numbers whose decimal sign is '{self.decimal}'", todo)
        return self._bad(name, row, f"the text '{value[:60]}'", "a number")

    def _bad(self, name: str, row: int, found: str, expected: str, todo: str = "correct it") -> UserError:
        return wrong(self.path, f"{found} in column '{name}', line {self.lines[row]}", expected, todo)


def read(path: Path, decimal: str = ".") -> Columns:
    """Return the columns of a .csv (comma, semicolon or tab) or .parquet file; raises UserError for another file."""
    return _parquet(path, decimal) if path.suffix.lower() == ".parquet" else _csv(path, decimal)


def _csv(path: Path, decimal: str) -> Columns:
    size = path.stat().st_size
    if size > MOST_TEXT:
        found = f"{size / 2**30:.1f} GiB of text" if size > 2**30 else f"{size / 2**20:.0f} MiB of text"
        raise wrong(path, found, f"at most {MOST_TEXT // 2**20} MiB", "save it as .parquet, .nc or .npz")
    header, separator = _header(path)
    if decimal == "," == separator:
        raise wrong(path, "columns separated by commas and `decimal: ','`", "another separator", "separate by ';'")
    _check_letters(path)
    invalid = []

    def skipped(row: pyarrow.csv.InvalidRow) -> str:
        invalid.append(row)
        return "skip"

    options = {
        "read_options": pyarrow.csv.ReadOptions(
            use_threads=False, block_size=MOST_LINE, column_names=header, skip_rows=1
        ),
        "parse_options": pyarrow.csv.ParseOptions(
            delimiter=separator, ignore_empty_lines=False, invalid_row_handler=skipped
        ),
        "convert_options": pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    }
    try:
        table = pyarrow.csv.read_csv(path, **options)
    except pa.ArrowException as error:
        raise wrong(path, f"no CSV ({' '.join(str(error).split())})", "CSV in UTF-8", "save it as such") from None
    if invalid:
        row = invalid[0]
        found = f"{row.actual_columns} cells in line {row.number}"
        raise wrong(path, found, f"{row.expected_columns}, as in the header", "correct that line")
    if len(table) != _count_lines(path) - 1:
        raise wrong(path, "a quotation mark that is not closed in its line", "one row a line", "close or remove it")
    return _without_empty(Columns(path, table, np.arange(2, 2 + len(table)), decimal))


def _header(path: Path) -> tuple[list[str], str]:
    """Return the names of a CSV's columns and their separator, the most frequent of SEPARATORS in the first line."""
    with path.open("rb") as stream:
        first = stream.read(MOST_LINE).splitlines() or [b""]
    try:
        line = first[0].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise wrong(path, "a header that is not UTF-8", "CSV in UTF-8", "save it as such") from None
    separator = max(SEPARATORS, key=line.count)
    names = next(csv.reader([line], delimiter=separator), [])
    if len(names) > MOST_COLUMNS:
        raise wrong(path, f"{len(names)} columns", f"at most {MOST_COLUMNS}", "save it as .nc or .npz")
    return _columns(names, path), separator


def _check_letters(path: Path) -> None:
    """Raise UserError, naming the line, for a file that is not UTF-8, of which the reader would print a traceback."""
    decoder, n_lines = codecs.getincrementaldecoder("utf-8")(), 1
    with path.open("rb") as stream:
        while True:
            piece = stream.read(PIECE)
            waiting = decoder.getstate()[0]
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                line = n_lines + (waiting + piece)[: error.start].count(b"\n")
                raise wrong(path, f"line {line} that is not UTF-8", "CSV in UTF-8", "save it as such") from None
            if not piece:
                return
            n_lines += piece.count(b"\n")


def _columns(names: Sequence[str], path: Path) -> list[str]:
    """Return names of columns; raises UserError for empty and repeated ones."""
    names = named(names, "name of a column", path)
    if len(set(names)) < len(names):
        twice = dict.fromkeys(name for name in names if names.count(name) > 1) if len(names) < 10_000 else "a name"
        raise wrong(path, f"column {some(twice)} more than once", "unique names", "rename or remove one")
    return names


def _count_lines(path: Path) -> int:
    """Return how many lines a file has; the last one need not end."""
    breaks = returns = 0
    last = b""
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            breaks += piece.count(b"\n")
            returns += piece.count(b"\r")
            last = piece[-1:]
    return (breaks or returns) + (last not in (b"\n", b"\r", b""))


def _without_empty(columns: Columns) -> Columns:
    """Return the columns without lines in which every cell is empty, such as those at the end of a file."""
    empty = np.ones(len(columns), bool)
    for name in columns.names:
        if not empty.any():
            return columns
        empty &= pc.equal(columns.table[name], "").to_numpy()
    return Columns(columns.path, columns.table.filter(pa.array(~empty)), columns.lines[~empty], columns.decimal)


def _parquet(path: Path, decimal: str) -> Columns:
    try:
        with pyarrow.parquet.ParquetFile(path) as opened:
            about = opened.metadata
            held = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
            n_cells = about.num_rows * about.num_columns
            if n_cells > 4 * MOST_VALUES or held > 8 * MOST_VALUES:
                found = f"{about.num_rows} rows, {about.num_columns} columns, {held} bytes"
                raise wrong(
                    path, found, f"at most {8 * MOST_VALUES} bytes", "leave some out, or save it as .nc or .npz"
                )
            _columns(opened.schema_arrow.names, path)
            table = opened.read(use_threads=False)
    except UserError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise wrong(path, f"no Parquet ({' '.join(str(error).split())})", "a Parquet file", "save it again") from None
    kept = [name for name in table.column_names if not name.startswith("__index_level_")]  # pandas' numbers of rows
    renamed = table.select(kept).rename_columns([composed(name) for name in kept])
    return Columns(path, renamed, np.arange(1, 1 + len(table)), decimal)


def _is_good(label: str) -> bool:
    return bool(label) and label == label.strip() and label.isprintable()
