"""What holds for every statistic: units, offsets and the order of what is aligned by name change nothing.

And what is constant, or constant up to rounding, is predicted by nothing and resembles nothing: 0 or missing, never a
number that rounding made.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import xarray as xr

from helpers import encoding
from helpers.encoding import metrics, noise, partition, splits
from helpers.stats import intervals, rsa, similarity

N_SOUNDS, N_UNITS, N_TARGETS = 40, 6, 5
NAMES = [f"s{index}" for index in range(N_SOUNDS)]
SPLITS = splits.permuted(NAMES, 3)
ALPHAS = np.logspace(-3, 3, 7)

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of features (sound, unit), responses (sound, target)


def layers(x: np.ndarray, sounds=NAMES) -> list[xr.DataArray]:
    return [xr.DataArray(x * np.exp2(n), {"sound": sounds, "layer": n + 1}, ("sound", "unit")) for n in range(2)]


def responses(y: np.ndarray, sounds=NAMES) -> xr.DataArray:
    return xr.DataArray(y, {"sound": sounds, "target": [f"t{n}" for n in range(y.shape[1])]}, ("sound", "target"))


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.as_tensor(one, dtype=torch.float64) for one in arrays]


def repeated(y: np.ndarray) -> xr.DataArray:
    """Three repetitions, whose noise is in the units of the responses."""
    error = np.random.default_rng(8).standard_normal((*y.shape, 3)) * y.std(0)[:, None]
    return responses(y).expand_dims(repetition=3, axis=-1) + xr.DataArray(error, dims=("sound", "target", "repetition"))


def of_estimator(estimator: str, metric: str = "r2_pearson") -> Statistic:
    def of(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return encoding.score(layers(x), responses(y), SPLITS, estimator=estimator)[metric].values

    return of


def corrected(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return encoding.score(layers(x), repeated(y), SPLITS)["r2_corrected"].values


def chance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    found = encoding.score(layers(x), responses(y), SPLITS)
    test = encoding.permutation_test(layers(x), responses(y), SPLITS, found, seed=0, n_permutations=20)
    return test["statistic"].values


def parts(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    other = xr.DataArray(np.arange(float(N_SOUNDS))[:, None] ** 2, {"sound": NAMES}, ("sound", "unit"))
    return partition.partition(layers(x), {"acoustics": other}, responses(y), SPLITS)["r2"].values


def matrices(measure: str) -> Statistic:
    return lambda x, y: rsa.score(layers(x), responses(y), SPLITS, measure=measure)["test"].values


def reliable(_x: np.ndarray, y: np.ndarray) -> np.ndarray:
    repetitions = tensors(*np.moveaxis(repeated(y).values, 2, 0))
    return noise.reliability(repetitions, ignore_nan=True).numpy()


def jackknifed(_x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The error of a mean in units of that of the first target."""
    errors = [intervals.of_matrices(lambda kept, of=of: float(of[kept].mean()), N_SOUNDS).error for of in y.T]
    return np.array(errors) / errors[0]


# All that is a number without a unit: of features and of responses
STATISTICS: dict[str, Statistic] = {
    **{f"r2_{name}": of_estimator(name) for name in encoding.ESTIMATORS},
    "r2_determination": of_estimator("ridge", "r2_determination"),
    "r2_pearson_train": of_estimator("ridge", "r2_pearson_train"),
    "r2_corrected": corrected,
    "permutation": chance,
    "partition": parts,
    "similarity of ranks": matrices(rsa.SPEARMAN),
    "similarity of matrices": matrices(rsa.PEARSON),
    "reliability": reliable,
    "jackknife": jackknifed,
    "pearson": lambda x, y: metrics.pearson(*tensors(x[:, :N_TARGETS], y)).numpy(),
    "cka": lambda x, y: np.array([similarity.cka(x, y), similarity.cka(x, y, debiased=True)]),
    "cka of many": lambda x, y: np.array(similarity.cka(np.tile(x, 10), np.tile(y, 10))),
    "participation ratio": lambda _x, y: np.array(similarity.participation_ratio(y)),
}
OF_FEATURES = [name for name in STATISTICS if name not in ("reliability", "jackknife", "participation ratio")]


def data() -> tuple[np.ndarray, np.ndarray]:
    """Features, and responses to which they predict something."""
    random = np.random.default_rng(18)
    x = random.standard_normal((N_SOUNDS, N_UNITS))
    return x, x[:, :N_TARGETS] + random.standard_normal((N_SOUNDS, N_TARGETS))


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize(("scale", "shift"), [(1e-25, 0.0), (1e20, 0.0), (1.0, 1e6), (7.0, -3.0)])
def test_units_and_offsets_of_responses_change_nothing(name, scale, shift):
    if "lasso" in name and scale == 7:
        scale = 10.0  # a lasso's penalty is in the units of the responses, and its published alphas are decades of them
    x, y = data()
    np.testing.assert_allclose(STATISTICS[name](x, y * scale + shift), STATISTICS[name](x, y), atol=2e-5)


