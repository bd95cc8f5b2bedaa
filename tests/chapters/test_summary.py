"""The summary says what the tables say: extremes, leads, baselines, controls, claims, in both languages."""

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import encoding, models
from helpers.chapters import comparison, summary
from helpers.chapters.claims.claims import CLAIMS
from helpers.chapters.claims.verdict import FAILS, HOLDS, SIDES, UNDECIDED, UNTESTABLE
from helpers.chapters.summary import analysis, figures
from helpers.store.checkout import ROOT
from helpers.study import Study, open_study
from helpers.study.params import Parameters, load
from helpers.text import Labeller

N_STUDIES = 600  # of a simulation
SIX = ("lowfreq", "highfreq", "broadband", "pitch", "speech", "music")
LOOK = {"synthetic": False, "language": "en"}


def value(target, model, r2, role="trained"):
    return {"target": target, "model": model, "role": role, "r2": r2, "low": r2 - 0.1, "high": r2 + 0.1}


@pytest.fixture
def values():
    rows = [value("speech", "a", 0.7), value("speech", "b", 0.5), value("music", "a", 0.2), value("music", "b", 0.3)]
    rows += [value("speech", "mel", 0.4, "baseline"), value("music", "mel", 0.35, "baseline")]
    rows += [value("speech", "a", 0.1, "untrained"), value("music", "b", 0.32, "untrained")]
    return pd.DataFrame(rows).assign(metric="r2_pearson")


def lead(target, model, rival, role, difference, p):
    numbers = {"r2": 0.5, "rival_r2": 0.5 - difference, "difference": difference, "p_adjusted": p}
    return {"target": target, "model": model, "rival": rival, "role": role} | numbers


@pytest.fixture
def leads():
    return pd.DataFrame(
        [
            lead("speech", "a", "b", "network", 0.2, 0.01),
            lead("speech", "a", "mel", "baseline", 0.3, 0.01),
            lead("music", "b", "a", "network", 0.1, 0.3),
            lead("music", "b", "mel", "baseline", -0.05, 0.01),  # beyond chance, but behind
        ]
    )


def claims(*verdicts):
    names = ["deeper_better", "speech_worst", "mixture_best"][: len(verdicts)]
    about = ["mixture", "mixture, music, speech", "mixture, music, speech"][: len(verdicts)]
    numbers = {"value": 0.2, "threshold": 0.1, "untrained": [0.05, np.nan, np.nan][: len(verdicts)]}
    numbers["other_side"] = ["", "", ""][: len(verdicts)]
    return pd.DataFrame({"claim": names, "about": about, "verdict": verdicts} | numbers)


NONE = pd.DataFrame(columns=["target", "model", "role", "r2", "control_r2", "difference", "p"])


@pytest.fixture
def learned():
    rows = [("speech", "a", 0.7, 0.1, 0.01), ("music", "b", 0.3, 0.32, 0.9)]
    table = pd.DataFrame(rows, columns=["target", "model", "r2", "control_r2", "p"]).assign(role="untrained")
    return table.assign(difference=table["r2"] - table["control_r2"])


def said(values, leads, verdicts, language="en", learned=NONE):
    return summary.findings(values, leads, learned, verdicts).pieces[language]


def test_extremes_leads_baselines_and_controls_are_those_of_the_tables(values, leads, learned):
    text = said(values, leads, claims(HOLDS, FAILS, UNDECIDED), learned=learned)
    mel = Labeller("en").name("model", "mel")
    first = f"by a: r² 0.70 (95 % interval 0.60 to 0.80); the baseline ({mel}) reaches 0.40."
    last = f"at most r² 0.30 (95 % interval 0.20 to 0.40), by b; the baseline ({mel}) reaches 0.35."
    assert f"<strong>Speech component</strong>, {first}" in text and f"<strong>Music component</strong>, {last}" in text
    explained = "one network is ahead of every other by more than the choice of sounds explains"
    assert f"For 1 of 2 targets {explained}: Speech component (a)" in text
    assert "For 1 of 2 targets the best network is ahead of the baseline beyond chance: Speech component (a)" in text
    assert "A baseline is ahead of the best network beyond chance for Music component." in text
    assert "a baseline may predict as much or more" not in text
    open_too = said(values, leads.assign(p_adjusted=leads["p_adjusted"].where(leads["difference"] > 0, 0.2)), None)
    assert "For Music component, a baseline may predict as much or more" in open_too and "A baseline is" not in open_too
    assert "The best network of each target is compared with the highest of its own controls" in text
    assert "than the choice of sounds explains for 1 of 2 targets: Speech component." in text
    assert "One holds: Deeper layers predict" in text and "One does not hold: The speech network" in text
    spanish = said(values, leads, claims(HOLDS, FAILS, UNDECIDED), "es")
    assert "En 1 de 2 respuestas" in spanish and "r² 0,70 (intervalo del 95 %: 0,60 a 0,80)" in spanish


