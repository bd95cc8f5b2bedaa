"""A study's work is computed once, kept, and computed again exactly where something changed."""

import numpy as np
import pandas as pd
import pytest

from helpers import models, pipeline
from helpers.names import UserError
from helpers.params import Study
from helpers.pipeline import Work, components, listening, voxelwise
from helpers.pipeline.work import encoder_layers


@pytest.fixture
def study(tmp_path):
    small = models.FAMILIES["mini"].example(tmp_path)
    entries = [
        {"name": "mixture", "family": "mini", **small},
        {"name": "music", "family": "mini", **small, "categories": ["Music", "Song"]},
    ]
    return {"name": "small", "dataset": "demo", "models": entries, "permutations": 5}


@pytest.fixture
def work(small_brain, study, tmp_path):
    return lambda **changes: Work(Study.model_validate({**study, **changes}), tmp_path)


@pytest.fixture
def calls(monkeypatch):
    """Names of the expensive things that were really done."""
    done = []

    def counted(module, name):
        original = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, **k: (done.append(name), original(*a, **k))[1])

    counted(pipeline.work, "score_layers")
    counted(models.mini, "pretrain")
    counted(models.AudioModel, "activations")
    counted(pipeline.voxelwise, "permutation_test")
    return done


def everything(work):
    components.best(work), voxelwise.best(work), listening.dimensions(work)


def test_a_second_run_computes_nothing(work, calls):
    everything(work())
    assert {"score_layers", "pretrain", "activations", "permutation_test"} == set(calls)
    calls.clear()
    everything(work())
    assert calls == []


def test_a_change_recomputes_what_depends_on_it_and_nothing_else(work, calls):
    everything(work())
    calls.clear()
    everything(work(permutations=6))
    assert set(calls) == {"permutation_test"}
    calls.clear()
    everything(work(permutations=6, extraction={"last_layer": "left"}))
    assert {"score_layers"} <= set(calls) and "pretrain" not in calls
    calls.clear()
    everything(work(permutations=6, seed=1))
    assert {"pretrain", "activations", "score_layers"} <= set(calls)


def test_a_damaged_result_is_made_again(work, calls, capsys):
    components.best(one := work())
    expected = components.scores(one)
    path = next((one.folder / "scores").rglob("*.nc"))
    path.write_bytes(path.read_bytes()[:200])
    calls.clear()
    pd.testing.assert_frame_equal(components.scores(work()), expected)
    assert calls == ["score_layers"] and "damaged" in capsys.readouterr().out


def test_tables_are_written_as_they_are_returned(work):
    one = work()
    for function, name in [
        (components.scores, "component_scores"),
        (components.best, "component_best"),
        (voxelwise.pooled, "voxel_pooled"),
    ]:
        table = function(one)
        stored = pd.read_parquet(one.folder / "tables" / f"{name}.parquet")
        pd.testing.assert_frame_equal(stored, table, check_dtype=False)


def test_scores_carry_model_step_layer_split_and_component(work):
    rows = components.scores(work())
    assert set(rows.model) == {"mixture", "music"} and set(rows.step) == {0, 2, 4} and set(rows.layer) == {1, 2}
    assert len(rows) == 2 * 3 * 2 * 10 * 6 and rows.r2_pearson.between(0, 1).all()


def test_all_voxel_tables_can_be_made(work):
    one = work()
    for function in (voxelwise.layers, voxelwise.best, voxelwise.pooled, voxelwise.regions, voxelwise.depth):
        assert set(function(one).model) == {"mixture", "music"}
    assert len(voxelwise.models(one)) == 2 and len(voxelwise.summary(one)) == 2 and len(voxelwise.hierarchy(one)) > 2


def test_the_last_layer_is_merged_only_where_asked(work):
    activations = work().activations("mixture")
    merged, left = (encoder_layers(activations, last) for last in ("merged", "left"))
    assert merged.dims == left.dims == ("step", "layer", "sound", "unit") and merged.layer.values.tolist() == [1, 2]
    np.testing.assert_array_equal(merged.sel(layer=1), left.sel(layer=1))
    np.testing.assert_array_equal(
        merged.sel(layer=2), activations.merged.sel(output="encoder").transpose("step", "sound", "unit")
    )
    assert np.abs(merged.sel(layer=2) - left.sel(layer=2)).max() > 0.1


def test_a_model_that_the_study_lacks_is_named(work):
    with pytest.raises(UserError, match="unknown model 'musik' in study 'small'; did you mean 'music'"):
        work().features("musik")


def test_data_without_components_or_voxels_say_so(work, small_brain, monkeypatch):
    for field, function in (("components", components.best), ("voxels", voxelwise.pooled)):
        bare = type(small_brain)(
            "bare",
            True,
            small_brain.waveforms,
            **{"components": small_brain.components, "voxels": small_brain.voxels, field: None},
            provenance={},
        )
        monkeypatch.setattr(pipeline.work.brain, "open", lambda *_, bare=bare: bare)
        with pytest.raises(UserError, match=f"has no {field}; leave"):
            function(work())


def test_what_is_wrong_is_known_before_anything_is_computed(work, calls):
    for changes, message in [
        ({"models": [{"name": "a", "family": "mimi"}]}, "unknown family 'mimi'; did you mean 'mini'"),
        ({"models": [{"name": "a", "family": "mini", "layer": 3}]}, "unknown key 'layer'; did you mean 'layers'"),
        ({"device": "cuda:9"}, "device: found 'cuda:9'"),
    ]:
        with pytest.raises(UserError, match=message):
            work(**changes).check()
    assert calls == []
