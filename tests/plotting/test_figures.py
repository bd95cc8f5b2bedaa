"""Figures hold the numbers of their frames and the words of both languages."""

import ast
import json
import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from drawings import in_language, raw_numbers, unbroken
from helpers import text
from helpers.chapters.cka_residual import figures as cka
from helpers.chapters.components import figures as components
from helpers.chapters.explore import figures as explore
from helpers.chapters.extract import figures as extract
from helpers.chapters.learning_dynamics import figures as learning
from helpers.chapters.regularisation import figures as regularisation
from helpers.chapters.reproduction import figures as reproduction
from helpers.models import weights
from helpers.plotting import panels, references, style
from helpers.plotting.bilingual import bilingual
from helpers.text import labellers
from words import sources

TARGETS = ("lowfreq", "highfreq", "envsounds", "pitch", "speech", "music")
LOOK = {"synthetic": False}

text.words("note", en={"merged": "sum of both branches"}, es={"merged": "suma de ambas ramas"})  # as its family does


def rows(**values) -> pd.DataFrame:
    """One row per combination of `values`, the last changing fastest."""
    return pd.DataFrame(index=pd.MultiIndex.from_product(values.values(), names=values)).reset_index()


@pytest.fixture
def curves():
    random = np.random.default_rng(0)
    both = (("mixture", (0, 100, 400)), ("speech", (400,)))
    parts = [rows(model=[name], step=steps, layer=range(1, 6), target=TARGETS) for name, steps in both]
    frame = pd.concat(parts, ignore_index=True)
    frame["median_r2"] = random.random(len(frame)) / 2 + 0.2
    return frame.assign(q25=frame.median_r2 - 0.1, q75=frame.median_r2 + 0.1, n_splits=10, metric="r2_pearson")


def noted(frame: pd.DataFrame, layer: int = 5) -> pd.DataFrame:
    return frame.assign(note=np.where(frame["layer"] == layer, "merged", ""))


def named(figure: go.Figure, name: str) -> list[go.Scatter]:
    """The traces of that name, which a long one has on several lines."""
    return [trace for trace in figure.data if unbroken(trace.name) == name]


def test_components_are_drawn_with_their_numbers(curves):
    figure = components.by_layer(noted(curves), **LOOK)
    lines = named(figure, "Mixture network")
    assert len(lines) == 6 and len(named(figure, "Speech network")) == 6
    own = curves.query("model == 'mixture' and step == 400")
    for component, line in zip(TARGETS, lines, strict=True):
        expected = own[own.target == component]
        np.testing.assert_array_equal(line.x, expected.layer)
        np.testing.assert_array_equal(line.y, expected.median_r2)
        np.testing.assert_array_equal(line.customdata, expected[["q25", "q75"]])
    titles = [annotation.text for annotation in figure.layout.annotations]
    assert titles == ["Low frequency", "High frequency", "Broadband", "Pitch", "Speech component", "Music component"]


@pytest.mark.parametrize("targets", [["a"], ["b", "a"], ["c", "a", "b"]])
def test_panels_follow_the_targets_of_the_frame(curves, targets):
    """Any number of targets with any names: as many panels, in the order of the data, each column with its axis."""
    own = pd.concat([curves[curves.target == "music"].assign(target=target) for target in targets])
    one = own.assign(median_r2_determination=own.median_r2, median_r2_pearson=own.median_r2, median_active=3.0)
    one = one[(one.model == "speech")].assign(estimator="ridge")
    for figure in (
        components.by_layer(own, **LOOK),
        learning.by_step(own[own.model == "mixture"], None, **LOOK),
        regularisation.by_layer(one, None, **LOOK),
    ):
        assert [one.text for one in figure.layout.annotations][: len(targets)] == targets
        n_columns = min(2, len(targets))
        seen = [axis for axis in figure.select_xaxes() if axis.title.text and axis.title.font.size != 1]
        assert len(seen) == n_columns
        assert len([axis for axis in figure.select_yaxes() if axis.title.text]) == 1
    assert [b.label for b in learning.surface(own, **LOOK).layout.updatemenus[0].buttons][: len(targets)] == [
        f"Mixture network: {target}" for target in targets
    ]


