"""What a study has and what its report would take, in words."""

from __future__ import annotations

from itertools import groupby

from helpers.batch import estimates, jobs
from helpers.batch.batch import downloads
from helpers.batch.watch import clock
from helpers.models import AudioModel, ModelEntry
from helpers.names import SOUND
from helpers.study import Study


def described(study: Study, names: list[str]) -> list[str]:
    """Return lines: that the study is valid, its networks' layers, and what its report would download and take."""
    n_sounds = study.brain.waveforms.sizes[SOUND]
    lines = [f"study '{study.parameters.name}' is valid: {n_sounds} sounds; of each layer, its stage and units:"]
    lines += [f"  {_network(study.model(entry.name), entry)}" for entry in study.parameters.models]
    lines += [f"  {_network(study.model(name))} (baseline)" for name in study.baselines]
    plan = jobs.planned(study, names, download=False)
    known = estimates.records(study.folder, [one.job for one in plan])
    most = max((estimates.estimate(study, one, known)[1] for one in plan if one.missing), default=0.0)
    lines += downloads(study)
    if not most:
        return [*lines, "everything is computed"]
    took = clock(estimates.report_seconds(study, plan))
    return [*lines, f"report: about {took} of work, up to {most:.0f} MiB a chapter"]


def _network(model: AudioModel, entry: ModelEntry | None = None) -> str:
    """Return a model's layers, those alike together, its checkpoints and its controls."""
    alike = [(n_units, list(own)) for n_units, own in groupby(model.sizes.layers, key=lambda layer: layer[1])]
    layers = ", ".join(_some([stage for stage, _ in own]) + f" {n_units}" for n_units, own in alike)
    n = model.sizes.n_layers
    said = f"{model.name}: {n} layer{'s' * (n != 1)}: {layers}"
    if len(model.steps) > 1:
        said += f"; {len(model.steps)} checkpoints"
    if entry is not None and entry.controls:
        seeds = f", {entry.seeds} seeds each" if entry.seeds > 1 else ""
        said += f"; controls: {', '.join(entry.controls)}{seeds}"
    return said


def _some(stages: list[str]) -> str:
    return stages[0] if len(stages) == 1 else f"{stages[0]} … {stages[-1]} ({len(stages)})"