def test_a_lead_of_a_network_that_is_not_above_its_own_controls_is_not_laid_to_what_it_learned(values, leads, learned):
    for spoilt in (learned.assign(p=0.4), learned.assign(difference=-0.1)):
        text = said(values, leads, None, learned=spoilt)
        assert (
            "1 of 2 targets" not in text
            and "Speech component one network is ahead of every other, but not of its" in text
        )
        assert "Speech component the best network is ahead of the baseline, but not of its own controls" in text
        assert "aventaja a todas las demás, pero no a sus propios controles" in said(values, leads, None, "es", spoilt)
    matched = learned.assign(p=0.4, role="matched")
    assert "but not of its own controls" not in said(values, leads, None, learned=matched), "these learned, too"


def test_it_is_said_where_no_hypothesis_has_a_verdict(values, leads):
    open_ = said(values, leads, claims(UNDECIDED, UNTESTABLE))
    assert "No hypothesis on which layers or networks" in open_
    assert "Ninguna hipótesis sobre qué capas o redes" in said(values, leads, claims(UNDECIDED, UNTESTABLE), "es")
    assert CLAIMS["mixture_best"].hypothesis and not CLAIMS["merged_mixes"].hypothesis
    for verdict in (HOLDS, FAILS):
        assert "No hypothesis" not in said(values, leads, claims(UNTESTABLE, UNTESTABLE, verdict))
        assert "No hypothesis" in said(values, leads, claims(verdict).assign(claim="merged_mixes"))


def test_networks_that_heard_the_test_sounds_say_so(small_brain, tmp_path):
    entry = {"name": "mix", "family": "mini", "steps": 3, "batch_size": 4, "crop_s": 0.5}
    none = pd.DataFrame()
    for unheard, chapters in ((True, ["07_claims"]), (True, []), (False, ["07_claims"])):
        parameters = {"name": "heard", "dataset": "demo", "models": [entry], "unheard": unheard, "chapters": chapters}
        found = summary.cautions(Study(Parameters.model_validate(parameters), tmp_path / "out"), none).pieces
        judged = unheard and bool(chapters)
        assert "those that test among them" in found["en"] and "también los de prueba" in found["es"]
        assert ("trained without the sounds that test them" in found["en"]) == judged
        assert ("entrenadas sin los sonidos que las evalúan" in found["es"]) == judged


def test_networks_that_are_trained_here_are_said_to_stand_in_where_they_are_named(small_brain, tmp_path):
    entry = {"name": "mix", "family": "mini", "steps": 3, "batch_size": 4, "crop_s": 0.5}
    other = {"name": "other", "family": "activations", "file": str(tmp_path / "other.npz")}
    sounds = small_brain.waveforms["sound"].values
    np.savez(tmp_path / "other.npz", one=np.random.default_rng(0).normal(size=(len(sounds), 4)), sounds=sounds)

    def found(*entries):
        parameters = {"name": "stand", "dataset": "demo", "models": list(entries)}
        return summary.compared(Study(Parameters.model_validate(parameters), tmp_path / "out")).pieces

    assert "It was trained here, for minutes on few sounds, and stands in for published ones." in found(entry)["en"]
    assert "Se entrenó aquí, durante minutos" in found(entry)["es"]
    assert "mix was trained here" in found(entry, other)["en"] and "trained here" not in found(other)["en"]


