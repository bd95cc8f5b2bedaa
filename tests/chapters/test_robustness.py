"""Model recovery and the multiverse: tables of planted and of made-up numbers, figures, words."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from helpers.chapters.robustness import analysis, figures
from helpers.encoding import splits as splitting

NAMES = [f"s{index:02d}" for index in range(60)]
LOOK = {"synthetic": False}


def network(name: str, seed: int, n_layers: int = 2) -> list[xr.DataArray]:
    random = np.random.default_rng(seed)
    layers = [
        xr.DataArray(random.standard_normal((60, 5)), {"sound": NAMES}, ("sound", "unit")) for _ in range(n_layers)
    ]
    return [layer.assign_coords(model=name, layer=1 + i, step=0) for i, layer in enumerate(layers)]


@pytest.fixture
def rows():
    """Two unlike networks of two layers; real responses that both predict well, so that there is little noise."""
    networks = [network("one", 0), network("two", 1)]
    weights = np.random.default_rng(2).standard_normal((4, 5, 3))
    values = sum(layer.values @ own for layer, own in zip([*networks[0], *networks[1]], weights, strict=True))
    responses = xr.DataArray(values, {"sound": NAMES, "target": ["a", "b", "c"]}, ("sound", "target"))
    found = analysis.recover(networks, responses, splitting.permuted(NAMES, 4), 2, 0)
    return found.to_dataframe().reset_index(drop=True)


def test_what_is_unlike_is_recovered(rows):
    assert len(rows) == 2 * 2 * 3 * 2
    table = analysis.confusion(rows).set_index(["true_model", "model"])
    assert table.loc[("one", "one"), "picked_share"] > 0.8 and table.loc[("two", "two"), "picked_share"] > 0.8
    assert (table.groupby("true_model")["picked_share"].sum() == 1).all()
    assert (table["near_share"] == 1).all() and (table["layer_share"] > 0.8).all()
    right = rows[rows["model"] == rows["true_model"]]
    assert (right["r2"] == right["true_r2"]).all() and (rows["r2"] >= rows["true_r2"]).all()


def test_responses_of_nobody_are_given_to_anybody():
    """Two networks that are the same but for their names: neither can be told from the other."""
    networks = [network("one", 0), network("two", 0)]
    random = np.random.default_rng(3)
    responses = xr.DataArray(
        random.standard_normal((60, 3)), {"sound": NAMES, "target": list("abc")}, ("sound", "target")
    )
    found = analysis.recover(networks, responses, splitting.permuted(NAMES, 4), 1, 0).to_dataframe()
    assert (found["r2"] == found["true_r2"]).all(), "equal networks predict equally well"


def test_places_are_those_of_the_mean_over_targets_and_ties_share_one():
    keys = {"estimator": "ridge", "choice": "nested", "metric": "r2_pearson", "scheme": "published"}
    made = [
        ("one", "a", 0.6),
        ("one", "b", 0.2),
        ("two", "a", 0.3),
        ("two", "b", 0.5),
        ("three", "a", 0.1),
        ("three", "b", 0.1),
    ]
    values = pd.DataFrame([keys | {"model": model, "target": target, "r2": r2} for model, target, r2 in made])
    ranked = analysis.ranks(values).set_index("model")["rank"]
    assert ranked.to_dict() == {"one": 1, "two": 1, "three": 3}
    first = analysis.firsts(values).set_index("target")
    assert first["model"].to_dict() == {"a": "one", "b": "two"} and (first["n_universes"] == 1).all()


def test_what_is_found_is_drawn_and_said(rows):
    table = analysis.confusion(rows)
    drawn = figures.confusion(table, **LOOK)
    assert np.asarray(drawn.data[0].z).trace() == pytest.approx(
        table.query("true_model == model")["picked_share"].sum()
    )
    keys = [
        {"estimator": "ridge", "choice": choice, "metric": "r2_pearson", "scheme": "published"}
        for choice in ("nested", "highest")
    ]
    made = (("one", 0.6, 0.2), ("two", 0.3, 0.5))
    values = pd.DataFrame(
        [key | {"model": m, "target": "a", "r2": r2[i]} for i, key in enumerate(keys) for m, *r2 in made]
    )
    ranked = analysis.ranks(values)
    places = figures.ranks(ranked, **LOOK)
    assert np.sort(np.asarray(places.data[0].z), axis=0).tolist() == [[1, 1], [2, 2]]
    said = analysis.sentences(rows, ranked, {}).pieces
    assert "first of the networks in 1 of 2" in said["en"] and "24 respuestas" in said["es"]


def test_a_single_network_is_said_to_be_one(rows):
    nothing = rows.iloc[:0]
    assert figures.confusion(analysis.confusion(nothing), **LOOK) is None
    assert "single network" in analysis.sentences(nothing, pd.DataFrame(), {}).pieces["en"]


def test_beside_how_often_a_layer_is_found_stands_how_often_it_would_be_by_chance():
    made = [
        {"true_model": name, "true_layer": layer} for name, n in (("a", 4), ("b", 1), ("c", 1)) for layer in range(n)
    ]
    rows = pd.DataFrame(made).assign(own_layer=0, of="x", model=["a", "b", "b", "c", "b", "c"])
    ranked = pd.DataFrame([{**dict.fromkeys(analysis.UNIVERSE, "x"), "model": "a", "rank": 1}])
    said = analysis.sentences(rows, ranked, {}).pieces["en"]
    # by chance: of four layers each is one of 4, it or one beside it 2, 3, 3, 2 of 4; a single layer is always found
    assert "chosen for 50 % (by chance 50 %)" in said and "beside it for 67 % (by chance 75 %)" in said
    assert "heard" not in said
    unequal = analysis.sentences(rows, ranked, {"music": 35, "speech": 17}).pieces
    assert "those that test among them: Music network 35 and Speech network 17." in unequal["en"]
    assert "«Red de música», 35 y «Red de habla», 17." in unequal["es"]
    assert analysis.sentences(rows, ranked, {"music": 35, "speech": 35}).pieces["en"] == said
    assert "Of the 3 that are attributed to another network, 2 go to " in said
    assert (
        "another network" not in analysis.sentences(rows[rows["model"] == rows["true_model"]], ranked, {}).pieces["en"]
    )
