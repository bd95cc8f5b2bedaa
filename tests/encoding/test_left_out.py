"""Scores without each sound: equal to fitting again at the same alpha, whatever part the sound plays."""

import numpy as np
import pytest
import xarray as xr

from helpers import encoding
from helpers.encoding import splits as splitting
from helpers.encoding.left_out import GROUP, without_each_sound
from helpers.errors import UserError
from helpers.names import LAYER, SOUND, SPLIT, TARGET

N_SOUNDS = 24
NAMES = [f"s{index:02d}" for index in range(N_SOUNDS)]


def study(seed=0, n_layers=3, n_targets=4, n_units=9, repetitions=0):
    random = np.random.default_rng(seed)
    layers = [
        xr.DataArray(random.standard_normal((N_SOUNDS, n_units)), {SOUND: NAMES}, (SOUND, "unit")).assign_coords(
            layer=1 + i
        )
        for i in range(n_layers)
    ]
    y = layers[1].values @ random.standard_normal((n_units, n_targets))
    y = y[..., None] + 3 * random.standard_normal((*y.shape, max(repetitions, 1)))
    names = [f"t{index}" for index in range(n_targets)]
    responses = xr.DataArray(y, {SOUND: NAMES, TARGET: names}, (SOUND, TARGET, "repetition"))
    responses = responses if repetitions else responses.isel(repetition=0)
    splits = splitting.permuted(NAMES, 3)
    splits[1, :2] = splitting.UNUSED
    return layers, responses, splits


def brute(x, y, train, test, alpha) -> float:
    """Return the correlation after fitting again: centred ridge by its normal equations."""
    mean_x, mean_y = x[train].mean(0), y[train].mean()
    centred = x[train] - mean_x
    weights = np.linalg.solve(centred.T @ centred + alpha * np.eye(x.shape[1]), centred.T @ (y[train] - mean_y))
    predicted = (x[test] - mean_x) @ weights
    return np.corrcoef(predicted, y[test])[0, 1]


def test_it_equals_fitting_again_without_the_sound():
    layers, responses, splits = study()
    scores = encoding.score(layers, responses, splits, alphas=np.logspace(-2, 3, 11))
    found = without_each_sound(layers, responses, splits, scores)
    np.testing.assert_allclose(found["r2"].transpose(LAYER, SPLIT, GROUP), scores["r2_pearson"], atol=1e-12)
    for i, layer in enumerate(layers):
        for j in range(3):
            for k, target in enumerate(responses[TARGET].values):
                own = responses.sel({TARGET: target}).values
                alpha = scores["alpha"].values[i, j, k]
                train, test = (np.flatnonzero(splits[j].values == part) for part in ("train", "test"))
                for sound in range(N_SOUNDS):
                    kept = (part[part != sound] for part in (train, test))
                    expected = brute(layer.values, own, *kept, alpha)
                    assert found["r_without"].values[i, j, k, sound] == pytest.approx(expected, abs=1e-9)
                    assert found["r2_without"].values[i, j, k, sound] == pytest.approx(max(expected, 0) ** 2, abs=1e-9)


def test_the_chosen_layer_is_the_one_with_the_smallest_error_of_the_train_sounds_that_are_there():
    layers, responses, splits = study(seed=1, n_targets=30)
    scores = encoding.score(layers, responses, splits)
    found = without_each_sound(layers, responses, splits, scores)
    at, changed = scores["loo_error"].argmin(LAYER).values, 0
    for j in range(3):
        train = np.flatnonzero(splits[j].values == "train")
        for k in range(30):
            assert found["chosen_r2"].values[j, k] == found["r2"].values[at[j, k], j, k]
            errors = np.array(
                [loo(layer, responses, splits[j], k, scores["alpha"].values[i, j, k]) for i, layer in enumerate(layers)]
            )
            for sound in range(N_SOUNDS):
                i = at[j, k]
                if sound in train:
                    i = np.delete(errors, np.flatnonzero(train == sound)[0], axis=1).sum(1).argmin()
                changed += i != at[j, k]
                assert found["chosen_r_without"].values[j, k, sound] == found["r_without"].values[i, j, k, sound]
    assert changed > 5, "near ties are decided by single sounds"


def loo(layer, responses, split, target: int, alpha: float) -> np.ndarray:
    """Return squared leave-one-out errors (n_train,) by fitting again without each train sound."""
    x, y, train = layer.values, responses.values[:, target], np.flatnonzero(split.values == "train")
    found = []
    for sound in train:
        rest = train[train != sound]
        centre, mean = x[rest].mean(0), y[rest].mean()
        gram = (x[rest] - centre).T @ (x[rest] - centre) + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, (x[rest] - centre).T @ (y[rest] - mean))
        found.append((y[sound] - mean - (x[sound] - centre) @ weights) ** 2)
    return np.array(found)


def test_groups_have_the_median_of_their_targets_and_targets_of_no_group_are_left_out():
    layers, responses, splits = study()
    scores = encoding.score(layers, responses, splits)
    each = without_each_sound(layers, responses, splits, scores)
    both = without_each_sound(layers, responses, splits, scores, groups=["a", "", "a", "a"])
    assert both[GROUP].values.tolist() == ["a"]
    for name in ("r", "r2_without", "chosen_r2"):
        own = each[name].sel({GROUP: ["t0", "t2", "t3"]}).median(GROUP)
        np.testing.assert_allclose(both[name].sel({GROUP: "a"}), own)


def test_reliabilities_divide_r2_and_are_taken_as_given():
    layers, responses, splits = study(repetitions=3)
    scores = encoding.score(layers, responses, splits)
    plain = without_each_sound(layers, responses, splits, scores)
    found = without_each_sound(layers, responses, splits, scores, metric="r2_corrected")
    np.testing.assert_allclose(found["r2"], scores["r2_corrected"])
    ceiling = (scores["reliability"] * scores["reliability_prediction"]).rename({TARGET: GROUP})
    np.testing.assert_allclose(found["r2_without"], plain["r2_without"] / ceiling)


@pytest.mark.parametrize("constant", ["responses", "activations"])
def test_what_predicts_nothing_has_0_without_any_sound_too(constant):
    layers, responses, splits = study()
    if constant == "responses":
        responses[:] = -2.7
    else:
        layers = [layer * 0 - 2.7 for layer in layers]
    scores = encoding.score(layers, responses, splits)
    found = without_each_sound(layers, responses, splits, scores)
    assert (found["r_without"] == 0).all() and (found["chosen_r2"] == 0).all()


def test_scores_of_something_else_are_refused():
    layers, responses, splits = study()
    scores = encoding.score(layers, responses, splits)
    with pytest.raises(UserError, match="not of these layers"):
        without_each_sound(layers, responses, splits, scores.isel({TARGET: [0]}))
    with pytest.raises(UserError, match="another estimator"):
        without_each_sound(
            layers, responses, splits, encoding.score(layers, responses, splits, estimator="ridge_kfold")
        )
