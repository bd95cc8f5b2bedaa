"""What there is to do: a study's chapters, for each model, at each of its checkpoints, and what must come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers import chapters, models
from helpers.names import UserError
from helpers.params import suggestion
from helpers.pipeline import Work
from helpers.pipeline.work import place_of
from helpers.report import state

NO_ACTIVATIONS, NO_NOTEBOOK = "activations", "notebook"  # what a job may lack, beside weights
ACTIVATIONS = "01_extract"  # the chapter that takes them
# At which checkpoints of a model a chapter is made. JOINT: it has something to say of all models together only, which
# is left to the report. A chapter that is not listed is made once for each model, over all its checkpoints.
EVERY, LAST, SERIES, ALL, JOINT = "every", "last", "series", "all", "joint"
CHECKPOINTS = {
    "00_question": JOINT,
    ACTIVATIONS: EVERY,
    "02_voxelwise": LAST,
    "03_components": EVERY,
    "04_learning_dynamics": SERIES,  # as ALL, of models with several checkpoints
    "05_cka_residual": LAST,
    "06_regularisation": LAST,
    "07_claims": JOINT,
    "08_reproduction": JOINT,
}


@dataclass(frozen=True)
class Job:
    """One chapter for one model, at one checkpoint or over several."""

    chapter: str
    model: str
    checkpoints: tuple[int, ...]

    @property
    def steps(self) -> str:
        """The checkpoints, as short as they can be said: `400`, or `0-400` for a series."""
        first, last = self.checkpoints[0], self.checkpoints[-1]
        return str(first) if first == last else f"{first}-{last}"

    @property
    def name(self) -> str:
        return f"{self.chapter} {self.model} {self.steps}"

    def path(self, folder: Path, suffix: str = ".ipynb") -> Path:
        """The executed notebook below a study's folder, or the file of another suffix beside it."""
        return folder / place_of([self.model], self.checkpoints) / f"{self.chapter}{suffix}"


@dataclass
class Planned:
    """A job with what it lacks, what must be done well before it (`needs`) and what must be over (`after`)."""

    job: Job
    missing: list[str] = field(default_factory=list)  # empty: its notebook is there and current
    depends_on: str = ""
    needs: set[Job] = field(default_factory=set)
    after: set[Job] = field(default_factory=set)


def planned(work: Work, chosen: Sequence[str] = (), download: bool = True) -> list[Planned]:
    """All jobs of a study's chapters, or of the `chosen` ones, in the order in which to begin them.

    Where activations are missing that a chosen chapter needs, the jobs that take them are added. With `download`,
    published weights are fetched first, because machines that compute may have no network. Raises UserError for an
    unknown chapter and for weights that cannot be had.
    """
    wanted = _chosen(work, chosen)
    plan = [_planned(work, job, download) for name in work.model_names for job in _of_model(work, name, wanted)]
    plan = [one for one in plan if one.job.chapter in wanted or NO_ACTIVATIONS in one.missing]
    _order(work, plan)
    return sorted(plan, key=lambda one: (one.job.chapter, one.job.checkpoints))


def joint(work: Work) -> list[str]:
    """The chapters that only the report makes."""
    return [chapter for chapter in work.study.chapters if CHECKPOINTS.get(chapter) == JOINT]


def parameters(work: Work, job: Job) -> dict:
    """What the job's notebook is told; paths are whole, because a worker may stand elsewhere."""
    study = Path(work.source)
    source = str(study.resolve()) if study.is_file() else work.source
    outputs = str(work.folder.parent)
    return {"study": source, "models": [job.model], "outputs": outputs, "checkpoints": list(job.checkpoints)}


def _chosen(work: Work, chosen: Sequence[str]) -> list[str]:
    for chapter in chosen:
        if chapter not in work.study.chapters:
            raise UserError(f"unknown chapter '{chapter}'; {suggestion(chapter, work.study.chapters)}")
    wanted = [chapter for chapter in work.study.chapters if not chosen or chapter in chosen]
    for chapter in wanted:
        chapters.path_of(chapter)
    return wanted


def _of_model(work: Work, name: str, wanted: list[str]) -> list[Job]:
    steps = tuple(work.steps(name))
    ways = {EVERY: [(step,) for step in steps], LAST: [steps[-1:]], ALL: [steps], JOINT: []}
    ways[SERIES] = [steps] if len(steps) > 1 else []
    jobs = [Job(chapter, name, way) for chapter in wanted for way in ways[CHECKPOINTS.get(chapter, ALL)]]
    heard = sorted({step for job in jobs for step in job.checkpoints})
    return list(dict.fromkeys([Job(ACTIVATIONS, name, (step,)) for step in heard] + jobs))


def _planned(work: Work, job: Job, download: bool) -> Planned:
    model = work.model(job.model)
    missing = {kind for step in job.checkpoints if (kind := model.missing(step))}
    if models.DOWNLOAD in missing and not download:
        return Planned(job, [models.DOWNLOAD, NO_ACTIVATIONS, NO_NOTEBOOK])
    recipe = work.recipe(job.model, job.checkpoints)
    depends_on = state(recipe, work)
    stamp = chapters.stamp_of(chapters.path_of(job.chapter), parameters(work, job), depends_on)
    if chapters.executed(job.path(work.folder), stamp) is not None:
        return Planned(job, [], depends_on)
    usable = not any(isinstance(source, str) for source in recipe["models"].values())
    first = [] if usable and work.has_heard(job.model, job.checkpoints) else [*sorted(missing), NO_ACTIVATIONS]
    return Planned(job, [*first, NO_NOTEBOOK], depends_on)


def _order(work: Work, plan: list[Planned]) -> None:
    """Set what each job must wait for: training once, then activations, and whole series after their parts."""
    todo = {one.job: one for one in plan if one.missing}
    for one in todo.values():
        job, single = one.job, len(one.job.checkpoints) == 1
        takes = {Job(ACTIVATIONS, job.model, (step,)) for step in job.checkpoints} & todo.keys() - {job}
        if job.chapter == ACTIVATIONS and models.TRAINING in one.missing:
            trained = Job(ACTIVATIONS, job.model, (work.steps(job.model)[0],))
            one.needs = {trained} & todo.keys() - {job}
        elif job.chapter != ACTIVATIONS and single:
            one.needs = takes
        elif not single:  # it names a checkpoint that cannot be used, and shows the others
            parts = {other for other in todo if other.model == job.model and len(other.checkpoints) == 1}
            one.after = takes | parts
