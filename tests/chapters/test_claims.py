"""Claims: planted answers give their verdicts, published numbers the same arithmetic, synthetic data none."""

import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from helpers import brain, models
from helpers.brain.nh2015 import COMPONENTS
from helpers.chapters import claims as chapter
from helpers.chapters import registry
from helpers.chapters.claims import analysis, evidence
from helpers.chapters.claims.claim import (
    CONTRADICTS,
    FAILS,
    HOLDS,
    HYPOTHESES,
    OPEN,
    SUPPORTS,
    UNDECIDED,
    UNTESTABLE,
    Claim,
)
from helpers.chapters.claims.claims import CLAIMS, complete
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Missing, Run
from helpers.study import Parameters, Study
from helpers.text import labellers

FREQUENCY, CATEGORY = ("lowfreq", "highfreq"), ("speech", "music")
SAID = {"claim": "It holds.", "test": "A number,"}


@pytest.fixture
def planted():
    """Scores of three models: low and high frequency peak at layer 2, others at 4; mixture > music > speech."""
    random = np.random.default_rng(0)
    rows = [
        {"model": model, "split": split, "target": target, "layer": layer, "step": step}
        for model in ("mixture", "music", "speech")
        for split in range(1, 11)
        for target in COMPONENTS
        for layer in range(1, 5)
        for step in (0, 10, 20, 40)
    ]
    frame = pd.DataFrame(rows)
    peak = frame["target"].isin(FREQUENCY).map({True: 2, False: 4})
    learned = np.where(frame["target"].isin(CATEGORY), frame["step"] / 40, np.minimum(frame["step"] / 10, 1))
    strength = frame["model"].map({"mixture": 0.3, "music": 0.2, "speech": 0.1})
    value = (0.5 + strength - 0.1 * (frame["layer"] - peak).abs()) * learned
    return frame.assign(r2_pearson=value + 0.002 * random.standard_normal(len(frame)), note="")


@pytest.fixture
def last(planted):
    return planted[planted["step"] == 40]


def claim(**changes) -> Claim:
    """A complete claim but for `changes`."""
    whole = {"name": "new", "order": 1, "test": lambda run: Evidence(1), "reason": "0", "en": SAID, "es": SAID}
    return Claim(**whole | changes)


def module(one, name="new") -> ModuleType:
    """A file of the folder of claims that defines `one` as its CLAIM."""
    found = ModuleType(f"helpers.chapters.claims.claims.{name}")
    found.CLAIM = one
    return found


def test_verdicts():
    assert claim().verdict(Evidence(1, 0.5, 1.5)) == HOLDS
    assert claim(above=False).verdict(Evidence(1, 0.5, 1.5)) == FAILS
    assert claim(threshold=2).verdict(Evidence(1, 0.5, 1.5)) == FAILS
    assert claim(threshold=2, above=False).verdict(Evidence(1, 0.5, 1.5)) == HOLDS
    assert claim(threshold=1).verdict(Evidence(1, 0.5, 1.5)) == UNDECIDED
    assert claim().verdict(Evidence(1)) == UNDECIDED


def test_what_a_verdict_does_to_a_hypothesis():
    pro, contra = claim(supports=True), claim(supports=False)
    assert pro.effect(HOLDS) == contra.effect(FAILS) == SUPPORTS
    assert pro.effect(FAILS) == contra.effect(HOLDS) == CONTRADICTS
    assert pro.effect(UNDECIDED) == contra.effect(UNTESTABLE) == OPEN
    assert {one.hypothesis for one in CLAIMS.values()} == {"", *HYPOTHESES}


def test_every_file_of_the_folder_is_a_claim_with_words_in_both_languages():
    folder = Path(analysis.__file__).parent / "claims"
    assert set(CLAIMS) == {path.stem for path in folder.glob("[a-z]*.py")}
    assert [one.order for one in CLAIMS.values()] == sorted(one.order for one in CLAIMS.values())
    for labeller in labellers().values():
        for name, one in CLAIMS.items():
            own = getattr(one, labeller.language)
            assert (labeller(f"claim.{name}"), labeller(f"test.{name}")) == (own["claim"], own["test"])


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (claim(test=None), r"claims/claims/new\.py: CLAIM lacks test$"),
        (claim(es={}), r"new\.py: CLAIM lacks es\['claim'\], es\['test'\]"),
        (claim(en={"claim": "It holds."}), r"new\.py: CLAIM lacks en\['test'\]"),
        (claim(reason=""), "CLAIM lacks reason"),
        (claim(hypothesis="anatomy"), "CLAIM lacks a hypothesis of hierarchy, specialisation, diversity"),
        (claim(name="other"), r"new\.py: CLAIM is named 'other'; give it the name of its file"),
        (None, r"new\.py defines no CLAIM"),
    ],
)
def test_half_a_claim_says_what_it_lacks(one, message):
    with pytest.raises(RuntimeError, match=message):
        complete([module(one)])


