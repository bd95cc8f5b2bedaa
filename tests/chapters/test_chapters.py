"""Chapters 02, 04 and 05: their tables, their figures by content."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from conftest import twenty_sounds
from drawings import in_language, name_of_bar
from helpers import brain, encoding, models, stats, text
from helpers.brain.nh2015 import COMPONENTS
from helpers.chapters import cka_residual as branches
from helpers.chapters import components, registry
from helpers.chapters import learning_dynamics as dynamics
from helpers.chapters.voxelwise import analysis, figures, places, tables
from helpers.errors import UserError
from helpers.report import export
from helpers.study import Parameters, Study
from helpers.study.params import load


def two_networks(folder) -> Study:
    """A study of two tiny networks with checkpoints at 0, 2 and 4."""
    small = models.FAMILIES["mini"].example(folder)
    entries = [{"name": name, "family": "mini", **small} for name in ("mixture", "other")]
    parameters = {"name": "small", "dataset": "demo", "models": entries, "permutations": 5}
    return Study(Parameters.model_validate(parameters), folder)


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """The folder of that study, in which networks are trained and scores are kept."""
    folder = tmp_path_factory.mktemp("computed")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(brain, "open", lambda *_: twenty_sounds())
        study = two_networks(folder)
        components.scores(study)
        dynamics.voxels(study, study.models)
        permutations(study, analysis.scores(study))
    return folder


@pytest.fixture
def study(small_brain, computed, tmp_path):
    """A copy of that study."""
    shutil.copytree(computed, tmp_path, dirs_exist_ok=True)
    return two_networks(tmp_path)


METRIC = "r2_corrected"
LOOK = {"synthetic": True, "language": "en"}


@pytest.fixture
def curves(study):
    """Learning curves of the components."""
    return dynamics.series(stats.curves(stats.rows(components.scores(study))))


@pytest.fixture
def voxels(study):
    """Scores of the voxels, and their table."""
    scores = analysis.scores(study)
    return scores, analysis.by_voxel(scores, METRIC, permutations(study, scores))


def permutations(study, scores):
    return [analysis.permuted(study, *pair) for pair in zip(study.last_checkpoints(), scores, strict=True)]


def traces(figure, **wanted):
    return [trace for trace in figure.data if all(getattr(trace, key) == value for key, value in wanted.items())]


def test_every_folder_is_a_chapter_and_every_notebook_has_one():
    found = registry.chapters()
    assert list(found) == sorted(found) and [name[:2] for name in found] == [f"{i:02d}" for i in range(len(found))]
    for name, chapter in found.items():
        assert chapter.name == name and registry.path_of(name).is_file()
        assert f"helpers.chapters.{name[3:]}" in registry.modules_of(name)


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A copy of the folders of chapters and notebooks, in which a half can be missing."""
    monkeypatch.setattr(registry, "SOURCES", tmp_path)
    for name in registry.chapters():
        (tmp_path / f"{name}.py").write_text("")
    registry.chapters.cache_clear()
    yield tmp_path
    registry.chapters.cache_clear()


def test_half_a_chapter_says_which_half_is_missing(house, monkeypatch):
    assert "03_components" in registry.chapters()
    registry.chapters.cache_clear()
    (house / "77_new.py").write_text("")
    with pytest.raises(RuntimeError, match=r"notebooks/77_new\.py: no folder chapters/new defines its CHAPTER"):
        registry.chapters()
    (house / "77_new.py").rename(house / "11_components.py")
    (house / "03_components.py").unlink()
    with pytest.raises(RuntimeError, match="chapters/components: CHAPTER is named '03_components', but there is no"):
        registry.chapters()
    monkeypatch.delattr("helpers.chapters.components.CHAPTER")
    with pytest.raises(RuntimeError, match=r"chapters/components/__init__\.py defines no CHAPTER, but .*11_components"):
        registry.chapters()