def test_names_that_users_give_are_escaped(curves):
    hostile = "<b>x</b> %{y}"
    own = curves[curves.target == "music"].assign(target=hostile, model=hostile)
    figure = components.by_layer(own, **LOOK).update_layout(meta=None)  # the alternative text, which the page escapes
    shown = json.dumps(figure.update_traces(legendgroup=None).to_dict(), default=str)
    assert "&lt;b&gt;x&lt;/b&gt;" in shown and "<b>x" not in shown
    assert "%&#123;y}" in shown and "&gt; %{y}" not in shown  # nor a number of the hover


def test_every_control_has_a_mark_and_a_band():
    assert tuple(references.MARKS) == tuple(references.BANDS) == weights.CONTROLS


def started(curves, **others):
    """The starts of networks, as controls."""
    start = curves.query("model == 'mixture' and step == 0")
    found = [start, *(start.assign(model=model, median_r2=start["median_r2"] + up) for model, up in others.items())]
    controls = pd.concat(found, ignore_index=True).assign(role="untrained", n_seeds=1)
    controls = controls.drop(columns=["q25", "q75", "n_splits", "step"])
    return controls.assign(low=controls["median_r2"], high=controls["median_r2"])


def test_steps_before_the_last_are_not_shown_and_starts_are_controls(curves):
    figure = components.by_layer(curves, started(curves), **LOOK)
    (first, *_) = controls = named(figure, "Untrained weights")
    assert len(controls) == 6 and [trace.name for trace in figure.data].count("Speech network") == 6
    expected = curves.query("model == 'mixture' and step == 0 and target == 'lowfreq'").median_r2
    np.testing.assert_array_equal(first.y, expected)
    assert set(curves.query("step == 100").median_r2).isdisjoint(np.concatenate([t.y for t in figure.data if t.name]))


def test_networks_that_start_alike_are_one_control(curves):
    assert len(named(components.by_layer(curves, started(curves, speech=0.0), **LOOK), "Untrained weights")) == 6
    figure = components.by_layer(curves, started(curves, speech=0.1), **LOOK)
    assert len(named(figure, "Untrained weights: range over 2 networks")) == 6


def test_a_layer_with_a_note_is_marked_and_the_note_is_said_in_both_languages(curves):
    special, plain = components.by_layer(noted(curves, 4), **LOOK), components.by_layer(curves, **LOOK)
    marker = named(special, "Mixture network")[0].marker
    assert [symbol == "diamond" for symbol in marker.symbol] == [False, False, False, True, False]
    assert marker.size[3] > marker.size[2]
    assert len(set(named(plain, "Mixture network")[0].marker.symbol)) == 1
    said = {"en": "layer that is the sum of both branches", "es": "capa que es la suma de ambas ramas"}
    for language, word in said.items():
        assert named(in_language(special, language), word)
        assert not any(word in (trace.name or "") for trace in in_language(plain, language).data)
    assert panels.axis_of_layers(noted(curves), labellers()["es"]) == "Capa (◆ suma de ambas ramas)"
    assert panels.axis_of_layers(curves, labellers()["es"]) == "Capa"


def test_axes_say_what_they_are_in_both_languages(curves):
    figure = components.by_layer(curves, synthetic=True)
    for language, layer, r2, data in (
        ("en", "Layer", "Median test r²", "Synthetic"),
        ("es", "Capa", "Mediana de r² en el conjunto de prueba", "sintéticos"),
    ):
        spoken = in_language(figure, language)
        assert layer in {axis.title.text for axis in spoken.select_xaxes()}
        assert r2 in {(axis.title.text or "").replace("<br>", " ") for axis in spoken.select_yaxes()}
        assert data in spoken.layout.title.text
    assert figure.layout.xaxis.tick0 == 1