def test_claims_stand_in_their_order_and_no_two_in_one_place():
    later, sooner = module(claim(order=2)), module(claim(name="sooner"), "sooner")
    assert list(complete([later, sooner])) == ["sooner", "new"]
    with pytest.raises(RuntimeError, match=r"sooner\.py: CLAIM has the order 1, as 'new' has"):
        complete([module(claim()), sooner])


def test_planted_answers_are_found(planted, last):
    found = {
        "deeper_better": evidence.depth_effect(last, "mixture", 0.5),
        "acoustic_early": evidence.best_depth(last, "mixture", 0.5, FREQUENCY),
        "speech_music_deeper": evidence.depth_difference(last, "mixture", 0.5, CATEGORY, FREQUENCY),
        "mixture_best": evidence.margin_over_best(last, "mixture", 0.5),
        "speech_worst": evidence.margin_under_worst(last, "speech", 0.5),
        "late_learners": evidence.learning_delay(planted, "mixture", 0.5, CATEGORY, FREQUENCY),
    }
    verdicts = {name: CLAIMS[name].verdict(own) for name, own in found.items()}
    assert set(verdicts.values()) == {HOLDS}, verdicts
    assert found["acoustic_early"].value == pytest.approx(1 / 3, abs=0.05)
    assert found["speech_music_deeper"].value == pytest.approx(2 / 3, abs=0.05)
    assert found["mixture_best"].value == pytest.approx(0.1, abs=0.01)
    behind = evidence.margin_over_best(last, "music", 0.5, ("lowfreq",))
    assert CLAIMS["music_at_lowfreq"].verdict(behind) == FAILS


def test_layers_that_learn_longer_are_found(planted):
    slower = planted.assign(step=planted["step"] * 1.0)
    share = np.where(slower["layer"] <= 2, slower["step"] / 40, np.minimum(slower["step"] / 20, 1))
    found = evidence.learning_by_layer(slower.assign(r2_pearson=0.5 * share), "mixture", 0.5)
    assert found.value < -0.5


def test_estimators_are_compared_each_at_its_best_layer():
    rows = [
        {"estimator": estimator, "target": "pitch", "layer": layer, "split": split, "r2_determination": value}
        for estimator, values in {"ridge": (0.5, 0.6), "lasso": (0.55, 0.3)}.items()
        for layer, value in enumerate(values, start=1)
        for split in (1, 2, 3)
    ]
    found = evidence.estimator_margin(pd.DataFrame(rows), 0.5, "ridge", "lasso")
    assert found.value == pytest.approx(0.05)


def test_a_target_that_no_layer_predicts_has_no_best_layer_and_counts_as_zero(last):
    silent = (last["target"] == "lowfreq") & (last["model"] == "mixture")
    table = last.assign(r2_pearson=last["r2_pearson"].where(~silent, 0.0))
    both = evidence.best_depth(table, "mixture", 0.5, FREQUENCY)
    alone = evidence.best_depth(last, "mixture", 0.5, ("highfreq",))
    assert (both.value, both.low) == (alone.value, alone.low)  # low frequency has no depth, so it is left out
    nothing = evidence.best_depth(table, "mixture", 0.5, ("lowfreq",))
    assert np.isnan(nothing.value) and claim().verdict(nothing) == UNDECIDED
    margin = evidence.margin_over_best(table, "mixture", 0.5, ("lowfreq",))
    best = evidence.at_best_layer(last, "model", "r2_pearson").xs("lowfreq", level="target")["music"]
    assert margin.value == pytest.approx(-best.mean())


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).standard_normal(150)
    found = evidence.over_sounds(lambda kept: values[kept].mean(), 150, 0)
    assert found.value == pytest.approx(values.mean()) and found.over == "sounds"
    assert (found.high - found.low) / 2 == pytest.approx(2.145 * values.std(ddof=1) / np.sqrt(150), rel=0.5)


def test_published_numbers_come_from_the_published_tables():
    published = {name: one.published().value for name, one in CLAIMS.items() if one.published}
    assert published["voxel_mixture_music"] == pytest.approx(0.76031 - 0.7364)
    assert published["primary_early"] == pytest.approx(0.416667, abs=1e-6) and published["speech_worst"] > 0
    assert not {"right_is_first", "merged_mixes"} & set(published)  # the figure shows colours, of one only their order
    assert CLAIMS["right_is_first"].published_sign() == 1 and CLAIMS["merged_mixes"].published_sign is None


@pytest.fixture
def study(small_brain, tmp_path):
    """Three tiny networks with four layers and checkpoints at 0, 1, 2 and 4, and the chapter on regularisation."""
    small = models.FAMILIES["mini"].example(tmp_path) | {"layers": 4, "steps": 4, "checkpoints": [1, 2]}
    entries = [{"name": name, "family": "mini", **small} for name in ("mixture", "music", "speech")]
    parameters = {"name": "small", "dataset": "demo", "models": entries, "chapters": ["06_regularisation"]}
    return Study(Parameters.model_validate(parameters | {"permutations": 2}), tmp_path)