def test_learning_curves_hold_steps_layers_and_components(curves):
    figure = dynamics.figures.by_step(curves, None, **LOOK)
    lines = traces(figure, name="Layer 2")
    assert len(lines) == 2 * len(COMPONENTS)
    own = curves.query("model == 'mixture' and layer == 2 and target == 'lowfreq'").sort_values("step")
    np.testing.assert_array_equal(lines[0].customdata[:, 0], own.step)
    np.testing.assert_array_equal(lines[0].y, own.median_r2)
    assert figure.layout.xaxis.ticktext[0] == "0" and (np.diff(lines[0].x) > 0).all()
    spoken = in_language(figure, "es")
    assert any("Paso" in (axis.title.text or "") for axis in spoken.select_xaxes())
    assert spoken.layout.updatemenus[0].buttons[0].label == "Red de mezcla"


def test_published_learning_is_laid_over_for_every_layer(curves):
    from helpers.brain import published

    figure = dynamics.figures.by_step(curves, published.table("learning_dynamics"), **LOOK)
    added = [trace for trace in figure.data if trace.name and "published" in trace.name]
    assert len(added) == 6 * 10 and all(trace.visible == "legendonly" and trace.line.dash == "dot" for trace in added)
    assert len({trace.line.color for trace in added}) == 10


def test_the_surface_has_steps_layers_and_r2_on_its_axes(curves):
    figure = dynamics.figures.surface(curves, **LOOK)
    assert len(figure.data) == 2 * 6 and figure.data[0].z.shape == (2, 3)
    assert figure.layout.scene.xaxis.title.text.startswith("Step") and figure.layout.scene.yaxis.title.text == "Layer"
    value = curves.query("model == 'mixture' and target == 'lowfreq' and layer == 1 and step == 2").median_r2.item()
    assert figure.data[0].z[0, 1] == value and figure.data[0].customdata[0, 1] == 2


def test_voxels_have_learning_curves_too(study, voxels):
    curves = dynamics.voxels(study, study.models)
    assert set(curves.step) == {0, 2, 4} and set(curves.layer) == {1, 2} and set(curves.model) == {"mixture", "other"}
    pooled = analysis.of_models(voxels[0], tables.pooled, METRIC)
    last = pooled.query("model == 'mixture'").set_index("layer").median_r2
    ours = curves.query("model == 'mixture' and step == 4").set_index("layer").median_r2
    np.testing.assert_allclose(ours, last)
    named = [trace for trace in dynamics.figures.voxels_by_step(curves, **LOOK).data if trace.name]
    ceilings = [trace for trace in named if trace.legendgroup == "ceiling"]
    assert len(ceilings) == 2 and set(ceilings[0].y) == {1.0}


def test_one_checkpoint_says_that_there_is_nothing_to_show(curves):
    empty = curves.iloc[:0]
    for piece in (dynamics.figures.by_step(empty, None, **LOOK), dynamics.figures.surface(empty, **LOOK)):
        assert isinstance(piece, text.Bilingual) and "one checkpoint each" in piece.pieces["en"]


def test_learning_is_said_in_numbers_of_the_tables(study, curves):
    gains = dynamics.gains(study, study.responses("components"), curves)
    learned = dynamics.learned(dynamics.series(stats.rows(components.scores(study))), "r2_pearson")
    gain = gains.query("model == 'mixture'").nlargest(1, "gain").iloc[0]
    said = dynamics.sentences(learned, gains, curves, True).pieces
    for number in (gain.first_r2, gain.last_r2, gain.low, gain.high):
        assert text.Labeller("en").number(number) in said["en"] and text.Labeller("es").number(number) in said["es"]
    assert "each from one seed" in said["en"]


def test_gains_are_those_of_chosen_layers_with_an_interval_for_other_sounds(study, curves):
    responses = study.responses("components")
    gains = dynamics.gains(study, responses, curves)
    last = curves.groupby("model")["step"].max()
    for row in gains.itertuples():
        checkpoints = (study.features(row.model, step) for step in (0, last[row.model]))
        scores = [encoding.score(features, responses, study.splits) for features in checkpoints]
        chosen = [stats.nested_best(one, "r2_pearson")["value"].mean("split") for one in scores]
        r2 = [float(one.sel(target=row.target)) for one in chosen]
        assert (row.first_r2, row.last_r2) == pytest.approx(r2) and row.gain == pytest.approx(r2[1] - r2[0])
        assert row.low < row.gain < row.high
        if row.p_adjusted <= 0.05:
            assert row.low > 0 or row.high < 0


