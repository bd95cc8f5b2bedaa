"""Cost model of jobs, time and memory: from earlier jobs of the same kind, else a rough estimate from sizes."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from helpers.batch.jobs import Job, Planned
from helpers.chapters import registry
from helpers.chapters.chapter import START_S, Size
from helpers.models import TRAINING
from helpers.names import SAMPLE, SOUND, SPLIT, TARGET, VOXELS
from helpers.study import Study

# Seconds on two cores of a laptop, as measured there: good for the order of magnitude
PER_TRAINED = 3e-9  # for each second of sound and weight of the network
START_MIB, PER_RESPONSE_MIB, WEIGHT_MIB = 650, 0.009, 4 / 2**20
FRAMES_AT_ONCE = 30  # times the memory of pooled activations, where those of frames are in memory


def estimate(study: Study, one: Planned, records: dict[Job, dict]) -> tuple[float, float]:
    """Return seconds and MiB of a job; nothing for one that is done."""
    if not one.missing:
        return 0.0, 0.0
    near = [found for job, found in records.items() if job.chapter == one.job.chapter]
    same = [found for job, found in records.items() if _alike(job, one.job)]
    if known := same or near:
        return median(found["seconds"] for found in known), max(found["peak_mib"] for found in known)
    return _seconds(study, one), _mib(study, one.job)


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
    waveforms, network = study.brain.waveforms, study.model(job.model).sizes
    return Size(
        sound_s=waveforms.sizes[SOUND] * waveforms.sizes[SAMPLE] / waveforms.attrs["rate_hz"],
        n_splits=study.splits.sizes[SPLIT],
        n_voxels=study.responses(VOXELS).sizes[TARGET] if study.has(VOXELS) else 0,
        n_permutations=study.parameters.permutations,
        n_layers=network.n_layers,
        n_units=network.n_units,
        n_weights=network.n_weights,
        n_checkpoints=len(job.checkpoints),
    )


def _seconds(study: Study, one: Planned) -> float:
    """Return a rough estimate; what other jobs leave behind for this one is not counted."""
    chapter, network = registry.get(one.job.chapter), study.model(one.job.model).sizes
    seconds = START_S + chapter.seconds(size(study, one.job))
    if chapter.extracts and TRAINING in one.missing and not one.needs:
        seconds += PER_TRAINED * network.training_s * network.n_weights
    return seconds


def _mib(study: Study, job: Job) -> float:
    own = size(study, job)
    pooled = 8 * study.brain.waveforms.sizes[SOUND] * own.n_units / 2**20
    if not registry.get(job.chapter).holds_frames:
        return START_MIB + PER_RESPONSE_MIB * own.n_voxels + pooled
    return START_MIB + PER_RESPONSE_MIB * own.n_voxels + 2 * WEIGHT_MIB * own.n_weights + FRAMES_AT_ONCE * pooled
