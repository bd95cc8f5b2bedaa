"""Display of a batch: a live table on a terminal, plain lines elsewhere, `batch.json` for programs."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from helpers.errors import UserError
from helpers.store import files

SAVE_S = 2.0  # between two versions of batch.json while nothing but progress changes
TAIL = 2000  # bytes of a log that are read for its last line
SIGNS = {"done": "✓", "kept": "=", "failed": "✗", "not run": "–", "stopped": "■", "running": "▶"}
COLOURS = {"done": "green", "kept": "dim", "failed": "red", "not run": "yellow", "stopped": "yellow", "running": "cyan"}
HEADER = ("", "state", "chapter", "model", "checkpoint", "progress", "time left")


class Watch:
    """Shows entries (of helpers.batch.run) as they change."""

    def __init__(self, path: Path, facts: dict, say: Callable[[str], None] = print):
        self.path, self.facts, self.say = path, facts, say
        self._states: dict = {}
        self._saved = 0.0
        # Not what rich takes for a terminal: FORCE_COLOR makes it write control codes into files
        self._live = Live(console=Console(), auto_refresh=False) if sys.stdout.isatty() else None

    def __enter__(self) -> Watch:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_) -> None:
        if self._live:
            self._live.stop()

    def show(self, entries: list, last: bool = False) -> None:
        changed = [entry for entry in entries if self._states.get(entry.job) != entry.state]
        self._states |= {entry.job: entry.state for entry in changed}
        if self._live:
            self._live.update(self._table(entries, last), refresh=True)
        else:
            self._lines(changed)
        if changed or last or time.monotonic() - self._saved > SAVE_S:
            self._save(entries, last)

    def _lines(self, changed: list) -> None:
        over = Counter(self._states.values())
        for entry in changed:
            if entry.state not in ("waiting", "queued", "kept"):
                n_over = sum(n for state, n in over.items() if state not in ("waiting", "queued", "running"))
                end = f", {_took(entry)}" if _took(entry) else ""
                said = f": {entry.message}" if entry.message else ""
                self.say(f"[{n_over}/{len(self._states)}] {entry.state} {entry.job.name}{end}{said}")
                sys.stdout.flush()

    def _table(self, entries: list, last: bool) -> Table:
        """Return a row per job; on a short terminal only those that run or failed, and counts of the others."""
        table = Table(*HEADER, box=None, pad_edge=False, caption=counted(entries), caption_justify="left")
        room = self._live.console.height - 4
        shown = entries if last or len(entries) <= room else [e for e in entries if e.state in ("running", "failed")]
        for entry in shown:
            sign, colour = SIGNS.get(entry.state, " "), COLOURS.get(entry.state, "")
            job = entry.job
            said = entry.message.splitlines()[0] if entry.message else _progress(entry) or _took(entry)
            table.add_row(
                sign, entry.state, job.chapter, job.model, job.steps, said[:60], _left(entry), style=colour or None
            )
        return table

    def _save(self, entries: list, last: bool) -> None:
        self._saved = time.monotonic()
        state = "over" if last else "running"
        content = self.facts | {"state": state, "jobs": [_row(entry) for entry in entries]}
        with contextlib.suppress(UserError):  # a full disk must not end jobs that still run; they report it themselves
            files.write_text(self.path, json.dumps(content, ensure_ascii=False, indent=1))


def counted(entries: list) -> str:
    """Return counts of states, such as `24 jobs: 20 done, 3 kept, 1 failed`."""
    counts = Counter(entry.state for entry in entries)
    return f"{len(entries)} jobs: " + (", ".join(f"{n} {state}" for state, n in counts.items()) or "nothing to do")


def _row(entry) -> dict:
    job, outcome = entry.job, entry.outcome or {}
    row = {"chapter": job.chapter, "model": job.model, "checkpoints": list(job.checkpoints), "state": entry.state}
    row |= {"progress": _progress(entry), "estimated_s": round(entry.seconds, 1), "message": entry.message}
    row |= {name: outcome.get(name) for name in ("seconds", "peak_mib", "host")}
    return row | {"log": str(entry.log) if entry.log else None}


def _progress(entry) -> str:
    """Return the last line of a running job's log."""
    if entry.state != "running":
        return ""
    try:
        with entry.log.open("rb") as stream:
            stream.seek(max(entry.log_begin, entry.log.stat().st_size - TAIL))
            lines = stream.read().decode("utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _took(entry) -> str:
    return clock(entry.outcome["seconds"]) if entry.outcome and "seconds" in entry.outcome else ""


def _left(entry) -> str:
    if entry.state != "running":
        return ""
    return clock(max(0.0, entry.seconds - (time.monotonic() - entry.began)))


def clock(seconds: float) -> str:
    """Return a duration such as `45 s`, `12 min` or `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
