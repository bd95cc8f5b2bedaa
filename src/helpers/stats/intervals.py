"""How far a number would move with other sounds and other subjects: standard errors, intervals and one-sided p values.

Sounds are a sample of sounds, and subjects of people; what is drawn anew in thought must be drawn anew in the interval.
Networks have no part in this: a sentence is about the networks at hand. What each procedure covers was simulated: see
tests/COVERAGE.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy import stats

from helpers.encoding.left_out import BOTH, DRAWN, FIRST, PAIR, SECOND, VALUE, WITHOUT, beyond_part, draws, statistic
from helpers.names import SOUND, SPLIT, SUBJECT

LEVEL = 0.95
FEW = 3  # subjects, or splits, of which fewer have no spread


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error and the degrees of freedom of Student's t; an error of NaN is unknown."""

    value: float
    error: float = np.nan
    df: float = np.inf

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return both ends of the t interval, NaN where the error is unknown."""
        half = stats.t.ppf((1 + level) / 2, self.df) * self.error
        return self.value - half, self.value + half

    def r2_interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return both ends of the interval of an r2, which lies between 0 and 1.

        It is symmetric for Fisher's z of r, whose spread hardly depends on r (Fisher 1921), and 0 at 0.
        """
        r = np.sqrt(np.clip(self.value, 1e-12, 1 - 1e-12))
        half = stats.t.ppf((1 + level) / 2, self.df) * self.error / (2 * r * (1 - r**2))
        low, high = np.tanh(np.clip(np.arctanh(r) + np.array([-half, half]), 0, None)) ** 2
        return float(low), float(high)

    def p_above(self, threshold: float = 0.0) -> float:
        """Return the one-sided p of a true value of `threshold` or less; 1 where the error is unknown or 0."""
        return float(stats.t.sf(self._distance(threshold), self.df)) if self.error > 0 else 1.0

    def p_below(self, threshold: float = 0.0) -> float:
        """Return the one-sided p of a true value of `threshold` or more; 1 where the error is unknown or 0."""
        return float(stats.t.cdf(self._distance(threshold), self.df)) if self.error > 0 else 1.0

    def p_differs(self) -> float:
        """Return the two-sided p of a true value of 0; 1 where the error is unknown or 0."""
        return min(1.0, 2 * min(self.p_above(), self.p_below()))

    def _distance(self, threshold: float) -> float:
        return (self.value - threshold) / self.error


def over_sounds(found: xr.Dataset, splits: xr.DataArray) -> Estimate:
    """Return the mean of a statistic over splits, and over subjects if it has them, with the error for others.

    Splits are taken as they are: what is drawn anew is the sounds. The jackknife, the sum of the squares of how much
    each sound moves the number, counts what two sounds do only together twice, what three do three times (Efron & Stein
    1981). Pairs of sounds that are left out together say how much that is, and it is counted once (`_corrected`). Which
    layer is chosen adds what draws of the sounds say (`drawn`), never less than 0. With subjects the design is crossed:
    the variance over subjects is added, and that of sounds by subjects, which both hold, is subtracted once.

    Parameters
    ----------
    found : a statistic of each split as `encoding.statistic` returns it: `value` (split[, subject]), `without` (..,
        sound), `both` (.., pair) and maybe `drawn` (.., draw)
    splits : (split, sound) of "train", "test" and "unused"

    The error is NaN for fewer than three subjects. Raises ValueError for missing values.
    """
    crossed = SUBJECT in found[VALUE].dims
    found = found if crossed else found.expand_dims(SUBJECT)
    if not all(one.notnull().all() for one in found.values()):
        raise ValueError("values are missing; leave those splits, layers or subjects out before an interval is asked")
    values = found[VALUE].mean(SPLIT).values  # (n_subjects,)
    single, double = _moved(found, splits)
    n_sounds, n_subjects = single.shape
    n_pairs = n_sounds * (n_sounds - 1) / 2
    sounds = _corrected(np.square(single.mean(1)).sum(), n_pairs * np.square(double.mean(1)).mean())
    sounds += _of_choice(found, single.mean(1), splits)
    if not crossed:
        return Estimate(float(values[0]), float(np.sqrt(sounds)), n_sounds - 1)
    if n_subjects < FEW:
        return Estimate(float(values.mean()))
    subjects = float(values.var(ddof=1)) / n_subjects
    both = _corrected(single.var(1, ddof=1).sum(), n_pairs * double.var(1, ddof=1).mean()) / n_subjects
    variance = max(sounds + subjects - both, subjects, sounds)
    df = variance**2 / (sounds**2 / (n_sounds - 1) + subjects**2 / (n_subjects - 1)) if variance > 0 else np.inf
    return Estimate(float(values.mean()), float(np.sqrt(variance)), df)