def test_axes_follow_the_metric_of_the_frame(curves):
    other = curves.assign(metric="r2_determination")
    own = other[other.model == "mixture"]
    for figure in (components.by_layer(other, **LOOK), learning.by_step(own, None, **LOOK)):
        titles = {unbroken(axis.title.text) for axis in figure.select_yaxes()}
        assert "Median test R² (coefficient of determination)" in titles and "Median test r²" not in titles
        assert "Median test R²" in "".join(trace.hovertemplate or "" for trace in figure.data)
    assert "R²" in learning.surface(own, **LOOK).layout.scene.zaxis.title.text
    negative = components.by_layer(other.assign(q25=other.q25 - 1), **LOOK)  # as R² can be
    assert negative.layout.yaxis.range[0] <= negative.layout.yaxis.range[1] - 1.75
    with pytest.raises(ValueError, match="one metric, and its frame has 2: r2_determination, r2_pearson"):
        components.by_layer(pd.concat([other, curves]), **LOOK)


def test_models_differ_by_more_than_colour(curves):
    figure = components.by_layer(curves, **LOOK)
    one, other = named(figure, "Mixture network")[0], named(figure, "Speech network")[0]
    assert one.line.dash != other.line.dash and one.marker.symbol[0] != other.marker.symbol[0]


def test_alternative_text_and_table_come_from_the_numbers(curves):
    figure = components.by_layer(curves, **LOOK)
    best = curves[(curves.target == "pitch") & curves.step.isin([0, 400])].nlargest(1, "median_r2").iloc[0]
    for language, labeller in labellers().items():
        assert labeller.number(best.median_r2) in figure.layout.meta["alt"][language]
    assert "6 panels, one per component: median test r² against layer" in figure.layout.meta["alt"]["en"]
    table = figure.layout.meta["table"].splitlines()
    assert table[0].startswith("model,step,layer,target,median_r2") and len(table) == 1 + 2 * 5 * 6


@pytest.fixture
def sounds():
    frame = rows(target=("b", "a"), sound=("s1", "s2"))
    responses = {"measured": [-1.0, 1.0, 0.5, -0.5], "predicted": [-0.9, 1.1, 0.2, -0.1]}
    frame = frame.assign(category=["Song", "Dogs"] * 2, **responses, r_pearson=[0.25, 0.25, -0.5, -0.5])
    return frame.assign(n_splits=3, layer=2, model="speech")


def test_sound_by_sound_shows_one_target_at_a_time_and_tells_its_correlation(sounds):
    figure = components.predicted(sounds, **LOOK)
    assert [button.label for button in figure.layout.updatemenus[0].buttons] == ["b", "a"]
    assert [trace.visible for trace in figure.data] == [True, True, False, False]
    assert figure.data[1].ids == ("s2",) and figure.data[1].name == "Dogs" and list(figure.data[1].y) == [1.1]
    assert "b: correlation 0.25. a: correlation −0.50." in figure.layout.meta["alt"]["en"]
    assert figure.layout.meta["sounds"] == ["s1", "s2"]


def test_learning_curves_mark_first_last_and_noted_layers(curves):
    own = noted(curves[curves.model == "mixture"])
    figure = learning.by_step(own, None, **LOOK)
    looks = {trace.name: set(trace.marker.symbol) for trace in figure.data if (trace.name or "").startswith("Layer ")}
    assert looks["Layer 1"] == {"square"} and looks["Layer 3"] == {"circle"} and looks["Layer 5"] == {"diamond"}
    published = curves[(curves.model == "mixture") & (curves.step > 0)].rename(columns={"target": "component"})
    over = [trace for trace in learning.by_step(own, published, **LOOK).data if "published" in (trace.name or "")]
    assert len(over) == 30 and all(trace.visible == "legendonly" for trace in over)
    assert isinstance(learning.by_step(own.iloc[:0], None, **LOOK), text.Bilingual)


def test_learning_curves_have_baselines_beside(curves):
    own = curves[curves.model == "mixture"]
    beside = pd.DataFrame({"role": "baseline", "model": "mel", "target": ["music", "voxels"], "median_r2": [0.2, 0.3]})
    beside = beside.assign(layer=np.nan, low=0.1, high=0.3, n_seeds=1, metric="r2_pearson")
    (line,) = named(learning.by_step(own, None, beside, **LOOK), "Mel spectrum")
    assert list(line.y) == [0.2, 0.2] and line.visible is None, "whichever network the menu chooses"
    assert list(line.x) == [own.step[own.step > 0].min() / 3, own.step.max()]
    (line,) = named(learning.voxels_by_step(own[own.target == "music"], beside, **LOOK), "Mel spectrum")
    assert list(line.y) == [0.3, 0.3]


