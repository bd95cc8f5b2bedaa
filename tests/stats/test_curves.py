"""Tidy tables of scores, the best layer (one rule), predictions and spectra are what they are called."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from helpers import encoding, stats
from helpers.chapters import components, extract
from helpers.plotting.references import NONE
from helpers.stats.layers import PUBLISHED, best_position


@pytest.fixture
def rows():
    """Two models, steps 0 and 400 (the second only 400), three layers, ten splits, two components."""
    random = np.random.default_rng(0)

    def one(model, step):
        coords = {"layer": [1, 2, 3], "split": np.arange(1, 11), "target": ["pitch", "music"]}
        coords |= {"model": model, "step": step, "note": ("layer", ["", "", "merged"])}
        return xr.Dataset({"r2_pearson": (("layer", "split", "target"), random.random((3, 10, 2)))}, coords)

    return stats.rows([one("a", 0), one("a", 400), one("b", 400)])


def test_curves_are_medians_and_quartiles_over_splits(rows):
    table = stats.curves(rows)
    assert len(table) == 3 * 3 * 2 and (table.n_splits == 10).all() and (table.metric == "r2_pearson").all()
    row = table[(table.model == "a") & (table.step == 400) & (table.layer == 2) & (table.target == "music")].iloc[0]
    own = rows[(rows.model == "a") & (rows.step == 400) & (rows.layer == 2) & (rows.target == "music")].r2_pearson
    np.testing.assert_allclose([row.q25, row.median_r2, row.q75], np.quantile(own, [0.25, 0.5, 0.75]))
    assert set(table.loc[table.layer == 3, "note"]) == {"merged"} and set(table.loc[table.layer < 3, "note"]) == {""}


def test_best_layers_are_the_highest_and_of_equals_the_shallowest(rows):
    table = stats.curves(rows).assign(median_r2=0.5)
    table.loc[(table.layer == 3) & (table.target == "pitch"), "median_r2"] = 0.6
    best = stats.best_rows(table, components.BEST, "median_r2")
    assert (best[best.target == "pitch"].layer == 3).all() and (best[best.target == "music"].layer == 1).all()
    assert len(best) == 3 * 2 and list(best) == list(table)


def test_what_no_layer_predicts_has_no_best_layer(rows):
    table = stats.curves(rows)
    table.loc[table.target == "pitch", ["median_r2", "q25", "q75"]] = 0.0
    best = stats.best_rows(table, components.BEST, "median_r2").set_index(components.BEST)
    nothing = best.xs("pitch", level="target")
    assert nothing.layer.isna().all() and (nothing.median_r2 == 0).all() and nothing.q75.isna().all()
    assert best.xs("music", level="target").layer.notna().all()
    said = components.sentences(best.reset_index(), NONE, 3).pieces
    assert "no layer of any network predicts it" in said["en"].lower() and "ninguna" in said["es"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 0.3, 0.2], 1),
        ([0.3, 0.3, 0.2], 0),
        ([0.0, 0.0, 0.0], np.nan),
        ([np.nan, np.nan, np.nan], np.nan),
        ([0.0, np.nan, 0.0], np.nan),
        ([np.nan, 0.2, 0.1], 1),
        ([-0.5, -0.1, -0.2], 1),
        ([0.2], 0),
        ([0.0], np.nan),
    ],
)
def test_one_rule_says_which_layer_is_best(values, expected):
    np.testing.assert_equal(best_position(np.array([values]))[0], expected)


def test_the_published_rule_draws_among_equals():
    tied = np.zeros((200, 4))
    assert set(best_position(tied, PUBLISHED)) == {0, 1, 2, 3}


def test_trained_rows_are_those_of_the_last_step(rows):
    table = stats.curves(rows)
    assert set(stats.trained(table).step) == {400} and set(stats.trained(table).model) == {"a", "b"}


def test_sentences_take_their_numbers_from_the_table(rows):
    best = stats.best_rows(stats.curves(rows), components.BEST, "median_r2")
    said = components.sentences(best, NONE, 3).pieces
    for target in ("pitch", "music"):
        own = stats.trained(best)
        top = own[own["target"] == target].nlargest(1, "median_r2").iloc[0]
        assert f"{top.median_r2:.2f}" in said["en"] and f"{top.median_r2:.2f}".replace(".", ",") in said["es"]
    assert "Altura tonal" in said["es"]


@pytest.mark.parametrize("role", ["baseline", "permuted", "untrained"])
def test_what_is_as_high_as_the_best_network_is_said_in_the_sentence_and_in_the_alternative_text(rows, role):
    curves = stats.curves(rows)
    best = stats.best_rows(curves, components.BEST, "median_r2")
    top = stats.trained(best).set_index("target")["median_r2"].groupby("target").max()
    others = pd.DataFrame({"role": role, "model": "other", "target": ["pitch", "music"], "layer": np.nan})
    others = others.assign(low=0.1, high=0.9, n_seeds=1, metric="r2_pearson")
    others = others.assign(median_r2=[round(top["pitch"], 2), top["music"] - 0.02])  # shown as the same number; lower
    as_high, lower = (f"{number:.2f}" for number in others["median_r2"])
    said = components.sentences(best, others, 3).pieces["en"]
    pitch, music = (next(part for part in said.split("<p>") if name in part) for name in ("Pitch", "Music"))
    assert f"reaches {as_high}: predicting it this well takes no trained network" in pitch
    assert f"The highest {'baseline' if role == 'baseline' else 'control'} reaches {lower}." in music
    assert "on the test sounds" in said and "over 3 layers" in said
    alt = components.figures.by_layer(curves, others, synthetic=False).layout.meta["alt"]["en"]
    assert f"reaches {as_high}: predicting" in alt and "of the networks’ layers the highest is" in alt
    alone = components.sentences(best, NONE, 3).pieces["en"]
    assert "highest control" not in alone and "reaches" not in alone


def test_spectra_peak_where_the_sound_is():
    tone = np.sin(2 * np.pi * 1000 / 24000 * np.arange(12000)).astype(np.float32)
    waveforms = xr.DataArray(
        np.stack([tone, tone]),
        {"sound": ["a", "b"], "category": ("sound", ["x", "y"]), "n_samples": ("sound", [12000, 6000])},
        ("sound", "sample"),
    )
    table = extract.spectra(waveforms)
    for _, own in table.groupby("category"):
        assert own.loc[own.level.idxmax(), "frequency_khz"] == pytest.approx(1, abs=0.05)
    assert table.groupby("category").size().tolist() == [251, 251]  # five of the 256 triangles hold no FFT bin


def test_predictions_are_of_sounds_that_were_not_trained_on():
    random = np.random.default_rng(0)
    names = [f"s{index}" for index in range(30)]
    x = xr.DataArray(random.standard_normal((30, 4)), {"sound": names, "layer": 1}, ("sound", "unit"))
    y = xr.DataArray(x.values[:, [0]] * 2 + 5, {"sound": names, "target": ["a"]}, ("sound", "target"))
    splits = encoding.SCHEMES["stratified"](names, ["x"] * 30, [], 0)
    found = encoding.predict(x, y, splits)
    assert (found.notnull().squeeze("target") == (splits == "test")).all()
    together = found.mean("split")
    np.testing.assert_allclose(together, y, atol=1e-6)
    shuffled = y.copy(data=random.permutation(y.values))
    assert abs(np.corrcoef(encoding.predict(x, shuffled, splits).mean("split")[:, 0], shuffled[:, 0])[0, 1]) < 0.6
