"""What happens to batches, and that a second run makes up for all of it.

Each fault happens to real chapters, in processes as a user starts them. It is followed by an undisturbed batch, whose
tables must equal, bit for bit, those of a run that nothing happened to. That second batch plans, waits, locks and
writes as always, but runs its cells in the process of the tests, except where the files themselves were damaged.
FAULTS.md lists the faults.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import psutil
import pytest
import xarray as xr

import cells
import processes
import small_study
from conftest import ROOT
from helpers.__main__ import main
from helpers.batch import hands
from helpers.batch.attempt import DONE
from helpers.batch.batch import Options, batch
from helpers.errors import UserError
from helpers.report import notebooks
from helpers.store import files
from processes import all_gone, descendant, family, finished, in_time, says
from small_study import opened

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX systems")
REAL = ["00_question", "01_extract", "02_voxelwise"]
N_REAL = 3  # jobs of these: activations at two checkpoints, voxels at the last one


def command(folder: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "helpers", "batch", str(folder / "small.yml"), "--outputs", str(folder / "out")),
        *("--threads", "1", *more),
    ]


def started(folder: Path, *more: str, **how) -> subprocess.Popen:
    return processes.started(command(folder, *more), cwd=ROOT, **how)


def ran(folder: Path, *more: str) -> tuple[int, str]:
    return finished(started(folder, *more))


def study(folder: Path) -> Path:
    small_study.write_study(folder, REAL, checkpoints=[0])
    return folder


def results(folder: Path) -> dict:
    """Everything that was computed: tables as bytes, arrays as they are."""
    whole = folder / "out" / "small"
    tables = {str(path.relative_to(whole)): path.read_bytes() for path in whole.rglob("*.parquet")}
    return tables | {str(path.relative_to(whole)): xr.load_dataset(path) for path in whole.rglob("*.nc")}


def equal(one: dict, other: dict) -> bool:
    def same(name: str) -> bool:
        if not isinstance(one[name], xr.Dataset):
            return one[name] == other[name]
        return one[name].drop_attrs().identical(other[name].drop_attrs())

    return one.keys() == other.keys() and all(same(name) for name in one)


def halves(folder: Path) -> list[str]:
    """Files that were not finished."""
    return [path.name for path in (folder / "out").rglob(".*") if not path.name.endswith(".lock")]


def here(spec: dict) -> dict:
    """In place of `attempt`: a job in the process of the tests."""
    notebooks.run(Path(spec["source"]), spec["parameters"], Path(spec["target"]), spec["depends_on"])
    return {"state": DONE, "message": ""}


@pytest.fixture(scope="module")
def computed(tmp_path_factory) -> Path:
    """The folder of a batch that nothing happens to."""
    folder = study(tmp_path_factory.mktemp("undisturbed"))
    code, said = ran(folder, "--jobs", "2")
    assert code == 0, said
    assert f"{N_REAL} jobs: {N_REAL} done" in said and f"[{N_REAL}/{N_REAL}] done" in said
    assert f"report of the finished jobs: python -m helpers report {folder / 'small.yml'}" in said
    found = json.loads((folder / "out" / "small" / "batch" / "batch.json").read_text())
    assert found["state"] == "over" and {job["state"] for job in found["jobs"]} == {"done"}
    assert all(job["seconds"] > 0 and job["peak_mib"] > 100 and Path(job["log"]).exists() for job in found["jobs"])
    executed = sorted((folder / "out" / "small" / "batch").rglob("*.ipynb"))
    assert len(executed) == N_REAL and not halves(folder)
    again = []
    batch(opened(folder), Options(), say=again.append)
    assert f"{N_REAL} jobs: {N_REAL} kept" in "\n".join(again) and "running" not in "\n".join(again)
    return folder


@pytest.fixture(scope="module")
def undisturbed(computed) -> dict:
    """What that batch computed."""
    return results(computed)


@pytest.fixture
def folder(tmp_path) -> Path:
    return study(tmp_path)


@pytest.fixture
def complete(folder, undisturbed, monkeypatch):
    """A function that makes up for whatever is missing, by a batch whose jobs run in this process."""

    def run() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(notebooks, "_papermill", cells.executed)
            patched.setattr(hands, "attempt", here)
            batch(opened(folder), Options(threads=1))
        assert equal(results(folder), undisturbed) and not halves(folder)

    return run


def test_the_report_of_a_batch_computes_nothing_again(computed, undisturbed, monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "_papermill", cells.executed)  # in this process, where the next line is seen
    write = files.write_array
    by_the_report = ("compressed-",)  # the page's sounds
    monkeypatch.setattr(
        files,
        "write_array",
        lambda path, *rest: (
            write(path, *rest) if path.name.startswith(by_the_report) else pytest.fail(f"{path.name}: computed again")
        ),
    )
    assert main(["report", str(computed / "small.yml"), "--outputs", str(computed / "out")]) == 0
    assert "report.html" in capsys.readouterr().out


@posix
@pytest.mark.parametrize(
    ("victim", "words"),
    [
        ("ipykernel", "its kernel was ended from outside, by SIGKILL, as the system does when memory runs out"),
        pytest.param("helpers.batch.worker", "its process was ended from outside, by SIGKILL", marks=pytest.mark.slow),
    ],
)
def test_a_killed_kernel_or_worker_is_reported_and_made_up_for(folder, complete, victim, words):
    process = started(folder)
    process.stdout.readline()
    descendant(process, "ipykernel")  # of the worker too, whose kernel must not outlive it
    in_time(lambda: list((folder / "out").rglob(".training.lock")), process)
    below = family(process)
    descendant(process, victim).kill()
    code, said = finished(process)
    assert code == 1 and words in said and "log: " in said
    assert "not run" in said and "which failed" in said
    assert all_gone(below)
    complete()


@posix
@pytest.mark.parametrize(
    "phase",
    [
        "planning",
        "running",
        "killed",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("starting", "terminated")),
    ],
)
def test_ctrl_c_in_every_phase_ends_all_kernels(folder, complete, phase):
    process = started(folder, "--jobs", "2", start_new_session=True)
    if phase == "planning":
        time.sleep(1)  # imports
    elif phase == "starting":
        descendant(process, "helpers.batch.worker")
    else:
        descendant(process, "ipykernel")
    below = family(process)
    process.send_signal({"killed": signal.SIGKILL, "terminated": signal.SIGTERM}.get(phase, signal.SIGINT))
    code, said = finished(process)
    assert code == (-9 if phase == "killed" else 130) or phase == "planning"
    assert all_gone(below)
    if phase in ("starting", "running", "terminated"):
        assert "stopped; what was computed so far is kept" in said
        found = json.loads((folder / "out" / "small" / "batch" / "batch.json").read_text())
        assert {job["state"] for job in found["jobs"]} == {"stopped"}
    complete()


@posix
def test_a_full_disk_is_said_and_made_up_for(folder, complete):
    def full():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))  # bytes, of any file

    code, said = finished(started(folder, preexec_fn=full))
    assert code == 1 and "File too large" in said
    complete()


def test_damaged_results_are_computed_again(folder, undisturbed, complete):
    complete()
    whole = folder / "out" / "small"
    for path in whole.rglob("*.nc"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2 :] = b"\0" * (len(content) - len(content) // 2)
        path.write_bytes(content)
    for path in whole.rglob("*.pt"):
        path.write_bytes(path.read_bytes()[:1000])
    for path in whole.rglob("*.ipynb"):
        path.write_text(path.read_text()[:500])
    code, said = ran(folder, "--jobs", "2")
    assert code == 0, said
    assert equal(results(folder), undisturbed) and not halves(folder)


def test_two_batches_on_one_folder_share_the_work(folder, undisturbed):
    both = [started(folder, "--jobs", "2") for _ in range(2)]
    ends = [finished(process) for process in both]
    assert [code for code, _ in ends] == [0, 0], ends
    assert equal(results(folder), undisturbed) and not halves(folder)
    logs = "".join(path.read_text() for path in (folder / "out").rglob("*.log"))
    assert "is being made by another process; waiting for it" in logs


@pytest.fixture
def cluster(tmp_path):
    """A scheduler's address and two workers, each a process of its own that does one job at a time."""
    pytest.importorskip("distributed", reason="needs distributed: pip install '.[cluster]'")
    note, environment = tmp_path / "scheduler.json", os.environ | {"DASK_DISTRIBUTED__DASHBOARD__LINK": ""}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": tmp_path}
    python = [sys.executable, "-m"]
    place = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(note)]
    processes = [subprocess.Popen([*python, "distributed.cli.dask_scheduler", *place], **quiet)]
    deadline = time.monotonic() + 60
    while not (note.exists() and note.read_text().strip().endswith("}")):
        assert time.monotonic() < deadline and processes[0].poll() is None, "the scheduler did not start"
        time.sleep(0.1)
    options = ["--scheduler-file", str(note), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    for index in range(2):
        name = ["--name", f"w{index}", "--local-directory", str(tmp_path / f"w{index}")]
        processes.append(subprocess.Popen([*python, "distributed.cli.dask_worker", *options, *name], **quiet))
    yield json.loads(note.read_text())["address"], processes[1:]
    for process in reversed(processes):
        process.terminate()
        process.wait(30)


@pytest.mark.slow
def test_a_cluster_gives_the_same_tables_though_a_worker_is_killed(folder, undisturbed, cluster):
    address, workers = cluster
    process = started(folder, "--scheduler", address)

    def working():
        return [worker for worker in workers if any(says(one, "ipykernel") for one in family(worker))]

    victim = in_time(working, process)[0]
    below = family(victim)
    victim.kill()
    code, said = finished(process)
    assert code == 0, said
    assert f"{N_REAL} jobs: {N_REAL} done" in said
    assert all_gone(below), "the killed worker's jobs must end with it"
    assert equal(results(folder), undisturbed) and not halves(folder)


def test_a_cluster_that_is_not_there_is_named(folder, monkeypatch):
    pytest.importorskip("distributed", reason="needs distributed: pip install '.[cluster]'")
    monkeypatch.setattr(hands, "CONNECT_S", 1)
    with pytest.raises(UserError, match=r"no answer from 'tcp://127\.0\.0\.1:9'"):
        batch(opened(folder), Options(scheduler="tcp://127.0.0.1:9"))


def forked(folder: Path, said: Path) -> int:
    """The number of a process that runs the batch in a group of its own, cells too, and writes what it says to a file.

    It begins where the tests are, with everything imported: its moments are those of planning, computing and writing.
    """
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        for number in (1, 2):
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        notebooks._papermill, hands.attempt = cells.executed, here
        code = main(["batch", str(folder / "small.yml"), "--outputs", str(folder / "out"), "--threads", "1"])
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """The exit code of a forked process, or the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_in_a_fork(folder: Path, said: Path, moment: float) -> bool:
    """Kill a forked batch after so many seconds; return whether it was still running."""
    child = forked(folder, said)
    time.sleep(moment)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)  # in its first moments it has no group yet
    return ended(child) == -signal.SIGKILL


def killed_with_its_kernels(folder: Path, moment: float) -> bool:
    """Kill a batch, its jobs and their kernels after so many seconds; return whether it was running."""
    process = started(folder, "--jobs", "2", start_new_session=True)
    time.sleep(moment)
    below, running = family(process), process.poll() is None
    for one in [process, *below]:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            one.kill()
    finished(process)
    assert all_gone(below)
    return running


def results_there(folder: Path) -> list[Path]:
    """Tables and arrays that have their final names."""
    return [path for ending in ("*.parquet", "*.nc") for path in (folder / "out").rglob(ending)]


@posix
@pytest.mark.slow
def test_a_hundred_batches_killed_at_random_moments_are_made_up_for(tmp_path, undisturbed, capsys, monkeypatch):
    """The last twenty are batches as users start them, of which most moments are imports; the others are forked."""
    monkeypatch.setattr(processes, "SECONDS", 900)
    random = np.random.default_rng(18)
    said = tmp_path / "said"
    whole, alive = {}, {"forked": 0, "started": 0}  # seconds of an undisturbed one; how many were killed in time
    for turn in range(100):
        kind = "started" if turn >= 80 else "forked"
        if kind not in whole:
            folder, start = study(tmp_path / kind), time.monotonic()
            code = ended(forked(folder, said)) if kind == "forked" else ran(folder, "--jobs", "2")[0]
            assert code == 0 and equal(results(folder), undisturbed), said.read_text()
            whole[kind] = time.monotonic() - start
        folder = study(tmp_path / f"{turn}")
        moment = random.uniform(0, whole[kind])
        if kind == "started":
            alive[kind] += killed_with_its_kernels(folder, moment)
        else:
            alive[kind] += killed_in_a_fork(folder, said, moment)
        there = len(results_there(folder))
        code = ended(forked(folder, said))
        assert code == 0, f"{turn}, {kind}, {moment:.2f} s: {said.read_text()}"
        assert equal(results(folder), undisturbed), f"{turn}, {kind}, {moment:.2f} s"
        assert not halves(folder), f"{turn}, {kind}, {moment:.2f} s: {halves(folder)}"
        with capsys.disabled():
            print(f"kill {turn + 1} of 100, {kind}, {moment:.2f} of {whole[kind]:.2f} s: {there} results", flush=True)
        shutil.rmtree(folder)
    assert alive["forked"] > 40 and alive["started"] > 10, alive  # the moments are of a batch, not after it
