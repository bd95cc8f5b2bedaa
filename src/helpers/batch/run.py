"""Scheduling: jobs start once those they need are done, jobs that need a failed one are not run, Ctrl-C ends all."""

from __future__ import annotations

import contextlib
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.batch.attempt import DONE, FAILED, STOPPED
from helpers.batch.jobs import Job, Planned, parameters
from helpers.batch.watch import Watch
from helpers.chapters import registry
from helpers.errors import UserError
from helpers.store import files
from helpers.study import Study

WAITING, QUEUED, RUNNING, KEPT, NOT_RUN = "waiting", "queued", "running", "kept", "not run"
OVER = (DONE, KEPT, FAILED, NOT_RUN, STOPPED)
LOOK_S = 0.2


@dataclass
class Entry:
    """A planned job and its state."""

    plan: Planned
    seconds: float  # estimated
    state: str = WAITING
    message: str = ""
    log: Path | None = None
    log_begin: int = 0
    began: float | None = None
    outcome: dict | None = None

    @property
    def job(self) -> Job:
        return self.plan.job


def run(study: Study, entries: list[Entry], hands, watch: Watch, limit_s: float | None) -> None:
    """Run all jobs that are not done; on KeyboardInterrupt end those that run, then raise it again."""
    stop = study.folder / "batch" / f".stop-{uuid.uuid4().hex}"
    futures: dict[Job, object] = {}
    with _ends_on_terminate(), watch:
        try:
            while any(entry.state not in OVER for entry in entries):
                _begin(entries, futures, hands, lambda entry: _spec(study, entry, stop, limit_s))
                _collect(entries, futures)
                watch.show(entries)
                time.sleep(LOOK_S)
        except BaseException:
            _stop(entries, futures, stop)
            raise
        finally:
            hands.close()
            watch.show(entries, last=True)
            stop.unlink(missing_ok=True)


def _begin(entries: list[Entry], futures: dict, hands, spec: Callable[[Entry], dict]) -> None:
    states = {entry.job: entry.state for entry in entries}
    for entry in entries:
        if entry.state != WAITING:
            continue
        needed = [job for job in entry.plan.needs if states[job] in (FAILED, NOT_RUN)]
        if needed:
            entry.state = states[entry.job] = NOT_RUN
            entry.message = f"needs {needed[0].name}, which failed"
        elif all(states[job] in OVER for job in entry.plan.needs | entry.plan.after) and _is_free(hands, futures):
            futures[entry.job] = hands.submit(spec(entry))
            entry.state = states[entry.job] = QUEUED


def _is_free(hands, futures: dict) -> bool:
    return hands.places is None or len(futures) < hands.places


def _spec(study: Study, entry: Entry, stop: Path, limit_s: float | None) -> dict:
    """Return the job's description for helpers.batch.attempt."""
    job, folder = entry.job, study.folder
    entry.log = job.path(folder, ".log")
    entry.log.parent.mkdir(parents=True, exist_ok=True)
    entry.log_begin = entry.log.stat().st_size if entry.log.exists() else 0
    return {
        "name": job.name,
        "source": str(registry.path_of(job.chapter).resolve()),
        "parameters": parameters(study, job),
        "target": str(job.path(folder)),
        "depends_on": entry.plan.depends_on,
        "log": str(entry.log),
        "record": str(job.path(folder, ".json")),
        "stop": str(stop),
        "folder": str(Path.cwd()),
        "limit_s": limit_s,
    }


def _collect(entries: list[Entry], futures: dict) -> None:
    for entry in entries:
        future = futures.get(entry.job)
        if entry.state == QUEUED and entry.log.exists() and entry.log.stat().st_size > entry.log_begin:
            entry.state, entry.began = RUNNING, time.monotonic()
        if future is not None and future.done():
            del futures[entry.job]
            entry.outcome = _outcome(future)
            entry.state, entry.message = entry.outcome["state"], entry.outcome["message"]


def _outcome(future) -> dict:
    try:
        return future.result()
    except Exception as error:  # the workers died repeatedly while running this job, or the cluster is gone
        return {"state": FAILED, "message": f"{type(error).__name__}: {error}"}


def _stop(entries: list[Entry], futures: dict, stop: Path) -> None:
    """Tell the jobs to end, by a file that all machines see; wait until they have; further Ctrl-C are ignored."""
    with _ignore_sigint():
        with contextlib.suppress(UserError):
            files.write_text(stop, "")
        for future in futures.values():
            future.cancel()
        for entry in entries:
            if entry.state not in OVER:
                entry.state, entry.message = STOPPED, "stopped by its batch"


@contextlib.contextmanager
def _ignore_sigint() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _ends_on_terminate() -> Iterator[None]:
    """Treat SIGTERM, which a cluster's scheduler sends to end a program, as Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