@pytest.fixture
def series(small_brain, tmp_path):
    """A series of published-format checkpoints at 100, 200 and 300, the second one damaged."""
    models.FAMILIES["encodecmae"].example(tmp_path)
    for step in (100, 300):
        (tmp_path / f"mix-{step}.pt").write_bytes((tmp_path / "random.pt").read_bytes())
    (tmp_path / "mix-200.pt").write_bytes(b"no checkpoint")

    def open_(pattern="mix-*.pt"):
        entry = {"name": "mix", "family": "encodecmae", "heads": 2, "checkpoints": str(tmp_path / pattern)}
        parameters = {"name": "series", "dataset": "demo", "models": [entry]}
        return Study(Parameters.model_validate(parameters), tmp_path / "out")

    return open_


def test_an_unreadable_checkpoint_is_named_and_the_others_run(series, capsys):
    study = series()
    assert stats.rows(components.scores(study)).step.unique().tolist() == [100, 300]
    assert capsys.readouterr().err.count("checkpoint 200 is left out") == 1
    assert "mix-200.pt" in dynamics.left_out(study).pieces["es"] and "left_out" in study.provenance["models"]["mix"]


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


def test_both_branches_are_compared_for_real(study):
    """Right against left is not left against itself: that would have ones on its diagonal."""
    table = branches.matrices(study)
    for over in ("time_average", "frames"):
        rows = table[(table.model == "mixture") & (table.over == over) & (table.row_layer == table.column_layer)]
        by_pair = {pair: group.cka.to_numpy() for pair, group in rows.groupby(["row_branch", "column_branch"])}
        np.testing.assert_allclose(by_pair["left", "left"], 1, atol=1e-5)
        np.testing.assert_allclose(by_pair["right", "right"], 1, atol=1e-5)
        assert (np.abs(by_pair["right", "left"] - 1) > 1e-3).any()


def test_cka_on_frames_equals_the_whole_at_once(study):
    from helpers.stats.similarity import cka

    table = branches.matrices(study)
    model = study.model("mixture")
    batches = list(model.frames(model.steps[-1]))
    frames = np.concatenate(
        [b.transpose("branch", "layer", "sound", "frame", "unit").values.reshape(2, 3, -1, 16) for b in batches], 2
    )
    rows = table[(table.model == "mixture") & (table.over == "frames")]
    one = rows[
        (rows.row_branch == "right") & (rows.column_branch == "left") & (rows.row_layer == 2) & (rows.column_layer == 1)
    ]
    assert one.cka.item() == pytest.approx(cka(frames[1, 1], frames[0, 0], debiased=True), abs=1e-4)


def test_heat_maps_are_labelled_by_branch_layer_and_tower(study):
    table = branches.matrices(study)
    figure = branches.figures.heat_maps(table, branches.towers(study), **LOOK)
    assert len(figure.data) == 2 * 2 * 3
    first = figure.data[0]
    assert list(first.x) == ["1", "2", "3 dec"] and list(first.y) == ["1", "2", "3 dec"]
    rows = table[(table.model == "mixture") & (table.over == "time_average") & (table.row_branch == "right")]
    rows = rows[rows.column_branch == "left"]
    value = rows[(rows.row_layer == 3) & (rows.column_layer == 1)].cka.item()
    assert first.z[2, 0] == value
    assert "Left branch" in figure.layout.xaxis.title.text and "Right branch" in figure.layout.yaxis.title.text
    assert "Rama derecha" in in_language(figure, "es").layout.yaxis.title.text


