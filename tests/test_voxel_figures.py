"""The voxel chapter's figures hold the numbers of their frames and the words of both languages; voxels of the demo."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from helpers import figures, published, text, voxels
from helpers.names import COMPONENTS, REGIONS
from helpers.pipeline import voxelwise
from test_figures import in_language, named
from test_voxels import PEAK, scores  # noqa: F401  (its fixture)

LOOK = {"synthetic": False, "language": "en"}


@pytest.fixture(scope="module")
def two(scores):  # noqa: F811
    """Two models; the voxels of all subjects share the same few places of each hemisphere."""
    number = np.arange(scores.sizes["target"]) % 48 % 24
    here = scores.assign_coords(x=("target", 2.0 * (number % 6)), y=("target", 2.0 * (number // 6)))
    other = here.assign(r2_corrected=here.r2_corrected - 0.1).assign_coords(model="music")
    return [here.assign_coords(model="mixture"), other]


def table(two, function, *arguments):
    return pd.concat([function(one, *arguments) for one in two], ignore_index=True)


@pytest.fixture(scope="module")
def best(two):
    return table(two, voxels.by_voxel)


def colours(figure):
    """Every colour by model and place, as drawn."""
    rows = zip(figure.data, (trace.hovertemplate.split("<br>")[0] for trace in figure.data), strict=True)
    return {
        (model, "lh" if "left" in trace.hovertemplate else "rh", x, y): value
        for trace, model in rows
        for x, y, value in zip(trace.x, trace.y, trace.marker.color, strict=True)
    }


def test_every_voxel_stands_in_one_mark_of_the_region_map(best):
    figure = figures.flatmap.region_map(best, **LOOK)
    assert sum(trace.customdata[:, 0].sum() for trace in figure.data) == best.target.nunique() == 384
    for region in REGIONS:
        left, right = named(figure, region)
        assert left.xaxis != right.xaxis and left.marker.symbol == right.marker.symbol
        assert set(left.y) == {2.0 * REGIONS.index(region)} and (left.customdata == 8).all()
    looks = {(trace.marker.color, trace.marker.symbol) for trace in figure.data}
    assert len(looks) == len({colour for colour, _ in looks}) == 5


def test_maps_have_the_same_scale_in_mm_in_both_directions_and_all_panels(best):
    for figure in (figures.flatmap.region_map(best, **LOOK), figures.flatmap.best_map(best, 5, **LOOK)):
        spans = {axis.range[1] - axis.range[0] for axis in figure.select_xaxes()}
        assert len(spans) == 1 and len({axis.range for axis in figure.select_yaxes()}) == 1
        assert all(axis.scaleanchor == axis.anchor and axis.constrain == "domain" for axis in figure.select_yaxes())
        assert {axis.title.text for axis in figure.select_xaxes()} <= {"Position x (mm)", None}


def test_the_slider_shows_the_median_of_each_place_at_each_layer(two, best):
    layers = table(two, voxels.by_layer)
    figure = figures.flatmap.r2_map(layers, best, merged_last=True, **LOOK)
    slider = figure.layout.sliders[0]
    assert [step.label for step in slider.steps] == ["1", "2", "3", "4", "5 ◆"] and slider.active == 4
    expected = layers.groupby(["model", "layer", "hemisphere", "x", "y"]).r2.median()
    for layer, step in enumerate(slider.steps, start=1):
        for trace, values in zip(figure.data, step.args[0]["marker.color"], strict=True):
            trace.marker.color = values
        shown = colours(figure)
        assert len(shown) == 2 * 2 * 24
        for (model, *place), value in shown.items():
            assert value == pytest.approx(expected[(model.lower(), layer, *place)], abs=1e-4)
    assert figure.layout.coloraxis.colorbar.title.text == "Median noise-corrected r²"
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 1)


def test_the_map_is_small_enough_for_thousands_of_voxels(two, best):
    """Places and words are kept once, not once per layer: the words of a study's map must not grow with its layers."""
    figure = figures.flatmap.r2_map(table(two, voxels.by_layer), best, **LOOK)
    assert len(figure.data) == 2 * 2 * 4 and len(figure.layout.meta["words"]["es"]) < 40
    assert "subjects" in figure.layout.meta["table"].splitlines()[0]


