"""Kernels, plain and forked: nothing of the user's IPython reaches them, none knows of another, all can be ended."""

import json
import os
import signal
import sys
import threading
import time

import psutil
import pytest

from conftest import ROOT
from helpers.errors import ChapterError
from helpers.report import build, kernels, notebooks
from helpers.report.kernels import Forked, Manager
from processes import all_gone, family, finished, in_time, started
from small_study import write_study

KINDS = [Manager, pytest.param(Forked, marks=pytest.mark.skipif(sys.platform != "linux", reason="needs Linux"))]
CHAPTER = '# %% tags=["parameters"]\nstudy = 1\n\n# %%\n{body}\n'


@pytest.fixture
def run(tmp_path):
    def run_(body, kernel, name="99_test"):
        source = tmp_path / f"{name}.py"
        source.write_text(CHAPTER.format(body=body), encoding="utf-8")
        done = notebooks.run(source, {}, tmp_path / "out" / f"{name}.ipynb", body, kernel=kernel)
        outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
        return "".join(output.get("text", "") for output in outputs if output.get("name") == "stdout").strip()

    return run_


@pytest.mark.parametrize("kernel", KINDS)
def test_the_users_ipython_and_jupyter_do_not_reach_a_kernel(kernel, run, tmp_path, monkeypatch):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("import builtins; builtins.intruder = 1")
    foreign = tmp_path / "jupyter" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    argv = ["/bin/false", "{connection_file}"]
    (foreign / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "other", "language": "python"}))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("PLOTLY_RENDERER", "browser")
    said = run(
        "import os, sys; print(sys.executable, 'intruder' in dir(__builtins__), os.environ['PLOTLY_RENDERER'])", kernel
    )
    assert said == f"{sys.executable} False plotly_mimetype"


@pytest.mark.parametrize("kernel", KINDS)
def test_no_kernel_knows_of_another(kernel, run):
    body = "import os, sys, helpers; print(os.getpid(), hasattr(helpers, 'left')); helpers.left = 1; study = 2"
    first, second = (run(body, kernel, f"0{number}_test").split() for number in (1, 2))
    assert first[1] == second[1] == "False" and first[0] != second[0]
    assert not psutil.pid_exists(int(first[0]))


@pytest.mark.parametrize("kernel", KINDS)
def test_a_kernel_that_is_killed_is_told_with_its_signal(kernel, run):
    with pytest.raises(ChapterError, match="ended from outside, by SIGKILL, as the system does when memory"):
        run("import os; os.kill(os.getpid(), 9)", kernel)


@pytest.mark.parametrize("kernel", KINDS)
def test_kernels_are_ended_when_the_report_is(kernel, run, tmp_path):
    began, ended = tmp_path / "began", []

    body = f"import os, pathlib, time; pathlib.Path({str(began)!r}).write_text(str(os.getpid())); time.sleep(99)"

    def go():
        try:
            with kernels.in_thread():
                run(body, kernel)
        except KeyboardInterrupt:
            ended.append(True)

    thread = threading.Thread(target=go)
    thread.start()
    while not began.exists() or not began.read_text():
        time.sleep(0.05)
    kernels.end_all()
    thread.join(30)
    assert ended == [True] and not psutil.pid_exists(int(began.read_text()))
    assert not list((tmp_path / "out").glob("*.ipynb"))  # nothing failed: somebody stopped it


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
@pytest.mark.parametrize("after", [0.0, pytest.param(2.0, marks=pytest.mark.slow)], ids=["starting", "running"])
def test_ctrl_c_ends_a_report_and_its_kernels(after, tmp_path):
    study = write_study(tmp_path, ["00_question", "01_extract", "02_voxelwise"])
    command = [sys.executable, "-u", "-m", "helpers", "report", str(study), "--outputs", str(tmp_path / "out")]
    process = started(command, cwd=ROOT)
    in_time(lambda: "chapter" in process.stdout.readline(), process)
    time.sleep(after)
    below = family(process)
    process.send_signal(signal.SIGINT)
    code, said = finished(process)
    assert code == 130 and "Traceback" not in said and below and all_gone(below)
    made = [path.stem for path in (tmp_path / "out").rglob("*.ipynb")]
    assert "02_voxelwise" not in made and (after or not made)  # what was starting did not go on to its end


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("how", ["ignored", "held back", "heard"])
def test_what_tests_start_hears_ctrl_c_though_they_do_not(number, how):
    before, mask = signal.getsignal(number), signal.pthread_sigmask(signal.SIG_BLOCK, [])
    try:
        if how == "ignored":
            signal.signal(number, signal.SIG_IGN)
        if how == "held back":
            signal.pthread_sigmask(signal.SIG_BLOCK, [number])
        process = started([sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"])
        assert (signal.getsignal(number) == signal.SIG_IGN) == (how == "ignored" or before == signal.SIG_IGN)
    finally:
        signal.signal(number, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert finished(process)[0] == -number


def test_warm_kernels_share_the_cores_and_the_environment_is_as_before(monkeypatch):
    for name in kernels.THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(kernels, "cores", lambda: 8)
    with kernels.warm(3) as kernel:
        assert {os.environ[name] for name in kernels.THREADS} == {"2"} and issubclass(kernel, Manager)
    assert not set(kernels.THREADS) & set(os.environ)


def test_after_a_failure_those_that_run_end_well_and_no_other_begins(monkeypatch):
    """Four chapters, two at a time; the first fails while the second runs."""
    begun, over = [], []

    def run(name, log, kernel):
        time.sleep(0.05 if name == "first" else 0.3)
        if name == "first":
            raise ChapterError("first failed")
        over.append(name)

    monkeypatch.setattr(notebooks, "run", run)
    runs = {name: {"name": name} for name in ("first", "second", "third", "fourth")}
    with pytest.raises(ChapterError, match="first failed"):
        build._executed(runs, 2, Manager, begun.append)
    assert begun[:2] == ["chapter first", "chapter second"] and "chapter fourth" not in begun
    assert "second" in over