def r2_interval(found: xr.Dataset, splits: xr.DataArray) -> tuple[float, float]:
    """Return both ends of the 95 % interval, for other sounds, of the mean r2 of a network; NaN where unknown.

    r2 of noise is never below 0 and moves little where it is 0, which alone looks like certainty. What is known of r,
    which can be negative, comes first: unless its interval lies above 0, that of r2 begins at 0, and reaches as far as
    r2 would be on average if the upper end of the interval of r were true. For the lower end layers differ as far as
    they are known to, for the upper end as far as they are seen to: a study that chose a poor layer by chance has a low
    r2 and a low error, and would not reach up to what is true.

    found : of one target, `chosen_r` and `chosen_r2` as `encoding.without_each_sound` returns them
    """
    names = ("chosen_r", "chosen_r2")
    r, r2 = (over_sounds(statistic(found, name), splits) for name in names)
    r_seen, r2_seen = (over_sounds(statistic(found, name, as_seen=True), splits) for name in names)
    r_low, r_high, high = r.interval()[0], r_seen.interval()[1], r2_seen.r2_interval()[1]
    if np.isnan(r_low):
        return np.nan, np.nan
    if r_low > 0:
        return r2.r2_interval()[0], max(high, min(r_high, 1.0) ** 2)
    return 0.0, max(high, min(_mean_r2(r_high, _spread(found, r_seen)), 1.0))


def r2_difference(one: xr.Dataset, other: xr.Dataset, splits: xr.DataArray) -> Estimate:
    """Return the mean r2 of one network minus that of another, with its error for other sounds; NaN where unknown.

    The error of r2 grows with r: of two networks the one that is ahead by chance has the larger, so that the error of
    their difference is large just where the difference is, and an interval made of it seldom misses 0. That of the
    difference of r hardly depends on it. It is multiplied by how much r2 rises with r, on average over other sounds and
    over both networks.

    one, other : of one target, as for `r2_interval`; with subjects, of the same ones
    """
    apart = over_sounds(statistic(one - other, "chosen_r"), splits)
    value = float((one["chosen_r2"] - other["chosen_r2"]).mean())
    return Estimate(value, apart.error * (_slope(one, splits) + _slope(other, splits)) / 2, apart.df)


def _slope(found: xr.Dataset, splits: xr.DataArray) -> float:
    """Return the derivative of a network's mean r2, over other sounds, by its mean r: that of `_mean_r2`."""
    r = over_sounds(statistic(found, "chosen_r"), splits)
    spread = _spread(found, r)
    if not spread > 0:
        return 2 * max(r.value, 0.0)
    far = r.value / spread
    return float(2 * (r.value * stats.norm.cdf(far) + spread * stats.norm.pdf(far)))


def _spread(found: xr.Dataset, r: Estimate) -> float:
    """Return the standard deviation of r in one split of other sounds, where `r` is its mean over splits."""
    return float(np.hypot(r.error, found["chosen_r"].std()))


def _mean_r2(r: float, spread: float) -> float:
    """Return the mean of r2, the square of r where r is above 0 and 0 elsewhere, of normal r around `r`."""
    if spread == 0:
        return max(r, 0.0) ** 2
    far = r / spread
    return float((r**2 + spread**2) * stats.norm.cdf(far) + r * spread * stats.norm.pdf(far))


