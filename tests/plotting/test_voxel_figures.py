"""The voxel chapter's figures hold the numbers of their frames and the words of both languages."""

import json

import numpy as np
import pandas as pd
import pytest
from test_figures import named, noted, rows

from drawings import in_language, name_of_bar, unbroken
from helpers import text
from helpers.brain import published
from helpers.chapters.voxelwise import figures, places
from helpers.chapters.voxelwise.figures.maps import MISSING
from helpers.names import REGIONS

LOOK = {"synthetic": False, "language": "en"}
PEAK = {"Primary": 2, "Anterior": 4, "Lateral": 4, "Posterior": 3}  # best layers
LAYERS = range(1, 6)


@pytest.fixture(scope="module")
def best():
    """A row per voxel and model: eight subjects, whose voxels share six places a hemisphere and region."""
    frame = rows(
        model=["mixture", "music"], subject=[f"S{n}" for n in range(1, 9)], hemisphere=["lh", "rh"],
        region=REGIONS, number=range(6),
    )  # fmt: skip
    frame = frame.assign(x=2.0 * frame.number, y=2.0 * frame.region.map(REGIONS.index), best_layer=5, ceiling=0.7)
    frame = frame.assign(best_layer_unmerged=frame.region.map(PEAK), best_r2=0.9, best_r2_unmerged=0.6)
    return frame.assign(target=frame.index.astype(str), metric="r2_corrected").drop(columns="number")


@pytest.fixture(scope="module")
def layers(best):
    """A row per voxel, model and layer; r2 differs from voxel to voxel."""
    frame = pd.concat([best.assign(layer=layer) for layer in LAYERS], ignore_index=True)
    return frame.assign(r2=np.random.default_rng(0).uniform(0, 1, len(frame)))


@pytest.fixture(scope="module")
def pooled(layers):
    columns = {"q25": ("r2", lambda r2: r2.quantile(0.25)), "q75": ("r2", lambda r2: r2.quantile(0.75))}
    frame = layers.groupby(["model", "layer"], sort=False).agg(median_r2=("r2", "median"), **columns).reset_index()
    return noted(frame.assign(metric="r2_corrected", n_voxels=384))


@pytest.fixture(scope="module")
def by_region():
    frame = rows(model=["mixture", "music"], hemisphere=["both", "lh"], region=["all", *REGIONS], layer=LAYERS)
    frame["mean_r2"] = np.linspace(0.1, 0.8, len(frame))
    frame = frame.assign(error=0.01, low=frame.mean_r2 - 0.1, high=frame.mean_r2 + 0.1, n_subjects=8, n_voxels=96)
    return noted(frame.assign(metric="r2_corrected"))


@pytest.fixture(scope="module")
def depths():
    frame = rows(model=["mixture"], subject=["S1", "S10", "S2"], hemisphere=["both"], region=["all", *REGIONS])
    return frame.assign(relative=np.linspace(0, 1, len(frame)), n_voxels=12)


@pytest.fixture(scope="module")
def means():
    frame = pd.DataFrame({"model": "mixture", "region": REGIONS, "relative": [0.25, 0.75, 0.75, 0.5]})
    tested = {"difference": [np.nan, 0.5, 0.5, 0.25], "low": 0.1, "high": 0.9, "w": 36.0, "n_subjects": 8}
    return frame.assign(**tested, p_value=[np.nan, 0.004, 0.004, 0.004])


@pytest.fixture(scope="module")
def bars():
    frame = pd.DataFrame({"model": ["mixture", "music"], "mean_r2": [0.6, 0.5], "error": [0.01, 0.02]})
    return frame.assign(low=[0.5, 0.4], high=[0.8, 0.6], n_subjects=8, metric="r2_corrected")


def colours(figure):
    """Every colour by model and place, as drawn."""
    models = (trace.hovertemplate.split("<br>")[0] for trace in figure.data)
    return {
        (model, "lh" if "left" in trace.hovertemplate else "rh", x, y): value
        for trace, model in zip(figure.data, models, strict=True)
        for x, y, value in zip(trace.x, trace.y, trace.marker.color, strict=True)
    }


