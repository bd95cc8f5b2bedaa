"""Batches: what is planned, run, shown and kept; what happens to them; and that a second run makes up for all of it.

Each fault is followed by an undisturbed run, whose tables must equal, bit for bit, those of a run that nothing
happened to. FAULTS.md lists them.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import xarray as xr
import yaml

import small_study
from conftest import ROOT
from helpers.__main__ import main
from helpers.batch import estimates, jobs
from helpers.batch.attempt import attempt
from helpers.batch.command import Options, batch
from helpers.chapters import registry
from helpers.chapters.chapter import Chapter
from helpers.errors import UserError
from helpers.report import build
from helpers.report.notebooks import ChapterError
from helpers.store import files
from helpers.study import Study, open_study

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX systems")
REAL = ["00_question", "01_extract", "02_voxelwise"]
N_REAL = 3  # jobs of these: activations at two checkpoints, voxels at the last one
SECONDS = 240  # until something is called hung


# Real chapters, in processes as a user starts them


def command(folder: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "helpers", "batch", str(folder / "small.yml"), "--outputs", str(folder / "out")),
        *("--threads", "1", *more),
    ]


def started(folder: Path, *more: str, **how) -> subprocess.Popen:
    return subprocess.Popen(
        command(folder, *more), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how
    )


def finished(process: subprocess.Popen) -> tuple[int, str]:
    """Exit code and everything that was said; a process that hangs fails the test and is ended."""
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, said


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


def family(process: subprocess.Popen) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def descendant(process: subprocess.Popen, word: str) -> psutil.Process:
    """The first process below another one whose command line holds `word`, as soon as there is one."""
    return in_time(lambda: next((one for one in family(process) if says(one, word)), None), process)


def in_time(found, process: subprocess.Popen):
    """What a function finds, as soon as that is something, while `process` runs."""
    deadline = time.monotonic() + SECONDS
    while not (it := found()):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "not found"
        time.sleep(0.05)
    return it


def says(process: psutil.Process, word: str) -> bool:
    try:
        return any(word in part for part in process.cmdline())
    except psutil.Error:
        return False


def all_gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=20)[1]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict:
    """What a batch computes that nothing happens to."""
    folder = study(tmp_path_factory.mktemp("undisturbed"))
    code, said = ran(folder, "--jobs", "2")
    assert code == 0, said
    assert f"{N_REAL} jobs: {N_REAL} done" in said and f"[{N_REAL}/{N_REAL}] done" in said
    assert f"report of the finished jobs: python -m helpers report {folder / 'small.yml'}" in said
    found = json.loads((folder / "out" / "small" / "batch" / "batch.json").read_text())
    assert found["state"] == "over" and {job["state"] for job in found["jobs"]} == {"done"}
    assert all(job["seconds"] > 0 and job["peak_mib"] > 100 and Path(job["log"]).exists() for job in found["jobs"])
    notebooks = sorted((folder / "out" / "small" / "batch").rglob("*.ipynb"))
    assert len(notebooks) == N_REAL and not halves(folder)
    code, said = ran(folder)
    assert code == 0 and f"{N_REAL} jobs: {N_REAL} kept" in said and "running" not in said
    return results(folder)


@pytest.fixture
def folder(tmp_path) -> Path:
    return study(tmp_path)


def completes(folder: Path, undisturbed: dict) -> bool:
    """Whether another run makes up for whatever was missing."""
    code, said = ran(folder, "--jobs", "2")
    assert code == 0, said
    return equal(results(folder), undisturbed) and not halves(folder)


def test_the_report_of_a_batch_computes_nothing_again(folder, undisturbed, monkeypatch, capsys):
    assert completes(folder, undisturbed)
    monkeypatch.setattr(files, "write_array", lambda *_, **__: pytest.fail("computed again"))
    assert main(["report", str(folder / "small.yml"), "--outputs", str(folder / "out")]) == 0
    assert "report.html" in capsys.readouterr().out


@posix
@pytest.mark.parametrize(
    ("victim", "words"),
    [
        ("ipykernel", "its kernel was ended from outside, by SIGKILL, as the system does when memory runs out"),
        ("helpers.batch.worker", "its process was ended from outside, by SIGKILL"),
    ],
)
def test_a_killed_kernel_or_worker_is_reported_and_made_up_for(folder, undisturbed, victim, words):
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
    assert completes(folder, undisturbed)


@posix
@pytest.mark.parametrize("phase", ["planning", "starting", "running", "terminated", "killed"])
def test_ctrl_c_in_every_phase_ends_all_kernels(folder, undisturbed, phase):
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
    assert completes(folder, undisturbed)


@posix
def test_a_full_disk_is_said_and_made_up_for(folder, undisturbed):
    def full():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))  # bytes, of any file

    code, said = finished(started(folder, preexec_fn=full))
    assert code == 1 and "File too large" in said
    assert completes(folder, undisturbed)


def test_damaged_results_are_computed_again(folder, undisturbed):
    assert completes(folder, undisturbed)
    whole = folder / "out" / "small"
    for path in whole.rglob("*.nc"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2 :] = b"\0" * (len(content) - len(content) // 2)
        path.write_bytes(content)
    for path in whole.rglob("*.pt"):
        path.write_bytes(path.read_bytes()[:1000])
    for path in whole.rglob("*.ipynb"):
        path.write_text(path.read_text()[:500])
    assert completes(folder, undisturbed)


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
    import helpers.batch.hands as hands

    monkeypatch.setattr(hands, "CONNECT_S", 1)
    with pytest.raises(UserError, match=r"no answer from 'tcp://127\.0\.0\.1:9'"):
        batch(opened(folder), Options(scheduler="tcp://127.0.0.1:9"))


# Light chapters, whose kernels load nothing: what the plan is, and what becomes of jobs that fail

CHAPTER = """
# %% tags=["parameters"]
study = ""

