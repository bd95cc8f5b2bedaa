"""The voxel chapter's tables, from scores whose answer is planted."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from helpers.chapters.voxelwise import analysis, figures
from helpers.chapters.voxelwise import tables as voxels
from helpers.names import REGIONS
from helpers.plotting.references import NONE

N_LAYERS, N_SPLITS, PER_REGION = 5, 10, 6
PEAK = {"Primary": 2, "Anterior": 4, "Lateral": 4, "Posterior": 3}  # planted best layers


@pytest.fixture(scope="module")
def scores():
    """Eight subjects, two hemispheres, six voxels per region; each peaks at its region's planted layer."""
    places = [(f"S{s}", side, region) for s in range(1, 9) for side in ("lh", "rh") for region in REGIONS]
    places = [place for place in places for _ in range(PER_REGION)]
    generator = np.random.default_rng(0)
    peak = np.array([PEAK[region] for _, _, region in places])
    layer = np.arange(1, N_LAYERS + 1)
    r2 = 0.6 - 0.1 * np.abs(layer[:, None, None] - peak) + 0.01 * generator.standard_normal((5, N_SPLITS, len(peak)))
    names = [f"v{index}" for index in range(len(places))]
    data = {"r2_pearson": r2 * 0.8, "r2_corrected": r2, "reliability": np.full_like(r2, 0.7)}
    coords = {"layer": layer, "split": np.arange(1, 11), "target": names, "model": "planted"}
    subject, hemisphere, region = zip(*places, strict=True)
    numbers = np.arange(len(names), dtype=float)
    per_voxel = {"subject": subject, "hemisphere": hemisphere, "region": region, "x": numbers, "y": numbers}
    coords |= {name: ("target", np.array(values)) for name, values in per_voxel.items()}
    return xr.Dataset({name: (("layer", "split", "target"), values) for name, values in data.items()}, coords)


def test_best_layers_are_the_planted_ones(scores):
    table = voxels.by_voxel(scores, "r2_corrected")
    assert (table.best_layer == table.region.map(PEAK)).all() and (table.metric == "r2_corrected").all()
    np.testing.assert_allclose(table.best_r2, 0.6, atol=0.03)
    np.testing.assert_allclose(table.best_r2_pearson, 0.48, atol=0.03)
    np.testing.assert_allclose(table.ceiling, 0.7)
    assert len(table) == table.target.nunique() == 8 * 2 * 4 * PER_REGION


def test_layers_that_have_a_note_are_left_out(scores):
    notes = ("layer", ["", "", "", "", "merged"])
    last = scores.assign(r2_corrected=scores.r2_corrected + (scores.layer == 5)).assign_coords(note=notes)
    table = voxels.by_voxel(last, "r2_corrected")
    assert (table.best_layer == 5).all() and (table.best_layer_unmerged == table.region.map(PEAK)).all()


def test_a_voxel_that_no_layer_predicts_has_no_best_layer(scores):
    nothing = scores.copy(deep=True)
    for name in ("r2_pearson", "r2_corrected"):
        nothing[name].loc[{"target": ["v0", "v7"]}] = 0
    table = voxels.by_voxel(nothing, "r2_corrected").set_index("target")
    assert table.best_layer.isna().sum() == 2 and table.best_relative[["v0", "v7"]].isna().all()
    assert (table.best_r2[["v0", "v7"]] == 0).all() and (table.best_r2_pearson[["v0", "v7"]] == 0).all()
    assert voxels.depth(nothing, "r2_corrected").relative.notna().all(), "their subjects have other voxels"


def test_layers_of_voxels(scores):
    table = voxels.by_layer(scores, "r2_corrected")
    assert len(table) == 5 * scores.sizes["target"]
    one = table[(table.target == "v3") & (table.layer == 2)].iloc[0]
    assert one.r2 == scores.r2_corrected.sel(target="v3", layer=2).median()


def test_clipping_is_said(scores):
    table = voxels.pooled(scores.assign(r2_corrected=scores.r2_corrected + 0.5), "r2_corrected")
    assert table.n_clipped.iloc[0] > 100 and table.q75.max() <= 1


