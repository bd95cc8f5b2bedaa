"""What tests/COVERAGE.md says is within the goals, complete, and what a simulation finds."""

import numpy as np
import pytest

import calibration
import coverage_page
from calibration import FDR, OF_CLAIMS, OF_NAMES, OF_VOXELS, SIMILARITY
from coverage_page import FEW, KINDS, LEAST, MOST, N_FEW, N_MORE, N_STUDIES


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    part = coverage_page.WHERE.read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")][2:]


INTERVALS = [(study, procedure, *map(float, numbers)) for study, procedure, *numbers in rows("# What intervals")]
NOW = [row for row in INTERVALS if row[1].endswith("as now")]


def error(share: float, n: int) -> float:
    """Two standard errors of a simulated share."""
    return 2 * np.sqrt(share * (1 - share) / n)


def test_every_kind_of_study_is_on_the_page():
    assert {row[0] for row in INTERVALS} == set(KINDS) - set(FEW)
    assert all(rows(f"## {kind.capitalize()}\n") for kind in OF_CLAIMS)
    assert [row[0] for row in rows("## Targets")] == list(OF_NAMES) and len(rows("## Voxels")) == len(OF_VOXELS)


@pytest.mark.parametrize("row", NOW, ids=lambda row: f"{row[0]}, {row[1]}")
def test_every_interval_covers_what_it_says(row):
    _, _, n, _, _, coverage, *_ = row
    assert n in (N_STUDIES, N_MORE)
    assert LEAST - error(LEAST, n) <= coverage <= MOST + error(MOST, n)


@pytest.mark.parametrize("row", NOW, ids=lambda row: f"{row[0]}, {row[1]}")
def test_no_verdict_where_there_is_nothing_to_find(row):
    study, procedure, *_, above, below, _ = row
    if "r²" in procedure:
        assert study != "nothing but noise" or above <= 0.05
    elif study.startswith(coverage_page.EQUAL) or ", equal networks" in study:
        assert above + below <= 0.05 + error(0.05, int(row[2]))


def test_false_discoveries_are_no_more_than_their_rate():
    for name, any_false, false_share, power in rows("## Voxels"):
        assert float(false_share) <= FDR + error(FDR, N_FEW), name
        assert power == "–" or float(power) > 0.3, name
        assert power != "–" or any_false == false_share, "where all is noise they are the same"


def test_where_nothing_differs_the_summary_names_nothing_more_often_than_it_says():
    for name, *shares in rows("## Targets"):
        assert all(float(share) <= FDR + error(FDR, N_FEW) for share in shares), name


def test_other_studies_are_simulated_where_the_first_leave_a_line_outside_the_goals(monkeypatch, tmp_path):
    monkeypatch.setattr(coverage_page, "KEPT", tmp_path / "kept.json")
    found = coverage_page.Simulated(200, 300, 1)
    values = np.resize([0.5, 1.5], 100)  # 1 is true
    right, wrong = (np.stack([values, 1.5 * (np.arange(100) < n), np.full(100, 2.0)], 1) for n in (5, 10))
    for first, n_others in ((right, 0), (wrong, 3)):
        kind = calibration.DESIGNS[bool(n_others)].name
        assert [one.number for one in found.missing(kind)] == [0, 1]
        for chunk in found.missing(kind):
            found.add(chunk, {"difference, as now": np.array(first), "difference, as before": np.array(wrong)})
        assert [one.number for one in found.missing(kind)] == [2, 3, 4][:n_others], "others, not the same ones again"
    for chunk in found.missing(kind):
        found.add(chunk, {"difference, as now": np.array(right)})
    again = coverage_page.Simulated(200, 300, 1)  # what was kept on disk
    assert not found.missing(kind) and not again.missing(kind)
    (line,) = again.rows(kind)
    assert line["n"] == 300 and line["coverage"] == 0.95


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {*FEW, SIMILARITY}))
def test_a_simulation_covers_what_the_page_says(kind):
    said = {(study, procedure): numbers for study, procedure, *numbers in INTERVALS}
    for found in coverage_page.summed_up(kind, calibration.simulated(KINDS[kind], 40, seed=1)):
        coverage = said[kind, found["procedure"]][3]
        assert abs(found["coverage"] - coverage) <= 0.01 + 1.5 * error(min(coverage, 0.97), 40), found["procedure"]