def test_of_many_targets_few_are_named_by_chance(values):
    random, named, false = np.random.default_rng(0), 0, []
    for _ in range(N_STUDIES):  # one target with a lead, nine without
        p = np.append(0.0001, random.uniform(size=9))
        leads = pd.DataFrame([lead(f"t{at}", "a", "b", "network", 0.1, one) for at, one in enumerate(p)])
        kept = analysis._beyond_chance(leads.set_index("target")["p_adjusted"])
        named += kept["t0"]
        false.append((kept.sum() - kept["t0"]) / max(kept.sum(), 1))
    assert named == N_STUDIES and np.mean(false) <= 0.05 + 2 * np.std(false) / np.sqrt(N_STUDIES)
    one = pd.DataFrame([lead("speech", "a", "b", "network", 0.1, 0.04)])
    many = pd.DataFrame([lead(name, "a", "b", "network", 0.1, 0.04 if name == "speech" else 0.9) for name in SIX])
    ahead = "one network is ahead of every other by more than the choice of sounds explains: Speech component"
    assert ahead in said(values, one, None) and ahead not in said(values, many, None)
    learned = many.rename(columns={"p_adjusted": "p", "rival_r2": "control_r2"}).assign(role="untrained")
    named = "is it ahead by more than the choice"
    assert f"none of 6 targets {named}" in said(values, many, None, learned=learned)


def test_a_lead_over_its_own_controls_that_other_seeds_do_not_keep_is_said_to_be_one_seeds(values, leads, learned):
    seeds = pd.DataFrame({"seed": [1, 2, 3], "model": "a", "target": "speech", "r2": [0.7, 0.65, 0.69]})
    steady = summary.findings(values, leads, learned, None, seeds).pieces
    assert "explains for 1 of 2 targets: Speech component" in steady["en"] and "with this seed" not in steady["en"]
    once = summary.findings(values, leads, learned, None, seeds.assign(r2=[0.7, 0.05, 0.2])).pieces
    assert "For Speech component it is ahead with this seed of training" in once["en"]
    assert "For the others, no lead is more than the choice" in once["en"] and "For the others" not in steady["en"]
    assert "the control held fixed, p = 0.385)" in once["en"]
    assert "explains for 1 of 2 targets: Speech component." not in once["en"]
    assert "En Componente habla los aventaja con esta semilla de entrenamiento" in once["es"]


def test_a_claim_that_is_decided_the_same_before_any_training_says_so(values, leads):
    verdicts = claims(HOLDS, FAILS, UNDECIDED)
    assert "which is so before any training" not in said(values, leads, verdicts), "the other side, or not known"
    text = said(values, leads, verdicts.assign(untrained=[0.15, np.nan, 0.3]))
    assert (
        text.count("which is so before any training") == 1
        and "(which is so before any training, too). One does not hold" in text
    )
    assert "the number lies on the other side). One does not hold" in said(values, leads, verdicts)
    assert "ya es así antes de todo entrenamiento" in said(values, leads, verdicts.assign(untrained=0.15), "es")


def test_a_claim_about_one_network_names_those_for_which_it_is_otherwise(values, leads):
    verdicts = claims(HOLDS, FAILS).assign(other_side=["music, speech", ""])
    said_en, said_es = (said(values, leads, verdicts, language) for language in ("en", "es"))
    assert "the number lies on the other side; with Music network and Speech network it lies on the other" in said_en
    assert said_en.count("it lies on the other side") == 1 and "con Red de música y Red de habla está del" in said_es


def test_of_several_draws_of_a_control_the_highest_is_said_to_be_that(values, leads, learned):
    draws = pd.DataFrame([value("speech", "a", r2, "matched") for r2 in (0.6, 0.65)])
    matched = learned.iloc[:1].assign(role="matched", control_r2=0.65)
    one = said(pd.concat([values, draws.iloc[1:]]), leads, None, learned=matched)
    assert "reaches 0.65. That" in one
    assert "reaches 0.65 in the highest of 2 draws. That" in said(
        pd.concat([values, draws]), leads, None, learned=matched
    )