@pytest.mark.parametrize("name", OF_FEATURES)
@pytest.mark.parametrize("shift", [1e4, -0.1])
def test_offsets_of_features_change_nothing(name, shift):
    x, y = data()
    np.testing.assert_allclose(STATISTICS[name](x + shift, y), STATISTICS[name](x, y), atol=2e-5)


@pytest.mark.parametrize("name", [name for name in OF_FEATURES if "cka" in name or "similarity" in name])
@pytest.mark.parametrize("scale", [1e-100, 1e-25, 1e100])
def test_units_of_features_change_no_similarity(name, scale):
    x, y = data()
    np.testing.assert_allclose(STATISTICS[name](x * scale, y), STATISTICS[name](x, y), atol=1e-9)


@pytest.mark.parametrize("name", STATISTICS)
def test_numbers_of_32_bits_are_as_good(name):
    x, y = (one.astype(np.float32) for one in data())
    exact = STATISTICS[name](x.astype(float), y.astype(float))
    np.testing.assert_allclose(STATISTICS[name](x, y), exact, atol=2e-5)


@pytest.mark.parametrize("estimator", encoding.ESTIMATORS)
def test_the_order_of_sounds_is_that_of_their_names(estimator):
    """Features and responses in any order; that of the splits makes the folds."""
    x, y = data()
    one, other = (np.random.default_rng(seed).permutation(N_SOUNDS) for seed in (1, 2))
    names = np.array(NAMES)
    mixed = layers(x[one], names[one]), responses(y[other], names[other])
    plain = layers(x), responses(y)
    found, expected = (encoding.score(*pair, SPLITS, estimator=estimator)["r2_pearson"] for pair in (mixed, plain))
    np.testing.assert_array_equal(found, expected)
    found, expected = (rsa.score(*pair, SPLITS)["test"] for pair in (mixed, plain))
    np.testing.assert_array_equal(found, expected)
    found, expected = (encoding.score(*pair, SPLITS.isel(sound=one))["r2_pearson"] for pair in (mixed, plain))
    np.testing.assert_array_equal(found, expected)


# The noise, or the unit, of the others is that of a position
@pytest.mark.parametrize("name", [one for one in STATISTICS if one not in ("reliability", "r2_corrected", "jackknife")])
def test_the_order_of_units_and_targets_changes_nothing_but_theirs(name):
    x, y = data()
    order = np.random.default_rng(3).permutation(N_TARGETS)
    units = np.r_[order, np.arange(N_TARGETS, N_UNITS)] if name == "pearson" else np.arange(N_UNITS)[::-1]
    found, expected = STATISTICS[name](x[:, units], y[:, order]), STATISTICS[name](x, y)
    by_target = expected.ndim and expected.shape[-1] == N_TARGETS
    np.testing.assert_allclose(found, expected[..., order] if by_target else expected, atol=2e-5)


CONSTANTS = [0.0, 0.1, -2.7, 1 / 3, 1e-30, 1e30]


@pytest.mark.parametrize("name", [name for name in STATISTICS if name != "jackknife"])
@pytest.mark.parametrize("value", CONSTANTS)
@pytest.mark.parametrize("rounding", [0.0, 1e-16])
def test_what_is_constant_resembles_nothing_and_is_predicted_by_nothing(name, value, rounding):
    x, _ = data()
    y = np.full((N_SOUNDS, N_TARGETS), value) * (1 + rounding * np.arange(N_SOUNDS)[:, None])
    found = STATISTICS[name](x, y)
    if name == "reliability":  # that which cannot be told from chance
        assert (found == noise.critical_correlation(N_SOUNDS)).all()
    else:
        assert (np.isnan(found) | (found == 0)).all() or name == "partition"
    if name == "partition":  # what only acoustics, or only a network, predicts is as little
        assert np.isnan(found).all()


@pytest.mark.parametrize("name", OF_FEATURES)
@pytest.mark.parametrize("value", CONSTANTS)
def test_constant_features_predict_nothing(name, value):
    _, y = data()
    if name == "partition":
        pytest.skip("acoustics predict something without them")
    found = STATISTICS[name](np.full((N_SOUNDS, N_UNITS), value), y)
    if name == "r2_determination":
        assert (found <= 0).all()  # the mean of the train sounds
    else:
        assert (np.isnan(found) | (found == 0)).all()
