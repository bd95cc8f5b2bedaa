"""Scores without each sound: equal to fitting again at the same alpha, whatever part the sound plays."""

import numpy as np
import pytest
import torch
import xarray as xr

from helpers import encoding
from helpers.encoding import left_out
from helpers.encoding import splits as splitting
from helpers.encoding.downdate import Downdate
from helpers.encoding.left_out import GROUP, without_each_sound
from helpers.encoding.score import prepared
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


def test_it_equals_fitting_again_without_the_sounds():
    """Of every layer, without each sound and without both of every pair, whatever parts they play."""
    layers, responses, splits = study()
    scores = encoding.score(layers, responses, splits, alphas=np.logspace(-2, 3, 11))
    found = without_each_sound(layers, responses, splits, scores)
    np.testing.assert_allclose(found["r2"].transpose(LAYER, SPLIT, GROUP), scores["r2_pearson"], atol=1e-12)
    both = [
        (NAMES.index(a), NAMES.index(b)) for a, b in zip(found["first"].values, found["second"].values, strict=True)
    ]
    assert len(set(map(frozenset, both))) == 2 * N_SOUNDS and np.bincount(np.ravel(both)).tolist() == [4] * N_SOUNDS
    roles = set()
    for i, layer in enumerate(layers):
        for j in range(3):
            train, test = (np.flatnonzero(splits[j].values == part) for part in ("train", "test"))
            for k, target in enumerate(responses[TARGET].values):
                own, alpha = responses.sel({TARGET: target}).values, scores["alpha"].values[i, j, k]

                def r2(left_out, layer=layer, own=own, alpha=alpha, train=train, test=test):
                    kept = (np.setdiff1d(part, left_out) for part in (train, test))
                    return max(brute(layer.values, own, *kept, alpha), 0) ** 2

                without, pairs = (found[name].values[i, j, k] for name in ("r2_without", "r2_both"))
                assert without == pytest.approx([r2([sound]) for sound in range(N_SOUNDS)], abs=1e-9)
                assert pairs == pytest.approx([r2(pair) for pair in both], abs=1e-9)
            roles |= {tuple(sorted(splits[j].values[list(pair)])) for pair in both}
    assert len(roles) == 5, "both train, both test, one of each, and one that is in neither part with each"


def test_the_chosen_layer_stays_that_of_all_sounds():
    layers, responses, splits = study(seed=1, n_targets=30)
    scores = encoding.score(layers, responses, splits)
    found = without_each_sound(layers, responses, splits, scores)
    at = scores["loo_error"].argmin(LAYER).rename({TARGET: GROUP})
    for name in ("r2", "r2_without", "r2_both"):
        xr.testing.assert_equal(found[f"chosen_{name}"], found[name].isel({LAYER: at}).drop_vars(LAYER))


def test_the_criterion_without_a_sound_is_that_of_fitting_again():
    layers, responses, splits = study()
    split, own, alpha = splits[0], responses.values[:, :2], 3.0
    train, test, ridge = prepared(layers[0], split, alphas=[1.0])
    known, measured = (torch.as_tensor(own[part]) for part in (train, test))
    whole, without = Downdate(ridge, torch.tensor(alpha, dtype=torch.float64), known, measured).criterion()
    for k in range(2):
        assert whole[k].item() == pytest.approx(loo(layers[0].values, own[:, k], train, alpha).mean())
        for i, sound in enumerate(train):
            rest = train[train != sound]
            expected = loo(layers[0].values, own[:, k], rest, alpha).mean()
            assert without[i, k].item() == pytest.approx(expected)


def loo(x: np.ndarray, y: np.ndarray, train: np.ndarray, alpha: float) -> np.ndarray:
    """Return squared leave-one-out errors (n_train,) by fitting again without each train sound."""
    found = []
    for sound in train:
        rest = train[train != sound]
        centre, mean = x[rest].mean(0), y[rest].mean()
        gram = (x[rest] - centre).T @ (x[rest] - centre) + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, (x[rest] - centre).T @ (y[rest] - mean))
        found.append((y[sound] - mean - (x[sound] - centre) @ weights) ** 2)
    return np.array(found)


