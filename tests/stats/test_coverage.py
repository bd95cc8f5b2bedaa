"""What tests/COVERAGE.md says is within the goals, complete, and what a simulation finds."""

import numpy as np
import pytest

import calibration
from calibration import FDR, LEAST, MOST, N_FEW, N_STUDIES, OF_CLAIMS, OF_VOXELS, PARTS, SIMILARITY


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    part = calibration.WHERE.read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")][2:]


INTERVALS = [(study, procedure, *map(float, numbers)) for study, procedure, *numbers in rows("# What intervals")]
NOW = [row for row in INTERVALS if row[1].endswith("as now")]


def error(share: float, n: int) -> float:
    """Two standard errors of a simulated share."""
    return 2 * np.sqrt(share * (1 - share) / n)


def test_every_kind_of_study_is_on_the_page():
    assert {row[0] for row in INTERVALS} == set(PARTS) - {*OF_CLAIMS, *OF_VOXELS}
    assert all(rows(f"## {kind.capitalize()}\n") for kind in OF_CLAIMS) and len(rows("## Voxels")) == len(OF_VOXELS)


@pytest.mark.parametrize("row", NOW, ids=lambda row: f"{row[0]}, {row[1]}")
def test_every_interval_covers_what_it_says(row):
    coverage = row[4]
    assert LEAST - error(LEAST, N_STUDIES) <= coverage <= MOST + error(MOST, N_STUDIES)


@pytest.mark.parametrize("row", NOW, ids=lambda row: f"{row[0]}, {row[1]}")
def test_no_verdict_where_there_is_nothing_to_find(row):
    study, procedure, *_, above, below, _ = row
    if "r²" in procedure:
        assert study != "nothing but noise" or above <= 0.05
    elif study.startswith(calibration.EQUAL) or ", equal networks" in study:
        assert above + below <= 0.05 + error(0.05, N_STUDIES)


def test_false_discoveries_are_no_more_than_their_rate():
    for name, any_false, false_share, power in rows("## Voxels"):
        assert float(false_share) <= FDR + error(FDR, N_FEW), name
        assert power == "–" or float(power) > 0.3, name
        assert power != "–" or any_false == false_share, "where all is noise they are the same"


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(set(PARTS) - {*OF_CLAIMS, *OF_VOXELS, SIMILARITY}))
def test_a_simulation_covers_what_the_page_says(kind):
    said = {(study, procedure): numbers for study, procedure, *numbers in INTERVALS}
    for found in calibration.summed_up(kind, calibration.simulated(PARTS[kind], 40, seed=1)):
        coverage = said[kind, found["procedure"]][2]
        assert abs(found["coverage"] - coverage) <= 0.01 + 1.5 * error(min(coverage, 0.97), 40), found["procedure"]
