"""From a study to its report: compute activations, run the chapters, export one HTML file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import nullcontext
from pathlib import Path

import nbformat

from helpers.chapters import registry
from helpers.chapters.chapter import LEAD, Chapter
from helpers.report import export, footer, kernels, notebooks, pictures
from helpers.store import files
from helpers.store.code import code_digest, imported
from helpers.store.terminal import Lines, said
from helpers.study import Study

# Needed by every chapter's code, but shown on no page: keeping results, reporting errors
NEUTRAL = ("helpers.store", "helpers.errors")
AT_ONCE = 4  # chapters at most, each in a kernel of half a GB or more
LOOK_S = 0.1


def report(study: Study, names: Sequence[str] = (), say: Callable[[str], None] = said, still: bool = False) -> Path:
    """Return the path of `report.html`, rebuilt if anything it depends on has changed; of some chapters if given.

    `still`: with a picture of each figure for readers without scripts, which needs a Chrome or Chromium. Raises
    UserError for an invalid study, before anything is computed.
    """
    start = time.monotonic()
    chosen = registry.check(study, names)
    if still:
        pictures.check()
    say(f"study '{study.parameters.name}': {', '.join(study.models)} on {study.parameters.dataset}")
    recipe = study.recipe()
    chosen.sort(key=lambda chapter: chapter.part == LEAD)  # a summary reads what the others computed
    runs = {chapter.name: _arguments(study, chapter, recipe) for chapter in chosen}
    waiting = [name for name, arguments in runs.items() if not notebooks.is_executed(**arguments)]
    at_once = max(1, min(kernels.cores(), len(waiting), AT_ONCE))
    with kernels.warm(at_once) if waiting else nullcontext(kernels.Manager) as kernel:
        for name in study.models:
            study.usable_steps(name)  # trains and runs what is missing here, where a terminal shows the progress
        made = _executed(runs, at_once, kernel, say)
    target = study.folder / "report.html"
    export.write(target, list(zip(chosen, made, strict=True)), study, footer.facts(study, made), still)
    say(f"report: {_shown(target)} ({time.monotonic() - start:.0f} s)")
    return target


def _arguments(study: Study, chapter: Chapter, recipe: dict) -> dict:
    """Return what `notebooks.run` needs to know of a chapter."""
    return {
        "source": registry.path_of(chapter.name),
        "parameters": {"study": {"study": study.source, "models": study.models, "outputs": str(study.outputs)}},
        "target": study.folder / "notebooks" / f"{chapter.name}.ipynb",
        "depends_on": state(chapter, study, recipe),
    }


def _executed(runs: dict[str, dict], at_once: int, kernel, say: Callable[[str], None]) -> list[nbformat.NotebookNode]:
    """Return executed chapters; after a failure those that run go on to their end, and no other is begun."""

    running = []

    def run(name: str) -> nbformat.NotebookNode:
        running.append(name)
        log = Lines(sys.stderr, name)
        try:
            say(f"chapter {name}")
            with kernels.in_thread():
                return notebooks.run(**runs[name], log=log, kernel=kernel)
        finally:
            log.close()
            running.remove(name)

    pool = ThreadPoolExecutor(at_once)
    try:
        made = [pool.submit(run, name) for name in runs]
        wait(made, return_when=FIRST_EXCEPTION)
    except BaseException:  # Ctrl-C, of which kernels have not heard; one of them may only be starting
        pool.shutdown(wait=False, cancel_futures=True)
        while running:
            kernels.end_all()
            time.sleep(LOOK_S)
        raise
    pool.shutdown(cancel_futures=True)
    failed = [error for one in made if not one.cancelled() and (error := one.exception())]
    if failed:
        raise failed[0]
    return [one.result() for one in made]


def state(chapter: Chapter, study: Study, recipe: dict) -> str:
    """Return a digest of what a chapter shows besides its own source: parameters, data, weights, code, words, versions.

    Code and words are those of its folder, of what the notebook imports, and of what these import; of other chapters
    only what it uses of them.
    """
    outside = "" if chapter.outside is None else chapter.outside(study)
    return files.digest(recipe, code_of(chapter.name), footer.versions(), outside)


def code_of(name: str) -> str:
    """Return a digest of the code and words that a chapter's notebook can show."""
    source = registry.path_of(name).read_text(encoding="utf-8")
    return code_digest(*registry.modules_of(name), *sorted(imported(source)), neutral=NEUTRAL)


def _shown(path: Path) -> str:
    """Return the shortest form of a path."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
