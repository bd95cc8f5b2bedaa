"""How much faster a batch is on more cores, simulated: its own order and dependencies, its own estimates of seconds."""

import heapq

import pytest

from helpers.batch import estimates
from helpers.batch.jobs import Planned, planned
from helpers.study import Study
from helpers.study.params import Parameters
from small_study import SMALL

CHAPTERS = ["02_voxelwise", "03_components", "04_learning_dynamics", "05_cka_residual", "06_regularisation"]


@pytest.fixture
def jobs(small_brain, tmp_path) -> list[tuple[Planned, float]]:
    """The jobs of twenty networks with two checkpoints, each with its estimated seconds."""
    entries = [{"name": f"network{index:02d}", **SMALL} for index in range(20)]
    settings = {"name": "small", "dataset": "demo", "models": entries, "chapters": CHAPTERS, "permutations": 5}
    study = Study(Parameters.model_validate(settings), tmp_path)
    return [(one, estimates.estimate(study, one, {})[0]) for one in planned(study)]


def makespan(jobs: list[tuple[Planned, float]], places: int) -> float:
    """Seconds until all are over, where each begins when those before it are over and a place is free."""
    now, waiting, running, over = 0.0, list(jobs), [], set()
    while waiting or running:
        able = [one for one in waiting if one[0].needs | one[0].after <= over]
        for one in able[: places - len(running)]:
            waiting.remove(one)
            heapq.heappush(running, (now + one[1], len(waiting), one[0].job))
        now, _, done = heapq.heappop(running)
        over.add(done)
    return now


def test_twenty_networks_are_six_times_faster_on_eight_cores_than_on_one(jobs):
    assert len(jobs) > 20 * len(CHAPTERS) and min(seconds for _, seconds in jobs) > 0
    alone = makespan(jobs, 1)
    assert alone == pytest.approx(sum(seconds for _, seconds in jobs))
    assert alone / makespan(jobs, 8) >= 6


def test_the_simulation_respects_what_a_job_needs(jobs):
    """On as many cores as there are jobs, the longest chain is what remains: training, activations, a chapter."""
    chain = makespan(jobs, len(jobs))
    assert max(seconds for _, seconds in jobs) < chain < makespan(jobs, 8)