def test_a_place_without_a_value_is_grey_not_zero(two, best):
    layers = table(two, voxels.by_layer)
    nowhere = (layers.x == 0) & (layers.y == 0) & (layers.layer == 5)
    shown = colours(figures.flatmap.r2_map(layers.assign(r2=layers.r2.where(~nowhere)), best, **LOOK))
    greys = {place for place, value in shown.items() if value == figures.flatmap.MISSING}
    assert greys == {(model, side, 0.0, 0.0) for model in ("Mixture", "Music") for side in ("lh", "rh")}


def test_the_best_layer_of_a_place_is_a_layer_and_never_the_last(two, best):
    merged = [one.assign(r2_corrected=one.r2_corrected + (one.layer == 5)) for one in two]
    figure = figures.flatmap.best_map(table(merged, voxels.by_voxel), 5, **LOOK)
    shown = colours(figure)
    for region, peak in PEAK.items():
        assert {value for place, value in shown.items() if place[3] == 2.0 * REGIONS.index(region)} == {peak}
    assert list(figure.layout.coloraxis.colorbar.tickvals) == [1, 2, 3, 4] and "left out" in figure.layout.title.text
    assert len({colour for _, colour in figure.layout.coloraxis.colorscale}) == 4
    n, r2, ceiling, layer, lowest, highest = figure.data[0].customdata[0]
    assert (n, ceiling, layer, lowest, highest) == (8, pytest.approx(0.7), 2, 2, 2) and r2 == pytest.approx(
        0.6, abs=0.03
    )


def test_of_two_middle_layers_the_lower_is_shown(best):
    rows = best.assign(best_layer_unmerged=np.where(best.subject.isin(["S1", "S2", "S3", "S4"]), 1, 4))
    assert set(colours(figures.flatmap.best_map(rows, 5, **LOOK)).values()) == {1}


def test_maps_tell_what_a_place_stands_for_in_both_languages(two, best):
    layers = table(two, voxels.by_layer)
    words = {
        "en": ("Voxels here", "hemisphere", "r² of this layer", "best layer", "noise ceiling"),
        "es": ("Vóxeles aquí", "hemisferio", "r² de esta capa", "mejor capa", "techo de ruido"),
    }
    figure = figures.flatmap.r2_map(layers, best, **LOOK)
    for language, expected in words.items():
        for trace in in_language(figure, language).data:
            assert all(word in trace.hovertemplate for word in expected)
            assert set(trace.text) == {"S1, S2, S3, S4, S5, S6, S7, S8"}
    assert "izquierdo" in in_language(figure, "es").layout.annotations[0].text


def test_curves_over_all_voxels_mark_the_merged_layer_and_the_ceiling(two):
    frame, ceiling = table(two, voxels.pooled), pd.DataFrame({"model": ["mixture", "music"], "ceiling": 0.7})
    figure = figures.voxels.pooled(frame, ceiling, None, merged_last=True, **LOOK)
    own = frame[frame.model == "mixture"]
    (line,) = named(figure, "Mixture")
    np.testing.assert_array_equal(line.y, own.median_r2)
    np.testing.assert_allclose(line.customdata, np.c_[own[["q25", "q75"]], np.full(5, 0.7)])
    assert line.marker.symbol[-1] == "diamond" != line.marker.symbol[0] and "◆" in figure.layout.xaxis.title.text
    assert list(named(figure, "Noise ceiling (1 after correction)")[0].y) == [1, 1]
    assert figure.layout.yaxis.title.text == "Median noise-corrected r²"
    plain = frame.assign(metric="r2_pearson")
    bare = figures.voxels.pooled(plain, ceiling.assign(ceiling=np.nan), None, **LOOK)
    assert bare.layout.yaxis.title.text == "Median r²" and bare.layout.xaxis.title.text == "Layer"
    assert not [trace for trace in bare.data if "ceiling" in (trace.name or "").lower() + (trace.hovertemplate or "")]


