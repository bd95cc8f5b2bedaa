"""Responses in time: bins, latencies, slopes and figures of simulated responses whose delays are known."""

import functools

import jupytext
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

import cells
from conftest import sounds_in_time
from drawings import in_language
from helpers import brain, encoding, models
from helpers.chapters import extract, registry, time_course
from helpers.chapters.time_course.analysis import half_maximum, slope
from helpers.encoding import splits as splitting
from helpers.errors import UserError
from helpers.names import LAYER, MODEL, TARGET, TIME
from helpers.study import open_study
from helpers.text import labellers

N_SOUNDS, LATENCIES = 60, (0.25, 0.45, 0.65, 0.85)  # s, of the four layers
ENDS = (0.5, 2.0)
LOOK = {"synthetic": True}


def in_time(values, times, names=("a",), **coords) -> xr.DataArray:
    """Responses (sound, target, time) with names."""
    where = {"sound": [f"s{i:02d}" for i in range(len(values))], "target": list(names), "time": times}
    return xr.DataArray(values, where | coords, ("sound", "target", "time"), name="responses")


@pytest.fixture(scope="module")
def planted():
    """Features of four layers, and responses of each of six targets that begin to follow layer j at its latency."""
    random = np.random.default_rng(1)
    sounds = [f"s{i:02d}" for i in range(N_SOUNDS)]
    unit = random.standard_normal((4, N_SOUNDS))
    layers = [
        xr.DataArray(unit[[j]].T, {"sound": sounds}, ("sound", "unit")).assign_coords(layer=j + 1, model="planted")
        for j in range(4)
    ]
    times = np.arange(0, 1.5, 0.01)
    follows = np.array([np.clip((times - begins + 0.05) / 0.1, 0, 1) for begins in LATENCIES])
    values = np.einsum("js,jt->st", unit, follows)[:, None] + 0.3 * random.standard_normal((N_SOUNDS, 6, len(times)))
    groups = ["left"] * 3 + ["right"] * 3
    return layers, in_time(values, times, "abcdef").assign_coords(group=("target", groups))


@pytest.fixture(scope="module")
def scores(planted):
    layers, responses = planted
    targets = time_course.stacked(time_course.binned(responses, 0.1), "electrodes")
    splits = splitting.published([str(name) for name in responses.sound.values])
    return {"electrodes": [encoding.score(layers, targets, splits)]}


def test_bins_are_the_means_of_their_samples():
    times = np.arange(10) * 0.04
    values = np.random.default_rng(0).standard_normal((3, 1, 10))
    found = time_course.binned(in_time(values, times), 0.1)
    members = [[0, 1, 2], [3, 4], [5, 6, 7], [8, 9]]  # 0.20 s begins the third
    for index, own in enumerate(members):
        np.testing.assert_allclose(found.values[..., index], values[..., own].mean(-1), rtol=1e-14)
        np.testing.assert_allclose(found.time.values[index], times[own].mean())
    assert found.dims == ("sound", "target", "time")


def test_no_bin_lies_on_both_sides_of_the_onset():
    times = np.arange(-15, 15) * 0.01
    found = time_course.binned(in_time(np.zeros((2, 1, 30)) + (times >= 0), times), 0.1)
    assert set(found.values.ravel()) == {0.0, 1.0} and found.sizes["time"] == 4


@pytest.mark.parametrize("width", [0, -0.1, np.nan, 0.005])
def test_a_width_that_makes_no_bins_is_refused(width):
    with pytest.raises(UserError, match=r"found a width of .* lie 0\.01 s apart; choose a positive width"):
        time_course.binned(in_time(np.zeros((2, 1, 30)), np.arange(30) * 0.01), width)


def test_repetitions_are_kept_beside_stacked_bins():
    values = in_time(np.random.default_rng(0).standard_normal((4, 2, 6)), np.arange(6) * 0.1, "ab")
    both = xr.concat([values, values + 1], "repetition").transpose("sound", "target", "repetition", "time")
    found = time_course.stacked(time_course.binned(both, 0.2), "voxels")
    assert found.dims == ("sound", "target", "repetition") and found.sizes["target"] == 6
    assert set(found.group.values) == {"voxels"}
    own = found.isel(target=(found["of"] == "b").values, repetition=1)
    expected = values.sel(target="b").values.reshape(4, 3, 2).mean(-1) + 1
    np.testing.assert_allclose(own.values, expected)


