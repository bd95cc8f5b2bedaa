"""Figures hold the numbers of their frames and the words of both languages."""

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from helpers import figures
from helpers.figures import style
from helpers.figures.bilingual import bilingual
from helpers.names import COMPONENTS
from helpers.text import labellers


@pytest.fixture
def curves():
    random = np.random.default_rng(0)
    rows = [
        {"model": model, "step": step, "layer": layer, "target": target}
        for model, steps in (("mixture", (0, 100, 400)), ("speech", (400,)))
        for step in steps
        for layer in range(1, 6)
        for target in COMPONENTS
    ]
    frame = pd.DataFrame(rows)
    frame["median_r2"] = random.random(len(frame)) / 2 + 0.2
    return frame.assign(q25=frame.median_r2 - 0.1, q75=frame.median_r2 + 0.1, n_splits=10, metric="r2_pearson")


def in_language(figure: go.Figure, language: str) -> go.Figure:
    """The figure after the switch of the report has put in the words of `language`."""
    content = figure.to_plotly_json()
    for path, value in figure.layout.meta["words"][language]:
        node = content
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value
    return go.Figure(content)


def named(figure: go.Figure, name: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.name == name]


def test_components_are_drawn_with_their_numbers(curves):
    figure = figures.by_layer(curves, merged_last=True, synthetic=False)
    lines = named(figure, "Mixture")
    assert len(lines) == 6 and len(named(figure, "Speech")) == 6
    own = curves.query("model == 'mixture' and step == 400")
    for component, line in zip(COMPONENTS, lines, strict=True):
        expected = own[own.target == component]
        np.testing.assert_array_equal(line.x, expected.layer)
        np.testing.assert_array_equal(line.y, expected.median_r2)
        np.testing.assert_array_equal(line.customdata, expected[["q25", "q75"]])
    titles = [annotation.text for annotation in figure.layout.annotations]
    assert titles[:6] == ["Low frequency", "High frequency", "Broadband", "Pitch", "Speech", "Music"]


def test_the_untrained_network_is_the_baseline_and_steps_between_are_not_shown(curves):
    figure = figures.by_layer(curves, merged_last=True, synthetic=False)
    (first, *_) = baselines = named(figure, "Untrained network (step 0)")
    assert len(baselines) == 6 and [trace.name for trace in figure.data].count("Speech") == 6
    expected = curves.query("model == 'mixture' and step == 0 and target == 'lowfreq'").median_r2
    np.testing.assert_array_equal(first.y, expected)
    assert set(curves.query("step == 100").median_r2).isdisjoint(np.concatenate([t.y for t in figure.data if t.name]))


def test_networks_that_start_alike_are_one_baseline(curves):
    start = curves.query("model == 'mixture' and step == 0")
    alike = pd.concat([curves, start.assign(model="speech")])
    assert len(named(figures.by_layer(alike, merged_last=True, synthetic=False), "Untrained network (step 0)")) == 6
    other = pd.concat([curves, start.assign(model="speech", median_r2=0.1)])
    figure = figures.by_layer(other, merged_last=True, synthetic=False)
    assert len(named(figure, "Mixture, untrained (step 0)")) == len(named(figure, "Speech, untrained (step 0)")) == 6


def test_the_merged_last_layer_is_marked_and_called_out(curves):
    merged = figures.by_layer(curves, merged_last=True, synthetic=False)
    plain = figures.by_layer(curves, merged_last=False, synthetic=False)
    assert named(merged, "Mixture")[0].marker.symbol[-1] != named(merged, "Mixture")[0].marker.symbol[0]
    assert named(merged, "Mixture")[0].marker.size[-1] > named(merged, "Mixture")[0].marker.size[0]
    assert len(set(named(plain, "Mixture")[0].marker.symbol)) == 1
    entries = [{trace.name for trace in figure.data if trace.name} for figure in (merged, plain)]
    assert any("merging" in name for name in entries[0]) and not any("merging" in name for name in entries[1])


def test_axes_say_what_they_are_in_both_languages(curves):
    figure = figures.by_layer(curves, merged_last=False, synthetic=True)
    for language, layer, r2, data in (
        ("en", "Layer", "Median test r²", "Synthetic"),
        ("es", "Capa", "Mediana", "sintéticos"),
    ):
        spoken = in_language(figure, language)
        assert layer in {axis.title.text for axis in spoken.select_xaxes()}
        assert any(r2 in (axis.title.text or "") for axis in spoken.select_yaxes())
        assert data in spoken.layout.title.text
    assert figure.layout.xaxis.tick0 == 1