# %%
models, outputs, checkpoints = study["models"], study["outputs"], study["checkpoints"]
{body}
"""
WRITE = """
import pathlib, sys
target = pathlib.Path(outputs) / "written" / ("-".join(map(str, [*models, *checkpoints])) + ".{name}")
target.parent.mkdir(parents=True, exist_ok=True)
with target.open("a") as file:
    file.write("once")
print("a word for the log", file=sys.stderr)
"""


@pytest.fixture
def light(tmp_path, monkeypatch):
    """A function that gives a study with light chapters (name -> body) in place of the real ones."""

    def make(bodies: dict[str, str], models=("mixture",), **settings) -> Path:
        known = {
            name: replace(one, responses=frozenset()) for name, one in registry.chapters().items()
        }  # light ones need none
        monkeypatch.setattr(registry, "chapters", lambda: {name: known.get(name, Chapter(name)) for name in bodies})
        monkeypatch.setattr(registry, "path_of", lambda name: tmp_path / "notebooks" / f"{name}.py")
        monkeypatch.setattr(build, "code_of", lambda name: name)
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        for name, body in bodies.items():
            (tmp_path / "notebooks" / f"{name}.py").write_text(CHAPTER.format(body=body))
        small_study.write_study(tmp_path, bodies, models, **settings)
        return tmp_path

    return make


def opened(folder: Path, models=(), out="out") -> Study:
    chosen = {"study": str(folder / "small.yml"), "models": list(models), "outputs": str(folder / out)}
    return open_study(chosen)


def states(folder: Path) -> dict[str, str]:
    found = json.loads((folder / "out" / "small" / "batch" / "batch.json").read_text())
    return {f"{job['chapter']} {job['model']} {job['checkpoints'][-1]}": job["state"] for job in found["jobs"]}


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "out" / "written").iterdir()}


def test_a_study_is_chapters_times_models_times_checkpoints(folder):
    study = opened(folder)
    plan = jobs.planned(study)
    names = [one.job.name for one in plan]
    assert names == ["01_extract mixture 0", "01_extract mixture 2", "02_voxelwise mixture 2"]
    first, second, voxels = plan
    assert not first.needs and second.needs == {first.job} and voxels.needs == {second.job}
    assert jobs.joint(study) == ["00_question"]
    only = jobs.planned(study, ["02_voxelwise"])
    assert [one.job.name for one in only] == ["01_extract mixture 2", "02_voxelwise mixture 2"]
    with pytest.raises(UserError, match="unknown chapter '02_voxelwize' in study 'small'; did you mean '02_voxelwise'"):
        jobs.planned(study, ["02_voxelwize"])


def test_a_series_waits_for_its_parts_and_a_single_checkpoint_has_none(light):
    folder = light(dict.fromkeys(["01_extract", "04_learning_dynamics", "99_own"], "1"), checkpoints=[1])
    plan = jobs.planned(opened(folder))
    series = next(one for one in plan if one.job.chapter == "04_learning_dynamics")
    assert series.job.steps == "0-2" and not series.needs and len(series.after) == 3
    assert next(one for one in plan if one.job.chapter == "99_own").job.checkpoints == (0, 1, 2)


def test_a_dry_run_lists_jobs_and_starts_nothing(light, capsys, monkeypatch):
    folder = light({"01_extract": "1", "02_voxelwise": "1"}, ["mixture", "music"], checkpoints=[0])
    arguments = ["batch", str(folder / "small.yml"), "--outputs", str(folder / "out"), "--dry-run", "--jobs", "2"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "02_voxelwise  music    2           training, activations, notebook" in said
    assert "6 of 6 jobs to do: about" in said and "with --jobs 2; up to" in said and "MiB" in said
    assert not (folder / "out").exists()
    assert main([*arguments, "--models", "music", "--chapters", "02_voxelwise"]) == 0
    assert "2 of 2 jobs to do" in capsys.readouterr().out


def test_estimates_come_from_what_earlier_jobs_took(light, capsys):
    folder = light({"01_extract": "1"}, checkpoints=[0])
    batch(opened(folder), Options())
    plan = jobs.planned(opened(folder))
    known = estimates.records(opened(folder).folder, [one.job for one in plan])
    assert len(known) == 2
    took = sorted(found["seconds"] for found in known.values())
    plan[0].missing = ["notebook"]
    seconds, mib = estimates.estimate(opened(folder), plan[0], known)
    assert took[0] <= seconds <= took[1] and mib > 50
    (folder / "out/small/batch/mixture/step-0000000/01_extract.json").write_text("{damaged")
    assert len(estimates.records(opened(folder).folder, [one.job for one in plan])) == 1


def test_a_failure_is_told_in_the_summary_and_harms_no_other_job(light, capsys):
    bodies = {"01_extract": WRITE.format(name="01"), "91_bad": "raise ValueError('no luck with ' + models[0])"}
    folder = light(bodies | {"92_good": WRITE.format(name="92")}, ["mixture", "music"], checkpoints=[0])
    with pytest.raises(ChapterError, match="2 of 8 jobs failed"):
        batch(opened(folder), Options(jobs=2))
    said = capsys.readouterr().out
    assert "failed: 91_bad music 0-2: notebooks/91_bad.py, cell " in said
    assert " failed with ValueError: no luck with music" in said
    assert list((folder / "out").rglob("91_bad.failed.ipynb"))
    assert "a word for the log" in (folder / "out/small/batch/music/step-0000000/01_extract.log").read_text()
    assert set(written(folder).values()) == {"once"} and len(written(folder)) == 6
    (folder / "notebooks" / "91_bad.py").write_text(CHAPTER.format(body=WRITE.format(name="91")))
    batch(opened(folder), Options(jobs=2))
    assert "8 jobs: 6 kept, 2 done" in capsys.readouterr().out
    assert set(written(folder).values()) == {"once"} and len(written(folder)) == 8
    assert not list((folder / "out").rglob("*.failed.ipynb"))


def test_what_needs_a_failed_job_is_not_run(light, capsys):
    folder = light({"01_extract": "assert checkpoints != [2]", "02_voxelwise": "1"}, checkpoints=[0])
    with pytest.raises(ChapterError):
        batch(opened(folder), Options())
    assert states(folder) == {
        "01_extract mixture 0": "done",
        "01_extract mixture 2": "failed",
        "02_voxelwise mixture 2": "not run",
    }
    assert "02_voxelwise mixture 2: needs 01_extract mixture 2, which failed" in capsys.readouterr().out


def test_a_job_that_takes_too_long_is_ended_with_its_kernel(light, capsys):
    folder = light({"01_extract": "import time; time.sleep(600)"}, checkpoints=[0])
    with pytest.raises(ChapterError):
        batch(opened(folder), Options(limit_s=6))
    assert "took longer than the time limit of 6 s; raise `--time-limit`" in capsys.readouterr().out
    assert not [one for one in psutil.Process().children(recursive=True) if says(one, "ipykernel")]


def test_a_model_that_cannot_be_used_fails_alone(light, capsys):
    body = "from helpers.study import open_study\nopen_study(study).features(models[0])"
    folder = light({"01_extract": body}, checkpoints=[0])
    values = yaml.safe_load((folder / "small.yml").read_text())
    values["models"].append({"name": "broken", "family": "encodecmae", "weights": "nowhere/at_all.pt"})
    (folder / "small.yml").write_text(yaml.safe_dump(values))
    with pytest.raises(ChapterError, match="1 of 3 jobs failed"):
        batch(opened(folder), Options(jobs=2))
    said = capsys.readouterr().out
    assert "failed: 01_extract broken 500000: notebooks/01_extract.py, cell " in said
    assert ": weights: no file 'nowhere/at_all.pt'" in said
    assert "small.yml --models mixture --outputs" in said


def test_what_cannot_be_is_refused_with_2(capsys, tmp_path):
    for wrong in (["--jobs", "0"], ["--jobs", "many"], ["--time-limit", "soon"]):
        with pytest.raises(SystemExit) as error:
            main(["batch", "demo", *wrong])
        assert error.value.code == 2
    assert main(["batch", "no-such-study"]) == 2
    assert main(["batch", "demo", "--models", "mixtura", "--outputs", str(tmp_path)]) == 2
    assert "did you mean 'mixture'" in capsys.readouterr().err


def test_a_terminal_shows_a_row_per_job(light):
    import pty

    folder = light({"01_extract": "1"}, checkpoints=[0])
    ours, theirs = pty.openpty()
    program = (
        "import sys, pathlib; from helpers.chapters import registry; from helpers.__main__ import main;"
        "known = registry.chapters(); registry.chapters = lambda: {'01_extract': known['01_extract']};"
        f"registry.path_of = lambda name: pathlib.Path({str(folder / 'notebooks')!r}) / (name + '.py');"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["batch", str(folder / "small.yml"), "--outputs", str(folder / "out")]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux's word for the other side having gone
        pass
    os.close(ours)
    assert process.wait(SECONDS) == 0
    text = shown.decode()
    assert "time left" in text and "running" in text and "2 jobs: 2 done" in text and "▶" in text and "✓" in text


def test_a_log_that_cannot_be_written_fails_the_job_and_says_so(tmp_path):
    spec = {"log": str(tmp_path / "no" / "folder.log"), "record": str(tmp_path / "r.json"), "name": "x"}
    outcome = attempt(spec)
    assert outcome["state"] == "failed" and "could not be written" in outcome["message"]


@pytest.mark.slow
def test_fifty_batches_of_24_jobs_four_at_a_time(light, capsys):
    folder = light(
        {"01_extract": WRITE.format(name="01"), "91_own": WRITE.format(name="91")}, [f"m{i}" for i in range(6)]
    )
    for turn in range(50):
        start = time.monotonic()
        batch(opened(folder, out=f"out{turn}"), Options(jobs=4, limit_s=SECONDS))
        assert "24 jobs: 24 done" in capsys.readouterr().out
        files = list((folder / f"out{turn}" / "written").iterdir())
        assert len(files) == 24 and {path.read_text() for path in files} == {"once"}
        with capsys.disabled():
            print(f"batch {turn + 1} of 50: {time.monotonic() - start:.0f} s", flush=True)