def test_half_of_the_maximum_lies_between_the_bins_around_it():
    times = np.array([0.05, 0.15, 0.25, 0.35])
    curves = np.array(
        [
            [0.0, 0.0, 0.4, 0.2],  # half, 0.2, is midway between the second and third bins
            [0.0, 0.1, 0.2, 0.8],  # half, 0.4, is a third of the way from the third to the fourth
            [0.0, 0.3, 0.6, 0.5],  # half is the second bin itself
            [0.0, 0.01, 0.02, 0.0],  # below the floor
            [0.5, 0.6, 0.6, 0.6],  # at half from the first bin on
            [0.0, 0.0, 0.0, 0.0],
        ]
    )
    expected = [0.2, 0.25 + 0.1 / 3, 0.15, np.nan, np.nan, np.nan]
    np.testing.assert_allclose(half_maximum(curves, times, 0.05), expected)
    np.testing.assert_allclose(half_maximum(curves.reshape(2, 3, 4), times, 0.05).ravel(), expected)


def test_the_floor_is_twice_what_chance_exceeds_for_the_test_sounds():
    splits = splitting.published([f"s{i}" for i in range(165)])
    assert time_course.floor(splits) == pytest.approx(2 * 0.183**2)


def test_planted_latencies_are_found(scores):
    table = time_course.latencies(scores, floor=0.05)
    assert len(table) == 4 * 6 and set(table.group) == {"left", "right"}
    found = table.groupby("layer")["latency_ms"].median()
    assert found.is_monotonic_increasing
    # r2 of a layer is the share of its own variance: with later layers adding theirs it peaks before they come
    np.testing.assert_allclose(found, 1000 * np.array(LATENCIES), atol=60)


def test_deeper_is_later_where_that_is_planted(scores):
    layers, slopes = time_course.later(scores, 0.05, n_draws=100)
    assert slopes["group"].tolist() == ["left", "right"] and (slopes["n_targets"] == 3).all()
    # 0.2 s from each of four layers to the next: 600 ms from the first to the last
    assert ((slopes["slope_ms"] > 500) & (slopes["slope_ms"] < 700)).all()
    assert (slopes["low"] < slopes["slope_ms"]).all() and (slopes["high"] > slopes["slope_ms"]).all()
    assert (slopes["low"] > 0).all()
    assert len(layers) == 2 * 4 and ((layers["low"] <= layers["latency_ms"]) & (layers["n_targets"] == 3)).all()
    medians = time_course.latencies(scores, 0.05).groupby(["group", "layer"])["latency_ms"].median()
    np.testing.assert_allclose(layers.set_index(["group", "layer"])["latency_ms"], medians)
    again = time_course.later(scores, 0.05, n_draws=100)[1]
    pd.testing.assert_frame_equal(slopes, again)


def test_weaker_layers_come_out_later_though_nothing_differs_in_time():
    """What the chapter warns of: latencies of layers that follow the same response through noise of their own."""
    times, random = np.arange(0, 2, 0.1) + 0.05, np.random.default_rng(0)
    names = [f"s{i:03d}" for i in range(165)]
    signal, follows = random.standard_normal(165), np.clip((times - 0.1) / 0.4, 0, 1)
    layers = [
        xr.DataArray((signal + noise * random.standard_normal(165))[:, None], {"sound": names}, ("sound", "unit"))
        for noise in (0.4, 2.6)
    ]
    layers = [layer.assign_coords(layer=1 + index, model="planted") for index, layer in enumerate(layers)]
    values = signal[:, None, None] * follows + 0.5 * random.standard_normal((165, 12, len(times)))
    coords = {"sound": names, "target": [f"e{i}" for i in range(12)], "time": times}
    targets = time_course.stacked(xr.DataArray(values, coords, ("sound", "target", "time")), "electrodes")
    splits = splitting.published(names)
    scores = {"electrodes": [encoding.score(layers, targets, splits)]}
    found = time_course.latencies(scores, time_course.floor(splits)).groupby("layer")["latency_ms"].median()
    assert 30 < found[2] - found[1] < 150


