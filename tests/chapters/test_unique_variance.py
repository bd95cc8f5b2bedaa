"""What a network adds to baselines: said only where it is worth a hundredth in three quarters of the splits."""

import pandas as pd
import pytest

from helpers import stats
from helpers.chapters import unique_variance
from helpers.encoding.within import score_within
from helpers.study import Study
from helpers.study.params import Parameters

ROW = {"target": "speech", "beyond": "mine", "alone": 0.5, "without": 0.5, "joint": 0.6, "q75": 0.2}


def said(*rows: tuple[str, float, float], language: str = "en") -> str:
    table = pd.DataFrame([ROW | {"model": model, "added": added, "q25": q25} for model, added, q25 in rows])
    table = table.assign(untrained=float("nan"))
    return unique_variance.sentences(table).pieces[language]


def test_the_network_that_adds_most_is_one_whose_gain_can_be_written():
    assert "adds most to mine is b: 0.10" in said(("a", 0.004, 0.002), ("b", 0.1, 0.02), ("c", 0.3, -0.1))
    for q25 in (0.004, 0.0, -0.1, float("nan")):
        nothing = said(("a", 0.004, q25), ("b", 0.3, q25))
        assert "none of 2 networks adds 0.01 or more" in nothing and "adds most" not in nothing
    assert "ninguna agrega 0,01 o más a mine en tres cuartos" in said(("a", 0.004, 0.001), language="es")


def test_what_the_network_adds_untrained_stands_beside_it():
    table = pd.DataFrame([ROW | {"model": "a", "added": 0.1, "q25": 0.05, "untrained": 0.04}])
    assert (
        "0.10 to an R² of 0.50 (medians over splits; quartiles of what it adds 0.05 to 0.20). Untrained it adds 0.04;"
        in unique_variance.sentences(table).pieces["en"]
    )
    for as_much in (0.1, 0.097, 0.3):
        found = unique_variance.sentences(table.assign(untrained=as_much)).pieces
        assert "does not take what it learned" in found["en"] and "lo mismo o más" in found["es"]


def test_the_sentence_names_what_is_added_to():
    rows = [ROW | {"model": "a", "added": 0.1, "q25": 0.05, "untrained": float("nan")}]
    one = unique_variance.sentences(pd.DataFrame(rows)).pieces["en"]
    assert "adds most to mine is" in one and "ntrained" not in one
    table = pd.DataFrame([row | {"beyond": name} for row in rows for name in ("mine", "yours", "all")])
    assert "adds most to mine and yours together is" in unique_variance.sentences(table).pieces["en"]
    nothing = unique_variance.sentences(table.assign(q25=-0.1)).pieces
    assert "adds 0.01 or more to mine and yours together" in nothing["en"] and "en conjunto" in nothing["es"]


def test_a_baseline_that_reaches_more_alone_than_with_the_other_is_said_to():
    row = ROW | {"model": "a", "q25": 0.05, "untrained": float("nan")}
    beyond = {"mine": (0.6, 0.02), "yours": (0.2, 0.4), "all": (0.5, 0.1)}
    rows = [row | {"beyond": name, "without": without, "added": added} for name, (without, added) in beyond.items()]
    found = unique_variance.sentences(pd.DataFrame(rows)).pieces
    assert (
        "0.10 to an R² of 0.50" in found["en"]
        and "But mine alone reaches 0.60, and to that it adds 0.02" in found["en"]
    )
    assert "Pero mine por sí sola llega a 0,60, y a eso agrega 0,02" in found["es"]
    made = pd.DataFrame(rows).assign(untrained=[0.05, 0.3, 0.07])
    beside = unique_variance.sentences(made).pieces
    assert "0.05 to 0.20; untrained 0.05)" in beside["en"] and "Untrained it adds 0.07 to both together" in beside["en"]
    assert "; sin entrenar: 0,05)" in beside["es"] and "Sin entrenar agrega 0,07 a ambas en conjunto" in beside["es"]
    rows[0]["without"] = 0.504
    assert "alone reaches" not in unique_variance.sentences(pd.DataFrame(rows)).pieces["en"], "not in two digits"


def test_an_untrained_value_that_two_digits_do_not_show_is_said_to_be_less():
    row = {"model": "a", "target": "speech", "all": 0.5, "within": 0.2, "new_category": float("nan")}
    for untrained, words in (
        (0.0042, ("less than 0.01", "menos de 0,01")),
        (0.03, ("at most 0.03", "como máximo 0,03")),
    ):
        found = unique_variance.of_labels(pd.DataFrame([row | {"untrained": untrained}])).pieces
        assert words[0] in found["en"] and words[1] in found["es"]


@pytest.fixture
def study(small_brain, tmp_path):
    entry = {"name": "mix", "family": "mini", "steps": 3, "batch_size": 4, "crop_s": 0.5, "controls": ["untrained"]}
    parameters = {"name": "added", "dataset": "demo", "models": [entry | {"seeds": 2}]}
    parameters |= {"baselines": [{"name": "mel", "family": "mel"}], "chapters": ["12_unique_variance"]}
    return Study(Parameters.model_validate(parameters), tmp_path / "out")


def test_of_several_untrained_draws_the_one_that_adds_most_counts(study):
    measured, spaces = study.responses("components"), unique_variance.others(study)
    rows = unique_variance.beyond(unique_variance.partitions(study, spaces, measured))
    starts = unique_variance.untrained(study, spaces, measured)
    assert len(starts) == 2
    table = unique_variance.summary(rows, starts).set_index("target")
    draws = [unique_variance.beyond([one]).groupby("target")["added"].median() for one in starts]
    assert (draws[0] != draws[1]).any()
    for target, own in table["untrained"].items():
        assert own == max(draw[target] for draw in draws)
    assert unique_variance.summary(rows)["untrained"].isna().all(), "not known"
    figure = unique_variance.figures.added(table.reset_index(), synthetic=True)
    marks = [trace for trace in figure.data if trace.name.endswith("untrained")]
    assert sum(trace.showlegend for trace in marks) == 1
    assert [trace.x[0] for trace in marks] == table["untrained"].tolist()


def test_within_categories_the_highest_untrained_draw_stands_beside_the_network(study):
    measured = study.responses("components")
    table = unique_variance.beside_labels(study, measured).set_index("target")
    categories = study.brain.waveforms["category"].reset_coords(drop=True)
    draws = [
        stats.nested_best(score_within(features, measured, study.splits, categories), "r2_pearson")["value"].median(
            "split"
        )
        for features in study.references(["controls"])
    ]
    assert len(draws) == 2
    for target, own in table["untrained"].items():
        assert own == pytest.approx(max(float(draw.sel(target=target)) for draw in draws))
    row = {"model": "a", "target": "speech", "all": 0.5, "within": 0.2, "new_category": 0.6, "untrained": 0.1}
    other = row | {"model": "b", "within": 0.1, "new_category": 0.7, "untrained": 0.15}
    said = unique_variance.of_labels(pd.DataFrame([row, other])).pieces
    assert "within categories the highest r² is 0.20 (a, which has 0.50 in all); untrained, at most 0.15" in said["en"]
    assert "of new categories the highest is 0.70 (b)" in said["en"] and "sin entrenar, como máximo 0,15" in said["es"]
    alone = unique_variance.of_labels(pd.DataFrame([row]).assign(untrained=float("nan"), new_category=float("nan")))
    assert "ntrained" not in alone.pieces["en"] and "new categories" not in alone.pieces["en"]
