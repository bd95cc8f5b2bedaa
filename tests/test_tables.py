"""Tidy frames equal what they are said to be."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from helpers import tables
from helpers.text import labellers


@pytest.fixture
def rows():
    """Two models, steps 0 and 400 (the second only 400), three layers, ten splits, two components."""
    random = np.random.default_rng(0)

    def one(model, steps):
        shape = (len(steps), 3, 10, 2)
        coords = {
            "step": steps,
            "layer": [1, 2, 3],
            "split": np.arange(1, 11),
            "target": ["pitch", "music"],
            "model": model,
        }
        return tables.tidy(
            xr.Dataset({"r2_pearson": (("step", "layer", "split", "target"), random.random(shape))}, coords)
        )

    return pd.concat([one("a", [0, 400]), one("b", [400])], ignore_index=True)


def test_curves_are_medians_and_quartiles_over_splits(rows):
    table = tables.curves(rows)
    assert len(table) == 3 * 3 * 2 and (table.n_splits == 10).all() and (table.metric == "r2_pearson").all()
    row = table[(table.model == "a") & (table.step == 400) & (table.layer == 2) & (table.target == "music")].iloc[0]
    own = rows[(rows.model == "a") & (rows.step == 400) & (rows.layer == 2) & (rows.target == "music")].r2_pearson
    np.testing.assert_allclose([row.q25, row.median_r2, row.q75], np.quantile(own, [0.25, 0.5, 0.75]))


def test_best_layers_are_the_highest_and_of_equals_the_first(rows):
    table = tables.curves(rows).assign(median_r2=0.5)
    table.loc[(table.layer == 3) & (table.target == "pitch"), "median_r2"] = 0.6
    best = tables.best_layers(table)
    assert (best[best.target == "pitch"].layer == 3).all() and (best[best.target == "music"].layer == 1).all()
    assert len(best) == 3 * 2


def test_trained_and_untrained_rows(rows):
    table = tables.curves(rows)
    assert set(tables.trained(table).step) == {400} and set(tables.trained(table).model) == {"a", "b"}
    assert set(tables.untrained(table).model) == {"a"}


def test_sentences_take_their_numbers_from_the_table(rows):
    best = tables.best_layers(tables.curves(rows))
    (key, values), _ = tables.component_sentences(best)
    top = tables.trained(best).query("target == 'pitch'").nlargest(1, "median_r2").iloc[0]
    assert values["r2"] == top.median_r2 and values["layer"] == top.layer
    assert (key == "say.best") == (top.model == "a")
    assert values["component"](labellers()["es"]) == "Altura tonal"


def test_spectra_peak_where_the_sound_is():
    tone = np.sin(2 * np.pi * 1000 / 24000 * np.arange(12000)).astype(np.float32)
    waveforms = xr.DataArray(
        np.stack([tone, tone]),
        {"sound": ["a", "b"], "category": ("sound", ["x", "y"]), "n_samples": ("sound", [12000, 6000])},
        ("sound", "sample"),
    )
    table = tables.spectra(waveforms)
    for _, rows in table.groupby("category"):
        assert rows.loc[rows.level.idxmax(), "frequency_khz"] == pytest.approx(1, abs=0.05)
    assert table.groupby("category").size().tolist() == [251, 251]  # five of the 256 triangles hold no FFT bin


def test_predictions_are_of_sounds_that_were_not_trained_on():
    random = np.random.default_rng(0)
    names = [f"s{index}" for index in range(30)]
    x = xr.DataArray(random.standard_normal((30, 4)), {"sound": names}, ("sound", "unit"))
    y = xr.DataArray(x.values[:, 0] * 2 + 5, {"sound": names}, ("sound",))
    train = xr.DataArray(random.random((6, 30)) < 0.5, {"sound": names}, ("split", "sound"))
    found = tables.predicted(x, y, train)
    assert (found["n_splits"] == (~train).sum("split").values).all()
    assert found["measured"].std(ddof=0) == pytest.approx(1)
    tested = found[found["n_splits"] > 0]
    np.testing.assert_allclose(tested["predicted"], tested["measured"], atol=1e-6)
    assert found.loc[found["n_splits"] == 0, "predicted"].isna().all()
    shuffled = y.copy(data=random.permutation(y.values))
    assert abs(tables.predicted(x, shuffled, train)[["measured", "predicted"]].corr().iloc[0, 1]) < 0.6