def test_a_control_of_another_network_that_reaches_more_than_the_best_is_named(values, leads):
    assert "control of another" not in said(values, leads, None), "none does, but for the best network's own"
    more = [value("music", "a", 0.46, "matched"), value("music", "a", 0.44, "untrained")]
    more += [value("speech", "b", 0.701, "matched"), value("music", "b", 0.9, "matched")]
    beside = pd.concat([values, pd.DataFrame(more)], ignore_index=True)
    text = said(beside, leads, None)
    assert "lies above the best network for Music component (that of a, trained on" in text and ": 0.46)." in text
    assert "un control de otra red supera a la mejor red en Componente música (el de «a», " in said(
        beside, leads, None, "es"
    )


def test_a_lead_that_another_seed_turns_around_is_not_said_to_be_one(values, leads):
    seeds = pd.DataFrame({"seed": [1, 2, 3] * 2, "model": ["a"] * 3 + ["b"] * 3, "target": "speech"})

    def found(r2):
        return summary.findings(values, leads, NONE, None, seeds.assign(r2=r2)).pieces

    assert "1 of 2 targets one network is ahead of every other" in found([0.7, 0.6, 0.66, 0.5, 0.4, 0.45])["en"]
    turned = found([0.7, 0.45, 0.6, 0.5, 0.44, 0.41])
    assert "targets one network" not in turned["en"] and "over all seeds that lead is not certain" in turned["en"]
    assert "Speech component one network is ahead of every other with this seed of training" in turned["en"]
    assert (
        "En Componente habla una red aventaja a todas las demás con esta semilla" in turned["es"]
        and "la mejor red aventaja" in turned["es"]
    )
    assert (
        found([0.7, 0.6, 0.66, 0.5, 0.4, 0.45])
        == summary.findings(values, leads, NONE, None, seeds.iloc[:0].assign(r2=[])).pieces
    )


@pytest.mark.parametrize("n_networks", [2, 3])
def test_seeds_of_equal_networks_leave_a_lead_in_a_twentieth_of_studies_at_most(n_networks):
    random, kept, names = np.random.default_rng(0), 0, list("abc")[:n_networks]
    for _ in range(N_STUDIES):
        r2 = random.standard_normal((n_networks, 3))  # (network, seed): seeds are all that differs
        best = int(r2[:, 0].argmax())  # as reported, from the first seed
        rows = [lead("speech", names[best], one, "network", 1.0, 0.01) for one in names if one != names[best]]
        index = pd.MultiIndex.from_product([names, [1, 2, 3]], names=["model", "seed"])
        seeds = pd.DataFrame({"r2": r2.ravel()}, index=index).reset_index().assign(target="speech")
        kept += not analysis._once(pd.DataFrame(rows), seeds)
    assert kept / N_STUDIES <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / N_STUDIES)


def test_seeds_keep_a_lead_that_is_far_larger_than_they_change():
    rows = pd.DataFrame([lead("speech", "a", "b", "network", 1.0, 0.01)])
    r2 = {"a": [0.6, 0.62, 0.59], "b": [0.4, 0.43, 0.38]}
    seeds = pd.DataFrame(r2).rename_axis("seed").reset_index().melt("seed", var_name="model", value_name="r2")
    seeds = seeds.assign(target="speech")
    assert analysis._once(rows, seeds) == [] and analysis._once(rows.assign(model="b", rival="a"), seeds) == ["speech"]


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ((UNDECIDED, UNTESTABLE), "2 claims; one of them can be judged with the networks and data at hand. One stays"),
        ((UNTESTABLE,), "one claim; none of them can be judged"),
        (
            (HOLDS, UNDECIDED),
            "the number lies on the other side). One stays undecided.",
        ),
        ((FAILS, FAILS), "2 do not hold: Deeper layers"),
    ],
)
def test_claims_are_counted_and_named(values, leads, verdicts, words):
    assert words in said(values, leads, claims(*verdicts))


