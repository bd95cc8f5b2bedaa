"""Claims on networks that never heard what they are tested on: what is trained on what, and what is computed of it."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from helpers import brain, encoding, stats
from helpers.batch import estimates, jobs
from helpers.chapters import claims, robustness
from helpers.chapters.claims.run import Run, Unheard
from helpers.chapters.claims.verdict import FAILS, HOLDS, UNTESTABLE
from helpers.chapters.robustness import seeds
from helpers.errors import UserError
from helpers.study import Study
from helpers.study.params import Parameters
from small_study import SMALL


def a_study(folder, models=None, **more) -> Study:
    entries = models or [{"name": "mixture", **SMALL}, {"name": "vad", "family": "silero"}]
    more = {"chapters": ["03_components", "07_claims", "13_robustness"], "unheard": True, **more}
    return Study(Parameters(name="small", dataset="demo", models=entries, **more), folder)


@pytest.fixture
def study(small_brain, tmp_path) -> Study:
    return a_study(tmp_path)


def names(sounds: xr.DataArray) -> set[str]:
    return set(sounds["sound"].values.tolist())


def test_each_half_trains_one_network_and_tests_the_other(study):
    halves = study.halves()
    every, trained = names(study.brain.waveforms), []
    for half in halves:
        (split,) = half.splits
        train, test = (names(split[split == part]) for part in ("train", "test"))
        assert train | test == every and not train & test and abs(len(train) - len(test)) <= 1
        assert names(half.model("mixture").training_sounds) == train
        trained.append(train)
    assert not trained[0] & trained[1]
    assert names(study.model("mixture").training_sounds) == every, "the study's own networks hear everything"
    one, other = (half.model("mixture").trained(2).state_dict() for half in halves)
    assert any((one[name] != other[name]).any() for name in one)
    own, in_half = (Study.features(some, "vad")[0] for some in (study, halves[0]))
    xr.testing.assert_identical(own, in_half)


def test_what_a_network_is_tested_on_cannot_change_its_weights(study, monkeypatch):
    """The weights of a half depend on its sounds alone, not on how those of the other sound."""
    half = study.halves()[0]
    model = half.model("mixture")
    before = model.identity(2)
    changed = study.brain.waveforms.copy()
    tests = half.splits.values[0] == "test"
    changed.values[tests] *= -0.5
    object.__setattr__(study.brain, "waveforms", changed)
    again = study.halves()[0].model("mixture")
    assert again.identity(2) == before
    changed.values[~tests] *= -0.5
    assert study.halves()[0].model("mixture").identity(2) != before


def test_claims_are_judged_on_both_halves_together(study):
    run = Run.of(study)
    assert isinstance(run, Unheard) and run.splits.sizes["split"] == 2
    found = run.at_best("mixture")
    for number, half in enumerate(study.halves()):
        measured = half.responses("components")
        scores = encoding.score(half.features("mixture"), measured, half.splits, **half.encoding)
        own = stats.nested_best(scores, "r2_pearson")["value"].mean("target")
        np.testing.assert_allclose(found["value"].values[number], own.values[0])
    assert np.isfinite(run.estimate(found).error)


def test_verdicts_of_both_kinds_stand_side_by_side_and_must_agree(small_brain, tmp_path, monkeypatch):
    study = a_study(tmp_path, training_seeds=2)
    monkeypatch.setattr(claims.analysis, "_judged", lambda table, others=(): table.drop(columns="evidence"))

    def row(claim, run) -> dict:
        heard = not isinstance(run, Unheard)
        verdict = HOLDS if claim.name != "speech_worst" or heard else FAILS
        tested = claim.name in ("deeper_better", "speech_worst", "right_is_first")
        own = {"claim": claim.name, "evidence": None, "why": "", "p": 0.01, "value": 0.1 if heard else 0.2}
        return own | {"verdict": verdict if tested else UNTESTABLE}

    monkeypatch.setattr(claims.analysis, "_row", row)
    verdicts = seeds.verdicts(study).sort_values(["claim", "seed"])
    of_branches = verdicts["claim"] == "right_is_first"  # judged on the study's own networks, which heard all
    assert verdicts.loc[of_branches, "seed"].tolist() == [1, 2]
    assert verdicts.loc[~of_branches, "seed"].tolist() == [0, 1, 2] * 2
    assert verdicts.loc[~of_branches, "verdict"].tolist() == [HOLDS] * 3 + [FAILS, HOLDS, HOLDS]
    assert seeds.changed(verdicts) == ["speech_worst"]
    shown = seeds.shown(verdicts).pieces["en"]
    assert shown.count("<th>") == 5 and "does not hold" in shown and "0.100 · 0.100" in shown and "0.200" in shown
    values = pd.DataFrame({"model": "mixture", "target": "speech", "seed": [1, 2], "r2": [0.1, 0.2]})
    assert (
        "networks were trained without the test sounds, but for the claims on ridge"
        in seeds.sentences(values, verdicts).pieces["en"]
    )
    assert "without the test sounds" not in seeds.sentences(values, verdicts[of_branches]).pieces["en"]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([{"name": "vad", "family": "silero"}], "unheard: no network of this study is trained on its sounds"),
        (
            [{"name": "lone", **SMALL, "categories": ["Lonely"]}],
            "model 'lone': none of the sounds that it is trained on",
        ),
    ],
)
def test_what_cannot_be_halved_is_said_before_anything_is_computed(small_brain, tmp_path, monkeypatch, models, message):
    waveforms = small_brain.waveforms
    categories = waveforms["category"].values.astype("U20")
    categories[0] = "Lonely"
    alone = waveforms.assign_coords(category=("sound", categories))
    object.__setattr__(small_brain, "waveforms", alone)
    monkeypatch.setattr(brain, "open", lambda *_: small_brain)
    with pytest.raises(UserError, match=message):
        a_study(tmp_path, models).check()


def test_estimates_know_what_is_trained_besides_the_study(small_brain, tmp_path):
    def seconds(**more) -> float:
        study = a_study(tmp_path, **more)
        return estimates.report_seconds(study, jobs.planned(study, download=False))

    plain = seconds(unheard=False)
    assert seconds() > plain and seconds(unheard=False, training_seeds=3) > plain
    assert claims.CHAPTER.others(a_study(tmp_path, unheard=False)) == []
    assert len(robustness.CHAPTER.others(a_study(tmp_path, training_seeds=3))) == 2
