"""From a study to its report: compute, run the chapters, export one HTML file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from helpers import chapters, storage
from helpers.params import ROOT
from helpers.pipeline import (
    Work,
    branches,
    claims,
    components,
    dynamics,
    julearn,
    listening,
    regularisation,
    reproduction,
    voxelwise,
)
from helpers.report import export, footer

# What a chapter shows is computed before its kernel starts: here a terminal can show the progress, and there is one
# place where a mistake becomes a message. A chapter that is not listed computes what it needs itself.
PREPARATIONS: dict[str, Callable[[Work], object]] = {
    "01_extract": listening.dimensions,
    "02_voxelwise": voxelwise.best,
    "03_components": components.best,
    "04_learning_dynamics": dynamics.voxels,
    "05_cka_residual": branches.matrices,
    "06_regularisation": regularisation.rows,
    "07_claims": claims.table,
    "08_reproduction": reproduction.points,
}


def report(work: Work, models: list[str], say: Callable[[str], None] = print) -> Path:
    """The path of `report.html`, made anew where something it depends on has changed."""
    start = time.monotonic()
    for chapter in work.study.chapters:
        chapters.path_of(chapter)
    work.check()
    say(f"study '{work.study.name}': {', '.join(work.model_names)} on {work.study.dataset}")
    notebooks = [_chapter(work, chapter, models, say) for chapter in work.study.chapters]
    target = work.folder / "report.html"
    export.write(target, notebooks, work, footer.facts(work, notebooks))
    say(f"report: {_shown(target)} ({time.monotonic() - start:.0f} s)")
    return target


def _chapter(work: Work, chapter: str, models: list[str], say: Callable[[str], None]):
    say(f"chapter {chapter}")
    start = time.monotonic()
    if chapter in PREPARATIONS:
        PREPARATIONS[chapter](work)
    parameters = {"study": work.source, "models": models, "outputs": str(work.outputs)}
    target = work.folder / "notebooks" / f"{chapter}.ipynb"
    depends_on = state(work.provenance, work)  # takes the activations, and trains for them
    notes = {footer.COMPUTING: round(time.monotonic() - start, 1)}
    return chapters.run(chapters.path_of(chapter), parameters, target, depends_on, notes=notes)


def state(made_from: dict, work: Work) -> str:
    """Everything beside its own source that a chapter shows: parameters, data, weights, code, versions of packages."""
    sources = sorted((ROOT / "src" / "helpers").rglob("*.*"))
    code = [path.read_text(encoding="utf-8") for path in sources if path.suffix in {".py", ".yml", ".csv"}]
    return storage.digest(made_from, code, footer.versions(), julearn.stamp(work))


def _shown(path: Path) -> str:
    """A path as short as it can be said."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