def test_alternative_text_of_learning_says_where_the_best_last_layer_began():
    values = {1: (0.1, 0.2, 0.3), 2: (0.25, 0.9, 0.5)}
    curves = pd.DataFrame(
        {"model": "music", "layer": layer, "step": step, "median_r2": value, "metric": "r2_corrected"}
        | {"q25": value - 0.1, "q75": value + 0.1}
        for layer, curve in values.items()
        for step, value in zip((2000, 0, 1000), curve, strict=True)
    )
    figure = learning.voxels_by_step(curves, **LOOK)
    assert "Music network: from 0.90 at step 0 to 0.25 at step 2,000 in layer 2" in figure.layout.meta["alt"]["en"]
    assert "Red de música: de 0,90 en el paso 0 a 0,25 en el paso 2.000 en la capa 2" in figure.layout.meta["alt"]["es"]
    assert unbroken(figure.layout.yaxis.title.text) == "Median noise-corrected r²"
    assert list(named(figure, "Noise ceiling (1 after correction)")[0].y) == [1, 1]
    areas = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(areas) == 2, "of the first and of the last layer, from quartile to quartile"
    assert sorted(areas[0].y) == pytest.approx([0.0, 0.1, 0.2, 0.2, 0.3, 0.4])


def test_alternative_texts_of_spectra_and_surface_say_what_is_drawn(curves):
    spectra = pd.DataFrame({"category": "Song", "frequency_khz": [1.0, 2.5, 4.0], "level": [-6.0, -5.0, -7.0]})
    spectra = spectra.assign(q25=spectra["level"] - 1, q75=spectra["level"] + 1)
    alt = extract.spectra(spectra, **LOOK).layout.meta["alt"]["es"]
    assert "Canto: con preénfasis, máximo en 2,50 kHz" in alt and "de 1,00 a 4,00 kHz" in alt
    own = curves[curves["model"] == "mixture"]
    alt = learning.surface(own, **LOOK).layout.meta["alt"]["en"]
    best = own[own["step"] == own["step"].max()]["median_r2"].max()
    assert f"Mixture network: at the end the highest value is {best:.2f}" in alt


def test_spectra_and_dimensions_are_drawn():
    spectra = pd.DataFrame({"category": ["Music", "Song"], "frequency_khz": [1.0, 2.0], "level": [-6.0, -7.0]})
    figure = extract.spectra(spectra.assign(q25=-8.0, q75=-5.0), synthetic=True)
    assert [trace.name for trace in in_language(figure, "es").data][:2] == ["Sonidos de música", "Canto"]
    areas = [trace for trace in figure.data if trace.fill == "toself"]
    assert [list(area.y) for area in areas] == [[-5, -8], [-5, -8]], "from quartile to quartile, of each category"
    shown = [button.args[0]["visible"] for button in figure.layout.updatemenus[0].buttons]
    assert shown == [[True, True, False, False], [True, True, True, False], [True, True, False, True]]
    frame = pd.DataFrame({"model": ["mixture"] * 2, "layer": [1, 2], "dimensions": [3.0, 5.0], "step": [4, 4]})
    figure = extract.dimensions(frame, synthetic=False, language="es")
    assert (
        unbroken(figure.layout.yaxis.title.text) == "Dimensiones efectivas"
        and "Synthetic" not in figure.layout.title.text
    )
    np.testing.assert_array_equal(figure.data[0].y, [3, 5])


