"""A study in jobs: plan, run or only list them, and report the outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from helpers.batch import estimates, jobs
from helpers.batch.attempt import FAILED
from helpers.batch.hands import Cluster, Local
from helpers.batch.run import KEPT, NOT_RUN, Entry, run
from helpers.batch.watch import Watch, clock, counted
from helpers.chapters import registry
from helpers.errors import ChapterError
from helpers.study import Study


@dataclass(frozen=True)
class Options:
    """Options of a batch."""

    chapters: Sequence[str] = ()  # none: all of the study
    models: Sequence[str] = ()  # as typed, for the command that it suggests; none: all of the study
    jobs: int = 1
    threads: int | None = None  # per job; None: jobs share the cores
    limit_s: float | None = None  # per job
    scheduler: str = ""  # of a Dask cluster, instead of this machine
    dry_run: bool = False


def batch(study: Study, options: Options, say: Callable[[str], None] = print) -> None:
    """Run a study's jobs, or list them; raises ChapterError when any failed, after all others were done."""
    registry.check(study, options.chapters, weights=False)  # a model without weights fails alone
    plan = jobs.planned(study, options.chapters, download=not options.dry_run)
    known = estimates.records(study.folder, [one.job for one in plan])
    costs = {one.job: estimates.estimate(study, one, known) for one in plan}
    entries = [Entry(one, costs[one.job][0], KEPT if not one.missing else "waiting") for one in plan]
    if options.dry_run:
        _listed(study, entries, costs, options, say)
        return
    hands = Cluster(options.scheduler, options.threads) if options.scheduler else Local(options.jobs, options.threads)
    say(f"study '{study.parameters.name}': {counted(entries)}")
    facts = {"study": study.source, "begun": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "models": study.models}
    run(study, entries, hands, Watch(study.folder / "batch" / "batch.json", facts, say), options.limit_s)
    _summed_up(study, options.models, entries, say)


def _listed(study: Study, entries: list[Entry], costs: dict, options: Options, say: Callable[[str], None]) -> None:
    rows = [("chapter", "model", "checkpoint", "missing", "about", "memory")]
    for entry in entries:
        job, (seconds, mib) = entry.job, costs[entry.job]
        cost = (clock(seconds), f"{mib:.0f} MiB") if entry.plan.missing else ("", "")
        rows.append((job.chapter, job.model, job.steps, ", ".join(entry.plan.missing) or "nothing", *cost))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    todo = [entry for entry in entries if entry.plan.missing]
    total, most = sum(entry.seconds for entry in todo), max((costs[entry.job][1] for entry in todo), default=0)
    at_once = "" if options.scheduler else f", {clock(total / options.jobs)} with --jobs {options.jobs}"
    for line in downloads(study):
        say(line)
    say(f"{len(todo)} of {len(entries)} jobs to do: about {clock(total)} of work{at_once}; up to {most:.0f} MiB a job")
    if joint := jobs.joint(study):
        say(f"made by `report` from all models together: {', '.join(joint)}")


def downloads(study: Study) -> list[str]:
    """Return a line on what is still to be downloaded, with sizes; none where nothing is."""
    found = jobs.downloads(study)
    named = ", ".join(f"{name} {megabytes(size)}" for name, size in found.items())
    return [f"to download: about {megabytes(sum(found.values()))} ({named})"] if found else []


def megabytes(n_bytes: int) -> str:
    """Return a size in MB, such as `29 MB`, or `0.8 MB` below one."""
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e6:.1f} MB"


def _summed_up(study: Study, models: Sequence[str], entries: list[Entry], say: Callable[[str], None]) -> None:
    """Print what failed and why, and the command for a report of the results that exist."""
    wrong = [entry for entry in entries if entry.state in (FAILED, NOT_RUN)]
    say(counted(entries))
    for entry in wrong:
        say(f"{entry.state}: {entry.job.name}: {entry.message}" + (f" (log: {entry.log})" if entry.log else ""))
    spoiled = {entry.job.model for entry in wrong if len(study.steps(entry.job.model)) == 1}
    whole = [name for name in study.models if name not in spoiled]
    chosen = f" --models {','.join(whole)}" if models or spoiled else ""
    outputs = "" if str(study.outputs) == "outputs" else f" --outputs {study.outputs}"
    if whole:
        say(f"report of the finished jobs: python -m helpers report {study.source}{chosen}{outputs}")
    if wrong:
        raise ChapterError(f"{len(wrong)} of {len(entries)} jobs failed or could not run; the list is above")
