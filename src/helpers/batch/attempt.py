"""One job as a time-limited, memory-monitored subprocess; its process tree is killed with it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from helpers.errors import UserError
from helpers.report.kernels import THREADS, own
from helpers.report.notebooks import how_ended
from helpers.store import files

DONE, FAILED, STOPPED = "done", "failed", "stopped"
POLL_S, MEMORY_S, GRACE_S = 0.1, 1.0, 5.0


def attempt(spec: dict) -> dict:
    """Run the job of `spec` and return how it ended: state, message, seconds, peak_mib, host.

    `spec` is plain data: source, parameters, target, depends_on (of chapters.run), name, log, record, stop (a file
    whose creation ends the job), folder (to work in), threads, limit_s.
    """
    start = time.monotonic()
    try:
        with Path(spec["log"]).open("ab") as log:
            begin = log.tell()
            state, message, peak = _watched(_started(spec, log), spec, start)
        message = message or _last_error(Path(spec["log"]), begin)
    except OSError as error:
        state, message, peak = FAILED, str(files.unwritten(spec["log"], error)), 0.0
    outcome = {"state": state, "message": "" if state == DONE else message, "host": socket.gethostname()}
    outcome |= {"seconds": round(time.monotonic() - start, 1), "peak_mib": round(peak / 2**20)}
    with contextlib.suppress(UserError):  # used for estimates only
        files.write_text(Path(spec["record"]), json.dumps(outcome, ensure_ascii=False))
    return outcome


def _started(spec: dict, log) -> subprocess.Popen:
    """Start the worker in a session of its own, so that Ctrl-C in the terminal reaches the batch only."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "helpers.batch.worker"],  # not what lies in the folder that it works in
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd=spec["folder"],
        env=os.environ
        | own()
        | dict.fromkeys(THREADS, str(spec["threads"]))
        | {"PYTHONUNBUFFERED": "1", files.RUN: spec["stop"]},
        start_new_session=True,
    )
    with contextlib.suppress(BrokenPipeError):  # it ended at once; its status is read below
        process.stdin.write((json.dumps(spec) + "\n").encode())
        process.stdin.flush()
    return process


def _watched(process: subprocess.Popen, spec: dict, start: float) -> tuple[str, str, float]:
    """Return state, message and peak memory (bytes) of a worker and its kernel once it has ended or been stopped."""
    family, peak, looked = {}, 0.0, 0.0
    stop, limit = Path(spec["stop"]), spec["limit_s"]
    try:
        while process.poll() is None:
            now = time.monotonic()
            if stop.exists():
                return STOPPED, "stopped by its batch", peak
            if limit and now - start > limit:
                return FAILED, f"took longer than the time limit of {limit:g} s; raise `--time-limit`", peak
            if now - looked > MEMORY_S:
                family |= {one.pid: one for one in _family(process.pid)}
                peak, looked = max(peak, sum(map(_memory, family.values()))), now
            time.sleep(POLL_S)
    finally:
        _end(process, family)
    return _ended(process.returncode), _said_of(process.returncode), peak


def _ended(status: int) -> str:
    return DONE if status == 0 else FAILED


def _said_of(status: int) -> str:
    """Return the message of a worker that could not write one itself."""
    return f"its process was ended from outside{how_ended(status)}" if status < 0 else ""


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _end(process: subprocess.Popen, family: dict[int, psutil.Process]) -> None:
    """Terminate, then kill, a worker and its kernel, including a kernel that has outlived its worker."""
    alive = list((family | {one.pid: one for one in _family(process.pid)}).values())
    for signal in ("terminate", "kill"):
        for one in alive:
            with contextlib.suppress(psutil.Error):
                getattr(one, signal)()
        _, alive = psutil.wait_procs(alive, timeout=GRACE_S)
    process.wait()
    process.stdin.close()


def _last_error(log: Path, begin: int) -> str:
    """Return the worker's last message, after its `error:`."""
    with log.open("rb") as stream:
        stream.seek(begin)
        said = stream.read().decode("utf-8", errors="replace")
    _, mark, message = ("\n" + said).rpartition("\nerror: ")
    return message.strip() if mark else "exited without an error message; see its log"