def test_region_curves_hold_means_errors_and_intervals(two):
    frame = table(two, voxels.regions, 0)
    figure = figures.voxels.regions(frame, None, **LOOK)
    rows = frame.query("hemisphere == 'both' and region == 'Lateral' and model == 'music'")
    line = named(figure, "Lateral")[1]
    np.testing.assert_array_equal(line.y, rows.mean_r2)
    np.testing.assert_array_equal(line.error_y.array, rows.error)
    np.testing.assert_array_equal(line.customdata, rows[["n_subjects", "n_voxels", "error", "low", "high"]])
    assert "error intrasujeto" in in_language(figure, "es").data[0].hovertemplate
    none = figures.voxels.regions(frame[frame.region == "all"], None, **LOOK)
    assert isinstance(none, text.Bilingual) and "without regions" in none.pieces["en"]


def test_depths_show_every_subject_and_the_test_of_the_planted_hierarchy(two):
    depths = table(two, voxels.depth)
    hierarchy = voxels.hierarchy(depths, seed=0)
    figure = figures.subjects.depth(depths, hierarchy, **LOOK)
    (means, *_) = named(figure, "Mean over subjects")
    np.testing.assert_allclose(means.y, [(PEAK[region] - 1) / 4 for region in REGIONS])
    tested = hierarchy[(hierarchy.model == "mixture") & (hierarchy.region == "Anterior")].iloc[0]
    columns = ["difference", "low", "high", "w", "p_value", "n_subjects"]
    np.testing.assert_allclose(means.customdata[1], tested[columns].astype(float))
    assert tested.difference == pytest.approx(0.5) and tested.p_value < 0.01
    assert "Wilcoxon" not in means.hovertemplate[0] and "Wilcoxon, one-sided: W" in means.hovertemplate[1]
    subjects = [trace for trace in figure.data if trace.showlegend is False and len(trace.x) == 4][:8]
    assert len({tuple(trace.x) for trace in subjects}) == 8  # equal depths do not hide each other
    assert in_language(figure, "es").layout.xaxis.ticktext[0] == "Primaria"


def test_the_hierarchy_can_be_tested_without_the_last_layer(two):
    merged = [one.assign(r2_corrected=one.r2_corrected + (one.layer == 5)) for one in two]
    assert (table(merged, voxels.depth).relative == 1).all()
    inner = table(merged, voxels.depth, False).query("hemisphere == 'both'").groupby("region").relative.first()
    assert inner["Primary"] == pytest.approx(1 / 3) and inner["Anterior"] == 1


def test_bars_tell_two_kinds_of_error_apart(two):
    frame = voxels.models(two, seed=0)
    figure = figures.subjects.models(frame, None, **LOOK)
    assert [trace.y[0] for trace in figure.data[:2]] == list(frame.mean_r2)
    (within,), (interval,) = (named(figure, name) for name in figure_names("within", "interval"))
    np.testing.assert_array_equal(within.error_y.array, frame.error)
    np.testing.assert_allclose(interval.y + interval.error_y.array, frame.high)
    np.testing.assert_allclose(interval.y - interval.error_y.arrayminus, frame.low)
    assert within.marker.symbol != interval.marker.symbol and (within.x != interval.x).all()
    alone = frame.iloc[:1].assign(error=np.nan, low=np.nan, high=np.nan, n_subjects=1)
    drawn = figures.subjects.models(alone, None, **LOOK).data  # nothing to draw an error from
    assert [trace.type for trace in drawn] == ["bar", "scatter"] and drawn[1].legendgroup == "ceiling"


def figure_names(*kinds):
    return [text.Labeller("en")(f"figure.models.{kind}") for kind in kinds]