def test_merged_output_and_the_cost_of_leaving_it_out(study, curves):
    table, costs = branches.merged(study), branches.last_layer(study)
    assert set(table.layer) == {1, 2} and table.cka.between(-0.2, 1).all()
    figure = branches.figures.merged(table, **LOOK)
    own = table.query("model == 'mixture' and branch == 'left'")
    np.testing.assert_array_equal(figure.data[0].y, own.cka)
    last = curves.query("model == 'mixture' and step == 4 and layer == 2").set_index("target").median_r2
    ours = costs.query("model == 'mixture'").set_index("target").last_merged
    np.testing.assert_allclose(ours.loc[list(COMPONENTS)], last.loc[list(COMPONENTS)])
    assert "{" not in branches.sentences(branches.matrices(study), table, costs).pieces["en"]


def test_the_cost_is_the_same_whatever_the_study_shows_of_the_last_layer(study, small_brain, tmp_path):
    entries = [{**entry.model_dump(), "last_layer": "left"} for entry in study.parameters.models]
    parameters = {"name": "left", "dataset": "demo", "models": entries}
    left = Study(Parameters.model_validate(parameters), tmp_path)
    np.testing.assert_allclose(
        branches.last_layer(left).set_index(["model", "target"]),
        branches.last_layer(study).set_index(["model", "target"]),
    )


def test_without_components_the_cost_is_not_known_and_the_rest_is_shown(study):
    study.brain = replace(study.brain, responses={"voxels": study.brain.responses["voxels"]})
    costs = branches.last_layer(study)
    assert "no components" in branches.shown_cost(costs).pieces["en"]
    said = branches.sentences(branches.matrices(study), branches.merged(study), costs).pieces["es"]
    assert "rama derecha" in said and "componentes" not in said


def test_the_drawing_speaks_both_languages_and_takes_the_pages_colour():
    pieces = branches.figures.drawing().pieces
    assert "Bloque" in pieces["es"] and "Block" in pieces["en"]
    assert "currentColor" in pieces["en"] and "#" not in pieces["en"]


def test_maps_have_a_panel_for_each_hemisphere_and_hide_nothing(voxels):
    scores, best = voxels
    figure = figures.region_map(places.regions(best), **LOOK)
    assert [annotation.text for annotation in figure.layout.annotations] == ["Left", "Right"]
    assert sum(trace.customdata[:, 0].sum() for trace in figure.data) == best.target.nunique()
    layers, pooled = (analysis.of_models(scores, table, METRIC) for table in (tables.by_layer, tables.pooled))
    figure = figures.r2_map(places.layers(layers, best), pooled, **LOOK)
    assert [step.label for step in figure.layout.sliders[0].steps] == ["1", "2 ◆"]
    shown = [value for trace in figure.data for value in trace.marker.color]
    np.testing.assert_allclose(np.sort(shown), np.sort(layers.query("layer == 2").r2), atol=1e-4)
    assert "noise-corrected r²" in name_of_bar(figure)


def test_voxel_curves_bars_and_depths_hold_their_numbers(voxels):
    scores, best = voxels
    pooled = analysis.of_models(scores, tables.pooled, METRIC)
    figure = figures.pooled(pooled, tables.ceilings(best), None, **LOOK)
    line = traces(figure, name="Mixture network")[0]
    np.testing.assert_array_equal(line.y, pooled.query("model == 'mixture'").median_r2)
    assert traces(figure, name="Noise ceiling (1 after correction)")
    models = tables.models(scores, METRIC)
    for order in (scores, scores[::-1]):
        beside = tables.models_beside(order, METRIC)
        assert beside["model"].tolist() == [one["model"].item() for one in order], "whichever is higher"
    bars = figures.models(models, None, **LOOK)
    np.testing.assert_allclose([bar.y[0] for bar in bars.data[:2]], models.mean_r2)
    depth = analysis.of_models(scores, tables.depth, METRIC)
    depths = figures.depth(depth, tables.mean_depths(depth, tables.hierarchy(depth)), **LOOK)
    assert list(depths.layout.xaxis.ticktext) == ["Primary", "Anterior", "Lateral", "Posterior"]
    regions = figures.regions(analysis.of_models(scores, tables.regions, METRIC), None, **LOOK)
    ceiling = "Noise ceiling (1 after correction)"
    assert {trace.name for trace in regions.data if trace.name} >= {
        "Primary",
        "Anterior",
        "Lateral",
        "Posterior",
        ceiling,
    }