def test_branches_are_compared_in_maps_and_curves():
    pairs = [("right", "left"), ("left", "left"), ("right", "right")]
    over = ["time_average", "frames"]
    frame = pd.concat(
        rows(model=["music"], over=over, row_branch=[one], row_layer=[1, 2], column_branch=[two], column_layer=[1, 2])
        for one, two in pairs
    )
    frame["cka"] = np.arange(len(frame)) / len(frame)
    figure = cka.heat_maps(frame, {"music": {1: "encoder", 2: "decoder"}}, **LOOK)
    assert len(figure.data) == 6 and [trace.visible for trace in figure.data] == [True] * 3 + [False] * 3
    assert list(figure.data[0].x) == ["1", "2 dec"] and "dec marks layers" in figure.layout.meta["alt"]["en"]
    same = frame[(frame.row_branch == "right") & (frame.column_branch == "left") & (frame.row_layer == 1)]
    same = same[(same.column_layer == 1) & (same.over == "frames")]["cka"].iloc[0]
    assert f"of the same encoder layer, CKA is between {same:.2f} and {same:.2f}" in figure.layout.meta["alt"]["en"]
    plain = cka.heat_maps(frame, {"music": {1: "encoder", 2: "encoder"}}, **LOOK)
    assert list(plain.data[0].x) == ["1", "2"] and " dec" not in plain.layout.meta["alt"]["es"]
    own = frame[(frame.row_branch == "right") & (frame.column_branch == "left") & (frame.over == "frames")]
    np.testing.assert_array_equal(figure.data[3].z, own["cka"].to_numpy().reshape(2, 2))
    similar = pd.DataFrame({"model": "music", "branch": "left", "layer": [3, 1, 2], "cka": [0.75, 0.5, 0.25]})
    similar = similar.assign(low=similar["cka"] - 0.1, high=similar["cka"] + 0.2)
    alt = cka.merged(similar, **LOOK).layout.meta["alt"]["en"]
    assert "Left branch, Music network: from 0.50 at layer 1 to 0.75 at layer 3" in alt
    bars = cka.merged(similar, **LOOK).data[0].error_y
    np.testing.assert_allclose([bars.array, bars.arrayminus], [[0.2] * 3, [0.1] * 3])
    assert cka.drawing().pieces["es"].count("izquierda") == 1


@pytest.fixture
def fits():
    """Curves of three estimators over two targets; the multi-task lasso uses the same units for both."""
    frame = rows(model=["mixture"], estimator=["ridge", "lasso", "lasso_single"], layer=[1, 2], target=["b", "a"])
    random = np.random.default_rng(1)
    used = {"ridge": lambda row: 16, "lasso": lambda row: 4 + row.layer}
    active = [used.get(row.estimator, lambda row: 2 + (row.target == "a"))(row) for row in frame.itertuples()]
    frame["median_r2_determination"] = random.random(len(frame)) / 2
    frame = frame.assign(median_r2_pearson=frame.median_r2_determination + 0.1, median_active=np.array(active, float))
    return frame.assign(q25=frame.median_r2_determination - 0.1, q75=frame.median_r2_determination + 0.1)


def test_estimators_come_from_the_frame_and_are_called_by_their_whole_names(fits):
    figure = regularisation.by_layer(noted(fits, 2), None, **LOOK)
    for estimator, name in (("ridge", "Ridge"), ("lasso", "Multi-task lasso"), ("lasso_single", "Single-task lasso")):
        own = fits[(fits.estimator == estimator) & (fits.target == "a")]
        np.testing.assert_array_equal(named(figure, name)[1].y, own["median_r2_determination"])
    assert named(figure, "Ridge")[0].marker.symbol == ("circle", "diamond")
    assert "coefficient of determination" in unbroken(figure.layout.yaxis.title.text)
    fewer = regularisation.by_layer(fits[fits.estimator != "lasso"], None, **LOOK)
    assert not named(fewer, "Multi-task lasso") and len(named(fewer, "Single-task lasso")) == 2
    published = fits.rename(columns={"target": "component", "median_r2_determination": "median_r2"}).assign(std=0.1)
    over = regularisation.by_layer(fits, published[published.estimator != "lasso_single"], **LOOK)
    added = [trace for trace in over.data if "published" in (trace.name or "")]
    assert len(added) == 4 and all(trace.visible == "legendonly" for trace in added)


