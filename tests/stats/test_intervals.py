"""Intervals equal what they are defined by, and cover what they say in small simulations (larger: COVERAGE.md)."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from helpers.encoding.left_out import draws, pairs, statistic
from helpers.names import SOUND, SPLIT, SUBJECT
from helpers.stats import intervals
from helpers.stats.intervals import Estimate, over_sounds


def halves(n_sounds: int, n_splits: int, seed: int = 0) -> xr.DataArray:
    random = np.random.default_rng(seed)
    parts = np.full((n_splits, n_sounds), "test", dtype="<U6")
    for row in parts:
        row[random.choice(n_sounds, n_sounds // 2, replace=False)] = "train"
    return xr.DataArray(parts, {SPLIT: range(n_splits), SOUND: np.arange(n_sounds)}, (SPLIT, SOUND))


def folds(n_sounds: int, n_splits: int) -> xr.DataArray:
    parts = np.where(np.arange(n_sounds) % n_splits == np.arange(n_splits)[:, None], "test", "train")
    return xr.DataArray(parts, {SPLIT: range(n_splits), SOUND: np.arange(n_sounds)}, (SPLIT, SOUND))


def means_of_tests(values: np.ndarray, splits: xr.DataArray) -> xr.Dataset:
    """A statistic without fitting: the mean of values (n_sounds, ...) over the test sounds of each split."""
    values = values.reshape(len(values), -1)
    n_sounds, dims = len(values), (SUBJECT,) if values.shape[1] > 1 else ()

    def means(kept: np.ndarray) -> np.ndarray:
        test = (splits.values == "test")[:, None] * kept  # (n_splits, n, n_sounds)
        found = test @ values / test.sum(-1, keepdims=True)
        return found if dims else found[..., 0]

    every = np.eye(n_sounds)
    numbers = {
        "value": ((SPLIT, *dims), means(np.ones((1, n_sounds)))[:, 0]),
        "without": ((SPLIT, SOUND, *dims), means(1 - every)),
        "both": ((SPLIT, "pair", *dims), means(1 - every[pairs(n_sounds)].sum(1))),
    }
    first, second = splits[SOUND].values[pairs(n_sounds)].T
    coords = {SPLIT: splits[SPLIT], SOUND: splits[SOUND], "first": ("pair", first), "second": ("pair", second)}
    return xr.Dataset(numbers, coords)


def test_of_folds_it_is_the_standard_error_of_a_mean():
    values = np.random.default_rng(0).standard_normal(100)
    found = over_sounds(means_of_tests(values, folds(100, 5)), folds(100, 5))
    assert found.value == pytest.approx(values.mean()) and found.df == 99
    assert found.error == pytest.approx(values.std(ddof=1) / 10, rel=0.05)


def test_of_many_random_halves_it_is_that_too():
    values = np.random.default_rng(1).standard_normal(120)
    splits = halves(120, 400)
    found = over_sounds(means_of_tests(values, splits), splits)
    assert found.error == pytest.approx(values.std(ddof=1) / np.sqrt(120), rel=0.1)


def test_of_few_random_halves_other_splits_are_allowed_for():
    """Four halves leave chance in the mean: sounds that happen to test more often count for more."""
    random = np.random.default_rng(2)
    found, errors = [], []
    for seed in range(300):
        splits = halves(60, 4, seed)
        estimate = over_sounds(means_of_tests(random.standard_normal(60), splits), splits)
        found.append(estimate.value)
        errors.append(estimate.error**2)
    assert np.sqrt(np.mean(errors)) == pytest.approx(np.std(found), rel=0.1)


def products(values: np.ndarray, splits: xr.DataArray, order: int) -> xr.Dataset:
    """A statistic of which sounds have nothing alone: the mean product of every two, or three, that test."""
    n_sounds, test = len(values), splits.values == "test"

    def means(kept: np.ndarray) -> np.ndarray:
        one, two, three, n = ((test * values**power) @ kept.T for power in (1, 2, 3, 0))
        if order == 2:
            return (one**2 - two) / (n * (n - 1))
        return (one**3 - 3 * one * two + 2 * three) / (n * (n - 1) * (n - 2))

    found, every = means_of_tests(values, splits), np.eye(n_sounds)
    without_both = 1 - every[pairs(n_sounds)].sum(1)
    found["value"].values[:] = means(np.ones((1, n_sounds)))[:, 0]
    found["without"].values[:], found["both"].values[:] = means(1 - every), means(without_both)
    return found


@pytest.mark.parametrize(("order", "jackknife", "now"), [(2, 2, 4 / 3), (3, 3, 3 / 2)])
def test_what_sounds_do_only_together_is_counted_less_than_by_the_jackknife(order, jackknife, now):
    """Of one order k alone the jackknife has k times the variance, and J1² / (J1 + J2) 2k / (k + 1) times."""
    random, splits = np.random.default_rng(5), folds(120, 2)
    values, before, errors = [], [], []
    for _ in range(400):
        found = products(random.standard_normal(120), splits, order)
        values.append(found["value"].values.mean())
        errors.append(over_sounds(found, splits).error ** 2)
        moved = (found["value"] - found["without"]).mean(SPLIT).values
        before.append(np.square(moved - moved.mean()).sum())
    assert np.mean(before) / np.var(values) == pytest.approx(jackknife, rel=0.3)
    assert np.mean(errors) / np.var(values) == pytest.approx(now, rel=0.3)


def test_the_choice_of_layers_adds_what_draws_say_and_never_takes_away():
    splits, random = folds(40, 2), np.random.default_rng(6)
    found = means_of_tests(random.standard_normal(40), splits)
    alone = over_sounds(found, splits).error
    along = draws(40) @ (found["value"] - found["without"]).mean(SPLIT).values
    for ahead in (0 * along, -0.5 * along, along):
        drawn = found["value"] + xr.DataArray(ahead, dims="draw")
        error = over_sounds(found.assign(drawn=drawn), splits).error
        assert error == pytest.approx(2 * alone, rel=0.1) if ahead is along else error == pytest.approx(alone)


def test_where_orders_fall_by_one_factor_the_variance_is_exact():
    assert intervals._corrected(0.3, 0.0) == 0.3 and intervals._corrected(0.0, 0.0) == 0
    orders = np.arange(1, 200)
    of_order = 0.7**orders
    single, double = (orders * of_order).sum(), (orders * (orders - 1) / 2 * of_order).sum()
    assert intervals._corrected(single, double) == pytest.approx(of_order.sum())


def test_a_choice_that_all_draws_leave_counts_in_full():
    splits = folds(20, 4)
    found = means_of_tests(np.full(20, 0.5), splits)
    ahead = xr.DataArray(np.full(len(draws(20)), 0.3), dims="draw")
    assert over_sounds(found.assign(drawn=found["value"] + ahead), splits).error == pytest.approx(0.3)


@pytest.mark.parametrize(("of_subjects", "of_sounds", "of_both"), [(1, 0, 1), (0, 1, 1), (1, 1, 0.3), (0, 0, 1)])
def test_of_sounds_and_subjects_it_covers_both(of_subjects, of_sounds, of_both):
    """A crossed design with known variances: subjects, sounds, and what each subject makes of each sound."""
    random, splits, inside = np.random.default_rng(3), folds(80, 4), []
    for _ in range(400):
        values = of_subjects * random.standard_normal(8) + of_sounds * random.standard_normal((80, 1))
        values = values + 2 * of_both * random.standard_normal((80, 8))
        low, high = over_sounds(means_of_tests(values, splits), splits).interval()
        inside.append(low <= 0 <= high)
    assert 0.92 <= np.mean(inside) <= 0.99


def test_nothing_that_varies_has_no_error_and_no_verdict():
    splits = folds(20, 4)
    found = over_sounds(means_of_tests(np.full(20, 0.5), splits), splits)
    assert found.error == 0 and found.p_above(0) == found.p_below(1) == 1


def test_fewer_than_three_subjects_have_no_error():
    splits, values = folds(20, 4), np.random.default_rng(4).standard_normal((20, 2))
    assert np.isnan(over_sounds(means_of_tests(values, splits), splits).error)
    assert np.isnan(intervals.over_subjects(xr.DataArray([1.0, 2.0], dims=SUBJECT)).error)


def test_missing_values_are_refused():
    splits = folds(20, 4)
    found = means_of_tests(np.arange(20.0), splits)
    with pytest.raises(ValueError, match="missing"):
        over_sounds(found.where(found[SPLIT] > 0), splits)


def test_the_interval_of_an_r2_stays_between_0_and_1():
    for value, error in ((0.01, 0.05), (0.99, 0.05), (0.0, 0.05), (1.0, 0.01)):
        low, high = Estimate(value, error, 100).r2_interval()
        assert 0 <= low <= value + 1e-9 and value - 1e-9 <= high <= 1
    low, high = Estimate(0.4, 1e-4, 100).r2_interval()
    assert (high - low) / 2 == pytest.approx(1e-4 * stats.t.ppf(0.975, 100), rel=1e-3)


def test_the_interval_of_an_r2_begins_at_0_unless_that_of_r_lies_above_and_reaches_as_far_as_r_may():
    splits, random = folds(60, 2), np.random.default_rng(7)
    noise = random.standard_normal(60)

    def found(r: float) -> xr.Dataset:
        """A correlation that moves with the sounds, and its square, which knows nothing of values below 0."""
        moves = means_of_tests(r + noise - noise.mean(), splits)
        squares = moves.clip(0) ** 2
        names = ["value", "without", "both"]
        parts = [moves.rename({name: f"chosen_r_{name}".removesuffix("_value") for name in names})]
        return xr.merge([*parts, squares.rename({name: f"chosen_r2_{name}".removesuffix("_value") for name in names})])

    error = over_sounds(means_of_tests(noise, splits), splits).error
    half = error * stats.t.ppf(0.975, 59)
    spread = np.hypot(error, float(found(-0.3)["chosen_r"].std()))
    low, high = intervals.r2_interval(found(-0.3), splits)
    drawn = np.random.default_rng(8).normal(half - 0.3, spread, 100_000)
    assert low == 0 and high == pytest.approx(np.square(np.maximum(drawn, 0)).mean(), rel=0.05)
    low, high = intervals.r2_interval(found(0.5 * half), splits)
    assert low == 0 and high >= (1.5 * half) ** 2 * 0.95
    assert intervals.r2_interval(found(2 * half), splits)[0] > 0


def test_the_interval_of_an_r2_reaches_up_as_far_as_layers_are_seen_to_differ_and_down_as_far_as_is_known():
    splits = folds(60, 2)
    moves = means_of_tests(0.5 + 0.3 * np.random.default_rng(9).standard_normal(60), splits)
    far = moves["value"] + xr.DataArray(np.full(len(draws(60)), 0.1), dims="draw")
    names = ["value", "without", "both"]
    both = [
        moves.rename({n: f"{kind}_{n}".removesuffix("_value") for n in names}) for kind in ("chosen_r", "chosen_r2")
    ]
    found, near = xr.merge(both), xr.zeros_like(far) + moves["value"]

    def ends(known: xr.DataArray, seen: xr.DataArray) -> tuple[float, float]:
        drawn = {f"{kind}_drawn": known for kind in ("chosen_r", "chosen_r2")}
        drawn |= {f"{kind}_drawn_as_seen": seen for kind in ("chosen_r", "chosen_r2")}
        return intervals.r2_interval(found.assign(drawn), splits)

    (low, high), (wide, narrow) = ends(near, far), ends(far, near)
    middle = float(moves["value"].mean())
    assert high - middle > 1.5 * (narrow - middle) and middle - wide > 1.5 * (middle - low)


def two(r: float, apart: float, splits: xr.DataArray) -> list[xr.Dataset]:
    """Two networks whose r moves with the sounds, and with noise of their own, and its square where it is above 0."""
    random, n_sounds = np.random.default_rng(10), splits.sizes[SOUND]
    shared = random.standard_normal(n_sounds)
    found = []
    for middle in (r + apart / 2, r - apart / 2):
        moves = means_of_tests(middle + 0.5 * shared + 0.5 * random.standard_normal(n_sounds), splits)
        squares = moves.clip(0).assign_coords(moves.coords) ** 2
        names = ["value", "without", "both"]
        both = {"chosen_r": moves, "chosen_r2": squares}
        parts = [one.rename({n: f"{kind}_{n}".removesuffix("_value") for n in names}) for kind, one in both.items()]
        found.append(xr.merge(parts))
    return found


@pytest.mark.parametrize("r", [-0.02, 0.0, 0.1, 0.6])
def test_the_error_of_a_difference_of_r2_is_that_of_r_times_how_steeply_the_mean_r2_of_both_rises(r):
    splits = folds(60, 2)
    one, other = two(r, 0.05, splits)
    found, back = intervals.r2_difference(one, other, splits), intervals.r2_difference(other, one, splits)
    assert found.value == pytest.approx(float((one["chosen_r2"] - other["chosen_r2"]).mean()))
    assert (back.value, back.error, back.df) == pytest.approx((-found.value, found.error, found.df))
    slopes = []
    for network in (one, other):
        known = over_sounds(statistic(network, "chosen_r"), splits)
        spread = np.hypot(known.error, float(network["chosen_r"].std()))
        drawn = known.value + spread * np.random.default_rng(11).standard_normal(200_000)
        slopes.append(2 * np.maximum(drawn, 0).mean())  # the derivative of the mean of max(r, 0)²
    error = over_sounds(statistic(one - other, "chosen_r"), splits).error
    assert found.error == pytest.approx(error * np.mean(slopes), rel=0.02)


def test_a_network_does_not_differ_from_itself():
    splits = folds(60, 2)
    one, _ = two(0.4, 0.0, splits)
    same = intervals.r2_difference(one, one, splits)
    assert same.value == 0 and same.error == 0 and same.p_differs() == 1


def test_p_values_are_those_of_the_interval():
    one = Estimate(0.3, 0.1, 20)
    low, high = one.interval()
    assert one.p_above(low) == pytest.approx(0.025) and one.p_below(high) == pytest.approx(0.025)
    half = one.interval()[1] - one.value
    assert Estimate(half, 0.1, 20).p_differs() == pytest.approx(0.05) == Estimate(-half, 0.1, 20).p_differs()
    assert Estimate(0.3).p_above(0) == 1 == Estimate(0.3).p_differs(), "without an error nothing is known"


def test_subjects_have_the_t_interval_and_those_without_a_value_are_left_out():
    values = xr.DataArray([[1.0, 2.0, 4.0, np.nan], [0.0, 1.0, 0.0, 3.0]], dims=("layer", SUBJECT))
    found = intervals.subject_interval(values)
    for row, own in zip(found.transpose("layer", "bound").values, ([1, 2, 4], [0, 1, 0, 3]), strict=True):
        expected = stats.t.interval(0.95, len(own) - 1, np.mean(own), stats.sem(own))
        assert row.tolist() == pytest.approx(list(expected))
    assert np.isnan(intervals.subject_interval(values[:, :2])).all()


@pytest.mark.parametrize("n_sounds", [3, 15, 80])
def test_the_jackknife_of_a_mean_is_its_standard_error(n_sounds):
    values = np.random.default_rng(n_sounds).standard_normal(n_sounds)
    found = intervals.of_matrices(lambda kept: float(values[kept].mean()), n_sounds)
    assert found.error == pytest.approx(values.std(ddof=1) / np.sqrt(n_sounds), rel=1e-12)
    assert found.df == n_sounds - 1


def test_holm_is_that_of_the_textbook_and_leaves_gaps():
    assert intervals.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    found = intervals.holm(np.array([0.02, np.nan, 0.9]))
    assert found[0] == pytest.approx(0.04) and np.isnan(found[1]) and found[2] == pytest.approx(0.9)
    assert intervals.holm(np.array([])).size == 0
