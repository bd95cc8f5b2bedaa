"""Aggregation over splits, voxels, subjects and layers against the published code's numbers."""

import numpy as np
import pytest
import xarray as xr

from helpers.stats import layers as layers_of
from helpers.stats.layers import PUBLISHED, best_layer, independent_choice
from helpers.stats.subjects import by_subject, over_splits, within_subject_error

EXACT = {"rtol": 0, "atol": 1e-12}


def labelled(values, layers, subject, region):
    """values (n_targets, n_splits, n_layers)."""
    return xr.DataArray(
        values,
        dims=("target", "split", "layer"),
        coords={"layer": np.arange(1, layers + 1), "subject": ("target", subject), "region": ("target", region)},
    )


@pytest.fixture(params=["synthetic", "A", "B"])
def published(request, golden):
    """(per-split scores, expected aggregates, sounding the published names)."""
    if request.param == "synthetic":
        expected = golden("regression/aggregation_synthetic")
        scores = labelled(expected["values"], 5, expected["subj_idx"], expected["roi"])
        return scores, lambda name: expected[name]
    voxels, expected = golden("regression/voxels"), golden("regression/aggregation_real")
    layers = expected[f"{request.param}_layers"]
    values = np.stack([golden(f"regression/voxels_{layer}")["r2_test_c"] for layer in layers], axis=-1)
    scores = labelled(values, len(layers), voxels["subject"], voxels["roi"])
    return scores, lambda name: expected[name if name == "roi_cols" else f"{request.param}_{name}"]


def test_subject_medians_and_their_errors(published):
    scores, expected = published
    medians = over_splits(scores)
    np.testing.assert_allclose(medians.T, expected("vox_by_layer"), **EXACT)
    pivot = by_subject(medians)
    np.testing.assert_allclose(pivot.transpose("subject", "layer"), expected("pivot"), **EXACT)
    np.testing.assert_allclose(within_subject_error(pivot, "layer"), expected("pivot_yerr"), **EXACT)


def test_regions(published):
    scores, expected = published
    for region in expected("roi_cols"):
        pivot = by_subject(over_splits(scores.sel(target=scores.region == region)))
        np.testing.assert_allclose(pivot.transpose("subject", "layer"), expected(f"pivot_{region}"), **EXACT)
        np.testing.assert_allclose(within_subject_error(pivot, "layer"), expected(f"pivot_yerr_{region}"), **EXACT)


def test_best_layers_and_ties(published):
    scores, expected = published
    best = best_layer(over_splits(scores), PUBLISHED)
    np.testing.assert_array_equal(best.best_layer, expected("argmax_pos"))
    np.testing.assert_allclose(best.best_relative, expected("argmax_rel_pos"), **EXACT)
    np.testing.assert_allclose(best.best_value, expected("argmax_val"), **EXACT)
    np.testing.assert_array_equal(best.best_n_tied, expected("tie_nums"))
    np.testing.assert_array_equal(best.best_n_tied > 0, expected("tie_bool"))
    for ours, theirs in [("value", "median_r2"), ("layer", "pos"), ("relative", "rel_pos")]:
        np.testing.assert_allclose(by_subject(best[f"best_{ours}"]), expected(f"voxelwise_best_{theirs}"), **EXACT)


def test_relative_depth_of_regions(published):
    scores, expected = published
    best = best_layer(over_splits(scores), PUBLISHED).best_relative
    depth = xr.concat([by_subject(best.sel(target=best.region == r)) for r in expected("roi_cols")], "region")
    np.testing.assert_allclose(depth.transpose("subject", "region"), expected("roi_rel_pos"), **EXACT)
    np.testing.assert_allclose(within_subject_error(depth, "region"), expected("roi_rel_pos_yerr"), **EXACT)


