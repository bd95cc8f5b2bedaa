"""Chapters 02, 04 and 05: their tables through the pipeline, their figures by content."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers import figures, models, text
from helpers.names import COMPONENTS, UserError
from helpers.params import Study
from helpers.pipeline import Work, branches, components, dynamics, voxelwise
from test_figures import in_language


@pytest.fixture
def work(small_brain, tmp_path):
    """Two tiny networks with checkpoints at 0, 2 and 4."""
    small = models.FAMILIES["mini"].example(tmp_path)
    entries = [{"name": name, "family": "mini", **small} for name in ("mixture", "other")]
    study = {"name": "small", "dataset": "demo", "models": entries, "permutations": 5}
    return Work(Study.model_validate(study), tmp_path)


def traces(figure, **wanted):
    return [trace for trace in figure.data if all(getattr(trace, key) == value for key, value in wanted.items())]


LOOK = {"synthetic": True, "language": "en"}


def test_learning_curves_hold_steps_layers_and_components(work):
    curves = dynamics.curves(work)
    figure = figures.dynamics.by_step(curves, None, **LOOK)
    lines = traces(figure, name="Layer 2")
    *drawn, bar = figure.data
    assert len(lines) == 2 * len(COMPONENTS) and len(drawn) == 2 * 2 * 6
    assert bar.marker.coloraxis == "coloraxis" and figure.layout.coloraxis.colorbar.title.text == "Layer"
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (1, 2)
    own = curves.query("model == 'mixture' and layer == 2 and target == 'lowfreq'").sort_values("step")
    np.testing.assert_array_equal(lines[0].customdata[:, 0], own.step)
    np.testing.assert_array_equal(lines[0].y, own.median_r2)
    assert figure.layout.xaxis.ticktext[0] == "0" and (np.diff(lines[0].x) > 0).all()
    assert [trace.visible for trace in drawn] == [True] * 12 + [False] * 12
    spoken = in_language(figure, "es")
    assert any("Paso" in (axis.title.text or "") for axis in spoken.select_xaxes())
    assert spoken.layout.updatemenus[0].buttons[0].label == "Mezcla"


def test_published_learning_is_laid_over_for_every_layer(work):
    from helpers import published

    figure = figures.dynamics.by_step(dynamics.curves(work), published.table("learning_dynamics"), **LOOK)
    added = [trace for trace in figure.data if trace.name and "published" in trace.name]
    assert len(added) == 6 * 10 and all(trace.visible == "legendonly" and trace.line.dash == "dot" for trace in added)
    assert len({trace.line.color for trace in added}) == 10


def test_the_surface_has_steps_layers_and_r2_on_its_axes(work):
    curves = dynamics.curves(work)
    figure = figures.dynamics.surface(curves, **LOOK)
    assert len(figure.data) == 2 * 6 and figure.data[0].z.shape == (2, 3)
    assert figure.layout.scene.xaxis.title.text.startswith("Step") and figure.layout.scene.yaxis.title.text == "Layer"
    value = curves.query("model == 'mixture' and target == 'lowfreq' and layer == 1 and step == 2").median_r2.item()
    assert figure.data[0].z[0, 1] == value and figure.data[0].customdata[0, 1] == 2


def test_voxels_have_learning_curves_too(work):
    curves = dynamics.voxels(work)
    assert set(curves.step) == {0, 2, 4} and set(curves.layer) == {1, 2} and set(curves.model) == {"mixture", "other"}
    last = voxelwise.pooled(work).query("model == 'mixture'").set_index("layer").median_r2
    ours = curves.query("model == 'mixture' and step == 4").set_index("layer").median_r2
    np.testing.assert_allclose(ours, last)
    named = [trace for trace in figures.dynamics.voxels_by_step(curves, **LOOK).data if trace.name]
    ceilings = [trace for trace in named if trace.legendgroup == "ceiling"]
    assert len(named) == 6 and len(ceilings) == 2 and set(ceilings[0].y) == {1.0}


def test_one_checkpoint_says_that_there_is_nothing_to_show(work):
    empty = dynamics.curves(work).iloc[:0]
    for piece in (figures.dynamics.by_step(empty, None, **LOOK), figures.dynamics.surface(empty, **LOOK)):
        assert isinstance(piece, text.Bilingual) and "one checkpoint each" in piece.pieces["en"]


def test_learning_is_said_in_numbers_of_the_tables(work):
    gain = dynamics.gains(work).query("model == 'mixture'").nlargest(1, "gain").iloc[0]
    said = dynamics.sentences(work).pieces
    assert text.Labeller("en").number(gain.gain) in said["en"] and text.Labeller("es").number(gain.gain) in said["es"]


@pytest.fixture
def series(small_brain, tmp_path):
    """A series of published-format checkpoints at 100, 200 and 300, the second one damaged."""
    models.FAMILIES["encodecmae"].example(tmp_path)
    for step in (100, 300):
        (tmp_path / f"mix-{step}.pt").write_bytes((tmp_path / "random.pt").read_bytes())
    (tmp_path / "mix-200.pt").write_bytes(b"no checkpoint")

    def open_(pattern="mix-*.pt"):
        entry = {"name": "mix", "family": "encodecmae", "heads": 2, "checkpoints": str(tmp_path / pattern)}
        study = {"name": "series", "dataset": "demo", "models": [entry]}
        return Work(Study.model_validate(study), tmp_path / "out")

    return open_


def test_an_unreadable_checkpoint_is_named_and_the_others_run(series, capsys):
    work = series()
    assert components.scores(work).step.unique().tolist() == [100, 300]
    assert "checkpoint 200 is left out" in capsys.readouterr().err
    assert "mix-200.pt" in dynamics.left_out(work).pieces["es"] and "left_out" in work.provenance["models"]["mix"]


def test_a_pattern_must_name_checkpoints_with_steps(series):
    with pytest.raises(UserError, match=r"'.*nothing-\*\.pt' names no file"):
        series("nothing-*.pt").features("mix")
    with pytest.raises(UserError, match=r"expected \.pt files whose names end in different training steps"):
        series("*.pt").features("mix")


def test_a_series_of_which_nothing_can_be_read_is_refused(series, tmp_path):
    for step in (100, 300):
        (tmp_path / f"mix-{step}.pt").write_bytes(b"no")
    with pytest.raises(UserError, match="none of its checkpoints can be used: 100: "):
        series().features("mix")


def test_both_branches_are_compared_for_real(work, monkeypatch):
    """Right against left is not left against itself: that would have ones on its diagonal."""
    table = branches.matrices(work)
    for over in (branches.AVERAGES, branches.FRAMES):
        rows = table[(table.model == "mixture") & (table.over == over) & (table.row_layer == table.column_layer)]
        by_pair = {pair: group.cka.to_numpy() for pair, group in rows.groupby(["row_branch", "column_branch"])}
        np.testing.assert_allclose(by_pair["left", "left"], 1, atol=1e-5)
        np.testing.assert_allclose(by_pair["right", "right"], 1, atol=1e-5)
        assert (np.abs(by_pair["right", "left"] - 1) > 1e-3).any()


def test_cka_on_frames_equals_the_whole_at_once(work):
    from helpers.similarity import cka

    table = branches.matrices(work)
    model = work.model("mixture")
    batches = list(model.frames(model.steps[-1]))
    frames = np.concatenate(
        [b.transpose("branch", "layer", "sound", "frame", "unit").values.reshape(2, 3, -1, 16) for b in batches], 2
    )
    rows = table[(table.model == "mixture") & (table.over == branches.FRAMES)]
    one = rows[
        (rows.row_branch == "right") & (rows.column_branch == "left") & (rows.row_layer == 2) & (rows.column_layer == 1)
    ]
    assert one.cka.item() == pytest.approx(cka(frames[1, 1], frames[0, 0], debiased=True), abs=1e-4)


def test_heat_maps_are_labelled_by_branch_layer_and_tower(work):
    table = branches.matrices(work)
    figure = figures.branches.heat_maps(table, branches.towers(work), **LOOK)
    assert len(figure.data) == 2 * 2 * 3
    first = figure.data[0]
    assert list(first.x) == ["1", "2", "3 dec"] and list(first.y) == ["1", "2", "3 dec"]
    rows = table[(table.model == "mixture") & (table.over == branches.AVERAGES) & (table.row_branch == "right")]
    rows = rows[rows.column_branch == "left"]
    value = rows[(rows.row_layer == 3) & (rows.column_layer == 1)].cka.item()
    assert first.z[2, 0] == value
    assert (
        figure.layout.xaxis.title.text == "Left branch, layer"
        and figure.layout.yaxis.title.text == "Right branch, layer"
    )
    assert in_language(figure, "es").layout.yaxis.title.text == "Rama derecha, capa"


def test_merged_output_and_the_cost_of_leaving_it_out(work):
    table = branches.merged(work)
    assert set(table.layer) == {1, 2} and table.cka.between(-0.2, 1).all()
    figure = figures.branches.merged(table, **LOOK)
    own = table.query("model == 'mixture' and branch == 'left'")
    np.testing.assert_array_equal(figure.data[0].y, own.cka)
    costs = branches.last_layer(work)
    curves = (
        components.curves(work).query("model == 'mixture' and step == 4 and layer == 2").set_index("target").median_r2
    )
    ours = costs.query("model == 'mixture'").set_index("target").last_merged
    np.testing.assert_allclose(ours.loc[list(COMPONENTS)], curves.loc[list(COMPONENTS)])
    assert "{" not in branches.sentences(work).pieces["en"]


def test_without_components_the_cost_is_not_known_and_the_rest_is_shown(work):
    work.brain = replace(work.brain, components=None)
    assert "no components" in branches.cost(work).pieces["en"]
    said = branches.sentences(work).pieces["es"]
    assert "rama derecha" in said and "componentes" not in said


def test_the_drawing_speaks_both_languages_and_takes_the_pages_colour():
    pieces = figures.branches.drawing().pieces
    assert (
        "Bloque" in pieces["es"]
        and "Block" in pieces["en"]
        and "currentColor" in pieces["en"]
        and "#" not in pieces["en"]
    )


def test_maps_have_a_panel_for_each_hemisphere_and_hide_nothing(work):
    best = voxelwise.best(work)
    figure = figures.flatmap.region_map(best, **LOOK)
    titles = {axis.title.text for axis in figure.select_xaxes()}
    assert titles == {"Position x (mm)"}
    assert [annotation.text for annotation in figure.layout.annotations] == ["Left", "Right"]
    assert sum(trace.customdata[:, 0].sum() for trace in figure.data) == best.target.nunique()
    layers = voxelwise.layers(work)
    figure = figures.flatmap.r2_map(layers, best, **LOOK)
    assert [step.label for step in figure.layout.sliders[0].steps] == ["1", "2"]
    shown = [value for trace in figure.data for value in trace.marker.color]
    np.testing.assert_allclose(np.sort(shown), np.sort(layers.query("layer == 2").r2), atol=1e-4)
    assert "Median noise-corrected r²" in figure.layout.coloraxis.colorbar.title.text


def test_voxel_curves_bars_and_depths_hold_their_numbers(work):
    table = voxelwise.pooled(work)
    figure = figures.voxels.pooled(table, voxelwise.ceilings(work), None, **LOOK)
    np.testing.assert_array_equal(traces(figure, name="Mixture")[0].y, table.query("model == 'mixture'").median_r2)
    assert traces(figure, name="Noise ceiling (1 after correction)")
    bars = figures.subjects.models(voxelwise.models(work), None, **LOOK)
    np.testing.assert_allclose([bar.y[0] for bar in bars.data[:2]], voxelwise.models(work).mean_r2)
    depths = figures.subjects.depth(voxelwise.depth(work), **LOOK)
    assert list(depths.layout.xaxis.ticktext) == ["Primary", "Anterior", "Lateral", "Posterior"]
    regions = figures.voxels.regions(voxelwise.regions(work), None, **LOOK)
    ceiling = "Noise ceiling (1 after correction)"
    assert {trace.name for trace in regions.data} == {"Primary", "Anterior", "Lateral", "Posterior", ceiling}


def test_published_curves_are_laid_over_real_data_only_and_called_published(work, small_brain, monkeypatch):
    assert voxelwise.overlay(work, "models") is None
    object.__setattr__(small_brain, "synthetic", False)
    overlay = voxelwise.overlay(work, "voxelwise_by_layer")
    figure = figures.voxels.pooled(voxelwise.pooled(work), voxelwise.ceilings(work), overlay, **LOOK)
    published = [trace for trace in figure.data if trace.name and "published" in trace.name]
    assert len(published) == 3 and all(trace.visible == "legendonly" for trace in published)
    for name, draw, table in (
        ("roi_by_layer", figures.voxels.regions, voxelwise.regions),
        ("models", figures.subjects.models, voxelwise.models),
    ):
        figure = draw(table(work), voxelwise.overlay(work, name), **LOOK)
        assert [trace for trace in figure.data if trace.name and "published" in trace.name]


def test_voxels_without_places_say_so_instead_of_failing(work):
    best = voxelwise.best(work).assign(x=np.nan, y=np.nan)
    layers = voxelwise.layers(work).assign(x=np.nan)
    assert "without coordinates" in figures.flatmap.region_map(best, **LOOK).pieces["en"]
    assert figures.flatmap.r2_map(layers, best, **LOOK) is figures.flatmap.best_map(best, 2, **LOOK) is None


def test_the_demo_shows_its_planted_hierarchy_and_ceilings(tmp_path):
    """The demo's own mixture network, trained as its study says; two minutes, the longest test there is."""
    from helpers.brain import demo
    from helpers.params import load_study

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    work = Work(load_study("demo").only(["mixture"]), tmp_path)
    contrast = voxelwise.hierarchy(work).set_index("region").loc["others"]
    torch.set_num_threads(threads)
    assert contrast.difference > 0.1 and contrast.p_value < 0.05 and contrast.n_subjects == 8
    planted = demo.weights(0)["reliability"]
    ceilings = 3 * planted / (1 + 2 * planted)
    measured = voxelwise.scores(work, "mixture")["reliability"].median(["split", "layer"])
    assert (measured.target.values == ceilings.target.values).all()
    assert np.corrcoef(measured, ceilings)[0, 1] > 0.9 and abs(float((measured - ceilings).mean())) < 0.05