def best_map(best, pooled):
    return figures.best_map(places.best(best), places.most_frequent(best), pooled, **LOOK)


def test_every_voxel_is_in_one_mark_of_the_region_map(best):
    figure = figures.region_map(places.regions(best), **LOOK)
    assert sum(trace.customdata[:, 0].sum() for trace in figure.data) == 384
    for region in REGIONS:
        left, right = named(figure, region)
        assert left.xaxis != right.xaxis and left.marker.symbol == right.marker.symbol
        assert set(left.y) == {2.0 * REGIONS.index(region)} and (left.customdata == 8).all()
    looks = {(trace.marker.color, trace.marker.symbol) for trace in figure.data}
    assert len(looks) == len({colour for colour, _ in looks}) == 4
    assert "384 voxels of 8 subjects" in figure.layout.meta["alt"]["en"]


def test_regions_of_any_name_follow_the_published_ones(best, by_region):
    names = {"Primary": "", "Anterior": "A1", "Lateral": "Lateral", "Posterior": "R"}
    figure = figures.region_map(places.regions(best.assign(region=best.region.map(names))), **LOOK)
    assert [trace.name for trace in figure.data][::2] == ["Lateral", "A1", "R", "Other voxels"]
    frame = by_region.assign(region=by_region.region.map(names | {"all": "all"}))
    drawn = [trace.name for trace in figures.regions(frame, None, **LOOK).data if trace.showlegend]
    assert drawn == ["Lateral", "A1", "R", "Noise ceiling (1 after correction)"]


def test_maps_have_the_same_scale_in_mm_in_both_directions_and_all_panels(best, pooled):
    for figure in (figures.region_map(places.regions(best), **LOOK), best_map(best, pooled)):
        spans = {axis.range[1] - axis.range[0] for axis in figure.select_xaxes()}
        assert len(spans) == 1 and len({axis.range for axis in figure.select_yaxes()}) == 1
        assert all(axis.scaleanchor == axis.anchor and axis.constrain == "domain" for axis in figure.select_yaxes())
        assert {axis.title.text for axis in figure.select_xaxes()} <= {"Position x (mm)", None}


def test_the_slider_shows_the_median_of_each_place_at_each_layer(best, layers, pooled):
    figure = figures.r2_map(places.layers(layers, best), pooled, **LOOK)
    slider = figure.layout.sliders[0]
    assert [step.label for step in slider.steps] == ["1", "2", "3", "4", "5 ◆"] and slider.active == 4
    # a page's other sliders of layers follow it
    assert slider.name == "layer" and [step.name for step in slider.steps] == ["1", "2", "3", "4", "5"]
    assert slider.currentvalue.prefix == "Layer (◆ sum of both branches) "
    for layer, step in zip(LAYERS, slider.steps, strict=True):
        medians = layers[layers.layer == layer].groupby(["model", "hemisphere", "x", "y"])["r2"].median()
        figure.update(data=[{"marker": {"color": values}} for values in step.args[0]["marker.color"]])
        shown = {(model.split()[0].lower(), *place): value for (model, *place), value in colours(figure).items()}
        assert shown == pytest.approx(medians.to_dict(), abs=1e-4)
    assert name_of_bar(figure) == "Median noise-corrected r²"
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 1)
    first, last = (pooled[(pooled.model == "music") & (pooled.layer == n)].median_r2.item() for n in (1, 5))
    assert (
        f"Music network: the median over voxels goes from {first:.2f} at layer 1 to {last:.2f} at layer 5"
        in (figure.layout.meta["alt"]["en"])
    )


def test_the_map_is_small_enough_for_thousands_of_voxels(best, layers, pooled):
    """Places and words are kept once, not once per layer: the words of a study's map must not grow with its layers."""
    figure = figures.r2_map(places.layers(layers, best), pooled, **LOOK)
    assert len(figure.data) == 2 * 2 * 4 and len(figure.layout.meta["words"]["es"]) < 40
    assert "subjects" in figure.layout.meta["table"].splitlines()[0]