def test_a_slope_is_shared_by_targets_of_unlike_levels():
    depth = np.array([0, 0.5, 1])
    latency = np.array([[100, 500], [150, np.nan], [200, 580]])  # slopes of 100 and 80
    over, under = slope(depth, latency)
    np.testing.assert_allclose(over / under, [100, 80])
    np.testing.assert_allclose(over.sum() / under.sum(), np.average([100, 80], weights=under))
    over, under = slope(np.array([np.nan]), np.array([[100.0, 200.0]]))
    assert (np.nan_to_num(under) == 0).all(), "a single layer has no slope"


def test_a_network_of_one_layer_and_groups_of_two_have_no_interval(scores):
    one = {"electrodes": [each.isel(layer=[0]) for each in scores["electrodes"]]}
    layers, slopes = time_course.later(one, 0.05, n_draws=50)
    assert slopes[["slope_ms", "low", "high"]].isna().all(axis=None) and layers["relative"].isna().all()
    kept = ["a", "b", "d", "e", "f"]  # two are left of one group, three of the other
    few = {"electrodes": [each.isel(target=each["of"].isin(kept).values) for each in scores["electrodes"]]}
    slopes = time_course.later(few, 0.05, n_draws=50)[1].set_index("group")
    assert slopes["slope_ms"].notna().all() and np.isnan(slopes["low"]["left"]) and slopes["low"]["right"] > 0


