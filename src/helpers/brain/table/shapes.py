"""From the columns of a table to responses (sound, target[, repetition][, time]): wide or long."""

from __future__ import annotations

import numpy as np
import xarray as xr

from helpers.brain.base import NUMBER_COORDS, TEXT_COORDS, some
from helpers.brain.table.columns import Columns
from helpers.brain.table.places import DEEP
from helpers.brain.table.refusal import check_size, wrong
from helpers.names import REPETITION, SOUND, SUBJECT, TARGET, TIME

RESPONSE = "response"
PLACES = (*NUMBER_COORDS, DEEP)
ONLY_LONG = (TARGET, RESPONSE, REPETITION, TIME, *TEXT_COORDS, *PLACES)


def labelled(columns: Columns) -> xr.DataArray:
    """Return the responses (sound, target[, repetition][, time]) in a table; sounds in the order of their first row.

    A table with the columns target and response is long, any other wide. Raises UserError for what does not fit.
    """
    columns.need(SOUND)
    if not len(columns):
        raise wrong(columns.path, "a header and no rows", "a row for each sound")
    return long(columns) if {TARGET, RESPONSE} & set(columns.names) else wide(columns)


def wide(columns: Columns) -> xr.DataArray:
    """Return the responses (sound, target) of a table with a column for each target."""
    path, targets = columns.path, [name for name in columns.names if name != SOUND]
    if not targets:
        raise wrong(path, "no column but sound", "a column for each target", "add one")
    if strange := [name for name in targets if name in ONLY_LONG]:
        expected = "a wide table to have sound and one column for each target"
        todo = "write a long table with the columns sound, target, response and these"
        raise wrong(path, f"the column {some(strange)}", expected, todo)
    codes, sounds = columns.labels(SOUND)
    check_size(path, len(sounds), len(targets))
    if len(sounds) < len(codes):
        first, again = _twice(codes)
        same = all(columns.table[name][first] == columns.table[name][again] for name in targets)
        rows = f"sound '{sounds[codes[first]]}' in lines {columns.lines[first]} and {columns.lines[again]}"
        found = f"{rows}, {'the same row twice' if same else 'with other responses'}"
        todo = "remove one" if same else "average them, or write a long table with a column repetition"
        raise wrong(path, found, "one row for each sound", todo)
    values = np.stack([columns.numbers(name) for name in targets], axis=1)
    return xr.DataArray(values, {SOUND: sounds, TARGET: targets}, (SOUND, TARGET))


def long(columns: Columns) -> xr.DataArray:
    """Return the responses of a table with a row for each sound, target and, if it has them, repetition and time."""
    path = columns.path
    columns.need(SOUND, TARGET, RESPONSE)
    if unknown := [name for name in columns.names if name not in (SOUND, *ONLY_LONG)]:
        raise wrong(path, f"the column {some(unknown)}", f"sound, {', '.join(ONLY_LONG)}", "rename or remove it")
    own, names = _targets(columns)
    sound, sounds = columns.labels(SOUND)
    axes = [(SOUND, sound, sounds), (TARGET, own, names)]
    if REPETITION in columns.names:
        axes.append((REPETITION, *_ordered(*columns.labels(REPETITION))))
    if TIME in columns.names:
        times, place = np.unique(columns.numbers(TIME), return_inverse=True)
        axes.append((TIME, place, times.tolist()))
    lengths = [len(labels) for _, _, labels in axes]
    if np.prod(lengths, dtype=float) > 2**62:  # more than an index counts
        check_size(path, *lengths)
    cells = np.ravel_multi_index([codes for _, codes, _ in axes], lengths)
    _check_cells(columns, axes, cells, lengths)
    check_size(path, *lengths)
    values = np.full(int(np.prod(lengths)), np.nan)  # of the repetitions that a target lacks
    values[cells] = columns.numbers(RESPONSE)
    coords = {dim: labels for dim, _, labels in axes}
    dims = [dim for dim, _, _ in axes]
    return xr.DataArray(values.reshape(lengths), coords, dims).assign_coords(_coords(columns, own, names))


def _targets(columns: Columns) -> tuple[np.ndarray, list[str]]:
    """Return which target each row is of, and their names: with the subject before, where subjects share names."""
    codes, names = columns.labels(TARGET)
    if SUBJECT not in columns.names:
        return codes, names
    owner, subjects = columns.labels(SUBJECT, unknown=True)
    pairs, first, own = np.unique(owner * len(names) + codes, return_index=True, return_inverse=True)
    order = np.argsort(first)  # targets in the order of their first row
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    subject, name = np.divmod(pairs[order], len(names))
    if len(pairs) == len(names):
        return rank[own], [names[place] for place in name]
    both = zip(subject, name, strict=True)
    return rank[own], [f"{subjects[who]} {names[place]}".strip() for who, place in both]


def _coords(columns: Columns, own: np.ndarray, names: list[str]) -> dict:
    """Return the coordinates of targets; raises UserError for a target with two values of one."""
    found = {}
    first = np.unique(own, return_index=True)[1]
    for coord in (*TEXT_COORDS, *PLACES):
        if coord not in columns.names:
            continue
        if coord in TEXT_COORDS:
            codes, labels = columns.labels(coord, unknown=True)
            values, of_row = np.array(labels)[codes[first]], codes
        else:
            of_row = columns.numbers(coord, unknown=True)
            values = of_row[first]
        differs = of_row != of_row[first][own]
        if of_row.dtype.kind == "f":
            differs &= ~(np.isnan(of_row) & np.isnan(of_row[first][own]))
        if differs.any():
            row = int(differs.argmax())
            where = f"lines {columns.lines[first[own[row]]]} and {columns.lines[row]}"
            raise wrong(columns.path, f"two values of {coord} for target '{names[own[row]]}' ({where})", "one")
        found[coord] = (TARGET, values)
    return found


