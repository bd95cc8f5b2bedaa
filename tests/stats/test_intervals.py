"""Intervals equal what they are defined by."""

import numpy as np
import pytest
from scipy import stats

from helpers.stats.intervals import N_GROUPS, jackknifed


@pytest.mark.parametrize("n_sounds", [3, 8, 14, N_GROUPS])
def test_few_sounds_are_left_out_one_by_one(n_sounds):
    values = np.random.default_rng(n_sounds).standard_normal(n_sounds)
    _, low, high = jackknifed(lambda kept: float(values[kept].mean()), n_sounds)
    half = stats.t.ppf(0.975, n_sounds - 1) * values.std(ddof=1) / np.sqrt(n_sounds)  # the jackknife of a mean
    assert (high - low) / 2 == pytest.approx(half, rel=1e-12)
