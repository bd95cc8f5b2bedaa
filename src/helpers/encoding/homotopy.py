"""Exact paths of the single-task lasso, many problems at once (Osborne, Presnell & Turlach 2000; Efron et al. 2004).

Where w minimises ||y - xw||² / 2 + penalty * sum |w|, the correlations c = x'(y - xw) equal penalty * sign(w) at the
units in use, and lie between -penalty and penalty at the others. As the penalty falls, w moves in a straight line,
along d = (x_A' x_A)^-1 sign(w_A), until the correlation of another unit meets the penalty, which is then used too, or
the weight of a used one meets 0, which is then left out. Every problem walks from its own corner to its own next one;
the inverse gains or loses one row by a rank-one change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

EPSILON = 1e-12  # slope, as a share of the penalty's own, below which a correlation keeps its distance
DEPENDENT = 1e-10  # a unit of which less than this share is left beside those in use cannot be told from them
MOST = 20  # corners for each sound, after which a path is left where it is


def paths(x: Sequence[np.ndarray], y: Sequence[np.ndarray], penalties: np.ndarray) -> np.ndarray:
    """Return the weights (n_penalties, n_sets, n_units, n_targets) at penalties (n_penalties, n_sets, n_targets).

    x[set] (n_sounds, n_units) and y[set] (n_sounds, n_targets) are centred; every target of every set is a problem of
    its own, with penalties of its own, which fall. Penalties that a path did not reach have NaN.
    """
    wanted = penalties.reshape(len(penalties), int(np.prod(penalties.shape[1:])))
    walk = _Walk.start(x, y, wanted)
    found = np.full((*wanted.shape, x[0].shape[1]), np.nan)
    for problem in np.flatnonzero(walk.todo):
        found[: walk.todo[problem], problem] = 0  # from the largest correlation on, nothing is used
    for _ in range(MOST * max(map(len, x))):
        walk = walk.unfinished(wanted)
        if not len(walk.problem):
            break
        walk.advance(x, walk.turn(x), wanted, found)
    return found.reshape(*penalties.shape, x[0].shape[1]).swapaxes(2, 3)


class _Left(NamedTuple):
    """The units that have just been left out: rows of the walk, units, and the signs of the weights they had."""

    row: np.ndarray
    unit: np.ndarray
    sign: np.ndarray


@dataclass
class _Walk:
    """Where each problem is. A used unit has a slot; in a free one `unit` is n_units and all numbers are 0."""

    problem: np.ndarray  # (n,), its position among all
    set: np.ndarray  # (n,), ascending
    todo: np.ndarray  # (n,), how many penalties have been met
    penalty: np.ndarray  # (n,)
    correlation: np.ndarray  # (n, n_units)
    closed: np.ndarray  # (n, n_units), bool: in use, or not to be told from units in use
    unit: np.ndarray  # (n, n_slots)
    sign: np.ndarray  # (n, n_slots)
    weight: np.ndarray  # (n, n_slots)
    direction: np.ndarray  # (n, n_slots), d
    inverse: np.ndarray  # (n, n_slots, n_slots), of the Gram matrix of the units in use
    entering: np.ndarray  # (n,), the unit that is used from here on, or -1
    leaving: np.ndarray  # (n,), the slot of the unit that is left out from here on, or -1

    @classmethod
    def start(cls, x, y, wanted: np.ndarray) -> _Walk:
        """Return all problems at the penalty at which they begin to use a unit."""
        n_targets, n_units = y[0].shape[1], x[0].shape[1]
        n, n_slots = len(x) * n_targets, 1 + max(min(one.shape) for one in x)
        correlation = np.concatenate([of.T @ one for one, of in zip(x, y, strict=True)])
        penalty = np.abs(correlation).max(1)
        return cls(
            np.arange(n), np.repeat(np.arange(len(x)), n_targets), (wanted >= penalty).sum(0), penalty, correlation,
            np.zeros((n, n_units), dtype=bool), np.full((n, n_slots), n_units),
            *(np.zeros((n, n_slots)) for _ in range(3)), np.zeros((n, n_slots, n_slots)),
            np.abs(correlation).argmax(1), np.full(n, -1),
        )  # fmt: skip

    def unfinished(self, wanted: np.ndarray) -> _Walk:
        """Return the problems that have penalties to meet; all of them while few are done, since this copies."""
        going = self.todo < len(wanted)
        if going.any() and going.mean() > 0.8:
            return self
        return _Walk(*(getattr(self, own.name)[going] for own in fields(self)))

    @property
    def sets(self) -> list[tuple[int, slice]]:
        """The rows of each set that still has problems."""
        ends = np.searchsorted(self.set, np.arange(self.set[-1] + 2))
        return [(i, slice(*ends[i : i + 2])) for i in range(len(ends) - 1) if ends[i] < ends[i + 1]]

    @property
    def slots(self) -> slice:
        """The slots that some problem uses: the first free one is taken, so that they stay together."""
        used = (self.unit < self.closed.shape[1]).any(0)
        return slice(0, len(used) - int(used[::-1].argmax()) if used.any() else 1)

    def turn(self, x) -> _Left:
        """Leave out and take in the units that end this stretch, so that the direction is that of the next one."""
        left = self._leave(np.flatnonzero(self.leaving >= 0))
        self._enter(np.flatnonzero(self.entering >= 0), x)
        return left

    def _leave(self, row: np.ndarray) -> _Left:
        """Free the slots of the leaving units of some rows."""
        slot, used = self.leaving[row], self.slots
        unit, sign = self.unit[row, slot], self.sign[row, slot]
        column = self.inverse[row, slot, used]
        share = column / column[np.arange(len(row)), slot][:, None]
        self.inverse[row, used, used] -= column[:, :, None] * share[:, None, :]
        self.direction[row, used] -= share * self.direction[row, slot][:, None]
        self.inverse[row, slot], self.inverse[row, :, slot] = 0, 0
        self.closed[row, unit] = False
        self.unit[row, slot] = self.closed.shape[1]
        self.sign[row, slot] = self.weight[row, slot] = self.direction[row, slot] = 0
        return _Left(row, unit, sign)

    def _enter(self, row: np.ndarray, x) -> None:
        """Give the entering units of some rows a slot, except those that depend on the units in use."""
        unit, slot = self.entering[row], (self.unit[row] == self.closed.shape[1]).argmax(1)
        gram = np.zeros((len(row), self.closed.shape[1] + 1))
        for i, _ in self.sets:
            own = self.set[row] == i
            gram[own, :-1] = x[i][:, unit[own]].T @ x[i]
        square = gram[np.arange(len(row)), unit]
        self.closed[row, unit] = True
        used = slice(0, max(self.slots.stop, slot.max(initial=0) + 1))
        gram = np.take_along_axis(gram, self.unit[row, used], 1)
        change = np.matmul(self.inverse[row, used, used], gram[:, :, None])[:, :, 0]
        left = square - (gram * change).sum(1)
        apart = left > DEPENDENT * square
        row, unit, slot, gram, change, left = (one[apart] for one in (row, unit, slot, gram, change, left))
        sign = np.sign(self.correlation[row, unit])
        speed = (sign - (gram * self.direction[row, used]).sum(1)) / left
        change[np.arange(len(row)), slot] = -1
        self.inverse[row, used, used] += (change / left[:, None])[:, :, None] * change[:, None, :]
        self.direction[row, used] -= change * speed[:, None]
        self.unit[row, slot], self.sign[row, slot] = unit, sign

    def advance(self, x, left: _Left, wanted: np.ndarray, found: np.ndarray) -> None:
        """Walk to the next corner, and write the weights at the penalties that are met on the way to `found`."""
        used, rows = self.slots, np.arange(len(self.problem))
        slope = self._slope(x, used)
        self.entering, entry = self._entry(slope, left)
        weight, direction = self.weight[:, used], self.direction[:, used]
        to_zero = np.full(weight.shape, np.inf)
        np.divide(-weight, direction, out=to_zero, where=weight * direction < 0)
        slot = to_zero.argmin(1)
        exit_ = to_zero[rows, slot]
        length = np.minimum(np.minimum(entry, exit_), self.penalty)
        self._record(length, used, wanted, found)
        self.leaving = np.where(exit_ < entry, slot, -1)
        self.entering = np.where((exit_ < entry) | np.isinf(entry), -1, self.entering)
        self.weight[:, used] += length[:, None] * direction
        self.weight[rows[self.leaving >= 0], slot[self.leaving >= 0]] = 0
        self.correlation -= length[:, None] * slope
        self.penalty = self.penalty - length

    def _slope(self, x, used: slice) -> np.ndarray:
        """Return by how much each correlation falls with the penalty, x'x_A d (n, n_units)."""
        whole = np.zeros((len(self.problem), self.closed.shape[1] + 1))
        np.put_along_axis(whole, self.unit[:, used], self.direction[:, used], 1)
        slope = np.empty_like(self.correlation)
        for i, rows in self.sets:
            slope[rows] = (whole[rows, :-1] @ x[i].T) @ x[i]
        return slope

    def _entry(self, slope: np.ndarray, left: _Left) -> tuple[np.ndarray, np.ndarray]:
        """Return which unit's correlation meets the penalty first, and by how much the penalty falls until then.

        A unit that has just been left out is at the penalty, and moves away from it: only the other sign counts.
        """
        above, below = np.full(slope.shape, np.inf), np.full(slope.shape, np.inf)
        penalty = self.penalty[:, None]
        np.divide(penalty - self.correlation, 1 - slope, out=above, where=1 - slope > EPSILON)
        np.divide(penalty + self.correlation, 1 + slope, out=below, where=1 + slope > EPSILON)
        up, down = left.sign > 0, left.sign < 0
        above[left.row[up], left.unit[up]] = np.inf
        below[left.row[down], left.unit[down]] = np.inf
        until = np.minimum(above, below, out=above)
        until[self.closed] = np.inf
        first = until.argmin(1)
        return first, np.maximum(until[np.arange(len(first)), first], 0)  # rounding may have it met already

    def _record(self, length: np.ndarray, used: slice, wanted: np.ndarray, found: np.ndarray) -> None:
        """Write the weights at all penalties between here and `length` lower."""
        while True:
            next_ = wanted[np.minimum(self.todo, len(wanted) - 1), self.problem]
            row = np.flatnonzero((self.todo < len(wanted)) & (next_ >= self.penalty - length))
            if not len(row):
                return
            further = (self.penalty[row] - next_[row])[:, None]
            whole = np.zeros((len(row), self.closed.shape[1] + 1))
            np.put_along_axis(
                whole, self.unit[row, used], self.weight[row, used] + further * self.direction[row, used], 1
            )
            found[self.todo[row], self.problem[row]] = whole[:, :-1]
            self.todo[row] += 1