def _ordered(codes: np.ndarray, labels: list[str]) -> tuple[np.ndarray, list[str]]:
    """Return codes and labels of repetitions in ascending order: as numbers where all are, else as text."""
    numeric = all(label.isdecimal() for label in labels)
    order = sorted(range(len(labels)), key=lambda i: (int(labels[i]), labels[i]) if numeric else labels[i])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], [labels[place] for place in order]


def _check_cells(columns: Columns, axes: list, cells: np.ndarray, lengths: list[int]) -> None:
    """Raise UserError unless there is exactly one row for every combination of labels.

    Targets may have unlike numbers of repetitions: one of which a target has no row at all is not missing.
    """
    sorted_ = np.sort(cells)
    twice = np.flatnonzero(sorted_[1:] == sorted_[:-1])
    if len(twice):
        rows = np.flatnonzero(cells == sorted_[twice[0]])[:2]
        value = [columns.table[RESPONSE][int(row)].as_py() for row in rows]
        same = "the same row twice" if value[0] == value[1] else f"with {value[0]} and {value[1]}"
        found = f"{_cell(axes, cells[rows[0]], lengths)} in lines {columns.lines[rows[0]]} and {columns.lines[rows[1]]}"
        todo = "remove one" if value[0] == value[1] else "keep one, or number them in a column repetition"
        raise wrong(columns.path, f"{found}, {same}", "one row for each", todo)
    blocks, n_blocks = _ravelled(axes, (TARGET, REPETITION))
    there, n_rows = np.unique(blocks, return_counts=True)
    n_cells = len(there) * (int(np.prod(lengths, dtype=object)) // n_blocks)
    if len(cells) == n_cells:
        return
    _check_times(columns, axes)
    if len(there) == n_blocks:
        at = np.flatnonzero(sorted_ != np.arange(len(sorted_)))
        first = int(at[0]) if len(at) else len(sorted_)
    else:  # of the first combination that is not complete
        inside, _ = _ravelled(axes, (SOUND, TIME))
        own = blocks == there[n_rows < n_cells // len(there)][0]
        gap = np.flatnonzero(np.sort(inside[own]) != np.arange(own.sum()))
        first = _cell_of(axes, cells[own][0], int(gap[0]) if len(gap) else int(own.sum()), lengths)
    found = f"no row for {_cell(axes, first, lengths)} ({n_cells - len(cells)} missing in all)"
    raise wrong(columns.path, found, "a row for every combination", "add them, or leave out what is not complete")


def _ravelled(axes: list, dims: tuple[str, ...]) -> tuple[np.ndarray, int]:
    """Return which combination of the labels of some dimensions each row has, and how many there are."""
    chosen = [(codes, len(labels)) for dim, codes, labels in axes if dim in dims]
    lengths = [length for _, length in chosen]
    return np.ravel_multi_index([codes for codes, _ in chosen], lengths), int(np.prod(lengths, dtype=object))


def _cell_of(axes: list, cell: int, place: int, lengths: list[int]) -> int:
    """Return the cell with the target and repetition of `cell`, and with the sound and time at `place` of both."""
    other = [at for at, (dim, *_) in enumerate(axes) if dim in (SOUND, TIME)]
    labels = list(np.unravel_index(int(cell), lengths))
    for at, label in zip(other, np.unravel_index(place, [lengths[at] for at in other]), strict=True):
        labels[at] = label
    return int(np.ravel_multi_index(labels, lengths))


def _check_times(columns: Columns, axes: list) -> None:
    """Raise UserError where some sound, target or repetition has other times than the first one."""
    if axes[-1][0] != TIME:
        return
    _, time, times = axes[-1]
    for dim, codes, names in axes[:-1]:
        pairs = np.unique(codes * len(times) + time)
        by_name = np.split(pairs % len(times), np.flatnonzero(np.diff(pairs // len(times))) + 1)
        for name, own in zip(names, by_name, strict=True):
            if not np.array_equal(own, by_name[0]):
                found = f"{_span(times, own)} for {dim} '{name}' and {_span(times, by_name[0])} for '{names[0]}'"
                todo = "cut or resample them to the same times"
                raise wrong(columns.path, found, f"the same times for all {dim}s", todo)


def _span(times: list[float], own: np.ndarray) -> str:
    return f"{len(own)} times from {times[own[0]]:g} to {times[own[-1]]:g} s"


def _cell(axes: list, cell: int, lengths: list[int]) -> str:
    """Return the labels of a combination in words."""
    places = np.unravel_index(int(cell), lengths)
    pairs = ((dim, labels[place]) for (dim, _, labels), place in zip(axes, places, strict=True))
    return ", ".join(f"{dim} '{label}'" if isinstance(label, str) else f"{dim} {label:g} s" for dim, label in pairs)


def _twice(codes: np.ndarray) -> tuple[int, int]:
    """Return the first two places of the first code that is repeated."""
    values, counts = np.unique(codes, return_counts=True)
    first, again = np.flatnonzero(codes == values[counts > 1][0])[:2]
    return int(first), int(again)
