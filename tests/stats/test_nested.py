"""The layer chosen on the train sounds, and what stands beside a network."""

import numpy as np
import pytest
import xarray as xr

from helpers import encoding, stats
from helpers.encoding import splits

N_SOUNDS = 40
SOUNDS = [f"s{index}" for index in range(N_SOUNDS)]


def layer(values, number):
    return xr.DataArray(np.asarray(values), {"sound": SOUNDS, "layer": number}, ("sound", "unit"))


@pytest.fixture(scope="module")
def study():
    """Three layers, of which the second predicts `one`, the third `two`, and none `noise`; published splits."""
    random = np.random.default_rng(0)
    layers = [random.standard_normal((N_SOUNDS, width)) for width in (5, 3, 4)]
    one, two = layers[1] @ random.standard_normal(3), layers[2] @ random.standard_normal(4)
    noisy = np.stack([one, two], 1) + 0.3 * random.standard_normal((N_SOUNDS, 2))
    responses = np.column_stack([noisy, np.full(N_SOUNDS, 2.0)])
    coords = {"sound": SOUNDS, "target": ["one", "two", "constant"]}
    features = [layer(values, number) for number, values in enumerate(layers, start=1)]
    return features, xr.DataArray(responses, coords, ("sound", "target")), splits.permuted(SOUNDS, 6)


def scored(study, **coords):
    features, responses, order = study
    return encoding.score([one.assign_coords(coords) for one in features], responses, order)


def test_leave_one_out_errors_are_those_of_refitting_without_each_sound(study):
    features, responses, order = study
    scores = scored(study)
    train = splits.rows(order[0], splits.TRAIN)
    x, y = features[1].values[train], responses.values[train, 0]
    alpha = float(scores["alpha"].isel(layer=1, split=0, target=0))
    errors = []
    for out in range(len(train)):
        kept = np.arange(len(train)) != out
        mean = x[kept].mean(0)
        gram = (x[kept] - mean).T @ (x[kept] - mean) + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, (x[kept] - mean).T @ (y[kept] - y[kept].mean()))
        errors.append(y[out] - y[kept].mean() - (x[out] - mean) @ weights)
    found = float(scores["loo_error"].isel(layer=1, split=0, target=0))
    np.testing.assert_allclose(found, np.mean(np.square(errors)), rtol=1e-9)


def test_the_layer_is_chosen_on_the_train_sounds_alone(study):
    scores = scored(study)
    found = stats.nested_best(scores, "r2_pearson")
    assert (found["chosen"].sel(target="one") == 2).all() and (found["chosen"].sel(target="two") == 3).all()
    features, responses, order = study
    changed = responses.copy()
    for split in order:  # what is measured for test sounds cannot change the choice
        test = splits.rows(split, splits.TEST)
        changed = responses.copy()
        changed.values[test] = np.random.default_rng(1).standard_normal((len(test), 3))
        again = stats.nested_best(encoding.score(features, changed, order), "r2_pearson")
        own = {"split": split["split"].item()}
        assert (
            again["chosen"]
            .sel(own, drop=True)
            .sel(target=["one", "two"])
            .equals(found["chosen"].sel(own, drop=True).sel(target=["one", "two"]))
        )


def test_values_are_those_of_the_chosen_layer(study):
    scores = scored(study)
    found = stats.nested_best(scores, "r2_pearson")
    for split in range(6):
        expected = scores["r2_pearson"].sel(layer=2, target="one").isel(split=split)
        assert float(found["value"].sel(target="one").isel(split=split)) == float(expected)


def test_what_no_layer_predicts_has_no_layer(study):
    found = stats.nested_best(scored(study), "r2_pearson").sel(target="constant")
    assert found["chosen"].isnull().all() and (found["value"] == 0).all()


def test_units_of_the_responses_change_nothing(study):
    features, responses, order = study
    found = [
        stats.nested_best(encoding.score(features, scale * responses + shift, order), "r2_pearson")["chosen"]
        for scale, shift in ((1.0, 0.0), (1e6, 0.0), (1e-6, 5e-6), (1.0, 1e4))
    ]
    assert all(found[0].sel(target=["one", "two"]).equals(one.sel(target=["one", "two"])) for one in found[1:])


def test_references_are_baselines_at_their_nested_layer_and_controls_by_layer(study):
    baseline = scored(study, model="labels", step=1)
    controls = [scored(study, model="net", step=9, state="permuted", seed=seed) for seed in (0, 1)]
    controls[1] = controls[1].assign(r2_pearson=controls[1]["r2_pearson"] / 2)
    table = stats.references([baseline, *controls], "r2_pearson")
    own = table[table["role"] == "baseline"].set_index("target")
    value = stats.nested_best(baseline, "r2_pearson")["value"].median("split")
    assert own["layer"].isna().all() and own["median_r2"]["one"] == pytest.approx(float(value.sel(target="one")))
    band = table[(table["role"] == "permuted") & (table["target"] == "one")].set_index("layer")
    assert band.index.tolist() == [1, 2, 3] and (band["n_seeds"] == 2).all()
    np.testing.assert_allclose(band["low"], band["high"] / 2)
    np.testing.assert_allclose(band["median_r2"], 0.75 * band["high"])


def test_without_references_the_table_is_empty():
    table = stats.references([], "r2_pearson")
    assert table.empty and "median_r2" in table