def test_a_place_without_a_value_is_grey_not_zero(best, layers, pooled):
    nowhere = (layers.x == 0) & (layers.y == 0) & (layers.layer == 5)
    own = places.layers(layers.assign(r2=layers.r2.where(~nowhere)), best)
    shown = colours(figures.r2_map(own, pooled, **LOOK))
    greys = {place for place, value in shown.items() if value == MISSING}
    assert greys == {(model, side, 0.0, 0.0) for model in ("Mixture network", "Music network") for side in ("lh", "rh")}


def test_the_best_layer_of_a_place_is_one_of_those_without_a_note(best, pooled):
    figure = best_map(best, pooled)
    shown = colours(figure)
    for region, peak in PEAK.items():
        assert {value for place, value in shown.items() if place[3] == 2.0 * REGIONS.index(region)} == {peak}
    assert list(figure.layout.coloraxis.colorbar.tickvals) == [1, 2, 3, 4]
    assert len({colour for _, colour in figure.layout.coloraxis.colorscale}) == 4
    n, r2, ceiling, layer, lowest, highest = figure.data[0].customdata[0]
    assert (n, ceiling, layer, lowest, highest, r2) == (8, 0.7, 2, 2, 2, 0.6)
    for language, words in (
        ("en", "without the layer that is the sum of both branches"),
        ("es", "sin la capa que es la suma de ambas"),
    ):
        assert words in unbroken(in_language(figure, language).layout.title.text)
    every = best_map(best, pooled.drop(columns="note"))
    assert "without" not in every.layout.title.text and len(every.layout.coloraxis.colorbar.tickvals) == 5
    assert "Mixture network: most often layer 4, in 50 % of the voxels." in figure.layout.meta["alt"]["en"]


def test_of_two_middle_layers_the_lower_is_shown(best, pooled):
    halves = best.assign(best_layer_unmerged=np.where(best.subject.isin(["S1", "S2", "S3", "S4"]), 1, 4))
    assert set(colours(best_map(halves, pooled)).values()) == {1}


def test_maps_tell_what_a_place_stands_for_in_both_languages(best, layers, pooled):
    words = {
        "en": ("Voxels here", "hemisphere", "r² of this layer", "best layer", "noise ceiling"),
        "es": ("Vóxeles aquí", "hemisferio", "r² de esta capa", "mejor capa", "techo de ruido"),
    }
    figure = figures.r2_map(places.layers(layers, best), pooled, **LOOK)
    for language, expected in words.items():
        for trace in in_language(figure, language).data:
            assert all(word in trace.hovertemplate for word in expected)
            assert set(trace.text) == {"S1, S2, S3, S4, S5, S6, S7, S8"}
    assert in_language(figure, "es").layout.annotations[0].text == "Izquierdo"


def test_where_networks_have_unlike_numbers_of_layers_the_first_map_is_of_one_that_all_have(best, layers, pooled):
    lacking = (layers.model == "mixture") & (layers.layer == 5), (pooled.model == "mixture") & (pooled.layer == 5)
    figure = figures.r2_map(places.layers(layers[~lacking[0]], best), pooled[~lacking[1]], **LOOK)
    slider = figure.layout.sliders[0]
    assert slider.active == 3 and len(slider.steps) == 5
    *marks, bar = figure.data
    assert not any(MISSING in trace.marker.color for trace in marks)
    assert bar.x == (None,) and bar.marker.coloraxis == "coloraxis" and bar.visible is None
    (menu,) = figure.layout.updatemenus
    for own in (
        *(step.args[0]["marker.color"] for step in slider.steps),
        *(b.args[0]["visible"] for b in menu.buttons),
    ):
        assert len(own) == len(figure.data) and own[-1] in ([0.0], True), "the bar stays, whatever is chosen"