def test_layers_chosen_on_one_half_and_read_on_the_other(published):
    scores, expected = published
    choice = independent_choice(scores)
    values = by_subject(choice.best_value).transpose("subject", "iteration")
    positions = by_subject(choice.best_layer).transpose("subject", "iteration")
    np.testing.assert_allclose(values, expected("cvnit_per_iteration"), **EXACT)
    np.testing.assert_allclose(positions, expected("cvnit_pos_per_iteration"), **EXACT)
    np.testing.assert_allclose(values.mean("iteration"), expected("cvnit_mean"), **EXACT)
    np.testing.assert_allclose(values.std("iteration", ddof=1), expected("cvnit_std"), **EXACT)
    np.testing.assert_allclose(
        by_subject(choice.best_relative).mean("iteration"), expected("cvnit_rel_pos_mean"), **EXACT
    )


@pytest.mark.parametrize("model", ["A", "B"])
def test_components(golden, model):
    expected = golden("regression/aggregation_real")
    layers = expected[f"{model}_layers"]
    values = np.stack([golden(f"regression/components_{layer}")["r2_test"] for layer in layers], axis=-1)
    names = [f"c{index}" for index in range(6)]
    scores = labelled(values, len(layers), names, names)
    medians = over_splits(scores, clip=False)
    np.testing.assert_allclose(medians.T, expected[f"{model}_comp_across_layers"], **EXACT)
    errors = scores.std("split") / 3
    np.testing.assert_allclose(errors, expected[f"{model}_comp_across_layers_sem"], **EXACT)
    choice = independent_choice(scores, clip=False)
    np.testing.assert_allclose(choice.best_value.T, expected[f"{model}_comp_cvnit_per_iteration"], **EXACT)
    np.testing.assert_allclose(choice.best_layer.T, expected[f"{model}_comp_cvnit_pos_per_iteration"], **EXACT)


def test_models_side_by_side(golden):
    expected, voxels = golden("regression/aggregation_real"), golden("regression/voxels")
    values = []
    for model in "ABS":
        layers = expected[f"{model}_layers"]
        stacked = np.stack([golden(f"regression/voxels_{layer}")["r2_test_c"] for layer in layers], axis=-1)
        scores = labelled(stacked, len(layers), voxels["subject"], voxels["roi"])
        values.append(by_subject(independent_choice(scores).best_value).mean("iteration"))
    models = xr.concat(values, "model")
    np.testing.assert_allclose(models.mean("subject"), expected["across_models_mean"], **EXACT)
    np.testing.assert_allclose(within_subject_error(models, "model"), expected["across_models_yerr"], **EXACT)


def test_clipping_is_counted():
    scores = labelled(np.array([[[1.5, 0.2]], [[0.5, 0.2]]]), 2, ["a", "a"], ["", ""])
    medians = over_splits(scores)
    assert medians.attrs["n_clipped"] == 1 and medians.max() == 1


def test_missing_voxels_stay_missing():
    scores = labelled(np.array([[[np.nan, np.nan]], [[0.5, 0.2]]]), 2, ["a", "a"], ["", ""])
    best = best_layer(over_splits(scores))
    assert np.isnan(best.best_layer[0]) and best.best_layer[1] == 1
    assert by_subject(best.best_value).item() == 0.5


def test_every_half_has_half_of_the_splits():
    halves = layers_of._halves(2, 3, 10, 0)
    assert (halves.sum(-1) == 5).all() and len(np.unique(halves.reshape(6, 10), axis=0)) > 1


def test_a_missing_split_costs_a_target_only_what_is_missing():
    """A constant prediction has no correlation, so one split of a target may be missing, or all of them."""
    values = np.random.default_rng(0).uniform(size=(3, 4, 10))
    values[:, 1, 2] = np.nan
    values[:, 3] = np.nan
    r = xr.DataArray(values, dims=("layer", "target", "split"), coords={"layer": [1, 2, 3], "target": list("abcd")})
    found = independent_choice(r)
    assert found["best_value"].sel(target=["a", "b", "c"]).notnull().all()
    for name in ("best_layer", "best_value", "best_relative"):
        assert found[name].sel(target="d").isnull().all()
