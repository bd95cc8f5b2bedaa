"""Simulated responses: what the layer predicts of the real ones, and as much noise as the real ones have for it."""

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Ridge

from helpers.encoding.simulate import simulated

NAMES = [f"s{index:02d}" for index in range(60)]


@pytest.fixture
def layers():
    random = np.random.default_rng(0)
    return [
        xr.DataArray(random.standard_normal((60, 10)), {"sound": NAMES}, ("sound", "unit")).assign_coords(
            model="net", layer=i
        )
        for i in (1, 2)
    ]


@pytest.fixture
def responses(layers):
    random = np.random.default_rng(1)
    values = layers[0].values @ random.standard_normal((10, 2)) + 2 * random.standard_normal((60, 2))
    return xr.DataArray(values, {"sound": NAMES, "target": ["a", "b"]}, ("sound", "target"))


def test_there_is_a_response_for_each_layer_target_and_draw(layers, responses):
    made = simulated(layers, responses, 0, 3)
    assert made.sizes == {"sound": 60, "target": 12} and made["true_model"].values.tolist() == ["net"] * 12
    assert made["true_layer"].values.tolist() == [1] * 6 + [2] * 6 and made["draw"].values.tolist()[:4] == [1, 1, 2, 2]
    assert len(set(made["target"].values)) == 12


def test_it_is_the_prediction_and_the_errors_of_leaving_out_one_in_another_order(layers, responses):
    """At the alpha that leave-one-out chooses among the product's, by scikit-learn fitted again for every sound."""
    made = simulated(layers[:1], responses.isel(target=[0]), 0, 1).values[:, 0]
    x, y = layers[0].values, responses.values[:, 0]

    def errors(alpha: float) -> np.ndarray:
        rest = [(np.delete(x, i, 0), np.delete(y, i)) for i in range(60)]
        return np.array([y[i] - Ridge(alpha).fit(*rest[i]).predict(x[[i]])[0] for i in range(60)])

    alpha = min(np.logspace(-2, 4, 7), key=lambda one: np.square(errors(one)).mean())
    added = made - Ridge(alpha).fit(x, y).predict(x)
    np.testing.assert_allclose(np.sort(added), np.sort(errors(alpha)), atol=1e-9)
    assert abs(np.corrcoef(added, errors(alpha))[0, 1]) < 0.4, "in another order"


def test_the_order_of_sounds_is_that_of_the_activations_and_a_seed_repeats_it(layers, responses):
    shuffled = responses.isel(sound=np.random.default_rng(2).permutation(60))
    assert simulated(layers, shuffled, 0, 1).identical(simulated(layers, responses, 0, 1))
    assert not np.allclose(simulated(layers, responses, 1, 1), simulated(layers, responses, 0, 1))
