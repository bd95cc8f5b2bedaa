"""The arithmetic of claims: each number from scores with all sounds and without each, and how sure it is.

What is compared is a dataset `value` (split, ...) with `without`, `both` and maybe `drawn`, so that the same arithmetic
moves all of them; of digitised figures there is a `value` alone, with a single split, which gives the published number
and no interval. See `encoding.statistic` for their dimensions and `stats.intervals` for the errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from helpers.encoding.left_out import VALUE, WITHOUT
from helpers.names import ESTIMATOR, LAYER, SPLIT, STEP, TARGET
from helpers.stats.intervals import Estimate, of_matrices, over_sounds
from helpers.stats.intervals import resampled as over_splits
from helpers.stats.layers import best_rows
from helpers.stats.learning import SHARE, reaching_step
from helpers.stats.similarity import cka

if TYPE_CHECKING:
    from helpers.chapters.claims.published import Figures
    from helpers.chapters.claims.run import Run

SOUNDS, SUBJECTS, SPLITS = "sounds", "sounds_subjects", "splits"  # what an interval allows for


@dataclass(frozen=True)
class Evidence:
    """The smallest of some numbers, mostly one: what lies above a threshold does so with all of them.

    `over` says what the error allows for. The interval of several has the lowest end of theirs below; its upper end is
    that of the smallest, widened because it was sought among them.
    """

    parts: tuple[Estimate, ...]
    over: str = SOUNDS
    bound: float = 1.0  # no number can be further from 0: differences of shares, of r2 and of CKA cannot

    @classmethod
    def of(cls, *parts: Estimate, over: str = SOUNDS, bound: float = 1.0) -> Evidence:
        return cls(parts, over, bound)

    @property
    def value(self) -> float:
        return min(part.value for part in self.parts)

    @property
    def low(self) -> float:
        return float(np.clip(np.min([part.interval()[0] for part in self.parts]), -self.bound, self.bound))

    @property
    def high(self) -> float:
        level = 1 - 0.05 / len(self.parts)
        return float(np.clip(np.min([part.interval(level)[1] for part in self.parts]), -self.bound, self.bound))

    @property
    def known(self) -> bool:
        """Whether every number has an error."""
        return all(part.error > 0 for part in self.parts)

    def p_above(self, threshold: float) -> float:
        """Return the one-sided p of not all numbers being above `threshold`: the largest of theirs (Berger 1982)."""
        return max(part.p_above(threshold) for part in self.parts)

    def p_below(self, threshold: float) -> float:
        """Return the one-sided p of none being below `threshold`: the smallest, times their number (Bonferroni)."""
        return min(1.0, len(self.parts) * min(part.p_below(threshold) for part in self.parts))


def estimate(scored: xr.Dataset, splits: xr.DataArray | None) -> Estimate:
    """Return the mean of `value` over splits, and over subjects if it has them, with its error if it can be known."""
    if splits is None or WITHOUT not in scored:
        return Estimate(float(scored[VALUE].mean()))
    return over_sounds(scored, splits)


def lead(source: Run | Figures, name: str, *targets: str) -> Evidence:
    """Return one of the three networks minus each of the others, mean over components (some, or all)."""
    own = source.at_best(name, *targets)
    return Evidence.of(*(source.estimate(own - rival) for rival in source.rivals(name, *targets)))


def lag(source: Run | Figures, name: str, *targets: str) -> Evidence:
    """Return each of the others minus one of the three networks, mean over components (some, or all)."""
    own = source.at_best(name, *targets)
    return Evidence.of(*(source.estimate(rival - own) for rival in source.rivals(name, *targets)))


def depth_contrast(by_layer: xr.Dataset) -> xr.Dataset:
    """Return the deeper half of the layers minus the shallower half; of an odd number the middle one is in neither."""
    half = by_layer.sizes[LAYER] // 2
    deep, shallow = slice(-half, None), slice(half)
    return by_layer.isel({LAYER: deep}).mean(LAYER) - by_layer.isel({LAYER: shallow}).mean(LAYER)


def last_third(by_layer: xr.Dataset) -> xr.Dataset:
    """Return the last third of the layers minus the third before it, at least one layer each."""
    n_last = max(by_layer.sizes[LAYER] // 3, 1)
    last, middle = slice(-n_last, None), slice(-2 * n_last, -n_last)
    return by_layer.isel({LAYER: last}).mean(LAYER) - by_layer.isel({LAYER: middle}).mean(LAYER)


def change_at_the_end(by_layer: xr.Dataset) -> xr.Dataset:
    """Return the last layer minus the one where the last third begins, at least one layer before it."""
    n_last = max(by_layer.sizes[LAYER] // 3, 2)
    return by_layer.isel({LAYER: -1}, drop=True) - by_layer.isel({LAYER: -n_last}, drop=True)


def learned_later(source: Run | Figures, late: xr.Dataset, early: xr.Dataset, gained: bool = False) -> Evidence:
    """Return the mean time at which r2 is learned, as a share of the training, of `late` minus that of `early`.

    Both are `value` (step, split) and maybe `without` (step, split, sound). `gained`: only what training adds to the
    first checkpoint counts. NaN where the last value is not above 0, or above the first: nothing is learned.
    """
    difference = _time_of_learning(late, gained) - _time_of_learning(early, gained)
    learned = bool(difference[VALUE].notnull().all())
    return Evidence.of(source.estimate(difference) if learned else Estimate(np.nan))


def reached_later(late: xr.Dataset, early: xr.Dataset, gained: bool = False) -> float:
    """Return the share of the training until 95 % of the final r2 is reached, of `late` minus that of `early`.

    The other definition of what is learned later. It jumps, so that no jackknife gives it an interval. Arguments and
    NaN as for `learned_later`.
    """
    one, other = (_share_until_most(series, gained) for series in (late, early))
    return one - other


def _share_until_most(series: xr.Dataset, gained: bool) -> float:
    curve = series[VALUE].mean(SPLIT).transpose(STEP).values
    steps = series[STEP].values
    return reaching_step(steps, curve - curve[0] if gained else curve, SHARE) / steps[-1]


def _time_of_learning(series: xr.Dataset, gained: bool) -> xr.Dataset:
    """Return the mean time of learning as `value` (split,) and maybe `without` (split, sound); NaN where there is none.

    It is what is still missing of the last value, summed over the training and divided by the last value; unlike the
    step at which a curve reaches a share of its end it does not jump. What the first checkpoint has counts as learned
    then. A ratio of means over splits is no mean over splits: each has what it adds to the ratio's first-order
    expansion, whose mean is the ratio.
    """
    shares = series.assign_coords({STEP: series[STEP] / series[STEP][-1]})
    curves = shares - shares.isel({STEP: 0}, drop=True) if gained else shares
    last = curves.isel({STEP: -1}, drop=True)
    missed = (last - curves).integrate(STEP) + last * shares[STEP][0].item()
    final = last[VALUE].mean().item()
    if not final > 0:
        return last * np.nan
    time = missed[VALUE].mean().item() / final
    return time + (missed - time * last) / final


def similarity_difference(shared: np.ndarray, one: np.ndarray, other: np.ndarray) -> Evidence:
    """Return the debiased CKA of `shared` with `one` minus that with `other`, each (n_sounds, n_units)."""

    def difference(kept: np.ndarray) -> float:
        return cka(shared[kept], one[kept], debiased=True) - cka(shared[kept], other[kept], debiased=True)

    return Evidence.of(of_matrices(difference, len(shared)))


def estimator_margin(table: pd.DataFrame, train_share: float, one: str, other: str) -> Estimate:
    """Return R2 of the estimator `one` minus that of `other`, mean over the targets, each at its best layer.

    `table` has the columns estimator, layer, split, target and r2_determination. Of a lasso no sound can be left out
    without fitting again, so the error is that of overlapping splits, which is too large.
    """
    means = at_best_layer(table, ESTIMATOR, "r2_determination").groupby(SPLIT).mean()
    return over_splits((means[one] - means[other]).to_numpy(), train_share)


def at_best_layer(rows: pd.DataFrame, by: str, metric: str) -> pd.DataFrame:
    """Return `metric` in the layer of its highest median over splits: rows (split, target), columns the values of `by`.

    0 for a target that no layer predicts, as `best_rows` has it: it counts against the model that does not predict it.
    """
    keys = [by, TARGET, LAYER]
    medians = rows.groupby(keys, sort=False, observed=True)[metric].median().reset_index()
    best = best_rows(medians, [by, TARGET], metric).dropna(subset=LAYER)[keys].astype({LAYER: int})
    chosen = rows.merge(best, on=keys, validate="many_to_one")
    table = chosen.pivot(index=[SPLIT, TARGET], columns=by, values=metric)
    index = pd.MultiIndex.from_product([rows[SPLIT].unique(), rows[TARGET].unique()], names=[SPLIT, TARGET])
    return table.reindex(index, columns=rows[by].unique()).fillna(0)
