"""Planning: a study's chapters as jobs, for each model at each of its checkpoints, with their dependencies."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers import models
from helpers.chapters import chapter as kinds
from helpers.chapters import registry
from helpers.chapters.chapter import Chapter
from helpers.errors import UserError
from helpers.report import notebooks
from helpers.report.build import state
from helpers.study import Study
from helpers.study.study import BASELINES, CONTROLS, place_of

# What a job may lack besides weights, baselines and controls
NO_ACTIVATIONS, NO_NOTEBOOK = "activations", "notebook"


@dataclass(frozen=True)
class Job:
    """One chapter for one model, at one checkpoint or over several."""

    chapter: str
    model: str
    checkpoints: tuple[int, ...]

    @property
    def steps(self) -> str:
        """The checkpoints, as short as possible: `400`, or `0-400` for a series."""
        first, last = self.checkpoints[0], self.checkpoints[-1]
        return str(first) if first == last else f"{first}-{last}"

    @property
    def name(self) -> str:
        return f"{self.chapter} {self.model} {self.steps}"

    def path(self, folder: Path, suffix: str = ".ipynb") -> Path:
        """Return the executed notebook below a study's folder, or the file of another suffix beside it."""
        return folder / place_of([self.model], self.checkpoints) / f"{self.chapter}{suffix}"


@dataclass
class Planned:
    """A job with what it lacks, which jobs must succeed before it (`needs`) and which must only be over (`after`)."""

    job: Job
    missing: list[str] = field(default_factory=list)  # empty: its notebook is there and current
    depends_on: str = ""
    needs: set[Job] = field(default_factory=set)
    after: set[Job] = field(default_factory=set)
    hears: list[models.AudioModel] = field(default_factory=list)  # baselines and controls whose activations it computes


def planned(study: Study, names: Sequence[str] = (), download: bool = True) -> list[Planned]:
    """Return all jobs of a study's chapters, or of those in `names`, in the order in which to begin them.

    Where activations are missing that a chosen chapter needs, the jobs that compute them are added; those of a baseline
    or a control are computed by the first job that reads them, for which the others wait. With `download`, published
    weights are fetched first, because machines that compute may have no network. Raises UserError for
    chapters that the study does not or cannot have, and for weights that are not available.
    """
    wanted = [chapter.name for chapter in registry.chosen(study, names)]
    if download:
        _fetch(study)
    plan = [_planned(study, job, download) for name in study.models for job in _of_model(study, name, wanted)]
    plan = [one for one in plan if one.job.chapter in wanted or NO_ACTIVATIONS in one.missing]
    _order(study, plan)
    plan = sorted(plan, key=lambda one: (one.job.chapter, one.job.checkpoints))
    _assign(study, plan)
    return plan


def _fetch(study: Study) -> None:
    """Download all weights; a network that has none fails in its own jobs, where it is said."""
    networks = [(study.model(name), step) for name in study.models for step in study.steps(name)]
    for model, step in networks + [(one, one.steps[-1]) for one in study.beside()]:
        if model.missing(step) == models.DOWNLOAD:
            with contextlib.suppress(UserError):
                model.fetch(step)


def downloads(study: Study) -> dict[str, int]:
    """Return what is still to be downloaded for a study's networks, baselines and controls, by name, in bytes."""
    found = {}
    for name in study.models:
        for step in study.steps(name):
            found |= study.model(name).downloads(step)
    for model in study.beside():
        found |= model.downloads(model.steps[-1])
    return found


def joint(study: Study) -> list[str]:
    """Return the chapters that only the report makes."""
    return [chapter.name for chapter in registry.chosen(study) if chapter.per == kinds.STUDY]


def extraction() -> str:
    """Return the chapter whose jobs compute the activations that the others read."""
    (name,) = (chapter.name for chapter in registry.chapters().values() if chapter.extracts)
    return name