def test_a_menu_chooses_the_network_of_a_map(best, layers, pooled):
    for figure in (figures.r2_map(places.layers(layers, best), pooled, **LOOK), best_map(best, pooled)):
        (menu,) = figure.layout.updatemenus
        assert menu.name == "model" and [button.name for button in menu.buttons] == ["mixture", "music"]
        names = [trace.hovertemplate.split(" network")[0] for trace in figure.data]
        assert [trace.visible for trace in figure.data] == [name == "Mixture" for name in names]
        assert menu.buttons[1].args[0]["visible"] == [name == "Music" for name in names]
    alone = best_map(best[best.model == "music"], pooled[pooled.model == "music"])
    assert not alone.layout.updatemenus and "menu" not in alone.layout.meta["alt"]["en"]


def test_a_place_whose_voxels_no_layer_predicts_is_grey(best, pooled):
    nowhere = (best.x == 0) & (best.y == 0)
    shown = colours(best_map(best.assign(best_layer_unmerged=best.best_layer_unmerged.where(~nowhere)), pooled))
    assert {place[2:] for place, value in shown.items() if value == MISSING} == {(0.0, 0.0)}


def test_voxels_without_coordinates_or_subjects_have_no_map(best, layers, pooled):
    for bare in (best.drop(columns=["x", "y"]), best.assign(x=np.nan), best.drop(columns=["hemisphere", "subject"])):
        note = figures.region_map(places.regions(bare), **LOOK)
        assert isinstance(note, text.Bilingual) and "no coordinates" in note.pieces["en"]
        assert best_map(bare, pooled) is None and figures.r2_map(places.layers(layers, bare), pooled, **LOOK) is None
    nameless = places.regions(best.drop(columns=["subject", "region"]))
    assert {trace.name for trace in figures.region_map(nameless, **LOOK).data} == {"Other voxels"}


def test_curves_over_all_voxels_mark_the_noted_layer_and_the_ceiling(pooled):
    ceiling = pd.DataFrame({"model": ["mixture", "music"], "ceiling": [0.7, 0.6]})
    figure = figures.pooled(pooled, ceiling, None, **LOOK)
    own = pooled[pooled.model == "mixture"]
    (line,) = named(figure, "Mixture network")
    np.testing.assert_array_equal(line.y, own.median_r2)
    np.testing.assert_allclose(line.customdata, np.c_[own[["q25", "q75"]], np.full(5, 0.7)])
    assert line.marker.symbol[-1] == "diamond" != line.marker.symbol[0]
    assert unbroken(figure.layout.xaxis.title.text) == "Layer (◆ sum of both branches)"
    assert list(named(figure, "Noise ceiling (1 after correction)")[0].y) == [1, 1]
    assert unbroken(figure.layout.yaxis.title.text) == "Median noise-corrected r²"
    plain = pooled.assign(metric="r2_pearson").drop(columns="note")
    raw = figures.pooled(plain, ceiling, None, **LOOK)
    assert list(named(raw, "Music network, median noise ceiling")[0].y) == [0.6, 0.6]
    bare = figures.pooled(plain, ceiling.assign(ceiling=np.nan), None, **LOOK)
    assert (
        unbroken(bare.layout.yaxis.title.text) == "Median test r²" and unbroken(bare.layout.xaxis.title.text) == "Layer"
    )
    assert not [trace for trace in bare.data if "ceiling" in (trace.name or "").lower() + (trace.hovertemplate or "")]


def test_region_curves_hold_means_errors_and_intervals(by_region):
    figure = figures.regions(by_region, None, **LOOK)
    own = by_region.query("hemisphere == 'both' and region == 'Lateral' and model == 'music'")
    line = named(figure, "Lateral")[1]
    np.testing.assert_array_equal(line.y, own.mean_r2)
    np.testing.assert_array_equal(line.error_y.array, own.error)
    np.testing.assert_array_equal(line.customdata, own[["n_subjects", "n_voxels", "error", "low", "high"]])
    assert "error intrasujeto" in in_language(figure, "es").data[0].hovertemplate
    assert unbroken(figure.layout.yaxis.title.text) == "Mean noise-corrected r² over subjects"
    alone = figures.regions(by_region.assign(n_subjects=1), None, **LOOK)
    assert unbroken(alone.layout.yaxis.title.text) == "Median noise-corrected r²"
    none = figures.regions(by_region[by_region.region == "all"], None, **LOOK)
    assert isinstance(none, text.Bilingual) and "without regions" in none.pieces["en"]


