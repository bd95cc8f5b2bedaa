"""Leads of the best network: equal networks are not told apart, a planted one is, baselines are rivals too."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from helpers.chapters.comparison import figures, leads
from helpers.encoding import splits as splitting

NAMES = [f"s{index:03d}" for index in range(100)]
LOOK = {"synthetic": False}


class Kept:
    """A study with what the leads ask of it: networks, a baseline, controls, splits."""

    def __init__(self, networks: dict, baselines: dict):
        self.encoding = {"estimator": "ridge", "alphas": None}
        self.splits = splitting.permuted(NAMES, 5)
        self._networks = [self._layers(values, name) for name, values in networks.items()]
        self._beside = [self._layers(values, name) for name, values in baselines.items()]
        control = [layer.assign_coords(state="permuted", seed=0) for layer in self._networks[0]]
        self._beside.append(control)

    def _layers(self, values: np.ndarray, name: str) -> list[xr.DataArray]:
        return [xr.DataArray(values, {"sound": NAMES}, ("sound", "unit")).assign_coords(layer=1, model=name, step=0)]

    def keep(self, function, /, **arguments):
        return function(**arguments)

    def last_checkpoints(self):
        return iter(self._networks)

    def references(self, kinds):
        return (one for one in self._beside if ("state" in one[0].coords) == ("controls" in kinds))


@pytest.fixture
def made():
    random = np.random.default_rng(0)
    latent = random.standard_normal((100, 6))
    noisy = {"good": 0.3, "as_good": 0.3, "poor": 3.0}
    networks = {name: latent + noise * random.standard_normal((100, 6)) for name, noise in noisy.items()}
    weights = random.standard_normal((6, 2))
    noise = 0.8 * random.standard_normal((100, 2))
    responses = xr.DataArray(latent @ weights + noise, {"sound": NAMES, "target": ["a", "b"]}, ("sound", "target"))
    study = Kept(networks, {"nothing": random.standard_normal((100, 3))})
    return study, {"components": responses}


def test_the_good_one_is_ahead_of_the_poor_one_and_of_nothing_but_not_of_its_equal(made):
    table = leads.leads(*made)
    assert set(table["rival"]) <= {"good", "as_good", "poor", "nothing"} and len(table) == 6, "controls are no rivals"
    for _, own in table.groupby("target"):
        by = own.set_index("rival")
        equal = next(name for name in ("good", "as_good") if name in by.index)
        assert (by.loc[["poor", "nothing"], "p_adjusted"] < 0.01).all() and (
            by.loc[["poor", "nothing"], "low"] > 0
        ).all()
        assert by.loc[equal, "p_adjusted"] > 0.05 and by.loc[equal, "low"] < 0 < by.loc[equal, "high"]
    assert table.set_index("rival").loc["nothing", "role"].unique().tolist() == ["baseline"]


def test_it_is_said_and_drawn_in_both_languages(made):
    table = leads.leads(*made)
    said = leads.said(table, made[1]).pieces
    assert "ahead of 2 of 3 rivals beyond chance; not of" in said["en"] and "supera a 2 de 3 rivales" in said["es"]
    figure = figures.leads(table, **LOOK)
    filled = [trace for trace in figure.data if trace.marker.symbol == "circle"]
    assert sum(len(trace.x) for trace in filled) == 4
    alone = table[table["rival"] == "nothing"]
    assert "its only rival beyond chance" in leads.said(alone, made[1]).pieces["en"]


def test_a_single_network_without_baselines_and_sets_that_are_too_large_have_no_leads(made, monkeypatch):
    study, responses = made
    nothing = pd.DataFrame(columns=["target"])
    assert figures.leads(nothing, **LOOK) is None and "neither" in leads.said(nothing, responses).pieces["en"]
    monkeypatch.setattr(leads, "MOST_TARGETS", 1)
    table = leads.leads(study, responses)
    assert table.empty and "at most 1" in leads.said(table, responses).pieces["en"]


def test_the_best_network_is_compared_with_the_highest_of_its_own_controls(made):
    study, responses = made
    networks = [(layers[0]["model"].item(), layers) for layers in study.last_checkpoints()]
    controls = [
        [layer.assign_coords(state=state, seed=seed) for layer in _noisy(layers, noise)]
        for _, layers in networks
        for state, seed, noise in (("untrained", 0, 30.0), ("permuted", 1, 100.0), ("matched", 0, 0.0))
    ]
    study._beside = controls
    values = pd.DataFrame(
        {
            "target": str(target),
            "model": one[0]["model"].item(),
            "role": one[0]["state"].item(),
            "seed": int(one[0]["seed"]),
        }
        | {"r2": {"untrained": 0.2, "permuted": 0.1, "matched": 0.8}[one[0]["state"].item()]}
        for one in controls
        for target in responses["components"]["target"].values
    )
    table = leads.over_controls(study, responses, values)
    assert table["role"].tolist() == ["untrained", "matched"] * 2, "of those that learned nothing the highest"
    assert set(table["model"]) <= {"good", "as_good"}
    untrained, matched = table[table["role"] == "untrained"], table[table["role"] == "matched"]
    assert (untrained["p"] < 0.01).all() and (untrained["low"] > 0).all()
    np.testing.assert_allclose(untrained["r2"] - untrained["control_r2"], untrained["difference"], atol=1e-9)
    np.testing.assert_allclose(matched["difference"], 0, atol=1e-9)  # the same activations
    assert leads.over_controls(study, responses, values.iloc[:0]).empty


def _noisy(layers, scale):
    random = np.random.default_rng(1)
    return [layer + scale * random.standard_normal(layer.shape) for layer in layers]