def test_curves_are_medians_over_splits_by_name(scores):
    (one,) = scores["electrodes"]
    shuffled = one.isel(target=np.random.default_rng(0).permutation(one.sizes["target"]))
    table = time_course.curves({"electrodes": [shuffled]}).set_index([TARGET, LAYER, TIME])["median_r2"]
    expected = one["r2_pearson"].median("split")
    for place in (0, 17, -1):
        own = expected.isel(target=place)
        for layer in (1, 4):
            key = str(own["of"].values), layer, float(own["time"])
            assert table[key] == float(own.sel(layer=layer))


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of responses in time with two tiny networks."""
    in_time = sounds_in_time()
    monkeypatch.setattr(brain, "open", lambda *_: in_time)
    entry = {"name": "mixture", "family": "mini", **models.FAMILIES["mini"].example(tmp_path)}
    entries = [entry, entry | {"name": "other", "steps": entry["steps"] + 1}]
    values = {"name": "small", "dataset": "demo", "models": entries, "chapters": ["10_time_course"]}
    (tmp_path / "small.yml").write_text(yaml.safe_dump(values))
    return {"study": str(tmp_path / "small.yml"), "outputs": str(tmp_path)}


def test_the_core_is_called_once_for_each_network_and_set(study, monkeypatch):
    calls, score = [], encoding.score

    @functools.wraps(score)
    def counted(**arguments):
        calls.append(arguments["responses"])
        return score(**arguments)

    monkeypatch.setattr(encoding, "score", counted)
    found = cells.run(jupytext.read(registry.path_of("10_time_course")), {"study": study})
    assert len(calls) == 2 * 2, "two networks and the two sets that have a time"
    assert sorted({one.sizes["target"] for one in calls}) == [3 * 6, 6 * 6]
    assert set(found["curves"]["responses"]) == {"components", "electrodes"}
    written = sorted(path.stem for path in (open_study(study).folder / "tables").glob("*.parquet"))
    assert written == ["time_curves", "time_latencies", "time_layers", "time_slopes"]


def test_sets_without_a_time_are_named(study):
    opened = open_study(study)
    bins = {kind: time_course.binned(one, 0.1) for kind, one in time_course.responses(opened).items()}
    assert list(bins) == ["components", "electrodes"]
    said = time_course.about(opened, bins, 0.1, 0.0669).pieces
    assert "Without a time, and therefore not in this chapter: regions" in said["en"] and "0.067" in said["en"]
    assert "fuera de este capítulo: regions" in said["es"] and "0,067" in said["es"]
    assert "<strong>Electrodos</strong>: 6 respuestas en 6 tramos de 100 ms" in said["es"]


def test_a_prediction_stands_beside_what_was_measured_at_that_time(study):
    opened = open_study(study)
    bins = {kind: time_course.binned(one, 0.1) for kind, one in time_course.responses(opened).items()}
    splits = opened.splits
    targets = {kind: time_course.stacked(one, kind) for kind, one in bins.items()}
    networks = list(opened.last_checkpoints())
    scores = {kind: [encoding.score(one, own, splits) for one in networks] for kind, own in targets.items()}
    singles = time_course.singles(time_course.curves(scores))
    assert set(singles[TARGET]) == {"ecog1", "ecog2", "ecog3"}
    table = time_course.predicted(opened, bins, singles, 2)
    assert table[TARGET].nunique() == 2 and len(table) == 2 * 24 * 6
    target, own = next(iter(table.groupby(TARGET)))
    whole = bins["components"].sel(target=target)
    wide = own.pivot_table(index="sound", columns="time", values="measured")
    expected = ((whole - whole.mean()) / whole.std()).transpose("sound", "time")
    np.testing.assert_allclose(wide.values, expected.sel(sound=wide.index.values).values, atol=1e-12)
    top = singles[singles[TARGET] == target].nlargest(1, "median_r2").iloc[0]
    assert (own[MODEL] == top[MODEL]).all() and (own[LAYER] == top[LAYER]).all()


@pytest.fixture(scope="module")
def tables(scores):
    """Curves, groups, layers and slopes of two networks, of which one has fewer layers."""
    (one,) = scores["electrodes"]
    both = {"electrodes": [one, one.isel(layer=[0, 1]).assign_coords(model="short")]}
    curves = time_course.curves(both)
    return curves, time_course.by_group(curves), *time_course.later(both, 0.05, n_draws=50)


def test_curves_show_the_numbers_of_the_table(tables):
    _, groups, *_ = tables
    figure = time_course.figures.by_time(groups, ENDS, **LOOK)
    lines = [trace for trace in figure.data if trace.legendgroup and trace.fill is None]
    assert len(lines) == 2 * (4 + 2) and sum(bool(line.visible) for line in lines) == 2 * 4
    areas = [trace for trace in figure.data if trace.fill == "toself"]
    assert [area.visible for area in areas] == [True, True, False, False], "of each network and group"
    rows = groups.query("model == 'planted' and target == 'left'")
    highest = rows[rows["layer"] == rows.loc[rows["median_r2"].idxmax(), "layer"]]
    np.testing.assert_allclose(areas[0].y, [*highest["q75"], *highest["q25"][::-1]], atol=6e-4)
    own = groups.query("model == 'planted' and layer == 1 and target == 'left'")
    np.testing.assert_allclose(lines[0].y, own["median_r2"], atol=6e-4)
    np.testing.assert_array_equal(lines[0].x, own["time"])
    assert len({line.line.dash for line in lines[:8]}) == 3 and len({line.line.color for line in lines[:8:2]}) == 4
    assert figure.layout.updatemenus[0].buttons[1].args[0]["visible"] == [False] * 10 + [True] * 6
    assert {shape.x1 for shape in figure.layout.shapes} == {0.5, 2.0}
    spanish = in_language(figure, "es")
    assert (
        "Mientras dura el sonido más breve" in {trace.name for trace in spanish.data}
        and ", capa 1<br>" in spanish.data[2].hovertemplate
    )


def test_the_menu_of_single_targets_exchanges_all_lines(tables):
    curves, *_ = tables
    figure = time_course.figures.one_by_one(time_course.singles(curves), ENDS, **LOOK)
    menu = figure.layout.updatemenus[0]
    assert [button.label for button in menu.buttons] == list("abcdef")
    values, lines = menu.buttons[3].args[0]["y"], menu.buttons[3].args[1]
    assert list(lines) == list(range(8)) and len(values) == 8, "two areas of quartiles and six layers"
    own = curves.query("target == 'd' and model == 'short' and layer == 2")
    np.testing.assert_allclose(values[7], own["median_r2"], atol=6e-4)
    highest = curves.query("target == 'd' and model == 'short'").nlargest(1, "median_r2")["layer"].iloc[0]
    around = curves.query(f"target == 'd' and model == 'short' and layer == {highest}")
    np.testing.assert_allclose(values[1], [*around["q75"], *around["q25"][::-1]], atol=6e-4)


def test_the_map_of_layers_and_times_holds_every_number(tables):
    _, groups, *_ = tables
    figure = time_course.figures.heat(groups, ENDS, **LOOK)
    shown = figure.data[1]  # the first network, the second group
    own = groups.query("model == 'planted' and target == 'right'").pivot(index="layer", columns="time")["median_r2"]
    np.testing.assert_allclose(shown.z, own, atol=6e-4)
    maps = [trace for trace in figure.data if trace.type == "heatmap"]
    assert list(shown.y) == [1, 2, 3, 4] and [trace.visible for trace in maps] == [True] * 2 + [False] * 2
    visible, axes, traces = figure.layout.updatemenus[0].buttons[1].args
    assert visible["visible"] == [False] * 2 + [True] * 2 and list(traces) == [0, 1, 2, 3]
    assert axes["yaxis.range"] == axes["yaxis2.range"] == [0.5, 2.5], "the other network has two layers"
    assert figure.layout.coloraxis.cmax == pytest.approx(groups["median_r2"].max(), abs=6e-4)


def test_latencies_stand_at_their_depth_with_their_intervals(tables):
    *_, layers, slopes = tables
    figure = time_course.figures.by_depth(layers, **LOOK)
    line, other = figure.data[:2]
    own = layers.query("group == 'left' and model == 'planted'")
    np.testing.assert_allclose(line.y, own["latency_ms"], atol=0.06)
    np.testing.assert_allclose(np.add(line.y, line.error_y.array), own["high"], atol=0.06)
    np.testing.assert_allclose(np.subtract(line.y, line.error_y.arrayminus), own["low"], atol=0.06)
    assert len(other.x) == 2 and line.marker.symbol != other.marker.symbol
    said = time_course.sentences(tables[1], slopes).pieces
    assert "above 0 (deeper layers later) for 2 of 2 networks" in said["en"]
    assert "(capas más profundas, más tarde) en 2 de 2 redes" in said["es"]


def test_the_slider_moves_all_targets_and_its_points_are_sounds():
    random = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [["ecog1", "ecog2"], [0.05, 0.55, 1.05], [f"s{i}" for i in range(8)]], names=["target", "time", "sound"]
    )
    frame = pd.DataFrame(random.standard_normal((len(index), 2)), index, ["measured", "predicted"]).reset_index()
    frame["category"] = frame["sound"].map({f"s{i}": ("Music", "Song")[i % 2] for i in range(8)})
    frame = frame.assign(model="planted", layer=2, r_pearson=0.5)
    figure = time_course.figures.moments(frame, **LOOK)
    assert len(figure.data) == 4 and [trace.visible for trace in figure.data] == [True, True, False, False]
    assert figure.data[1].ids == ("s1", "s3", "s5", "s7")
    assert figure.layout.meta["sounds"] == [f"s{i}" for i in range(8)]
    (slider,) = figure.layout.sliders
    assert slider.active == 1 and [step.label for step in slider.steps] == ["0.05 s", "0.55 s", "1.05 s"]
    moved, lines = slider.steps[2].args
    own = frame.query("target == 'ecog2' and category == 'Song' and time == 1.05")
    np.testing.assert_allclose(moved["y"][3], own["predicted"], atol=0.006)
    np.testing.assert_allclose(moved["x"][3], own["measured"], atol=0.006)
    assert list(lines) == [0, 1, 2, 3]
    assert in_language(figure, "es").layout.sliders[0].steps[0].label == "0,05 s"


def test_a_study_without_a_time_cannot_have_the_chapter(small_brain, tmp_path):
    entry = {"name": "mixture", "family": "mini", **models.FAMILIES["mini"].example(tmp_path)}
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump({"name": "s", "dataset": "demo", "models": [entry], "chapters": ["10_time_course"]}))
    opened = open_study({"study": str(path), "outputs": str(tmp_path)})
    with pytest.raises(UserError, match="needs responses in time, and dataset 'demo' has none: its components, voxels"):
        registry.chosen(opened)


def test_every_study_says_whether_its_responses_have_a_time(study, small_brain):
    """In the chapter that every study has."""
    without = extract.times(open_study(study)).pieces  # `small_brain` stands in for every dataset
    assert "The responses have no time." in without["en"] and "Las respuestas no tienen tiempo." in without["es"]
    assert set(small_brain.responses) == {"components", "voxels"}


def test_a_study_in_time_says_what_is_averaged(study):
    opened = open_study(study)
    said = extract.times(opened).pieces
    assert "averaged from 0.10 to 2.20 s" in said["en"] and "Some sets of responses have no time." in said["en"]
    assert "de 0,10 a 2,20 s" in said["es"] and "Algunos conjuntos" in said["es"]
    del opened.brain.responses["regions"]
    assert "Some sets" not in extract.times(opened).pieces["en"]


def test_words_are_there_in_both_languages():
    for labeller in labellers().values():
        assert all(labeller(f"figure.{name}.title") for name in ("by_time", "time_heat", "time_depth", "moments"))