def test_units_are_one_line_where_all_targets_share_them(fits):
    figure = regularisation.units(fits, {"mixture": 16}, **LOOK)
    assert [trace.name for trace in figure.data] == [
        "Multi-task lasso",
        "Single-task lasso: b",
        "Single-task lasso: a",
    ]
    assert list(figure.data[0].y) == [5, 6] and list(figure.data[2].y) == [3, 3]
    assert "of 16" in figure.data[0].hovertemplate
    narrow = fits.assign(median_active=fits.median_active.mask((fits.estimator == "ridge") & (fits.layer == 1), 8))
    assert len(regularisation.units(narrow, {"mixture": 16}, **LOOK).data) == 3  # ridge uses all units of both layers


def test_chosen_alphas_show_the_edges_of_the_grid_and_what_lies_there():
    frame = rows(model=["mixture"], estimator=["ridge"], layer=[1, 2], target=["all"], split=[1, 2])
    frame = frame.assign(alpha=[1e-3, 1e3, 1.0, 10.0], at_edge=[True, False, False, False])
    figure = regularisation.alphas(frame, (1e-3, 1e5), **LOOK)
    assert {shape.y0 for shape in figure.layout.shapes} == {1e-3, 1e5}
    inside, edge = named(figure, "Within the grid")[0], named(figure, "At the grid's edge (10⁻³ or 10⁵)")[0]
    assert list(edge.y) == [1e-3] and edge.marker.symbol == "x" and len(inside.y) == 3
    assert set(in_language(figure, "es").data[0].text) == {"todos juntos"}
    assert all(axis.type == "log" for axis in figure.select_yaxes())
    far = regularisation.alphas(frame.assign(alpha=[1e-30, 1e3, 1.0, 10.0]), (1e-30, 1e29), **LOOK)
    assert sorted({shape.y0 for shape in far.layout.shapes}) == pytest.approx([1e-3, 1e6]), (
        "three decades from what was chosen"
    )
    (edge,) = [trace for trace in far.data if trace.marker.symbol == "x"]
    assert list(edge.y) == pytest.approx([1e-3]) and edge.customdata[0][2] == "10⁻³⁰" and "10⁻³⁰" in edge.name


def test_agreement_stands_beside_what_chance_gives():
    together = rows(model=["mixture"], estimator=["lasso"], layer=[1, 2], target=["all"])
    single = rows(model=["mixture"], estimator=["lasso_single"], layer=[1, 2], target=["b", "a"])
    frame = pd.concat([together, single], ignore_index=True)
    frame = frame.assign(jaccard=np.linspace(0.3, 0.8, 6), expected=np.linspace(0.1, 0.2, 6), n_pairs=45)
    figure = regularisation.agreement(noted(frame, 2), **LOOK)
    (chance,) = named(figure, "All components, by chance")
    np.testing.assert_array_equal(chance.y, frame.query("target == 'all'").expected)
    assert "Single-task lasso: at most 0.80, at layer 2 (0.20 by chance)" in figure.layout.meta["alt"]["en"]
    assert unbroken(figure.layout.xaxis2.title.text) == "Layer (◆ sum of both branches)"
    pairs = pd.DataFrame({"one": ["b", "b", "c"], "two": ["c", "a", "a"], "excess": [0.1, 0.2, 0.3]})
    figure = regularisation.shared(pairs.assign(model="m", layer=2), **LOOK)
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 0.3), "the scale fits the data"
    figure_below = regularisation.shared(pairs.assign(model="m", layer=2, excess=[-0.1, 0.2, 0.3]), **LOOK)
    assert figure_below.layout.coloraxis.cmin == -0.1, "less than by chance is shown as that"
    grid = np.asarray(figure.data[0].z, float)
    np.testing.assert_array_equal(grid, [[np.nan, 0.1, 0.2], [0.1, np.nan, 0.3], [0.2, 0.3, np.nan]])