def test_it_is_said_of_which_network_a_claim_about_one_was_judged(values, leads):
    of_one = "Claims that do not compare networks were judged with Mixture network alone."
    assert of_one in said(values, leads, claims(HOLDS, FAILS)) and "solo con «Red de mezcla»" in said(
        values, leads, claims(FAILS), language="es"
    )
    assert "do not compare networks" not in said(values, leads, claims(UNTESTABLE, HOLDS))


def test_nothing_is_said_of_what_a_study_has_not(values):
    alone = values[(values["role"] == "trained") & (values["model"] == "a") & (values["target"] == "speech")]
    text = said(alone, pd.DataFrame(columns=["target", "model", "rival"]), None)
    assert text == "<p><strong>Speech component</strong>: a predicts it with r² 0.70 (95 % interval 0.60 to 0.80).</p>"
    assert "No response is predicted" in said(alone.assign(r2=0.0), pd.DataFrame(), None)
    without = said(alone.assign(low=np.nan, high=np.nan), pd.DataFrame(), None)
    assert without == "<p><strong>Speech component</strong>: a predicts it with r² 0.70.</p>"


def test_values_are_those_of_the_layer_chosen_on_the_train_sounds(small_brain, tmp_path):
    entry = {"name": "speech", "family": "mini", **models.FAMILIES["mini"].example(tmp_path)}
    small = {"name": "small", "dataset": "demo", "models": [entry | {"controls": ["permuted"]}]}
    small |= {"chapters": ["15_summary"], "baselines": [{"name": "labels", "family": "categories"}]}
    (tmp_path / "small.yml").write_text(yaml.safe_dump(small))
    study = open_study({"study": str(tmp_path / "small.yml"), "outputs": str(tmp_path)})
    table, measured = summary.values(study), study.responses("components")
    assert set(table["role"]) == {"trained", "baseline", "permuted", "untrained"}
    scores = encoding.score(study.features("speech"), measured, study.splits, **study.encoding)
    own = table[(table["model"] == "speech") & (table["role"] == "trained")].set_index("target")["r2"]
    expected = scores["r2_pearson"].isel(layer=scores["loo_error"].argmin("layer")).mean("split")
    for target in measured["target"].values:
        assert own[str(target)] == pytest.approx(float(expected.sel(target=target)), abs=1e-9)
    start = encoding.score(study.features("speech", 0), measured, study.splits, **study.encoding)
    before = table[table["role"] == "untrained"].set_index("target")["r2"]
    expected = start["r2_pearson"].isel(layer=start["loo_error"].argmin("layer")).mean("split")
    for target in measured["target"].values:
        assert before[str(target)] == pytest.approx(float(expected.sel(target=target)), abs=1e-9)
    assert "with other weights: permuted and untrained" in summary.compared(study).pieces["en"]
    known = table[~table["role"].isin(["permuted", "untrained"])]
    assert ((known["low"] <= known["r2"] + 1e-12) & (known["r2"] <= known["high"] + 1e-12)).all()
    assert set(comparison.leads.left_out(study, measured)) == {("speech", "network"), ("labels", "baseline")}


def test_a_control_that_was_trained_is_not_said_to_have_learned_nothing(values, leads, learned):
    matched = learned.iloc[:1].assign(role="matched", control_r2=0.65, difference=0.05, p=0.3)
    text = said(values, leads, None, learned=pd.concat([learned, matched], ignore_index=True))
    assert "compared with the highest of its own controls, which did not learn what it did" in text
    assert "For Speech component, the best network was trained on a part of the sounds. It reaches r² 0.70;" in text
    assert "at random, reaches 0.65. That difference is no more than the choice of sounds explains" in text
    none = said(values, leads, None, learned=learned.assign(p=0.2))
    assert "For none of 2 targets is it ahead by more" in none
    assert "learned" not in said(values, leads, None)


def test_every_study_of_the_project_has_baselines_and_controls_beside_its_networks():
    for path in sorted((ROOT / "params").glob("*.yml")):
        if path.stem == "junifer":
            continue
        study = load(path.stem)
        families = {entry.family for entry in study.baselines}
        assert families - {"categories"}, f"{path.name}: an acoustic baseline"
        for entry in study.models:  # networks that are trained here start among their checkpoints
            assert entry.family == "mini" or {"untrained", "permuted"} & set(entry.controls), (
                f"{path.name}: {entry.name}"
            )