def test_regions_have_the_highest_baseline_and_the_controls_of_their_network_beside(by_region):
    names = ["labels", "mel", "mixture", "music"]
    table = rows(model=names, region=list(REGIONS)).assign(division="region", n_subjects=8, metric="r2_corrected")
    table["role"] = table["model"].map({"labels": "baseline", "mel": "baseline"}).fillna("untrained")
    table["mean_r2"] = table["model"].map(dict(zip(names, [0.1, 0.2, 0.3, 0.4], strict=True)))
    figure = figures.regions(by_region, None, table, **LOOK)
    words = ("Highest baseline", "Untrained weights")
    beside = [[trace for trace in named(figure, word) if trace.x[0]] for word in words]
    assert [set(trace.y) for trace in beside[0]] == [{0.2}] * 2 and [set(t.y) for t in beside[1]] == [{0.3}, {0.4}]
    assert set(beside[0][0].text) == {"Mel spectrum"} and "Untrained weights" in beside[1][0].hovertemplate
    legend = [trace for trace in figure.data if trace.showlegend is None and trace.x[0] is None]
    assert {trace.name for trace in legend} >= set(words), "in no region's colour"
    assert figure.layout.yaxis.range == (0, pytest.approx(1.05)), "Plotly's own ends at 4 beside such entries"
    layers = by_region["layer"].max()
    low, high = figure.layout.xaxis.range
    assert low < 1 and layers < beside[0][0].x[0] < high < layers + 1, "right of the layers, where no number is"
    colours = dict(zip(beside[0][0].customdata, beside[0][0].marker.color, strict=True))
    assert colours == {line.name: line.line.color for line in figure.data[: len(REGIONS)]}


def test_bars_have_baselines_as_lines_and_controls_beside(bars):
    table = pd.DataFrame({"role": ["baseline", "untrained"], "model": ["mel", "music"], "mean_r2": [0.3, 0.4]})
    figure = figures.models(bars, None, table.assign(metric="r2_corrected"), **LOOK)
    (line,), (mark,) = named(figure, "Mel spectrum"), named(figure, "Untrained weights")
    assert set(line.y) == {0.3} and "over subjects" in line.hovertemplate
    assert list(mark.y) == [0.4] and 0.5 < mark.x[0] < 1 and list(mark.text) == ["Music network"]
    errors = [trace.marker.symbol for trace in figure.data if "error" in trace.to_plotly_json().get("name", "")]
    assert mark.marker.symbol not in errors


def test_depths_show_every_subject_and_the_test_of_the_hierarchy(depths, means):
    figure = figures.depth(depths, means, **LOOK)
    (bar,) = named(figure, "Mean over subjects")
    np.testing.assert_array_equal(bar.y, means.relative)
    columns = ["difference", "low", "high", "w", "p_value", "n_subjects"]
    np.testing.assert_array_equal(bar.customdata, means[columns].astype(float))
    assert "Wilcoxon" not in bar.hovertemplate[0] and "Wilcoxon, one-sided: W" in bar.hovertemplate[1]
    assert "Minus Primary" in bar.hovertemplate[1]
    subjects = [trace for trace in figure.data if trace is not bar]
    assert [trace.hovertemplate.split("Subject ")[1].split(",")[0] for trace in subjects] == ["S1", "S2", "S10"]
    assert len({tuple(trace.x) for trace in subjects}) == 3  # equal depths do not hide each other
    np.testing.assert_array_equal(subjects[1].y, depths.query("subject == 'S2' and region != 'all'").relative)
    assert in_language(figure, "es").layout.xaxis.ticktext[0] == "Primaria"
    assert "Mixture network, mean over subjects: Primary 0.25; Anterior 0.75" in figure.layout.meta["alt"]["en"]
    untested = figures.depth(depths, means[["model", "region", "relative"]], **LOOK)
    assert not any("Wilcoxon" in hover for hover in named(untested, "Mean over subjects")[0].hovertemplate)


