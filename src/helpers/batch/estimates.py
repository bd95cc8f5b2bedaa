"""Cost model of jobs, time and memory: from earlier jobs of the same kind, else a rough estimate from sizes."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from helpers.batch.jobs import Job, Planned, joint
from helpers.chapters import registry
from helpers.chapters.chapter import START_S, Size
from helpers.models import TRAINING, AudioModel, Cost
from helpers.names import SAMPLE, SOUND, SPLIT, TARGET, VOXELS
from helpers.study import Study

# Seconds on two cores of a laptop, as measured there: good for the order of magnitude
PER_TRAINED = 3e-9  # for each second of sound and weight of the network
PER_HEARD = 6e-10  # for each second of sound and weight of a network whose family was not measured
START_MIB, PER_RESPONSE_MIB, WEIGHT_MIB = 650, 0.009, 4 / 2**20
VALUE_MIB = 4 / 2**20  # of an activation
FRAMES_AT_ONCE = 30  # times the memory of pooled activations, where those of frames are in memory


def estimate(study: Study, one: Planned, records: dict[Job, dict]) -> tuple[float, float]:
    """Return seconds and MiB of a job; nothing for one that is done."""
    if not one.missing:
        return 0.0, 0.0
    near = [found for job, found in records.items() if job.chapter == one.job.chapter]
    same = [found for job, found in records.items() if _alike(job, one.job)]
    if known := same or near:
        return median(found["seconds"] for found in known), max(found["peak_mib"] for found in known)
    return _seconds(study, one), _mib(study, one)


def records(folder: Path, jobs: list[Job]) -> dict[Job, dict]:
    """Return the records of earlier successful runs of these jobs."""
    return {job: found for job in jobs if (found := _record(job.path(folder, ".json")))}


def _record(path: Path) -> dict | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: float(found[name]) for name in ("seconds", "peak_mib")} if found["state"] == "done" else None
    except (OSError, ValueError, KeyError, TypeError):  # none, or damaged: the estimate is rough then
        return None


def _alike(one: Job, other: Job) -> bool:
    return one.chapter == other.chapter and one.model == other.model


def size(study: Study, job: Job) -> Size:
    """Return how large a job is."""
    network = study.model(job.model).sizes
    return Size(
        heard_s=hearing(study, network),
        n_sounds=study.brain.waveforms.sizes[SOUND],
        n_splits=study.splits.sizes[SPLIT],
        n_voxels=study.responses(VOXELS).sizes[TARGET] if study.has(VOXELS) else 0,
        n_permutations=study.parameters.permutations,
        n_layers=network.n_layers,
        n_beside=sum(model.sizes.n_layers for model in _beside(study, job)),
        n_units=network.n_units,
        n_checkpoints=len(job.checkpoints),
    )


def hearing(study: Study, network: Cost) -> float:
    """Return the seconds that a network or baseline takes for all sounds of a study."""
    waveforms = study.brain.waveforms
    sound_s = waveforms.sizes[SOUND] * waveforms.sizes[SAMPLE] / waveforms.attrs["rate_hz"]
    return sound_s * (network.seconds or PER_HEARD * network.n_weights)


def report_seconds(study: Study, plan: list[Planned]) -> float:
    """Return a rough estimate for a report of all that a plan lacks: its work, and one kernel for each chapter."""
    todo = [one for one in plan if one.missing]
    chapters = {one.job.chapter for one in todo} | {*joint(study)} if todo else set()
    others = [other for name in sorted(chapters) for other in registry.get(name).others(study)]
    again = sum(_trained_again(other) for other in others)
    return sum(_seconds(study, one) - START_S for one in todo) + START_S * len(chapters) + again


def _trained_again(study: Study) -> float:
    """Return the seconds that the networks of a study like another take which are not trained yet."""
    missing = [network for network in map(study.model, study.trained_here) if network.missing(network.steps[-1])]
    return sum(_training(network.sizes) + len(network.steps) * hearing(study, network.sizes) for network in missing)


def _beside(study: Study, job: Job) -> list[AudioModel]:
    """Return the baselines and controls that a job reads."""
    return study.beside(registry.get(job.chapter).beside, [job.model])


def _seconds(study: Study, one: Planned) -> float:
    """Return a rough estimate; what other jobs leave behind for this one is not counted."""
    chapter, network = registry.get(one.job.chapter), study.model(one.job.model).sizes
    seconds = START_S + chapter.seconds(size(study, one.job))
    if chapter.extracts and TRAINING in one.missing and not one.needs:
        seconds += _training(network)
    for model in one.hears:
        trains = model.missing(model.steps[-1]) == TRAINING
        seconds += hearing(study, model.sizes) + (_training(model.sizes) if trains else 0)
    return seconds


def _training(network: Cost) -> float:
    return PER_TRAINED * network.training_s * network.n_weights


def _mib(study: Study, one: Planned) -> float:
    """Return a rough estimate: this package, responses, activations read, and the largest network that is run."""
    own, beside = size(study, one.job), _beside(study, one.job)
    n_read = sum(n_units for model in beside for _, n_units in model.sizes.layers)
    read = START_MIB + PER_RESPONSE_MIB * own.n_voxels + own.n_sounds * (2 * own.n_units + n_read) * VALUE_MIB
    runs = [model.sizes for model in one.hears]
    if registry.get(one.job.chapter).holds_frames:
        runs.append(study.model(one.job.model).sizes)
    frames = FRAMES_AT_ONCE * 2 * own.n_sounds * VALUE_MIB
    return read + max((2 * WEIGHT_MIB * run.n_weights + frames * run.n_units for run in runs), default=0)
