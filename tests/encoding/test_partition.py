"""Unique variance: known shares are found, one space is plain ridge, parts add up, nothing leaks from test sounds."""

import numpy as np
import pytest
import xarray as xr

from helpers.encoding import splits
from helpers.encoding.partition import gammas, partition
from helpers.encoding.ridge import RidgeLOO
from helpers.errors import UserError

N_SOUNDS = 120
NAMES = [f"s{index}" for index in range(N_SOUNDS)]


def space(values: np.ndarray, layer: int = 1) -> xr.DataArray:
    return xr.DataArray(values, {"sound": NAMES, "layer": layer}, ("sound", "unit"))


@pytest.fixture(scope="module")
def study():
    """A network of two layers and two other spaces; targets made from known spaces with little noise."""
    random = np.random.default_rng(0)
    first, second, acoustics, labels = (random.standard_normal((N_SOUNDS, n)) for n in (6, 5, 7, 4))
    of = {name: values @ random.standard_normal(values.shape[1]) for name, values in (
        ("first", first), ("second", second), ("acoustics", acoustics), ("labels", labels),
    )}  # fmt: skip
    of = {name: values / values.std() for name, values in of.items()}
    noise = 0.1 * random.standard_normal((5, N_SOUNDS))
    targets = {
        "network": of["second"], "acoustics": of["acoustics"], "half": of["first"] + of["acoustics"],
        "all": of["second"] + of["acoustics"] + of["labels"], "noise": 10 * noise[4],
    }  # fmt: skip
    responses = np.stack(list(targets.values()), 1) + noise.T
    coords = {"sound": NAMES, "target": list(targets)}
    measured = xr.DataArray(responses, coords, ("sound", "target"))
    others = {"acoustics": space(acoustics), "labels": space(labels)}
    return [space(first, 1), space(second, 2)], others, measured, splits.permuted(NAMES, 4)


@pytest.fixture(scope="module")
def found(study):
    return partition(*study)


def test_known_shares_are_found(found):
    unique = found["unique"].median("split").to_pandas()
    assert unique.loc["network", "network"] > 0.9 and abs(unique.loc["acoustics", "network"]) < 0.05
    assert unique.loc["acoustics", "acoustics"] > 0.9 and abs(unique.loc["network", "acoustics"]) < 0.05
    half = unique["half"]
    assert half["network"] == pytest.approx(0.5, abs=0.12) and half["acoustics"] == pytest.approx(0.5, abs=0.12)
    assert (unique["all"] > 0.2).all() and (unique["noise"].abs() < 0.1).all()
    share = found["share"].median("split").to_pandas()
    assert share["half"]["network"] == pytest.approx(0.5, abs=0.12) and abs(share["half"]["labels"]) < 0.05


def test_the_layer_is_chosen_for_each_target(found):
    assert (found["layer"].sel(target=["network", "all"]) == 2).all() and (found["layer"].sel(target="half") == 1).all()


def test_parts_add_up_to_the_joint_r2(found):
    whole = found["r2"].sel(spaces="network+acoustics+labels")
    np.testing.assert_allclose(found["share"].sum("space"), whole, atol=1e-6)


def test_one_space_is_plain_ridge_of_the_scaled_space(study, found):
    features, others, responses, order = study
    for name, layers in (("acoustics", [others["acoustics"]]), ("network", features)):
        for split in range(order.sizes["split"]):
            train, test = (splits.rows(order[split], part) for part in (splits.TRAIN, splits.TEST))
            for column, target in enumerate(responses["target"].values.tolist()):
                x = layers[int(found["layer"][split, column]) - 1 if name == "network" else 0].values
                x = x / np.sqrt(np.square(x[train] - x[train].mean(0)).sum() / len(train))
                y = responses.values[:, column]
                predicted = RidgeLOO(x[train], x[test]).fit(y[train, None]).test[:, 0].numpy()
                truth = y[test] - y[test].mean()
                r2 = 1 - np.square(truth - predicted).sum() / np.square(truth).sum()
                assert float(found["r2"].sel(spaces=name, target=target)[split]) == pytest.approx(r2, abs=1e-9)


def test_two_spaces_equal_a_written_out_search(study):
    features, others, responses, order = study
    only = {"acoustics": others["acoustics"]}
    found = partition(features[:1], only, responses[:, [2]], order[:1], alphas=[0.1, 1.0, 10.0, 100.0])
    train, test = (splits.rows(order[0], part) for part in (splits.TRAIN, splits.TEST))
    y = responses.values[:, 2]
    x = []
    for one in (features[0].values, others["acoustics"].values):
        mean = one[train].mean(0)
        scale = np.sqrt(np.square(one[train] - mean).sum() / len(train))
        x.append((one - mean) / scale)
    best = (np.inf, None)
    for gamma in gammas(2):
        joint = np.concatenate([np.sqrt(weight) * part for weight, part in zip(gamma, x, strict=True)], 1)
        for alpha in (0.1, 1.0, 10.0, 100.0):
            own = joint[train]
            hat = own @ np.linalg.solve(own.T @ own + alpha * np.eye(own.shape[1]), own.T) + 1 / len(train)
            errors = (y[train] - hat @ y[train]) / (1 - np.diag(hat))
            if np.square(errors).mean() < best[0] - 1e-12:
                weights = np.linalg.solve(
                    own.T @ own + alpha * np.eye(own.shape[1]), own.T @ (y[train] - y[train].mean())
                )
                best = (np.square(errors).mean(), joint[test] @ weights)
    truth = y[test] - y[test].mean()
    r2 = 1 - np.square(truth - best[1]).sum() / np.square(truth).sum()
    assert float(found["r2"].sel(spaces="network+acoustics")[0, 0]) == pytest.approx(r2, abs=1e-6)


def test_test_sounds_take_no_part_in_any_choice(study, found):
    features, others, responses, order = study
    changed = responses.copy()
    test = splits.rows(order[0], splits.TEST)
    changed.values[test] = np.random.default_rng(1).standard_normal((len(test), responses.sizes["target"]))
    again = partition(features, others, changed, order[:1])
    assert np.array_equal(again["layer"][0], found["layer"][0])


def test_units_of_spaces_and_responses_change_nothing(study, found):
    features, others, responses, order = study
    scaled = {name: 1e6 * values + 3 for name, values in others.items()}
    again = partition([1e-6 * layer for layer in features], scaled, -1e3 * responses + 7, order)
    np.testing.assert_allclose(again["unique"], found["unique"], atol=1e-5)


def test_gammas_are_weights_that_sum_to_one_each_once():
    for n in (2, 3):
        grid = gammas(n)
        np.testing.assert_allclose(grid.sum(1), 1)
        assert len(np.unique(grid.round(9), axis=0)) == len(grid)
        assert {tuple(row) for row in np.eye(n)} <= {tuple(row) for row in grid}


def test_constant_responses_have_no_r2_and_three_others_are_refused(study):
    features, others, responses, order = study
    constant = xr.full_like(responses, 0.1)
    assert partition(features, others, constant, order[:1])["r2"].isnull().all()
    with pytest.raises(UserError, match="spaces: found a, b, c, expected one or two"):
        partition(features, dict.fromkeys("abc", others["labels"]), responses, order)
    with pytest.raises(UserError, match="none called 'network'"):
        partition(features, {"network": others["labels"]}, responses, order)