def test_differences_and_metrics_are_drawn_from_their_tables(fits):
    columns = {"target": ["b", "a"], "difference": [0.1, -0.2], "low": [0.0, -0.3], "high": [0.3, 0.1]}
    table = pd.DataFrame(columns).assign(model="mixture", other="lasso", layer_ridge=1, layer_lasso=2, n_splits=10)
    figure = regularisation.differences(table, **LOOK)
    np.testing.assert_array_equal(figure.data[0].x, table["difference"])
    np.testing.assert_allclose(figure.data[0].x + figure.data[0].error_x.array, table["high"])
    assert unbroken(figure.layout.xaxis.title.text) == "R² of Ridge minus R² of Multi-task lasso"
    assert "Mixture network: from −0.200 (a) to 0.100 (b)" in figure.layout.meta["alt"]["en"]
    unknown = regularisation.differences(table.assign(difference=[0.1, np.nan]), **LOOK)  # no layer predicts `a`
    assert "Mixture network: from 0.100 (b) to 0.100 (b)" in unknown.layout.meta["alt"]["en"]
    pairs = regularisation.metrics(fits, **LOOK)
    own = fits.query("estimator == 'ridge' and target == 'a'")
    np.testing.assert_array_equal(named(pairs, "a")[0].x, own["median_r2_pearson"])
    np.testing.assert_array_equal(named(pairs, "a")[0].y, own["median_r2_determination"])


def test_julearns_single_task_fits_are_called_single_task():
    frame = rows(estimator=["ridge", "lasso_single"], target=["a"], split=[1, 2])
    frame = frame.assign(r2_ours=[0.1, 0.2, 0.3, 0.4], r2_julearn=[0.1, 0.2, 0.3, 0.5], alpha_ours=1.0, alpha_julearn=1)
    summary = pd.DataFrame({"estimator": ["ridge", "lasso_single"], "largest_difference": [1e-12, 0.1]})
    figure = regularisation.julearn(frame, summary, **LOOK)
    assert [trace.name for trace in in_language(figure, "es").data] == ["Ridge", "Lasso univariado"]
    assert "Single-task lasso: the largest difference is 10⁻¹." in figure.layout.meta["alt"]["en"]
    assert regularisation.julearn(None, None, **LOOK) is None


def test_published_curves_are_compared_one_at_a_time():
    points = rows(quantity=["voxels"], model=["mixture"], target=["all", "Primary"], layer=[2, 1])
    points = points.assign(run=[0.2, 0.1, 0.4, 0.3], published=[0.25, 0.1, 0.4, 0.1], uncertainty=0.01)
    curves = pd.DataFrame(
        {"quantity": "voxels", "model": "mixture", "target": ["all", "Primary"], "largest": [0.05, 0.2]}
    )
    figure = reproduction.curve_by_curve(points, curves, **LOOK)
    assert [trace.visible for trace in figure.data] == [True, True, False, False]
    assert list(figure.data[0].x) == [1, 2] and list(figure.data[0].y) == [0.1, 0.2]
    labels = [button.label for button in figure.layout.updatemenus[0].buttons]
    assert labels == ["All voxels: Mixture network, All", "All voxels: Mixture network, Primary"]
    assert "Largest difference 0.200 (All voxels: Mixture network, Primary)." in figure.layout.meta["alt"]["en"]
    assert reproduction.curve_by_curve(points.assign(quantity="learning"), curves, **LOOK) is None


def test_the_error_is_shown_where_alpha_changes_it():
    alphas = 10.0 ** np.arange(-10, 11)
    curve = pd.DataFrame({"alpha": alphas, "error": 1 / (1 + alphas)})
    figure = explore.errors(curve, 1.0, labellers()["es"], synthetic=True)
    low, high = figure.layout.xaxis.range
    assert -7 <= low < 0 < high <= 7 and list(figure.data[1].x) == [1.0]
    assert figure.layout.xaxis.title.text == "Alfa"


def test_a_figure_that_differs_in_more_than_words_is_refused():
    frame = pd.DataFrame()

    def lying(labeller):
        return go.Figure(go.Scatter(x=[1, 2], y=np.array([1.0, 2.0 if labeller.language == "es" else 3.0])))

    with pytest.raises(ValueError, match=r"data\.0\.y is not the same"):
        bilingual(lying, lambda labeller: "", frame)


def test_whole_numbers_beside_missing_ones_are_written_whole_in_the_table():
    frame = pd.DataFrame({"step": [2.0, np.nan], "r2": [0.5, 1.0], "name": ["a", "b"]})
    figure = bilingual(lambda labeller: go.Figure(), lambda labeller: "", frame)
    assert figure.layout.meta["table"] == "step,r2,name\n2,0.5,a\n,1.0,b\n"


