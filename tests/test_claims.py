"""Claims: planted answers give their verdicts, published numbers the same arithmetic, synthetic data none."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers import claims
from helpers.claims import FAILS, HOLDS, UNDECIDED, UNTESTABLE, Claim, Evidence
from helpers.names import COMPONENTS
from helpers.params import ModelEntry, Study
from helpers.pipeline import Work, claims_published
from helpers.pipeline import claims as chapter
from helpers.text import labellers

SMALL = {"layers": 4, "width": 16, "heads": 2, "feed_forward": 32, "steps": 4, "checkpoints": [1, 2], "batch": 2}
SMALL |= {"crop_s": 0.1, "span": 2, "components": 8, "codebooks": 2, "codes": 8, "warm_up": 1, "decoder_layers": 1}


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
    peak = frame["target"].isin(claims.ACOUSTIC).map({True: 2, False: 4})
    learned = np.where(frame["target"].isin(claims.LEARNED), frame["step"] / 40, np.minimum(frame["step"] / 10, 1))
    strength = frame["model"].map({"mixture": 0.3, "music": 0.2, "speech": 0.1})
    value = (0.5 + strength - 0.1 * (frame["layer"] - peak).abs()) * learned
    return frame.assign(r2_pearson=value + 0.002 * random.standard_normal(len(frame)))


@pytest.fixture
def last(planted):
    return planted[planted["step"] == 40]


def test_verdicts():
    assert Claim("a").verdict(Evidence(1, 0.5, 1.5)) == HOLDS
    assert Claim("a", above=False).verdict(Evidence(1, 0.5, 1.5)) == FAILS
    assert Claim("a", threshold=2).verdict(Evidence(1, 0.5, 1.5)) == FAILS
    assert Claim("a", threshold=2, above=False).verdict(Evidence(1, 0.5, 1.5)) == HOLDS
    assert Claim("a", threshold=1).verdict(Evidence(1, 0.5, 1.5)) == UNDECIDED
    assert Claim("a").verdict(Evidence(1)) == UNDECIDED


def test_what_a_verdict_says_of_a_hypothesis():
    assert claims.weighs(HOLDS, True) == claims.weighs(FAILS, False) == claims.FOR
    assert claims.weighs(FAILS, True) == claims.weighs(HOLDS, False) == claims.AGAINST
    assert claims.weighs(UNDECIDED, True) == claims.weighs(UNTESTABLE, False) == claims.OPEN
    assert {name for own in claims.HYPOTHESES.values() for name in own} <= {claim.name for claim in claims.CLAIMS}


def test_planted_answers_are_found(planted, last):
    found = {
        "deeper_better": claims.deeper(last, "mixture", 0.5),
        "acoustic_early": claims.acoustic_depth(last, "mixture", 0.5),
        "speech_music_deeper": claims.learned_depth(last, "mixture", 0.5),
        "mixture_best": claims.ahead(last, "mixture", 0.5),
        "speech_worst": claims.behind(last, "speech", 0.5),
        "late_learners": claims.late_learners(planted, "mixture", 0.5),
    }
    verdicts = {claim.name: claim.verdict(found[claim.name]) for claim in claims.CLAIMS if claim.name in found}
    assert set(verdicts.values()) == {HOLDS}, verdicts
    assert found["acoustic_early"].value == pytest.approx(1 / 3, abs=0.05)
    assert found["speech_music_deeper"].value == pytest.approx(2 / 3, abs=0.05)
    assert found["mixture_best"].value == pytest.approx(0.1, abs=0.01)
    assert Claim("music_at_lowfreq").verdict(claims.ahead(last, "music", 0.5, ("lowfreq",))) == FAILS


def test_layers_that_learn_longer_are_found(planted):
    slower = planted.assign(step=planted["step"] * 1.0)
    share = np.where(slower["layer"] <= 2, slower["step"] / 40, np.minimum(slower["step"] / 20, 1))
    evidence = claims.first_layers_longer(slower.assign(r2_pearson=0.5 * share), "mixture", 0.5)
    assert evidence.value < -0.5


def test_ridge_ahead_takes_each_ones_best_layer():
    rows = [
        {"estimator": estimator, "target": "pitch", "layer": layer, "split": split, "r2_determination": value}
        for estimator, values in {"ridge": (0.5, 0.6), "lasso": (0.55, 0.3)}.items()
        for layer, value in enumerate(values, start=1)
        for split in (1, 2, 3)
    ]
    assert claims.ridge_ahead(pd.DataFrame(rows), 0.5).value == pytest.approx(0.05)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).standard_normal(150)
    found = claims.jackknifed(lambda kept: values[kept].mean(), 150)
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(2.145 * values.std(ddof=1) / np.sqrt(150), rel=0.5)


def test_published_numbers_come_from_the_published_tables():
    assert claims_published.value("voxel_mixture_music") == pytest.approx(0.76031 - 0.7364)
    assert claims_published.value("primary_early") > 0 and claims_published.value("speech_worst") > 0
    assert np.isnan(claims_published.value("right_is_first")) and claims_published.sign("right_is_first") == 1
    assert np.isnan(claims_published.sign("merged_mixes"))


@pytest.fixture
def work(small_brain, tmp_path):
    models = [ModelEntry(name=name, family="mini", **SMALL) for name in ("mixture", "music", "speech")]
    study = Study(name="small", dataset="small", models=models, chapters=["06_regularisation"], permutations=2)
    return Work(study, tmp_path)


def test_synthetic_data_yield_no_verdict(work):
    table = chapter.table(work)
    assert len(table) == len(claims.CLAIMS) == 17 and set(table["verdict"]) == {UNTESTABLE}
    assert table["value"].notna().sum() >= 14 and (table["why"] == "synthetic").sum() >= 14
    assert "no verdict" in chapter.sentences(work).pieces["en"]


def test_other_data_do_and_every_claim_is_said_in_both_languages(work, small_brain):
    from dataclasses import replace

    work.__dict__["brain"] = replace(small_brain, synthetic=False)
    table = chapter.table(work)
    assert set(table["verdict"]) <= {HOLDS, FAILS, UNDECIDED} and "synthetic" not in set(table["why"])
    shown = chapter.shown(work).pieces
    for language, labeller in labellers().items():
        assert shown[language].count("<tr>") == 18 and "{" not in shown[language]
        assert labeller("claim.primary_early") in shown[language]
        assert labeller.number(table["value"].iloc[0], 3) in shown[language]
    assert chapter.hypotheses(work).pieces["es"].count("<tr>") == 4


def test_hypotheses_are_answered_by_the_table_alone(work, monkeypatch):
    verdicts = {claim.name: UNTESTABLE for claim in claims.CLAIMS} | {"music_at_music": FAILS}
    verdicts |= {"primary_early": HOLDS, "acoustic_early": UNDECIDED, "speech_not_its_own": HOLDS}
    table = pd.DataFrame({"claim": verdicts.keys(), "verdict": verdicts.values()})
    monkeypatch.setattr(chapter, "table", lambda work: table)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", chapter.hypotheses(work).pieces["en"])
    hierarchy, specialisation = cells[:4], cells[4:8]
    assert hierarchy[1].startswith("✓ Primary cortex") and hierarchy[2] == "·"
    assert hierarchy[3].startswith("? Low and high frequency") and "– Speech and music" in hierarchy[3]
    assert specialisation[1] == specialisation[3] == "·"
    assert "✗ The music model" in specialisation[2] and "✓ The speech model is not" in specialisation[2]


def test_what_a_study_lacks_is_said(work, small_brain):
    from dataclasses import replace

    work.__dict__["brain"] = replace(small_brain, voxels=None, synthetic=False)
    work.study = work.study.model_copy(update={"chapters": []}).only(["mixture"])
    why = chapter.table(work).set_index("claim")["why"]
    assert why["primary_early"] == "no_voxels" and why["mixture_best"] == "no_trio"
    assert why["ridge_lasso_agree"] == "no_lasso"