def test_the_figure_has_a_row_per_target_with_the_highest_baseline_and_each_network_with_its_controls(values):
    figure = figures.found(values, **LOOK)
    names = [trace.name for trace in figure.data]
    assert names == ["Baselines, the highest", "Controls: Untrained", "a", "b"]
    assert list(figure.data[2].x) == [0.7, 0.2] and list(figure.data[0].x) == [0.4, 0.35]
    np.testing.assert_allclose(figure.data[2].error_x.array, 0.1)
    assert list(figure.layout.yaxis.ticktext) == ["Speech component", "Music component"]
    centres = [np.mean([trace.y[n] for trace in figure.data[2:]]) for n in range(2)]
    np.testing.assert_allclose(centres, [0, -1], atol=1e-9)
    place = {(model, at): y for model, trace in zip("ab", figure.data[2:], strict=True) for at, y in enumerate(trace.y)}
    controls = dict(zip(figure.data[1].x, figure.data[1].y, strict=True))
    assert controls == {0.1: place["a", 0], 0.32: place["b", 1]}  # on the line of its network
    assert "b (untrained), Music component" in " ".join(figure.data[1].customdata)


def forest(side, threshold, value, low, high):
    row = {"claim": "deeper_better", "side": side, "threshold": threshold, "value": value, "low": low, "high": high}
    return pd.DataFrame([row | {"verdict": UNDECIDED, "why": "interval"}])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("above", 0.1, 0.3, 0.2, 0.5), (0.2, 0.1, 0.4)),
        (("below", 0.1, 0.3, 0.2, 0.5), (-0.2, -0.4, -0.1)),
        (("within", 0.1, 0.02, -0.05, 0.09), (0.08, 0.01, 0.1)),  # its interval has 0 in it
        (("within", 0.1, -0.3, -0.5, -0.2), (-0.2, -0.4, -0.1)),
    ],
)
def test_distances_point_in_the_direction_of_the_claim(row, expected):
    figure = figures.forest(forest(*row), **LOOK)
    (points,) = figure.data
    distance, near, far = expected
    assert points.x[0] == pytest.approx(distance)
    assert points.x[0] - points.error_x.arrayminus[0] == pytest.approx(near)
    assert points.x[0] + points.error_x.array[0] == pytest.approx(far)


def test_every_verdict_has_a_look_and_every_side_its_direction():
    assert set(figures.LOOKS) == {HOLDS, FAILS, UNDECIDED, UNTESTABLE}
    assert {"above", figures.BELOW, figures.WITHIN} == set(SIDES)


def test_there_is_no_forest_without_numbers():
    assert figures.forest(None, **LOOK) is None
    assert figures.forest(forest("above", 0.0, np.nan, np.nan, np.nan), **LOOK) is None


def test_there_is_no_forest_of_claims_none_of_which_can_be_judged():
    alone = forest("above", 0.0, 0.1, 0.0, 0.2).assign(verdict=UNTESTABLE)
    assert figures.forest(alone, **LOOK) is None
    assert figures.forest(pd.concat([alone, forest("above", 0.0, 0.1, 0.0, 0.2)]), **LOOK) is not None


def test_each_row_of_the_forest_has_room_for_its_own_words():
    shown = pd.concat([forest("above", 0.0, 0.1, 0.0, 0.2).assign(claim=name) for name in CLAIMS])
    figure = figures.forest(shown, **LOOK)
    places, lines = figure.data[0].y, figures._lines(shown["claim"])
    assert lines.min() < lines.max()
    np.testing.assert_allclose(-np.diff(places), lines[1:] + figures.INTERVAL)
    wide = {tuple(path): value for path, value in figure.layout.meta["sizes"]["wide"]}
    shifts = np.array([wide["layout", "annotations", at, "yshift"] for at in range(len(lines))])
    middles, halves = places * figures.LINE["wide"] + shifts, lines * 15 / 2  # px; a line of Plotly's takes 15
    assert (middles[:-1] - halves[:-1] > middles[1:] + halves[1:]).all(), "words of two claims overlap on a wide page"