def test_published_values_wait_hidden_and_are_called_published(two):
    pooled, ceiling = table(two, voxels.pooled), pd.DataFrame({"model": [], "ceiling": []})
    bars = published.table("models").query("model.str.startswith('EnCodecMAE')")
    roi = published.table("roi_by_layer").rename(columns={"roi": "region"})
    drawn = [
        figures.voxels.pooled(pooled, ceiling, published.table("voxelwise_by_layer"), **LOOK),
        figures.voxels.regions(table(two, voxels.regions, 0), roi, **LOOK),
        figures.subjects.models(voxels.models(two, 0), bars, **LOOK),
    ]
    for figure, count in zip(drawn, (3, 8, 3), strict=True):
        for language, word in (("en", "published"), ("es", "publicado")):
            over = [trace for trace in in_language(figure, language).data if word in (trace.name or "")]
            assert len(over) == count and all(trace.visible == "legendonly" for trace in over)
            assert all("NH2015" in trace.hovertemplate for trace in over)
    curve = named(drawn[1], "Primary, published EnCodecMAE-Mixture (digitised)")[0]
    assert list(curve.x) == list(range(1, 11)) and curve.y[0] == pytest.approx(0.41288908)


def test_synthetic_data_say_so_in_every_figure(two, best):
    look = LOOK | {"synthetic": True}
    layers, pooled = table(two, voxels.by_layer), table(two, voxels.pooled)
    drawn = [
        figures.flatmap.region_map(best, **look),
        figures.flatmap.r2_map(layers, best, **look),
        figures.flatmap.best_map(best, 5, **look),
        figures.voxels.pooled(pooled, pd.DataFrame({"model": [], "ceiling": []}), None, **look),
        figures.voxels.regions(table(two, voxels.regions, 0), None, **look),
        figures.subjects.depth(table(two, voxels.depth), **look),
        figures.subjects.models(voxels.models(two, 0), None, **look),
    ]
    for figure in drawn:
        assert "Synthetic data" in figure.layout.title.text
        assert "sintéticos" in in_language(figure, "es").layout.title.text
        assert all(figure.layout.meta["alt"][language] for language in ("es", "en"))
        json.loads(figure.to_json())


def test_voxels_without_regions_or_subjects_have_no_hierarchy(scores):  # noqa: F811
    places = ["subject", "hemisphere", "region", "x", "y"]
    words = {
        name: ("target", np.full(scores.sizes["target"], "pooled" if name == "subject" else "")) for name in places
    }
    bare = scores[["r2_pearson"]].drop_vars(places).assign_coords(words)
    depths = voxels.depth(bare)
    assert voxels.hierarchy(depths, seed=0).empty
    note = figures.subjects.depth(depths, voxels.hierarchy(depths, seed=0), **LOOK)
    assert isinstance(note, text.Bilingual) and "no puede ponerse a prueba" in note.pieces["es"]


@pytest.fixture
def work(small_brain, tmp_path):
    from helpers import models
    from helpers.params import Study
    from helpers.pipeline import Work

    entry = {"name": "mixture", "family": "mini", **models.FAMILIES["mini"].example(tmp_path)}
    study = {"name": "small", "dataset": "demo", "models": [entry], "permutations": 5}
    return Work(Study.model_validate(study), tmp_path)


def test_sentences_say_the_numbers_of_the_tables_in_both_languages(work):
    contrast = voxelwise.hierarchy(work).set_index("region").loc["others"]
    inner = voxelwise.hierarchy(work, last=False)
    assert len(inner) == 4 and contrast.n_subjects < 8
    said, facts = voxelwise.hierarchy_sentences(work).pieces, voxelwise.facts(work).pieces
    top = voxelwise.models(work).iloc[0]
    for language, planted in (("en", "planted"), ("es", "plantó")):
        number = text.Labeller(language).number
        assert number(contrast.difference) in said[language] and planted in said[language]
        assert number(top.mean_r2) in facts[language] and "{" not in said[language] + facts[language]


