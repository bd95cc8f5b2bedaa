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

from helpers.encoding.splits import TEST, TRAIN
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

    def _distance(self, threshold: float) -> float:
        return (self.value - threshold) / self.error


def over_sounds(value: xr.DataArray, without: xr.DataArray, splits: xr.DataArray) -> Estimate:
    """Return the mean of `value` over splits, and over subjects if it has them, with the error for others.

    The variance over sounds is that of the jackknife: the sum over sounds of how much each moves the number, squared.
    In random splits a sound trains in some and tests in others; its two parts are averaged apart and weighted by the
    share of sounds that train and test, the noise of averaging a few splits is taken off (as Wager, Hastie & Efron 2014
    do for bagging), and what other random splits would change is added. With subjects the design is crossed: the
    variance over subjects is added, and that of sounds by subjects, which both hold, is subtracted once.

    Parameters
    ----------
    value : (split[, subject]), any statistic of a split
    without : (split, sound[, subject]), the same without each sound (`encoding.without_each_sound`)
    splits : (split, sound) of "train", "test" and "unused"

    The error is NaN for fewer than three subjects. Raises ValueError for missing values.
    """
    crossed = SUBJECT in value.dims
    order = [SPLIT, SOUND, *([SUBJECT] if crossed else [])]
    moved = (value - without).transpose(*order).sel({SOUND: splits[SOUND].values}).values
    values = value.transpose(SPLIT, ...).values
    if not (np.isfinite(values).all() and np.isfinite(moved).all()):
        raise ValueError("values are missing; leave those splits, layers or subjects out before an interval is asked")
    moved, values = (part if crossed else part[..., None] for part in (moved, values))
    influence, noise = _influences(moved, splits.values)
    n_sounds, n_subjects = moved.shape[1:]
    scale = (n_sounds - 1) / n_sounds
    of_mean, of_noise = _influences(moved.mean(-1, keepdims=True), splits.values)
    sounds = max(scale * float((of_mean**2).sum() - of_noise.sum()), 0) + _of_splits(values.mean(-1), splits)
    if not crossed:
        return Estimate(float(values.mean()), float(np.sqrt(sounds)), n_sounds - 1)
    if n_subjects < FEW:
        return Estimate(float(values.mean()))
    subjects = float(values.mean(0).var(ddof=1)) / n_subjects
    both = scale * float(influence.var(-1, ddof=1).sum() - noise.mean(-1).sum()) / n_subjects
    variance = max(sounds + subjects - max(both, 0), subjects, sounds)
    df = variance**2 / (sounds**2 / (n_sounds - 1) + subjects**2 / (n_subjects - 1)) if variance > 0 else np.inf
    return Estimate(float(values.mean()), float(np.sqrt(variance)), df)


def r2_interval(found: xr.Dataset, splits: xr.DataArray) -> tuple[float, float]:
    """Return both ends of the 95 % interval, for other sounds, of the mean r2 of a network; NaN where unknown.

    r2 of noise is never below 0 and moves little where it is 0, which alone looks like certainty. What is known of r,
    which can be negative, comes first: the interval begins at 0 unless that of r lies above 0, and reaches as far as
    the square of its upper end.

    found : `chosen_r` and `chosen_r2` (split[, subject]), `chosen_r_without` and `chosen_r2_without` (split, sound
        [, subject]), as `encoding.without_each_sound` returns them
    """
    low, high = over_sounds(found["chosen_r2"], found["chosen_r2_without"], splits).r2_interval()
    r_low, r_high = over_sounds(found["chosen_r"], found["chosen_r_without"], splits).interval()
    if np.isnan(r_low):
        return np.nan, np.nan
    return (low if r_low > 0 else 0.0), max(high, float(np.clip(r_high, 0, 1)) ** 2)


def _influences(moved: np.ndarray, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much each sound moves the mean over splits, and the variance of that: both (n_sounds, n_subjects).

    `moved` (n_splits, n_sounds, n_subjects) is how much each sound moves each split.
    """
    influence, noise = np.zeros(moved.shape[1:]), np.zeros(moved.shape[1:])
    for part in (TRAIN, TEST):
        here = (parts == part)[..., None]
        share, times = here.mean(), here.sum(0)
        if not share:
            continue
        centre = (moved * here).sum(1, keepdims=True) / here.sum(1, keepdims=True)
        deviation = np.where(here, moved - centre, 0)
        mean = deviation.sum(0) / np.maximum(times, 1)
        spread = (np.where(here, deviation - mean, 0) ** 2).sum(0) / np.maximum(times - 1, 1)
        influence += share * mean
        noise += share**2 * spread / np.maximum(times, 1)
    return influence, noise


def _of_splits(values: np.ndarray, splits: xr.DataArray) -> float:
    """Return the variance that other random splits would add to the mean of `values` (n_splits,).

    0 where every sound tests once: such splits are not drawn, they are all there are.
    """
    tests = (splits.values == TEST).sum(0)
    drawn = (tests > 1).any() and len(values) > 1
    return float(values.var(ddof=1)) / len(values) if drawn else 0.0


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