def with_brain(study, monkeypatch, **changes) -> Study:
    """The study on its brain with changes."""
    changed = replace(study.brain, **changes)
    monkeypatch.setattr(brain, "open", lambda *_: changed)
    return Study(study.parameters, study.outputs)


def test_synthetic_data_yield_no_verdict(study):
    table = chapter.table(study)
    assert list(table["claim"]) == list(CLAIMS) and set(table["verdict"]) == {UNTESTABLE}
    assert set(table["why"]) == {"synthetic"} and table["value"].notna().all()
    assert "no verdict" in chapter.sentences(study, table).pieces["en"]
    assert not (study.folder / "tables").exists()  # the notebook writes it


def test_other_data_do_and_every_claim_is_said_in_both_languages(study, monkeypatch):
    real = with_brain(study, monkeypatch, synthetic=False)
    table = chapter.table(real)
    assert set(table["verdict"]) <= {HOLDS, FAILS, UNDECIDED} and "synthetic" not in set(table["why"])
    shown = chapter.shown(table).pieces
    for language, labeller in labellers().items():
        assert shown[language].count("<tr>") == 1 + len(CLAIMS) and "{" not in shown[language]
        assert labeller("claim.primary_early") in shown[language]
        assert labeller.number(table["value"].iloc[0], 3) in shown[language]
    assert chapter.hypotheses(table).pieces["es"].count("<tr>") == 1 + len(HYPOTHESES)


def test_hypotheses_are_answered_by_the_table_alone():
    verdicts = dict.fromkeys(CLAIMS, UNTESTABLE) | {"music_at_music": FAILS}
    verdicts |= {"primary_early": HOLDS, "acoustic_early": UNDECIDED, "speech_not_its_own": HOLDS}
    table = pd.DataFrame({"claim": verdicts.keys(), "verdict": verdicts.values()})
    cells = re.findall(r"<td[^>]*>(.*?)</td>", chapter.hypotheses(table).pieces["en"])
    hierarchy, specialisation = cells[:4], cells[4:8]
    assert hierarchy[1].startswith("✓ Primary cortex") and hierarchy[2] == "·"
    assert hierarchy[3].startswith("? Low and high frequency") and "– Speech and music" in hierarchy[3]
    assert specialisation[1] == specialisation[3] == "·"
    assert "✗ The music model" in specialisation[2] and "✓ The speech model is not" in specialisation[2]


def test_what_a_study_lacks_is_said(study, monkeypatch):
    responses = study.brain.responses
    bare = {"components": responses["components"].drop_vars("group")}
    poor = with_brain(study, monkeypatch, responses=bare, synthetic=False)
    poor.parameters = poor.parameters.model_copy(update={"chapters": []}).only(["mixture"])
    why = chapter.table(poor).set_index("claim")["why"]
    assert why["primary_early"] == "no_voxels" and why["mixture_best"] == "no_trio"
    assert why["ridge_lasso_agree"] == "no_lasso" and why["late_learners"] == why["acoustic_early"] == "no_groups"


def test_everything_that_a_study_may_lack_has_words():
    sources = Path(analysis.__file__).parent.rglob("*.py")
    reasons = {reason for path in sources for reason in re.findall(r'Missing\("(\w+)"\)', path.read_text("utf-8"))}
    assert "no_groups" in reasons
    for labeller in labellers().values():
        assert not {f"why.{reason}" for reason in reasons} - labeller.words.keys()


def test_components_of_other_names_are_no_claims_about_speech(study, monkeypatch):
    components = study.brain.responses["components"]
    others = components.assign_coords(target=[f"c{i}" for i in range(components.sizes["target"])])
    renamed = with_brain(study, monkeypatch, responses={"components": others})
    why = chapter.table(renamed).set_index("claim")["why"]
    assert why["music_at_music"] == why["speech_not_its_own"] == "no_such_component"
    assert why["acoustic_early"] == "synthetic"  # groups, not names, say what responds to frequency


def test_layers_with_a_note_are_left_out_and_networks_without_branches_said(study, monkeypatch):
    run = Run(study)
    rows, *_ = run.layered()
    assert sorted(rows["layer"].unique()) == [1, 2, 3]  # the fourth is merged
    monkeypatch.setattr(type(study.model("mixture")), "options", frozenset())
    with pytest.raises(Missing, match="no_branches"):
        run.branches()


def test_every_file_of_a_claim_is_code_of_the_chapter():
    modules = registry.modules_of("07_claims")
    assert {f"helpers.chapters.claims.claims.{name}" for name in chapter.CLAIMS} <= set(modules)