def test_clipped_and_excluded_voxels_are_counted_in_the_summary(work, small_brain):
    object.__setattr__(small_brain, "excluded", {"constant": 2, "few_repetitions": 3})
    row = voxelwise.summary(work).iloc[0]
    assert row.n_excluded == 5 and row.n_clipped == voxelwise.pooled(work).n_clipped.iloc[0]
    pieces = voxelwise.excluded(work).pieces
    assert "fewer than 3 repetitions" in pieces["en"] and "repeticiones" in pieces["es"]


def test_voxels_without_repetitions_regions_or_subjects_are_told_about_as_such(work, small_brain):
    """As nh2015_rank6: nothing to correct by, to map or to test, and no published value to compare with."""
    responses = small_brain.voxels.mean("repetition")
    words = {name: ("target", [word] * 8) for name, word in (("subject", "pooled"), ("hemisphere", ""), ("region", ""))}
    nowhere = {name: ("target", [np.nan] * 8) for name in ("x", "y")}
    object.__setattr__(small_brain, "voxels", responses.assign_coords(words | nowhere))
    object.__setattr__(small_brain, "synthetic", False)
    facts = voxelwise.facts(work).pieces
    assert "not told apart by subject" in facts["en"] and "no está corregido por ruido" in facts["es"]
    assert "–" not in facts["en"] and voxelwise.hierarchy_sentences(work).pieces["en"] == ""
    assert all(voxelwise.overlay(work, name) is None for name in ("models", "voxelwise_by_layer", "roi_by_layer"))
    best = voxelwise.best(work)
    for piece in (
        figures.flatmap.region_map(best, **LOOK),
        figures.voxels.regions(voxelwise.regions(work), None, **LOOK),
        figures.subjects.depth(voxelwise.depth(work), voxelwise.hierarchy(work), **LOOK),
    ):
        assert isinstance(piece, text.Bilingual) and piece.pieces["es"] != piece.pieces["en"]
    assert figures.subjects.models(voxelwise.models(work), None, **LOOK).layout.yaxis.title.text == "Median r²"
    maps = figures.flatmap.r2_map(voxelwise.layers(work), best, **LOOK), figures.flatmap.best_map(best, 2, **LOOK)
    assert maps == (None, None)  # that there is no map has been said


@pytest.fixture(scope="module")
def demo():
    """Scores of the demo's voxels from its components themselves, and the planted weights: no network needed."""
    from helpers import brain, splits
    from helpers.scores import score_layers

    study = brain.open("demo", None, 0)
    planted = study.components.rename(target="unit").expand_dims(layer=[1]).transpose("layer", "sound", "unit")
    train = splits.published(list(study.waveforms.sound.values))
    return study, score_layers(planted, study.voxels, train)


def test_planted_ceilings_of_the_demo_are_recovered(demo):
    study, found = demo
    reliability = planted_reliability(study)
    ceiling = 3 * reliability / (1 + 2 * reliability)
    measured = found.reliability.median(["split", "layer"])
    xr.testing.assert_equal(measured.target.drop_vars(measured.target.coords), ceiling.target.drop_vars(ceiling.coords))
    assert np.corrcoef(measured, ceiling)[0, 1] > 0.8 and abs(float((measured - ceiling).mean())) < 0.05


def test_what_made_the_voxels_predicts_them_up_to_the_ceiling(demo):
    study, found = demo
    reliable = (planted_reliability(study) > 0.6).values
    corrected = found.r2_corrected.median(["split", "layer"]).values[reliable]
    assert reliable.sum() > 100 and np.median(corrected) == pytest.approx(1, abs=0.03)
    assert np.quantile(corrected, 0.05) > 0.9
    plain = found.r2_pearson.median(["split", "layer"]).values[reliable]
    assert np.median(plain) < np.median(corrected)


def planted_reliability(study):
    from helpers.brain.demo import weights

    planted = weights(0)
    assert len(COMPONENTS) == planted.sizes["component"]
    return planted.reliability.sel(target=study.voxels.target.values)
