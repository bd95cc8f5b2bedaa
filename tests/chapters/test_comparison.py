"""Networks beside each other: tables, sentences and figures of made-up and of tiny networks."""

import numpy as np
import pandas as pd
import pytest

from drawings import in_language
from helpers.chapters import comparison
from helpers.chapters.comparison import figures
from helpers.plotting import facts
from helpers.study import Study
from helpers.study.params import Parameters
from helpers.text import labellers

TARGETS = ("pitch", "speech", "music")
LOOK = {"synthetic": False}
NETWORKS = {"taggers": ("music", "MSD"), "vad": ("speech", "silero_words"), "mine": (None, None)}


@pytest.fixture
def values() -> pd.DataFrame:
    random = np.random.default_rng(0)
    rows = []
    for model, (training, trained_on) in NETWORKS.items():
        for role, level in (("trained", 0.6), ("untrained", 0.3), ("permuted", 0.2)):
            if role != "trained" and model == "mine":
                continue
            for target in TARGETS:
                value = level + 0.1 * random.random()
                rows.append({"model": model, "role": role, "target": target, "median_r2": value, "layer": 2.0})
                rows[-1] |= {"training": training, "trained_on": None if trained_on == "silero_words" else trained_on}
    for target in TARGETS:
        rows.append({"model": "labels", "role": "baseline", "target": target, "median_r2": 0.5, "layer": np.nan})
        rows[-1] |= {"training": "nothing", "trained_on": None}
    table = pd.DataFrame(rows)
    extremes = {"q25": table.median_r2 - 0.05, "q75": table.median_r2 + 0.05, "lowest_seed": table.median_r2 - 0.01}
    return table.assign(**extremes, highest_seed=table.median_r2 + 0.01, relative=0.5, n_seeds=2, metric="r2_pearson")


def test_the_best_network_of_each_target_stands_beside_its_controls(values):
    values.loc[(values.model == "vad") & (values.target == "speech") & (values.role == "trained"), "median_r2"] = 0.9
    table = comparison.best(values).set_index("target")
    assert table["model"]["speech"] == "vad" and table["median_r2"]["speech"] == 0.9
    own = values[(values.model == "vad") & (values.target == "speech")].set_index("role")["median_r2"]
    assert table["untrained"]["speech"] == own["untrained"] and table["permuted"]["speech"] == own["permuted"]
    assert table["baseline"]["speech"] == "labels" and table["baseline_r2"]["speech"] == 0.5


def test_sentences_say_what_stands_beside(values):
    said = comparison.sentences(comparison.best(values), values).pieces
    assert "with permuted weights 0.2" in said["en"] and "the best baseline, labels, 0.50" in said["en"]
    assert "con pesos permutados, 0,2" in said["es"] and "la mejor línea de base, labels, 0,50" in said["es"]
    mine = values[values.model == "mine"]
    alone = comparison.sentences(comparison.best(mine), mine).pieces
    assert "neither controls nor baselines" in alone["en"] and "the only network, mine, median" in alone["en"]
    assert "la única red, mine" in alone["es"] and "predicts it best" not in alone["en"]


@pytest.mark.parametrize(
    ("model", "role", "said"),
    [
        (
            "labels",
            "baseline",
            "But the baseline labels reaches 0.80: predicting it this well takes no trained",
        ),
        ("vad", "permuted", "But with permuted weights vad reaches 0.80: predicting it this well takes no trained"),
        ("taggers", "untrained", "But with untrained weights taggers reaches 0.80: predicting it this well takes no"),
        (
            "taggers",
            "matched",
            "as taggers heard, the same architecture reaches 0.80.",
        ),
    ],
)
def test_best_is_said_beside_whatever_is_as_high(values, model, role, said):
    """Of a baseline, the best network's own control and another network's; in sentences and alternative texts."""
    if role == "matched":
        values.loc[(values.model == model) & (values.role == "untrained"), "role"] = role
    speech = values.target == "speech"
    values.loc[speech & (values.model == "vad") & (values.role == "trained"), "median_r2"] = 0.8
    before = comparison.sentences(comparison.best(values), values).pieces["en"]
    assert "of 3 networks, vad predicts it best" in before and before.count("The highest control or baseline") == 3
    values.loc[speech & (values.model == model) & (values.role == role), "median_r2"] = 0.7951
    found = comparison.sentences(comparison.best(values), values).pieces
    sentence = next(part for part in found["en"].split("<p>") if "Speech" in part)
    assert said in sentence and "Pero " in found["es"] and found["en"].count("The highest control or baseline") == 2
    assert said in figures.heat(values, **LOOK).layout.meta["alt"]["en"]