def test_depths_need_regions_and_several_subjects(depths, means):
    for bare in (depths[depths.region == "all"], depths[depths.subject == "S1"]):
        note = figures.depth(bare, means, **LOOK)
        assert isinstance(note, text.Bilingual) and "no se puede evaluar" in note.pieces["es"]


def test_bars_tell_two_kinds_of_error_apart(bars):
    figure = figures.models(bars, None, **LOOK)
    assert [trace.y[0] for trace in figure.data[:2]] == list(bars.mean_r2)
    words = (text.labellers()["en"](f"figure.models.{kind}") for kind in ("within", "interval"))
    (within,), (interval,) = (named(figure, word) for word in words)
    np.testing.assert_array_equal(within.error_y.array, bars.error)
    np.testing.assert_allclose(interval.y + interval.error_y.array, bars.high)
    np.testing.assert_allclose(interval.y - interval.error_y.arrayminus, bars.low)
    assert within.marker.symbol != interval.marker.symbol and (within.x != interval.x).all()
    alone = bars.iloc[:1].assign(error=np.nan, low=np.nan, high=np.nan, n_subjects=1)
    drawn = figures.models(alone, None, **LOOK)  # nothing to draw an error from
    assert [trace.type for trace in drawn.data] == ["bar", "scatter"] and drawn.data[1].legendgroup == "ceiling"
    assert unbroken(drawn.layout.yaxis.title.text) == "Median noise-corrected r²"
    assert "Bars of mean noise-corrected r² over subjects" in figure.layout.meta["alt"]["en"]


def test_published_values_wait_hidden_and_are_called_published(pooled, by_region, bars):
    ceiling = pd.DataFrame({"model": [], "ceiling": []})
    models = published.table("models").query("model.str.startswith('EnCodecMAE')")
    roi = published.table("roi_by_layer").rename(columns={"roi": "region"})
    drawn = [
        figures.pooled(pooled, ceiling, published.table("voxelwise_by_layer"), **LOOK),
        figures.regions(by_region, roi, **LOOK),
        figures.models(bars, models, **LOOK),
    ]
    for figure, count in zip(drawn, (3, 8, 3), strict=True):
        for language, word in (("en", "published"), ("es", "publicado")):
            over = [trace for trace in in_language(figure, language).data if word in (trace.name or "")]
            assert len(over) == count and all(trace.visible == "legendonly" for trace in over)
            assert all("NH2015" in trace.hovertemplate for trace in over)
    curve = named(drawn[1], "Primary, published EnCodecMAE-Mixture (digitised)")[0]
    assert list(curve.x) == list(range(1, 11)) and curve.y[0] == pytest.approx(0.41288908)


def test_synthetic_data_are_called_so_in_every_figure(best, layers, pooled, by_region, depths, means, bars):
    look = {"synthetic": True}
    drawn = [
        figures.region_map(places.regions(best), **look),
        figures.r2_map(places.layers(layers, best), pooled, **look),
        figures.best_map(places.best(best), places.most_frequent(best), pooled, **look),
        figures.pooled(pooled, pd.DataFrame({"model": [], "ceiling": []}), None, **look),
        figures.regions(by_region, None, **look),
        figures.depth(depths, means, **look),
        figures.models(bars, None, **look),
    ]
    for figure in drawn:
        assert "Synthetic data" in figure.layout.title.text
        assert "sintéticos" in in_language(figure, "es").layout.title.text
        assert all(figure.layout.meta["alt"][language] for language in ("es", "en"))
        json.loads(figure.to_json())