def test_switching_twice_gives_the_first_figure_again(curves):
    figure = components.by_layer(noted(curves), synthetic=True, language="en")
    again = in_language(in_language(figure, "es"), "en").update_layout(separators=".,")
    assert json.loads(again.to_json()) == json.loads(figure.to_json())


def test_titles_are_broken_where_a_phone_ends():
    figure = style.laid_out(go.Figure(), labellers()["es"], "palabras " * 9, 300, synthetic=True)
    *lines, note = figure.layout.title.text.split("<br>")
    assert len(lines) == 3 and max(map(len, lines)) <= style.TITLE and "Datos sintéticos" in note


@pytest.mark.parametrize(
    ("title", "longest", "lines"),
    [
        ("Frecuencias bajas", 15, ["Frecuencias", "bajas"]),
        ("Componente música", 15, ["Componente", "música"]),
        ("High frequency", 15, ["High frequency"]),
        ("Red de la que salen las respuestas", 22, ["Red de la que salen", "las respuestas"]),
        ("Internationalisation", 10, ["Internationalisation"]),
    ],
)
def test_a_title_is_broken_between_words(title, longest, lines):
    assert style.broken(title, longest).split("<br>") == lines


def test_regions_are_in_anatomical_order_and_others_follow():
    frame = pd.DataFrame({"region": ["V1", "all", "Lateral", "", "A1", "Primary"]})
    assert panels.regions_of(frame) == ["Primary", "Lateral", "V1", "A1"]


def test_figures_import_neither_what_computes_nor_each_other():
    """Numbers arrive in tables: a figure module knows no encoding, no model, no analysis and no other chapter."""
    for path, tree in sources():
        if not re.fullmatch(r"chapters/\w+/figures(/\w+)?\.py", path):
            continue
        own = f"helpers.{path.split('/figures')[0].replace('/', '.')}.figures"
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names = [node.module for node in imports if node.module != "helpers"]
        names += [f"helpers.{alias.name}" for node in imports if node.module == "helpers" for alias in node.names]
        titles = own.replace(".figures", ".titles")  # words and names of regions, which sentences share
        allowed = ("helpers.names", "helpers.plotting", "helpers.text", "helpers.brain.regions", own, titles)
        assert all(name.startswith(allowed) for name in names if name.startswith("helpers")), (path, names)


def test_numbers_as_programs_write_them_are_found():
    hover = "%{y:.0e} %{customdata[0]} %{customdata[1]}"
    trace = go.Scatter(x=[1], y=[2], text=["r = -0.5", "a-1"], customdata=[[0.25, 3]], hovertemplate=hover)
    figure = go.Figure(trace).update_xaxes(type="log").update_layout(title_text="1e+01")
    found = raw_numbers(figure.update_layout(meta={"words": {"en": [], "es": []}}))
    assert len([one for one in found if "r = -0.5" in one]) == len([one for one in found if "1e+01" in one]) == 2
    assert len([one for one in found if one.startswith("hover")]) == 2 and not any(
        "customdata[1] without" in one for one in found
    )
    assert "axis: None of decades" in found and len(found) == 7
    right = go.Figure(
        go.Scatter(x=[1], y=[2], text=["−0.5", "s-1"], customdata=[["0.25"]], hovertemplate="%{customdata[0]}")
    )
    assert not raw_numbers(right.update_layout(meta={"words": {"en": [], "es": []}}))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_no_colour_means_a_network_and_something_else():
    networks, others = (
        {look(index)["line"]["color"] for index in range(12)} for look in (style.of_model, style.of_other)
    )
    assert len(networks) == len(others) == 6 and not networks & others
    assert {style.of_category(index)["color"] for index in range(11)} == others


@pytest.mark.parametrize("colour", style.OTHERS)
@pytest.mark.parametrize("paper", ["#ffffff", "#14181d"])
def test_colours_are_seen_on_light_and_dark_pages(colour, paper):
    low, high = sorted(map(luminance, (colour, paper)))
    assert (high + 0.05) / (low + 0.05) >= 3
