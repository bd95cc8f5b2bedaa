"""What a job will cost in time and memory: as earlier ones of its kind did, else a rough reckoning from sizes."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from helpers.batch.jobs import ACTIVATIONS, Job, Planned
from helpers.models import TRAINING
from helpers.names import SAMPLE, SAMPLE_RATE, SOUND, SPLIT, TARGET
from helpers.pipeline import Work

# Seconds on two cores of a laptop, by what was measured there: good for the order of magnitude.
START_S = 8  # a kernel with its imports, and its figures
PER_TRAINED = 3e-9  # per second of sound and weight of the network
PER_HEARD = 6e-10  # likewise, without gradients
PER_VOXEL = 4e-5  # and layer and split
PER_PERMUTED = 2e-7  # voxel, layer, split and permutation
PER_LASSO = 0.8  # per layer and split, six components
PER_PAIR = 4e-7  # of layers of both branches, and unit squared, for all frames
START_MIB, PER_RESPONSE_MIB, WEIGHT_MIB = 650, 0.009, 4 / 2**20


def estimate(work: Work, one: Planned, records: dict[Job, dict]) -> tuple[float, float]:
    """Seconds and MiB of a job; nothing for one that is done."""
    if not one.missing:
        return 0.0, 0.0
    near = [found for job, found in records.items() if job.chapter == one.job.chapter]
    same = [found for job, found in records.items() if _alike(job, one.job)]
    if known := same or near:
        return median(found["seconds"] for found in known), max(found["peak_mib"] for found in known)
    return _seconds(work, one), _mib(work, one.job)


def records(folder: Path, jobs: list[Job]) -> dict[Job, dict]:
    """What was noted of earlier runs of these jobs that ended well."""
    return {job: found for job in jobs if (found := _record(job.path(folder, ".json")))}


def _record(path: Path) -> dict | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: float(found[name]) for name in ("seconds", "peak_mib")} if found["state"] == "done" else None
    except (OSError, ValueError, KeyError, TypeError):  # none, or damaged: the reckoning is rough then
        return None


def _alike(one: Job, other: Job) -> bool:
    return one.chapter == other.chapter and one.model == other.model


def _seconds(work: Work, one: Planned) -> float:
    """The reckoning; what other jobs leave behind for this one is not counted."""
    model, job = work.model(one.job.model), one.job
    weights, layers = _weights(work, job.model), model.sizes.encoder_layers
    sound_s = work.brain.waveforms.sizes[SOUND] * work.brain.waveforms.sizes[SAMPLE] / SAMPLE_RATE
    splits = work.train.sizes[SPLIT]
    voxels = 0 if work.brain.voxels is None else work.brain.voxels.sizes[TARGET]
    costs = {
        ACTIVATIONS: PER_HEARD * sound_s * weights,
        "02_voxelwise": voxels * layers * splits * (PER_VOXEL + PER_PERMUTED * work.study.permutations),
        "04_learning_dynamics": voxels * layers * splits * PER_VOXEL * len(job.checkpoints),
        "05_cka_residual": PER_HEARD * sound_s * weights + PER_PAIR * (2 * layers * model.sizes.width) ** 2,
        "06_regularisation": PER_LASSO * layers * splits,
    }
    seconds = START_S + costs.get(job.chapter, 0)
    if job.chapter == ACTIVATIONS and TRAINING in one.missing and not one.needs:
        settings = model.settings
        seconds += PER_TRAINED * settings.steps * settings.batch * settings.crop_s * weights
    return seconds


def _mib(work: Work, job: Job) -> float:
    voxels = 0 if work.brain.voxels is None else work.brain.voxels.sizes[TARGET]
    activations = 8 * work.brain.waveforms.sizes[SOUND] * work.model(job.model).sizes.width / 2**20
    heard = 30 * activations if job.chapter in (ACTIVATIONS, "05_cka_residual") else activations
    weights = WEIGHT_MIB * _weights(work, job.model) if job.chapter in (ACTIVATIONS, "05_cka_residual") else 0
    return START_MIB + PER_RESPONSE_MIB * voxels + 2 * weights + heard


def _weights(work: Work, name: str) -> float:
    """Weights of the transformer blocks, which are nearly all there are."""
    sizes = work.model(name).sizes
    return (sizes.encoder_layers + sizes.decoder_layers) * (4 * sizes.width**2 + 2 * sizes.width * sizes.feed_forward)