def test_published_curves_are_laid_over_real_data_only_and_called_published(study, voxels, small_brain):
    scores, best = voxels
    assert analysis.overlay(study, "models") is None
    object.__setattr__(small_brain, "synthetic", False)
    pooled = analysis.of_models(scores, tables.pooled, METRIC)
    regions = analysis.of_models(scores, tables.regions, METRIC)
    for name, draw, drawn in (
        ("voxelwise_by_layer", figures.pooled, (pooled, tables.ceilings(best))),
        ("roi_by_layer", figures.regions, (regions,)),
        ("models", figures.models, (tables.models(scores, METRIC),)),
    ):
        figure = draw(*drawn, analysis.overlay(study, name), **LOOK)
        added = [trace for trace in figure.data if trace.name and "published" in trace.name]
        assert added and all(trace.visible == "legendonly" for trace in added)
    other = study.parameters.encoding.model_copy(update={"metric": "r2_pearson"})
    study.parameters = study.parameters.model_copy(update={"encoding": other})
    assert analysis.overlay(study, "models") is None, "another metric is not what was published"


def test_voxels_without_places_say_so_instead_of_failing(voxels):
    scores, best = voxels
    best = best.assign(x=np.nan, y=np.nan)
    layers = analysis.of_models(scores, tables.by_layer, METRIC).assign(x=np.nan)
    pooled = analysis.of_models(scores, tables.pooled, METRIC)
    assert "no coordinates" in figures.region_map(places.regions(best), **LOOK).pieces["en"]
    assert figures.r2_map(places.layers(layers, best), pooled, **LOOK) is None
    assert figures.best_map(places.best(best), places.most_frequent(best), pooled, **LOOK) is None


def test_voxel_facts_are_said_in_numbers_of_the_tables(study, voxels):
    scores, best = voxels
    pooled, models = analysis.of_models(scores, tables.pooled, METRIC), tables.models(scores, METRIC)
    said = analysis.facts(study, best, pooled, models).pieces
    assert f"{models.mean_r2.max():.2f}" in said["en"] and "8 voxels of 4 subjects" in said["en"]
    noise = analysis.noise(study).pieces
    from helpers.encoding import critical_correlation

    assert f"{critical_correlation(10):.3f}" in noise["en"] and "10 " in noise["es"]


def test_hierarchy_sentences_come_with_and_without_noted_layers(study, voxels):
    plain = analysis.of_models(voxels[0], tables.depth, METRIC, plain=True)
    assert analysis.noted(voxels[0]) and plain["relative"].isna().all(), "one plain layer has no depth"
    numbers = {
        "low": 0.1,
        "high": 0.4,
        "w": 36.0,
        "p_value": 0.004,
        "n_subjects": 8,
        "n_different": 6,
        "region": "others",
    }
    numbers[tables.DIVISION] = analysis.REGION
    table = pd.DataFrame([{"model": "mixture", "difference": 0.25} | numbers])
    both = analysis.hierarchy_sentences(study, table, table.assign(difference=0.125)).pieces
    assert "0.25" in both["en"] and "0.12" in both["en"] and "0,25" in both["es"] and "planted" in both["en"]
    assert "8 subjects, 6 with a difference" in both["en"] and "6 de 8 con una diferencia" in both["es"]
    assert "0.12" not in analysis.hierarchy_sentences(study, table, None).pieces["en"]