def _moved(found: xr.Dataset, splits: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much each sound moves the mean over splits (n_sounds, n_subjects), beyond what any of its part does.

    And how much both sounds of a pair move it beyond what each of them does (n_pairs, n_subjects).
    """
    value = found[VALUE].transpose(SPLIT, SUBJECT).values
    without = found[WITHOUT].transpose(SPLIT, SOUND, SUBJECT).sel({SOUND: splits[SOUND].values}).values
    moved = value[:, None] - without
    single = np.mean([beyond_part(own, parts) for own, parts in zip(moved, splits.values, strict=True)], axis=0)
    order = splits.get_index(SOUND)
    first, second = (without.mean(0)[order.get_indexer(found[name].values)] for name in (FIRST, SECOND))
    return single, value.mean(0) - first - second + found[BOTH].transpose(SPLIT, PAIR, SUBJECT).values.mean(0)


def _corrected(single: float, double: float) -> float:
    """Return the variance that the squares of what sounds do alone and by two speak of.

    `single` is the jackknife's, J1, which counts what k sounds do only together k times; `double`, J2, is the sum over
    pairs of the squares of what both do beyond what each does, and counts it k (k - 1) / 2 times. The variance is
    J1² / (J1 + J2): exact where what is of one order more is smaller by the same factor each time.
    """
    return float(single**2 / (single + double)) if single > 0 else 0.0


def _of_choice(found: xr.Dataset, moved: np.ndarray, splits: xr.DataArray) -> float:
    """Return the variance that the choice of layers adds to that of a mean which `moved` (n_sounds,) moves.

    How far ahead the choices of other sounds lie counts from the study's own: one that chose an unusual layer knows it.
    """
    if DRAWN not in found:
        return 0.0
    ahead = (found[DRAWN] - found[VALUE]).mean((SPLIT, SUBJECT)).values
    along = draws(splits.sizes[SOUND]) @ moved
    return max(float(np.square(ahead).mean() + 2 * np.cov(ahead, along)[0, 1]), 0.0)


def over_subjects(values: xr.DataArray) -> Estimate:
    """Return the mean of `values` (subject,) with the error for other subjects who hear these same sounds."""
    known = values.values[np.isfinite(values.values)]
    if not len(known):
        return Estimate(np.nan)
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) >= FEW else np.nan
    return Estimate(float(known.mean()), float(error), max(len(known) - 1, 1))


def subject_interval(values: xr.DataArray) -> xr.DataArray:
    """Return the t interval (bound, ...) of the mean over subjects of `values` (subject, ...); NaN with fewer than 3.

    For other subjects who hear these same sounds. Subjects without a value are left out.
    """
    n = values.notnull().sum(SUBJECT)
    error = values.std(SUBJECT, ddof=1).where(n >= FEW) / np.sqrt(n)
    half = error * xr.apply_ufunc(lambda count: stats.t.ppf((1 + LEVEL) / 2, np.maximum(count - 1, 1)), n)
    mean = values.mean(SUBJECT)
    return xr.concat([mean - half, mean + half], "bound", coords="minimal").assign_coords(bound=["low", "high"])


def of_matrices(statistic: Callable[[np.ndarray], float], n_sounds: int) -> Estimate:
    """Return `statistic` of all sounds, a bool mask (n_sounds,), with its jackknife error, each sound left out once.

    For statistics without train and test sounds, such as a similarity of matrices.
    """
    every = np.ones(n_sounds, dtype=bool)
    parts = [statistic(every & (np.arange(n_sounds) != one)) for one in range(n_sounds)]
    return jackknifed(statistic(every), np.array(parts))


def jackknifed(value: float, parts: np.ndarray) -> Estimate:
    """Return `value` with the jackknife error from the same without each sound, `parts` (n_sounds,); none: unknown."""
    if not len(parts):
        return Estimate(float(value))
    error = np.sqrt((len(parts) - 1) / len(parts) * np.square(parts - parts.mean()).sum())
    return Estimate(float(value), float(error), len(parts) - 1)


def resampled(values: np.ndarray, train_share: float) -> Estimate:
    """Return the mean of `values` (n_splits,) from overlapping random splits, where nothing can be left out cheaply.

    Splits share sounds, so the variance is that of Nadeau & Bengio 2003 (equation 9), s² (1/J + n_test / n_train) for J
    splits; `train_share` is n_train / (n_train + n_test). It is too wide: see tests/COVERAGE.md.
    """
    values = np.asarray(values, dtype=float)
    n_splits = len(values)
    if n_splits < 2:
        return Estimate(float(values.mean()) if n_splits else np.nan)
    variance = values.var(ddof=1) * (1 / n_splits + (1 - train_share) / train_share)
    return Estimate(float(values.mean()), float(np.sqrt(variance)), n_splits - 1)


def holm(p: np.ndarray) -> np.ndarray:
    """Return p (n,) adjusted by Holm 1979, so that all verdicts together err in at most the level; NaN stays NaN."""
    p = np.asarray(p, dtype=float)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)) if len(order) else p[order]
    found = np.full(len(p), np.nan)
    found[order] = np.minimum(steps, 1)
    return found