def test_a_control_trained_on_other_sounds_says_nothing_of_networks_as_such():
    beside = pd.DataFrame({"role": ["baseline", "matched"], "model": ["labels", "taggers"], "median_r2": [0.8, 0.7]})
    said = facts.against(beside, 0.5, labellers()["en"])
    assert "labels reaches 0.80: predicting it this well takes no trained network. And trained on" in said
    assert said.endswith("the same architecture reaches 0.70.")


def test_what_no_network_predicts_is_said_so(values):
    music = values.target == "music"
    values.loc[music & (values.role == "trained"), "median_r2"] = 0.0
    said = comparison.sentences(comparison.best(values), values).pieces
    assert "none of 3 networks predicts it; " in said["en"] and "ninguna de 3 redes lo predice; " in said["es"]
    assert "Music component: no network predicts it." in figures.heat(values, **LOOK).layout.meta["alt"]["en"]
    alone = values[(values.model == "mine") & music]
    assert "the network does not predict it." in comparison.sentences(comparison.best(alone), alone).pieces["en"]
    alt = figures.heat(values[values.model == "mine"], **LOOK).layout.meta["alt"]["en"]
    assert alt.startswith("Table of 1 network against 3 targets") and "highest" not in alt


def test_paragraphs_on_controls_and_baselines_are_there_where_these_are(tmp_path, small_brain):
    def said(**more):
        entry = {"name": "m", "family": "mini", **more.pop("entry", {})}
        parameters = {"name": "a", "dataset": "demo", "models": [entry], **more}
        return comparison.about_beside(Study(Parameters.model_validate(parameters), tmp_path)).pieces["en"]

    assert "neither controls nor baselines" in said()
    baseline = said(baselines=[{"name": "labels", "family": "categories"}])
    assert "above the baselines" in baseline and "labels" in baseline and "ermuted" not in baseline
    controlled = said(entry={"controls": ["permuted"]})
    assert "With permuted weights" in controlled and "Untrained" not in controlled and "baselines" not in controlled
    assert "random" in said(entry={"controls": ["matched"]})


def test_the_table_of_colours_holds_every_number(values):
    figure = figures.heat(values, **LOOK)
    trained = figure.data[0]
    assert [trace.visible for trace in figure.data] == [True, False, False]
    means = values[values.role == "trained"].groupby("model")["median_r2"].mean().sort_values()
    places = dict(zip(figure.layout.yaxis.ticktext, figure.layout.yaxis.tickvals, strict=True))
    assert list(places) == ["labels", *means.index] and list(places.values()) == [0, 2, 3, 4]  # 1 is a gap, unnamed
    for name, row in places.items():
        own = values[(values.model == name) & values.role.isin(["trained", "baseline"])]["median_r2"]
        np.testing.assert_allclose(np.asarray(trained.z)[row], own)
    spanish = in_language(figure, "es")
    assert "," in spanish.data[0].text[0][0] and "Capa elegida" in spanish.data[0].customdata[2][0]
    missing = np.asarray(figure.data[2].z)[places["mine"]]  # it has no permuted control: no number is drawn
    assert np.isnan(missing).all()


