"""Published tables, in the one layer numbering of this project; published results on the real voxels."""

import numpy as np
import pandas as pd
import pytest

from conftest import SHARED
from helpers.brain import published, regions
from helpers.brain.published import real_voxels
from helpers.errors import UserError


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


# Results on the real voxels

RESULTS = SHARED / "published" / "real_voxels"
needs_results = pytest.mark.skipif(not RESULTS.is_dir(), reason=f"no {RESULTS}")
N_LAYERS = {"cochresnet50": 8, "kell2018": 9, "spectemp_filters": 1}


@needs_results
def test_results_on_the_real_voxels_are_the_published_ones():
    theirs, listed = np.load(RESULTS / "median_r2_corrected.npz"), pd.read_csv(RESULTS / "voxels.csv")
    columns = {
        column.replace("|", "/"): values for column, values in zip(theirs["columns"], theirs["r2c"].T, strict=True)
    }
    positions = pd.read_csv(RESULTS / "summary.csv").set_index(["model", "layer"]).position
    seen = 0
    for network in real_voxels.networks():
        for layer in network.transpose("layer", "target"):
            stage = f"{network.model.item()}/{layer.stage.item()}"
            np.testing.assert_array_equal(layer.values.astype(np.float32), columns[stage])
            assert layer.layer.item() == positions[network.model.item(), layer.stage.item()]
            seen += 1
        assert network.sizes["layer"] == N_LAYERS[network.model.item().split("_l2_")[0]]
    assert seen == len(columns) == 52
    voxels = real_voxels.voxels()
    assert voxels.target.tolist() == listed.voxel_id.astype(str).tolist()
    assert voxels.subject.str.removeprefix("S").astype(int).tolist() == listed.subj_idx.tolist()
    for ours, name in (("hemisphere", "hemi"), ("x", "x_ras"), ("y", "y_ras")):
        assert voxels[ours].tolist() == listed[name].tolist()
    members = regions.members(voxels.functional, "functional")
    assert list(members) == ["tonotopic", "pitch", "music", "speech"]
    for name, inside in members.items():
        np.testing.assert_array_equal(inside, listed[name] == 1)


def test_another_file_of_results_is_refused(monkeypatch):
    monkeypatch.setattr(real_voxels, "sha256", lambda path: "0" * 64)
    with pytest.raises(
        UserError, match=r"voxels\.parquet: found SHA-256 0000.*, expected .*; install the package again"
    ):
        real_voxels.table.__wrapped__()


def test_a_voxel_may_be_in_several_functional_regions_and_in_one_anatomical():
    inside = regions.members(["music", "", "pitch/music", "other"], regions.FUNCTIONAL)
    assert {name: mask.tolist() for name, mask in inside.items()} == {
        "pitch": [False, False, True, False],
        "music": [True, False, True, False],
        "other": [False, False, False, True],
    }
    assert list(inside) == ["pitch", "music", "other"]
    assert list(regions.members(["b/c", "Lateral", "", "Primary"])) == ["Primary", "Lateral", "b/c"]
    table = pd.DataFrame({"speech": [True, False, True], "pitch": [True, False, False]})
    assert regions.joined(table) == ["pitch/speech", "", "speech"]