def test_regions_by_hemisphere(scores):
    table = voxels.regions(scores, "r2_corrected")
    assert set(table.region) == {"all", *REGIONS} and set(table.hemisphere) == {"both", "lh", "rh"}
    primary = table[(table.region == "Primary") & (table.hemisphere == "both")].set_index("layer")
    assert primary.mean_r2.idxmax() == 2 and (primary.n_subjects == 8).all() and (primary.n_voxels == 96).all()
    assert ((table.low <= table.mean_r2) & (table.mean_r2 <= table.high)).all() and (table.error < 0.01).all()


def test_hierarchy_is_found_and_its_absence_too(scores):
    found = voxels.hierarchy(voxels.depth(scores, "r2_corrected")).set_index("region")
    assert found.difference["Anterior"] == pytest.approx(0.5) and found.p_value["others"] < 0.01
    assert found.low["Anterior"] > 0 and found.n_subjects["Posterior"] == 8
    flat = voxels.depth(scores, "r2_corrected").assign(relative=0.5)
    none = voxels.hierarchy(flat)
    assert (none.difference == 0).all() and none.p_value.isna().all()


def test_models_side_by_side(scores):
    worse = scores.assign(r2_corrected=scores.r2_corrected - 0.1).assign_coords(model="worse")
    table = voxels.models([scores, worse], "r2_corrected").set_index("model")
    assert table.mean_r2["planted"] - table.mean_r2["worse"] == pytest.approx(0.1, abs=1e-9)
    assert (table.error < 0.01).all() and (table.low <= table.mean_r2).all() and (table.high >= table.mean_r2).all()
    assert voxels.models([scores], "r2_corrected").error.isna().all()


def test_models_that_end_at_other_steps_stand_side_by_side(scores):
    early, late = (scores.assign_coords(model=name, step=step) for name, step in (("early", 100), ("late", 300)))
    assert voxels.models([early, late], "r2_corrected")["model"].tolist() == ["early", "late"]


def test_summary_counts(scores):
    test = xr.Dataset({name: ("target", np.linspace(0, 1, scores.sizes["target"])) for name in ("p_value", "q_value")})
    row = voxels.summary(voxels.by_voxel(scores, "r2_corrected", test.assign_coords(target=scores.target))).iloc[0]
    assert row.n_voxels == 384 and row.share_above_ceiling == 0
    assert row.share_significant == pytest.approx(0.05, abs=0.01) and row.median_ceiling == pytest.approx(0.7)


def test_voxels_without_places_or_repetitions_have_what_can_be_said(scores):
    bare = voxels.located(scores[["r2_pearson"]].drop_vars(["subject", "hemisphere", "region", "x", "y"]))
    assert (voxels.by_voxel(bare, "r2_pearson").metric == "r2_pearson").all()
    table = voxels.pooled(bare, "r2_pearson")
    assert len(table) == 5 and table.median_r2.max() > 0.3


def test_the_best_network_is_held_against_baselines_and_controls(scores):
    pooled = voxels.pooled(scores, "r2_corrected")
    assert analysis.beside(pooled, NONE) is None
    top = pooled["median_r2"].max()
    row = {"role": "baseline", "model": "labels", "layer": np.nan, "target": "voxels", "low": 0.0, "high": 1.0}
    row |= {"n_seeds": 1, "metric": "r2_corrected"}
    for value, said in ((top + 0.1, "the baseline labels reaches"), (top - 0.1, "The highest baseline reaches")):
        references = pd.DataFrame([row | {"median_r2": value}])
        assert said in analysis.beside(pooled, references).pieces["en"]
        figure = figures.pooled(pooled, voxels.ceilings(voxels.by_voxel(scores, "r2_corrected")), None, references,
                                synthetic=False)  # fmt: skip
        assert said in figure.layout.meta["alt"]["en"]


@pytest.mark.parametrize(
    ("n", "english", "spanish"),
    [
        (200, "the smallest possible p is 0.0050; if fewer than 10 % of all voxels are above chance", "menos del 10 %"),
        (60, "fewer than 33 %", "es 0,0164; si los vóxeles"),
        (19, "with which no voxel can be called above chance", "hacen falta más"),
    ],
)
def test_the_page_says_what_so_many_permutations_cannot_find(n, english, spanish):
    study = SimpleNamespace(parameters=SimpleNamespace(permutations=n))
    said = analysis.attainable(study).pieces
    assert english in said["en"] and spanish in said["es"]