def test_rows_show_trained_untrained_permuted_and_baselines(values):
    figure = figures.rows(values, **LOOK)
    first = [trace for trace in figure.data if trace.showlegend]
    assert {trace.name for trace in first} >= {"Untrained", "Permuted", "Music", "Speech", "Not stated", "labels"}
    line = next(trace for trace in figure.data if trace.name == "labels")
    assert set(line.x) == {0.5}


def test_depth_goes_from_zero_to_one_whatever_the_number_of_layers(values):
    rows = [
        {"model": model, "layer": layer, "relative": (layer - 1) / (n - 1), "target": target, "median_r2": 0.1 * layer}
        for model, n in (("taggers", 3), ("vad", 5), ("mine", 2))
        for layer in range(1, n + 1)
        for target in TARGETS
    ]
    curves = pd.DataFrame(rows).assign(metric="r2_pearson")
    curves = curves.assign(q25=curves["median_r2"] - 0.05, q75=curves["median_r2"] + 0.05)
    known = values.drop_duplicates("model")[["model", "training", "trained_on"]]
    figure = figures.by_depth(comparison.of_networks(curves, known), **LOOK)
    for trace in figure.data:
        assert min(trace.x) == 0 and max(trace.x) == 1
    areas = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(areas) == 3 * len(TARGETS), "behind each mean, the quartiles over splits"
    for area in areas:
        half = len(area.y) // 2
        np.testing.assert_allclose(area.y[:half] - area.y[half:][::-1], 0.1)


def test_the_scatter_changes_each_axis_by_its_own_menu(values):
    figure = figures.scatter(values, **LOOK)
    x, y = figure.layout.updatemenus
    assert [len(menu.buttons) for menu in (x, y)] == [3, 3] and (x.active, y.active) == (2, 1)
    points = {name: value for trace in figure.data for name, value in zip(trace.text, trace.x, strict=True)}
    own = values[(values.role != "untrained") & (values.role != "permuted") & (values.target == "music")]
    assert points == dict(zip(own["model"], own["median_r2"], strict=True))
    chosen = x.buttons[0].args[0]["x"]
    assert sorted(number for part in chosen for number in part) == sorted(
        values[values.role.isin(["trained", "baseline"]) & (values.target == "pitch")]["median_r2"]
    )


def test_names_beside_points_that_are_close_stand_on_different_sides():
    from helpers.chapters.comparison.figures.scatter import SIDES, _sides

    close = {name: (0.5 + 0.01 * index, 0.5) for index, name in enumerate("abc")}
    assert len(set(_sides(close, dict.fromkeys("abc", "a_network_of_mine")).values())) == 3
    apart = {"a": (0.3, 0.2), "b": (0.5, 0.8)}
    assert set(_sides(apart, dict.fromkeys("ab", "a_network")).values()) == {SIDES[0]}
    at_the_edge = _sides({"a": (0.01, 0.5)}, {"a": "a_network_of_mine"})
    assert at_the_edge["a"] == "middle right", "or a phone would cut it off"
    for y, side in ((0.01, "bottom center"), (0.99, "top center")):  # where it would be cut by the axis, or the frame
        crowded = _sides(dict.fromkeys("abcd", (0.5, y)), dict.fromkeys("abcd", "a_network"))
        assert side not in crowded.values()


def test_long_names_take_two_lines():
    from helpers.chapters.comparison.figures.looks import in_lines

    assert in_lines("Spectrotemporal modulation") == "Spectrotemporal<br>modulation"
    assert in_lines("Category labels") == "Category labels"
    assert in_lines("a_long_name_without_spaces") == "a_long_name_without_spaces"


def test_figures_hold_sixty_networks(values):
    own = values[values.model == "taggers"]
    many = pd.concat([own.assign(model=f"net{index}") for index in range(60)], ignore_index=True)
    figure = figures.rows(many, **LOOK)
    assert len(figure.layout.yaxis.ticktext) == 60
    assert all(labeller("figure.heat.title") for labeller in labellers().values())