def test_draws_choose_another_layer_only_where_the_choice_is_close():
    layers, responses, splits = study(seed=1, n_targets=30)
    noise = np.random.default_rng(0).standard_normal(layers[0].shape)
    first = layers[1].assign_coords(layer=1)
    far = [first, first.copy(data=noise).assign_coords(layer=2)]  # one that predicts, one that does not
    scores = encoding.score(far, responses, splits)
    ahead = without_each_sound(far, responses, splits, scores).pipe(
        lambda one: one["chosen_r2_drawn"] - one["chosen_r2"]
    )
    assert (ahead == 0).mean() > 0.8
    same = [first, first.assign_coords(layer=2)]
    found = without_each_sound(same, responses, splits, encoding.score(same, responses, splits))
    np.testing.assert_allclose(found["chosen_r2_drawn"] - found["chosen_r2"], 0, atol=1e-12)
    near = [first.copy(data=first + 0.3 * (1 + i) * noise).assign_coords(layer=1 + i) for i in range(3)]
    scores = encoding.score(near, responses, splits)
    found = without_each_sound(near, responses, splits, scores)
    changed = (found["chosen_r2_drawn"] != found["chosen_r2"]).mean()
    assert 0.02 < changed < 0.9, "near ties are decided by which sounds there are"
    for name in ("chosen_r", "chosen_r2"):
        known, seen = (encoding.statistic(found, name, as_seen) for as_seen in (False, True))
        ahead, apart = (abs(one["drawn"] - one["value"]) for one in (known, seen))
        assert (ahead <= apart + 1e-12).all() and (ahead < apart - 1e-4).any(), "chance between layers is taken off"
        assert known.drop_vars("drawn").identical(seen.drop_vars("drawn"))


def test_groups_have_the_median_of_their_targets_and_targets_of_no_group_are_left_out():
    layers, responses, splits = study()
    scores = encoding.score(layers, responses, splits)
    each = without_each_sound(layers, responses, splits, scores)
    both = without_each_sound(layers, responses, splits, scores, groups=["a", "", "a", "a"])
    assert both[GROUP].values.tolist() == ["a"]
    own = each.sel({GROUP: ["t0", "t2", "t3"]})
    for name in ("r2", "chosen_r", "chosen_r2"):
        median = own[name].median(GROUP)
        np.testing.assert_allclose(both[name].sel({GROUP: "a"}), median)
        for without in (f"{name}_without", f"{name}_both"):
            moves, moved = own[without] - own[name], both[without].sel({GROUP: "a"}) - median
            assert (moves.min(GROUP) - 1e-12 <= moved).all() and (moved <= moves.max(GROUP) + 1e-12).all()


def test_of_equal_targets_the_group_is_each_of_them():
    layers, responses, splits = study(n_targets=1)
    same = xr.concat([responses.assign_coords({TARGET: [name]}) for name in "abc"], TARGET)
    scores = encoding.score(layers, same, splits)
    each = without_each_sound(layers, same, splits, scores).isel({GROUP: 0})
    together = without_each_sound(layers, same, splits, scores, groups=["x"] * 3).isel({GROUP: 0})
    xr.testing.assert_allclose(together.drop_vars(GROUP), each.drop_vars(GROUP))


@pytest.mark.parametrize("spread", [0.0, 2.0, 30.0])  # of all targets, in errors of one times the root of their number
@pytest.mark.parametrize("n_targets", [2, 8, 24, 81])
def test_sounds_left_out_move_a_median_as_much_as_other_sounds_would(n_targets, spread):
    """Targets lie apart, and each sound moves all alike and each by itself, half of them twice as much."""
    random, n_sounds = np.random.default_rng(0), 60
    places = spread * np.linspace(-0.5, 0.5, n_targets) * np.sqrt(n_targets / n_sounds)
    scale = np.where(np.arange(n_targets) % 2, 1.0, 2.0)
    medians, variances = [], []
    for _ in range(300):
        moves = 0.1 * random.standard_normal((n_sounds, 1)) + scale * random.standard_normal((n_sounds, n_targets))
        without = (moves.sum(0) - moves) / (n_sounds - 1)
        values = places + np.concatenate([moves.mean(0)[None], without])
        group = [np.arange(n_targets)]
        found = left_out._medians(values, group, left_out._shares(values, group, n_sounds))[:, 0]
        medians.append(found[0])
        variances.append(np.square(found[1:] - found[1:].mean()).sum() * (n_sounds - 1) / n_sounds)
    assert 0.8 < np.mean(variances) / np.var(medians) < 1.4


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
    assert all((found[name] == 0).all() for name in found)


def test_scores_of_something_else_are_refused():
    layers, responses, splits = study()
    scores = encoding.score(layers, responses, splits)
    with pytest.raises(UserError, match="not of these layers"):
        without_each_sound(layers, responses, splits, scores.isel({TARGET: [0]}))
    with pytest.raises(UserError, match="another estimator"):
        without_each_sound(
            layers, responses, splits, encoding.score(layers, responses, splits, estimator="ridge_kfold")
        )