def test_where_frames_are_too_many_every_so_many_th_is_taken_and_said(work, monkeypatch):
    from helpers.similarity import cka

    assert branches.frame_step(24, 768, 165 * 149) == 1 and branches.frame_step(24, 1024, 165 * 149) == 2
    model = work.model("mixture")
    frames = next(iter(model.frames(4)))["frame"].size
    monkeypatch.setattr(branches, "PRODUCTS", 6 * 7 / 2 * 16**2 * 20 * frames / 3)
    table = branches.matrices.__wrapped__(work).query("over == 'frames' and model == 'mixture'")
    kept = np.concatenate([batch.values[..., 1::3, :].reshape(2, 3, -1, 16) for batch in model.frames(4)], 2)
    one = table.query("row_branch == 'right' and column_branch == 'left' and row_layer == 2 and column_layer == 1")
    assert one.cka.item() == pytest.approx(cka(kept[1, 1], kept[0, 0], debiased=True), abs=1e-4)
    assert set(table["frame_step"]) == {3} and set(table["n_frames"]) == {kept.shape[2]}
    monkeypatch.setattr(branches, "matrices", lambda work: table)
    assert "one frame in 3" in branches.frames_used(work).pieces["en"]
    assert "uno de cada 3" in branches.frames_used(work).pieces["es"]