def test_sentences_about_components_of_any_name():
    """Components are named by data sets and by users; those of NH2015 alone have words of their own."""
    curve = {"model": "mixture", "layer": 1, "q25": 0.1, "q75": 0.3, "n_splits": 10, "metric": "r2_pearson", "note": ""}
    best = pd.DataFrame([curve | {"step": step, "target": "mine", "median_r2": 0.2 + step / 100} for step in (0, 3)])
    nothing = stats.references([], "r2_pearson")
    assert "mine" in components.sentences(best, nothing, 3).pieces["es"]
    control = {"role": "untrained", "target": "mine", "layer": 1, "low": 0.1, "high": 0.1, "n_seeds": 1}
    for other, same in ((0.1, True), (0.2, False)):
        made = [control | {"model": name, "median_r2": r2} for name, r2 in (("mixture", 0.1), ("music", other))]
        said = components.about_beside(pd.DataFrame(made)).pieces
        assert ("the same for all 2, which start alike" in said["en"]) == same == ("el mismo para las 2" in said["es"])
    learned = pd.DataFrame(
        [
            {
                "model": "mixture",
                "target": target,
                "layer": layer,
                "reached_step": 1.0 + layer + later,
                "gained_step": 1.5 + layer - later,
                "first_r2": 0.1,
                "final_r2": 0.5,
            }
            for target, later in (("mine", 0), ("yours", 1))
            for layer in (1, 2, 3)
        ]
    )
    ends = {"model": "mixture", "first_r2": 0.1, "last_r2": 0.5, "gain": 0.4}
    ends |= {"low": 0.3, "high": 0.5, "p_adjusted": 0.01}
    gains = pd.DataFrame([ends | {"target": "mine"}, ends | {"target": "yours"}])
    curves = pd.DataFrame({"model": "mixture", "step": [0, 3, 5]})
    said = dynamics.sentences(learned, gains, curves, False).pieces
    assert "yours" in said["es"] and "p =" not in said["en"], "the text above says why"
    assert "from 0.10 to 0.50, a gain of 0.40 (95 % interval 0.30 to 0.50)" in said["en"]
    assert "2 of 2 components gain more than the choice of sounds explains" in said["en"]
    assert "mine is the first to reach 95 % of its final value (step 3) and yours the last (step 4)" in said["en"]
    assert "By 95 % of the gain, yours is first (step 2) and mine last (step 3)" in said["en"], "the other definition"
    assert "one seed" not in said["en"]
    coarse = dynamics.sentences(learned, gains, curves.assign(step=[0, 9, 99]), False).pieces["en"]
    assert " first " not in coarse and "between the same two checkpoints, 0 and 9" in coarse, "only interpolated"
    alone = dynamics.sentences(learned, gains.assign(gain=[0.4, -0.1]), curves, False).pieces["en"]
    assert "yours last" not in alone and " first " not in alone, "one component has no order"
    assert "1 of 2 it makes worse by more than that, most yours, from 0.10 to 0.50" in alone
    mixed = gains.assign(gain=[-0.2, 0.1], low=[-0.3, 0.0], high=[-0.1, 0.2], p_adjusted=0.06)
    for unsure in (gains.assign(gain=[-0.2, -0.1]), mixed.assign(high=0.1), gains.assign(p_adjusted=0.06), mixed):
        none = dynamics.sentences(learned, unsure, curves, False).pieces["en"]
        assert "improves none of 2 components by more than the choice of sounds" in none
        assert " first " not in none and "rho" not in none and "adjusted for all 2 of this chapter" in none
        assert ("least favourably is mine, from 0.10 to 0.50" in none) == (unsure is mixed)
    unknown = dynamics.sentences(
        learned, gains.assign(low=np.nan, high=np.nan, p_adjusted=np.nan), curves, False
    ).pieces
    assert (
        "known with ridge alone" in unknown["en"]
        and " first " not in unknown["en"]
        and "ganancia de" not in unknown["es"]
    )


SHORTER = {"steps": 150, "batch_size": 16, "crop_s": 1.0, "checkpoints": [30]}  # a tenth of the training


