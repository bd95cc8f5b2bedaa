"""The same networks trained from other seeds: other weights, same data; how far apart, and which verdicts change."""

import numpy as np
import pandas as pd
import pytest

from helpers import encoding, stats
from helpers.chapters import claims, robustness, summary
from helpers.chapters.claims.verdict import FAILS, HOLDS, UNDECIDED, UNTESTABLE
from helpers.chapters.robustness import figures, seeds
from helpers.study import Study
from helpers.study.params import Parameters
from small_study import SMALL

LOOK = {"synthetic": False}


def a_study(folder, **more) -> Study:
    entries = [{"name": "mixture", **SMALL}, {"name": "vad", "family": "silero"}]
    return Study(Parameters(name="small", dataset="demo", models=entries, **more), folder)


@pytest.fixture
def thrice(small_brain, tmp_path) -> Study:
    return a_study(tmp_path, training_seeds=3, chapters=["03_components", "07_claims", "13_robustness"])


def test_other_seeds_change_what_is_trained_here_and_nothing_else(thrice):
    first, second, third = thrice.retrained()
    assert first is thrice and thrice.trained_here == ["mixture"]
    weights = [one.model("mixture").trained(2).state_dict() for one in (first, second, third)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert any((weights[one][name] != weights[other][name]).any() for name in weights[one])
    again = a_study(thrice.outputs, training_seeds=2).retrained()[1].model("mixture")
    assert all((weights[1][name] == value).all() for name, value in again.trained(2).state_dict().items())
    assert first.model("mixture").missing(2) == "", "the study's own weights are still there"
    assert first.model("vad").identity(1) == second.model("vad").identity(1)
    np.testing.assert_array_equal(first.splits, second.splits)
    assert len(a_study(thrice.outputs).retrained()) == 1


def test_the_last_seed_is_followed_by_the_first(small_brain, tmp_path):
    assert a_study(tmp_path, seed=2**32 - 1, training_seeds=2).retrained()[1].model("mixture").seed == 0


def test_every_seed_has_its_r2_and_the_first_is_that_of_the_study(thrice):
    measured = robustness.responses(thrice)
    found = seeds.values(thrice, measured)
    assert set(found["model"]) == {"mixture"}, "a network that is not trained here has no seeds"
    assert len(found) == 3 * measured.sizes["target"]
    own = summary.values(thrice)
    own = own[(own["model"] == "mixture") & (own["role"] == "trained")].set_index("target")["r2"]
    first = found[found["seed"] == 1].set_index("target")["r2"]
    np.testing.assert_allclose(first, own.reindex(first.index), atol=1e-12)
    assert found.groupby("target")["r2"].nunique().max() > 1
    most = seeds.spread(found)
    assert most["spread"].is_monotonic_decreasing
    assert most["spread"].iloc[0] == found.groupby(["model", "target"])["r2"].agg(np.ptp).max()


@pytest.mark.parametrize("more", [{}, {"training_seeds": 2, "encoding": {"estimator": "ridge_kfold"}}])
def test_a_study_that_trains_once_says_so(small_brain, tmp_path, more):
    study = a_study(tmp_path, **more)
    found = seeds.values(study, robustness.responses(study))
    assert found.empty and figures.seeds(found, found, **LOOK) is None
    assert seeds.verdicts(study) is None and seeds.shown(None) is None
    assert "training_seeds" in seeds.sentences(found, None).pieces["en"]


def table(*verdicts) -> pd.DataFrame:
    names = ["deeper_better", "speech_worst", "ridge_lasso_agree"][: len(verdicts)]
    p = [{UNTESTABLE: np.nan}.get(verdict, 0.001) for verdict in verdicts]
    return pd.DataFrame({"claim": names, "verdict": verdicts, "p": p})


def test_only_tested_claims_are_tested_again_and_the_lasso_is_not(monkeypatch, thrice):
    monkeypatch.setattr(
        claims.analysis, "_row", lambda claim, run: {"claim": claim.name, "p": 0.03, "why": "", "evidence": None}
    )
    monkeypatch.setattr(claims.claim.Claim, "verdict", lambda self, evidence, p: HOLDS if p <= 0.05 else UNDECIDED)
    monkeypatch.setattr(claims.analysis, "reason", lambda *_: "clear")
    for first, names, p in [
        (table(HOLDS, UNTESTABLE, FAILS), ["deeper_better"], 0.03),  # the lasso's p is smaller: one of two is left
        (table(HOLDS, UNDECIDED, UNTESTABLE), ["deeper_better", "speech_worst"], 0.06),
        (table(UNTESTABLE, UNTESTABLE, HOLDS), [], None),
    ]:
        found = claims.again(thrice, first)
        assert found["claim"].tolist() == names
        assert p is None or (found["p_adjusted"] == p).all()


def made(*verdicts) -> pd.DataFrame:
    """Verdicts of three claims from as many seeds as each has."""
    rows = [
        {"claim": name, "seed": seed, "value": seed / 10, "verdict": verdict}
        for name, own in zip(["deeper_better", "speech_worst", "mixture_best"], verdicts, strict=False)
        for seed, verdict in enumerate(own, start=1)
    ]
    return pd.DataFrame(rows, columns=["claim", "seed", "value", "verdict"])


@pytest.mark.parametrize(
    ("verdicts", "english", "spanish"),
    [
        (
            made([HOLDS, HOLDS], [FAILS, FAILS]),
            "The 2 claims that could be judged again from every seed keep their verdicts",
            "Las 2 afirmaciones que se pudieron juzgar otra vez con cada semilla no cambian de veredicto",
        ),
        (
            made([HOLDS, HOLDS], [FAILS, UNDECIDED]),
            "one claim changes its verdict and is no result",
            "una afirmación cambia de veredicto",
        ),
        (made(), "None of the original study", "Ninguna afirmación"),
    ],
)
def test_it_is_said_which_verdicts_change(verdicts, english, spanish):
    values = pd.DataFrame(
        [
            ("mixture", "speech", 1, 0.5),
            ("mixture", "speech", 2, 0.7),
            ("mixture", "music", 1, 0.2),
            ("mixture", "music", 2, 0.3),
        ],
        columns=["model", "target", "seed", "r2"],
    )
    said = seeds.sentences(values, verdicts).pieces
    assert english in said["en"] and spanish in said["es"]
    assert "most for Speech component and Mixture network, whose r² lies between 0.50 and 0.70" in said["en"]
    assert "differs by 0.15 at the median" in said["en"]
    assert ("speech network" in said["en"]) == ("one claim changes" in said["en"])


def test_the_table_of_verdicts_has_one_row_for_each_claim():
    shown = seeds.shown(made([HOLDS, UNDECIDED], [FAILS, FAILS])).pieces["en"]
    assert shown.count("<tr>") == 3 and "holds · undecided" in shown and "0.100 · 0.200" in shown


def test_the_figure_has_a_mark_for_each_seed_and_no_line_between_targets(thrice):
    values = seeds.values(thrice, robustness.responses(thrice))
    nothing = seeds.baselines(a_study(thrice.outputs, training_seeds=1), robustness.responses(thrice))
    figure = figures.seeds(values, nothing, **LOOK)
    (trace,) = figure.data
    assert sum(x is not None for x in trace.x) == len(values)
    assert [x is None for x in trace.x] == [False, False, False, True] * values["target"].nunique()
    assert "3 seeds" in figure.layout.meta["alt"]["en"] and "3 semillas" in figure.layout.meta["alt"]["es"]


def test_the_highest_baseline_of_each_target_stands_beside_the_seeds(small_brain, tmp_path):
    given = [{"name": name, "family": name} for name in ("cochleagram", "spectrotemporal")]
    study = a_study(tmp_path, training_seeds=2, baselines=given)
    values, baselines = (of(study, robustness.responses(study)) for of in (seeds.values, seeds.baselines))
    assert set(baselines["target"]) == set(values["target"]) and baselines["target"].is_unique
    for row in baselines.itertuples():
        for features in study.references(["baselines"]):
            scores = encoding.score(features, robustness.responses(study), study.splits, **study.encoding)
            assert row.r2 >= stats.nested_best(scores, "r2_pearson")["value"].sel(target=row.target).mean() - 1e-9
    figure = figures.seeds(values, baselines, **LOOK)
    line = figure.data[0]
    assert line.marker.symbol == "line-ns-open" and sorted(line.x) == sorted(baselines["r2"])
    low, high = figure.layout.xaxis.range
    assert low <= min(line.x) and max(line.x) <= high
    assert "the highest baseline" in figure.layout.meta["alt"]["en"]
    assert "línea de base más alta" in figure.layout.meta["alt"]["es"]
