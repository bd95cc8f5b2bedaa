"""Published tables, in the one layer numbering of this project."""

import pandas as pd
import pytest

from conftest import SHARED
from helpers.brain import published


@pytest.mark.parametrize(
    "name", ["voxelwise_by_layer", "roi_by_layer", "learning_dynamics", "ridge_vs_lasso", "components_by_layer"]
)
def test_layers_are_one_based(name):
    assert sorted(published.table(name).layer.unique()) == list(range(1, 11))


@pytest.mark.parametrize(
    "name",
    [
        "voxelwise_by_layer",
        "roi_by_layer",
        "models",
        "learning_dynamics",
        "cka",
        "ridge_vs_lasso",
        "components_by_layer",
        "components_audioset_extra",
    ],
)
def test_values_are_the_digitised_ones(name):
    ours, theirs = published.table(name), pd.read_csv(SHARED / "published" / f"{name}.csv")
    pd.testing.assert_frame_equal(
        ours.drop(columns="layer", errors="ignore"), theirs.drop(columns="layer", errors="ignore")
    )


def test_an_unknown_table_is_an_error():
    with pytest.raises(FileNotFoundError):
        published.table("nothing")