@pytest.mark.parametrize("changes", [SHORTER, pytest.param({}, marks=pytest.mark.slow)], ids=["shorter", "whole"])
def test_the_demo_shows_its_planted_ceilings_and_a_trained_network_its_planted_hierarchy(tmp_path, changes):
    """The demo's own mixture network, trained for a shorter time, or as its study says, which takes minutes.

    Where a layer is best depends on the last bits of the training, which processors do differently, the more so the
    shorter it is; that the brain has its hierarchy is tested without any network (test_demo).
    """
    from helpers.brain import demo

    parameters = load("demo").only(["mixture"])
    (entry,) = parameters.models
    study = Study(parameters.model_copy(update={"models": [entry.model_copy(update=changes)]}), tmp_path)
    scores = analysis.scores(study)
    if not changes:
        depth = analysis.of_models(scores, tables.depth, METRIC)
        contrast = tables.hierarchy(depth).set_index("region").loc["others"]
        assert contrast.difference > 0 and contrast.n_subjects == 8
    planted = demo.weights(0)["reliability"]
    ceilings = 3 * planted / (1 + 2 * planted)
    measured = scores[0]["reliability"].median(["split", "layer"])
    assert (measured.target.values == ceilings.target.values).all()
    assert np.corrcoef(measured, ceilings)[0, 1] > 0.9 and abs(float((measured - ceilings).mean())) < 0.05


def test_where_frames_are_too_many_every_so_many_th_is_taken_and_said(study, monkeypatch):
    from helpers.chapters.cka_residual import analysis as of_branches
    from helpers.stats.similarity import cka

    assert of_branches.frame_step(24, 768, 165 * 149) == 1 and of_branches.frame_step(24, 1024, 165 * 149) == 2
    model = study.model("mixture")
    frames = next(iter(model.frames(4)))["frame"].size
    monkeypatch.setattr(of_branches, "PRODUCTS", 6 * 7 / 2 * 16**2 * 20 * frames / 3)
    table = branches.matrices(study).query("over == 'frames' and model == 'mixture'")
    kept = np.concatenate([batch.values[..., 1::3, :].reshape(2, 3, -1, 16) for batch in model.frames(4)], 2)
    one = table.query("row_branch == 'right' and column_branch == 'left' and row_layer == 2 and column_layer == 1")
    assert one.cka.item() == pytest.approx(cka(kept[1, 1], kept[0, 0], debiased=True), abs=1e-4)
    assert set(table["frame_step"]) == {3} and set(table["n_frames"]) == {kept.shape[2]}
    said = branches.frames_used(table).pieces
    assert "one frame in 3" in said["en"] and "uno de cada 3" in said["es"]
    both = pd.concat([table, table.assign(model="other")])
    assert branches.frames_used(both).pieces["en"].count("one frame in 3") == 1, "said once of all that have as many"
    both = pd.concat([table, table.assign(model="other", frame_step=1)])
    assert "<strong>other</strong>: the maps on frames use all" in branches.frames_used(both).pieces["en"]


def test_damaged_checkpoints_are_said_at_the_top_of_the_page(series):
    study = series()
    assert study.remarks() is None and study.usable_steps("mix") == [100, 300]
    for piece in study.remarks().pieces.values():
        assert "<strong>mix</strong>" in piece and "mix-200.pt" in piece
    assert export._context(study)["remarks"] == study.remarks().pieces


@pytest.mark.parametrize("step", [100, 200, 300])
@pytest.mark.parametrize(
    "error", [UserError("training diverged at step 3"), UserError("mix-200.pt could not be written"), OSError("disk")]
)
def test_only_what_is_damaged_is_left_out_of_a_series(series, monkeypatch, step, error):
    def fails(self, own):
        if own == step:
            raise error
        return hear(self, own)

    hear = models.FAMILIES["encodecmae"].EncodecMAE.hear
    monkeypatch.setattr(models.FAMILIES["encodecmae"].EncodecMAE, "hear", fails)
    with pytest.raises(type(error), match=str(error)):
        series().usable_steps("mix")


def test_a_checkpoint_that_may_not_be_read_is_an_error(series, tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(torch, "load", denied)
    with pytest.raises(UserError, match=r"could not be read .*Permission denied"):
        series().usable_steps("mix")
