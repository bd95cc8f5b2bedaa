"""What the original study claims, each as one number with an interval, a threshold and a verdict.

The functions take tidy frames, so that the same arithmetic gives this run's number and the published one. Intervals are
95 %: over splits by the t interval for overlapping splits (Nadeau & Bengio 2003), over subjects by a bootstrap, over
sounds by a grouped jackknife; NaN where there is one split or too few subjects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.dynamics import reaching_step
from helpers.names import ESTIMATOR, LAYER, MODEL, SPLIT, STEP, TARGET
from helpers.selection import resampled_interval

ACOUSTIC, LEARNED = ("lowfreq", "highfreq"), ("speech", "music")
HOLDS, FAILS, UNDECIDED, UNTESTABLE = "holds", "fails", "undecided", "untestable"
N_GROUPS = 15  # of sounds, each left out once


@dataclass(frozen=True)
class Evidence:
    """A number, its 95 % interval and what it varies over ("splits", "subjects", "sounds")."""

    value: float
    low: float = np.nan
    high: float = np.nan
    over: str = "splits"

    def __neg__(self) -> Evidence:
        return Evidence(-self.value, -self.high, -self.low, self.over)


@dataclass(frozen=True)
class Claim:
    """It holds when the number lies above `threshold` (or below it), with its whole interval."""

    name: str
    threshold: float = 0.0
    above: bool = True

    def verdict(self, evidence: Evidence) -> str:
        """`holds`, `fails`, or `undecided` where the interval reaches over the threshold or there is none."""
        if np.isnan(evidence.low) or evidence.low <= self.threshold <= evidence.high:
            return UNDECIDED
        return HOLDS if (evidence.low > self.threshold) == self.above else FAILS


CLAIMS = (
    Claim("deeper_better"),
    Claim("acoustic_early", threshold=0.75, above=False),
    Claim("speech_music_deeper"),
    Claim("mixture_best"),
    Claim("speech_worst"),
    Claim("speech_not_its_own"),
    Claim("music_at_music"),
    Claim("music_at_lowfreq"),
    Claim("late_learners"),
    Claim("first_layers_longer", above=False),
    Claim("right_is_first"),
    Claim("merged_mixes"),
    Claim("ridge_lasso_agree", threshold=0.1, above=False),
    Claim("voxel_deeper"),
    Claim("voxel_mixture_music"),
    Claim("voxel_music_speech"),
    Claim("primary_early"),
)

# Hypothesis -> claims about it, and whether each speaks for it when it holds
HYPOTHESES = {
    "hierarchy": {"primary_early": True, "acoustic_early": True, "speech_music_deeper": True},
    "specialisation": {"music_at_music": True, "speech_not_its_own": False},
    "diversity": {"mixture_best": True, "voxel_mixture_music": True},
}
FOR, AGAINST, OPEN = "speaks_for", "speaks_against", "open"


def weighs(verdict: str, supports: bool) -> str:
    """What a claim's verdict means for a hypothesis that it `supports` when it holds."""
    if verdict not in (HOLDS, FAILS):
        return OPEN
    return FOR if (verdict == HOLDS) == supports else AGAINST


def over_splits(values: pd.Series | np.ndarray, train_share: float) -> Evidence:
    """The mean over splits with its interval."""
    values = np.asarray(values, dtype=float)
    return Evidence(float(values.mean()), *resampled_interval(values, train_share))


