"""Prediction within categories and of new ones: labels alone predict nothing there, what goes beyond them does."""

import numpy as np
import pytest
import xarray as xr

from helpers import encoding
from helpers.encoding import splits as splitting
from helpers.encoding.within import score_new_categories, score_within

NAMES = [f"s{index:03d}" for index in range(120)]
LABELS = np.repeat(list("abcdef"), 20)


@pytest.fixture
def study():
    """Targets: the label of a category, and a property that has nothing to do with them; a layer that has both."""
    random = np.random.default_rng(0)
    label, inner = (LABELS == "a").astype(float), random.standard_normal(120)
    one_hot = (LABELS[:, None] == np.unique(LABELS)).astype(float)
    noise = 0.1 * random.standard_normal((120, 2))
    layers = [np.hstack([one_hot, 0.01 * random.standard_normal((120, 2))]), np.hstack([one_hot, inner[:, None]])]
    features = [
        xr.DataArray(values, {"sound": NAMES}, ("sound", "unit")).assign_coords(layer=1 + i, model="net", step=0)
        for i, values in enumerate(layers)
    ]
    targets = {"sound": NAMES, "target": ["label", "inner"]}
    responses = xr.DataArray(np.stack([label, inner], 1) + noise, targets, ("sound", "target"))
    return features, responses, xr.DataArray(LABELS, {"sound": NAMES}, ("sound",))


def test_a_label_predicts_nothing_within_categories_and_what_is_beyond_it_as_much_as_before(study):
    features, responses, categories = study
    order = splitting.permuted(NAMES, 5)
    whole = encoding.score(features, responses, order)["r2_pearson"].median("split")
    within = score_within(features, responses, order, categories)["r2_pearson"].median("split")
    assert whole.sel(target="label", layer=1) > 0.8 > 0.1 > within.sel(target="label").max()
    assert within.sel(target="inner", layer=2) > 0.9 and whole.sel(target="inner", layer=2) > 0.9
    assert within.sel(target="inner", layer=1) < 0.1


def test_means_are_those_of_train_sounds_alone(study):
    """Changing what a test sound responds changes no mean, so no other sound's centred response."""
    features, responses, categories = study
    order = splitting.permuted(NAMES, 1)
    changed = responses.copy()
    test = np.flatnonzero(order[0].values == "test")[0]
    changed[test] += 100
    one, other = (score_within(features, own, order, categories) for own in (responses, changed))
    np.testing.assert_allclose(one["loo_error"], other["loo_error"])
    np.testing.assert_allclose(one["alpha"], other["alpha"])


def test_what_no_category_taught_is_not_predicted_of_a_new_one(study):
    features, responses, _ = study
    order = splitting.leave_category_out(NAMES, LABELS)
    found = score_new_categories(features, responses, order)
    assert found["r2_pearson"].sel(target="inner") > 0.9 and int(found["layer"].sel(target="inner")) == 2
    assert found["r2_pearson"].sel(target="label") < 0.2