def test_models_differ_by_more_than_colour(curves):
    figure = figures.by_layer(curves, merged_last=False, synthetic=False)
    one, other = named(figure, "Mixture")[0], named(figure, "Speech")[0]
    assert one.line.dash != other.line.dash and one.marker.symbol[0] != other.marker.symbol[0]


def test_alternative_text_and_table_come_from_the_numbers(curves):
    figure = figures.by_layer(curves, merged_last=False, synthetic=False)
    best = curves[(curves.target == "pitch") & curves.step.isin([0, 400])].nlargest(1, "median_r2").iloc[0]
    for language, labeller in labellers().items():
        assert labeller.number(best.median_r2) in figure.layout.meta["alt"][language]
    table = figure.layout.meta["table"].splitlines()
    assert table[0].startswith("model,step,layer,target,median_r2") and len(table) == 1 + 3 * 5 * 6


def test_alternative_text_of_learning_says_where_the_best_last_layer_began():
    values = {1: (0.1, 0.2, 0.3), 2: (0.25, 0.9, 0.5)}
    curves = pd.DataFrame(
        {"model": "music", "layer": layer, "step": step, "median_r2": value, "metric": "r2_corrected"}
        for layer, curve in values.items()
        for step, value in zip((2000, 0, 1000), curve, strict=True)
    )
    alt = figures.dynamics.voxels_by_step(curves, synthetic=False).layout.meta["alt"]
    assert "Music: from 0.90 at step 0 to 0.25 at step 2,000 in layer 2" in alt["en"]
    assert "Música: de 0,90 en el paso 0 a 0,25 en el paso 2.000 en la capa 2" in alt["es"]


def test_alternative_texts_of_spectra_branches_and_surface_say_what_is_drawn(curves):
    spectra = pd.DataFrame({"category": "Song", "frequency_khz": [1.0, 2.5, 4.0], "level": [-6.0, -5.0, -7.0]})
    assert "Canto: máximo en 2,50 kHz" in figures.spectra(spectra, synthetic=False).layout.meta["alt"]["es"]
    similar = pd.DataFrame({"model": "music", "branch": "left", "layer": [3, 1, 2], "cka": [0.75, 0.5, 0.25]})
    alt = figures.branches.merged(similar, synthetic=False).layout.meta["alt"]["en"]
    assert "Left branch, Music: from 0.50 at layer 1 to 0.75 at layer 3" in alt
    alt = figures.dynamics.surface(curves, synthetic=False).layout.meta["alt"]["en"]
    own = curves[curves["model"] == "mixture"]
    best = own[own["step"] == own["step"].max()]["median_r2"].max()
    assert f"Mixture: at the end the highest value is {best:.2f}" in alt


def test_other_figures():
    spectra = pd.DataFrame({"category": ["Music", "Song"], "frequency_khz": [1.0, 2.0], "level": [-6.0, -7.0]})
    figure = figures.spectra(spectra, synthetic=True)
    assert [trace.name for trace in in_language(figure, "es").data] == ["Música", "Canto"]
    frame = pd.DataFrame({"model": ["mixture"] * 2, "layer": [1, 2], "dimensions": [3.0, 5.0], "step": [4, 4]})
    figure = figures.dimensions(frame, synthetic=False, language="es")
    assert figure.layout.yaxis.title.text == "Dimensiones efectivas" and "Synthetic" not in figure.layout.title.text
    np.testing.assert_array_equal(figure.data[0].y, [3, 5])


def test_a_figure_that_differs_in_more_than_words_is_refused():
    frame = pd.DataFrame()

    def lying(labeller):
        return go.Figure(go.Scatter(x=[1, 2], y=np.array([1.0, 2.0 if labeller.language == "es" else 3.0])))

    with pytest.raises(ValueError, match=r"data\.0\.y is not the same"):
        bilingual(lying, lambda labeller: "", frame)


def test_switching_twice_gives_the_first_figure_again(curves):
    figure = figures.by_layer(curves, merged_last=True, synthetic=True, language="en")
    again = in_language(in_language(figure, "es"), "en").update_layout(separators=".,")
    assert json.loads(again.to_json()) == json.loads(figure.to_json())


def test_titles_are_broken_where_a_phone_ends():
    figure = style.laid_out(go.Figure(), labellers()["es"], "palabras " * 9, 300, synthetic=True)
    *lines, note = figure.layout.title.text.split("<br>")
    assert len(lines) == 3 and max(map(len, lines)) <= style.TITLE and "Datos sintéticos" in note