def grid(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """r2_pearson of one model, rows (split, target), columns layers."""
    own = rows[rows[MODEL] == model]
    return own.pivot(index=[SPLIT, TARGET], columns=LAYER, values="r2_pearson").sort_index(axis=1)


def deeper(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """Mean r2 of the deeper half of the layers minus that of the shallower half, over all components."""
    values = grid(rows, model)
    half = values.shape[1] // 2
    difference = values.iloc[:, -half:].mean(axis=1) - values.iloc[:, :half].mean(axis=1)
    return over_splits(difference.groupby(SPLIT).mean(), train_share)


def depths(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Relative depth (0 first, 1 last layer) of the best layer, rows splits, columns components."""
    values = grid(rows, model)
    position = values.to_numpy().argmax(axis=1) / (values.shape[1] - 1)
    return pd.Series(position, values.index).unstack(TARGET)


def acoustic_depth(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """Relative depth of the best layer, mean of low and high frequency."""
    return over_splits(depths(rows, model)[list(ACOUSTIC)].mean(axis=1), train_share)


def learned_depth(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """Relative depth of the best layer for speech and music minus that for low and high frequency."""
    table = depths(rows, model)
    return over_splits(table[list(LEARNED)].mean(axis=1) - table[list(ACOUSTIC)].mean(axis=1), train_share)


def at_best_layer(rows: pd.DataFrame) -> pd.DataFrame:
    """r2 of each model in the layer of its highest median, rows (split, target), columns models."""
    medians = rows.groupby([MODEL, TARGET, LAYER], sort=False)["r2_pearson"].median().reset_index()
    best = medians.loc[medians.groupby([MODEL, TARGET], sort=False)["r2_pearson"].idxmax()]
    chosen = rows.merge(best[[MODEL, TARGET, LAYER]], on=[MODEL, TARGET, LAYER], validate="many_to_one")
    return chosen.pivot(index=[SPLIT, TARGET], columns=MODEL, values="r2_pearson")


def ahead(rows: pd.DataFrame, model: str, train_share: float, targets: tuple[str, ...] = ()) -> Evidence:
    """How far `model` is ahead of the best other model, mean over `targets` (all): each at its best layer."""
    table = at_best_layer(rows)
    table = table[table.index.get_level_values(TARGET).isin(targets)] if targets else table
    means = table.groupby(SPLIT).mean()
    return over_splits(means[model] - means.drop(columns=model)[_strongest(means, model)], train_share)


def behind(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """How far `model` is behind the weakest other model, mean over the components."""
    means = at_best_layer(rows).groupby(SPLIT).mean()
    weakest = means.drop(columns=model).mean().idxmin()
    return over_splits(means[weakest] - means[model], train_share)


def _strongest(means: pd.DataFrame, model: str) -> str:
    return means.drop(columns=model).mean().idxmax()


def reached(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Share of the training after which 95 % of the final r2 is reached, by (split), target and layer."""
    own = rows[rows[MODEL] == model]
    last = own[STEP].max()
    groups = own.sort_values(STEP).groupby([SPLIT, TARGET, LAYER])
    found = groups.apply(lambda g: reaching_step(g[STEP].to_numpy(), g["r2_pearson"].to_numpy()), include_groups=False)
    return (found / last).rename("reached").reset_index()


def late_learners(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """That share for speech and music minus that for low and high frequency, mean over layers."""
    means = reached(rows, model).groupby([SPLIT, TARGET])["reached"].mean().unstack(TARGET)
    return over_splits(means[list(LEARNED)].mean(axis=1) - means[list(ACOUSTIC)].mean(axis=1), train_share)


def first_layers_longer(rows: pd.DataFrame, model: str, train_share: float) -> Evidence:
    """Spearman's rho of layer and that share, over layers and components of each split."""
    table = reached(rows, model).dropna()
    rho = table.groupby(SPLIT)[[LAYER, "reached"]].apply(lambda g: stats.spearmanr(g[LAYER], g["reached"]).statistic)
    return over_splits(rho.dropna(), train_share)


def jackknifed(statistic: Callable[[np.ndarray], float], n_sounds: int, seed: int = 0) -> Evidence:
    """`statistic` of the kept sounds (bool mask), its t interval from leaving out each of N_GROUPS random groups."""
    groups = np.random.default_rng(seed).permutation(np.arange(n_sounds) % N_GROUPS)
    whole = statistic(np.ones(n_sounds, dtype=bool))
    parts = np.array([statistic(groups != group) for group in range(N_GROUPS)])
    error = np.sqrt((N_GROUPS - 1) / N_GROUPS * np.square(parts - parts.mean()).sum())
    half = stats.t.ppf(0.975, N_GROUPS - 1) * error
    return Evidence(float(whole), float(whole - half), float(whole + half), "sounds")


def ridge_ahead(table: pd.DataFrame, train_share: float) -> Evidence:
    """Ridge minus lasso in R2, each at its best layer, mean over components; table: estimator, layer, split, r2."""
    means = table.groupby([ESTIMATOR, TARGET, LAYER], sort=False)["r2_determination"].median().reset_index()
    best = means.loc[means.groupby([ESTIMATOR, TARGET], sort=False)["r2_determination"].idxmax()]
    chosen = table.merge(best[[ESTIMATOR, TARGET, LAYER]], on=[ESTIMATOR, TARGET, LAYER], validate="many_to_one")
    wide = chosen.pivot(index=[SPLIT, TARGET], columns=ESTIMATOR, values="r2_determination").groupby(SPLIT).mean()
    return over_splits(wide["ridge"] - wide["lasso"], train_share)