def parameters(study: Study, job: Job) -> dict:
    """Return the parameters of the job's notebook; paths are absolute, because a worker may run in another folder."""
    path = Path(study.source)
    source = str(path.resolve()) if path.is_file() else study.source
    outputs = str(study.folder.parent)
    return {"study": {"study": source, "models": [job.model], "outputs": outputs, "checkpoints": list(job.checkpoints)}}


def _of_model(study: Study, name: str, wanted: list[str]) -> list[Job]:
    steps, extracts = tuple(study.steps(name)), extraction()
    able = [chapter for chapter in map(registry.get, wanted) if chapter.options <= study.model(name).options]
    jobs = [Job(chapter.name, name, way) for chapter in able for way in _ways(chapter, steps)]
    needed = sorted({step for job in jobs for step in job.checkpoints})
    return list(dict.fromkeys([Job(extracts, name, (step,)) for step in needed] + jobs))


def _ways(chapter: Chapter, steps: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the checkpoints of each job that a chapter has for one model."""
    return {
        kinds.CHECKPOINT: [(step,) for step in steps],
        kinds.LAST: [steps[-1:]],
        kinds.MODEL: [steps],
        kinds.SERIES: [steps] if len(steps) > 1 else [],
        kinds.STUDY: [],
    }[chapter.per]


def _planned(study: Study, job: Job, download: bool) -> Planned:
    model, chapter = study.model(job.model), registry.get(job.chapter)
    missing = {kind for step in job.checkpoints if (kind := model.missing(step))}
    beside = [kind for kind in (BASELINES, CONTROLS) if not all(map(study.is_heard, _read(study, chapter, job, kind)))]
    if models.DOWNLOAD in missing and not download:
        return Planned(job, [models.DOWNLOAD, NO_ACTIVATIONS, *beside, NO_NOTEBOOK])
    recipe = study.recipe([job.model], job.checkpoints)
    depends_on = state(chapter, study, recipe)
    stamp = notebooks.stamp_of(registry.path_of(job.chapter), parameters(study, job), depends_on)
    if notebooks.executed(job.path(study.folder), stamp) is not None:
        return Planned(job, [], depends_on)
    usable = not any(isinstance(source, str) for source in recipe["models"][job.model].values())
    first = [] if usable and study.has_heard(job.model, job.checkpoints) else [*sorted(missing), NO_ACTIVATIONS]
    return Planned(job, [*first, *beside, NO_NOTEBOOK], depends_on)


def _read(study: Study, chapter: Chapter, job: Job, kind: str) -> list[models.AudioModel]:
    """Return the baselines or controls that a job reads."""
    return study.beside(chapter.beside & {kind}, [job.model])


def _assign(study: Study, plan: list[Planned]) -> None:
    """Let the first job that reads a baseline or control compute its activations, and the others begin after it."""
    first: dict[int, Planned] = {}
    for one in (one for one in plan if {BASELINES, CONTROLS} & set(one.missing)):
        chapter = registry.get(one.job.chapter)
        for model in study.beside(chapter.beside, [one.job.model]):
            if study.is_heard(model):
                continue
            before = first.setdefault(id(model), one)
            if before is one:
                one.hears.append(model)
            elif len(before.job.checkpoints) == 1:  # a series waits for others itself
                one.after.add(before.job)


def _order(study: Study, plan: list[Planned]) -> None:
    """Set what each job must wait for: training once, then activations, and whole series after their parts."""
    todo, extracts = {one.job: one for one in plan if one.missing}, extraction()
    for one in todo.values():
        job, single = one.job, len(one.job.checkpoints) == 1
        computes = {Job(extracts, job.model, (step,)) for step in job.checkpoints} & todo.keys() - {job}
        if job.chapter == extracts and models.TRAINING in one.missing:
            trained = Job(extracts, job.model, (study.steps(job.model)[0],))
            one.needs = {trained} & todo.keys() - {job}
        elif job.chapter != extracts and single:
            one.needs = computes
        elif not single:  # it names a checkpoint that cannot be used, and shows the others
            parts = {other for other in todo if other.model == job.model and len(other.checkpoints) == 1}
            one.after = computes | parts
