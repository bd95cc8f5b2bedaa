"""Registry of audio models. A family is one module, here or in a folder of its own:

    Settings                 subclass of `store.settings.Settings`: the entry's keys besides `name` and `family`
    RATE                     Hz: the sample rate of the waveforms that its networks take; where it depends on the
                             settings, a function rate_of(settings) -> int in its place
    open(name, settings, waveforms, folder, seed, device, batch_size) -> AudioModel
    example(folder) -> dict  settings of a model small enough for tests, which may write files to `folder`

Contract tests run over all of them (tests/models).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from helpers.errors import UserError, suggestion
from helpers.models.base import DOWNLOAD, TRAINING, AudioModel, Checkpoint, Cost, device_of, hear
from helpers.models.entry import ModelEntry
from helpers.models.weights import TRAINED, UNTRAINED
from helpers.store.settings import Settings, validated

__all__ = [
    "BASELINES",
    "DOWNLOAD",
    "FAMILIES",
    "PARTS",
    "TRAINING",
    "UNTRAINED",
    "AudioModel",
    "Checkpoint",
    "Cost",
    "ModelEntry",
    "check",
    "device_of",
    "hear",
    "missing",
    "open",
    "rate",
]

FAMILIES = {
    "activations": import_module("helpers.models.activations"),
    "crepe": import_module("helpers.models.crepe"),
    "encodecmae": import_module("helpers.models.encodecmae.published"),
    "mini": import_module("helpers.models.encodecmae.mini"),
    "musicnn": import_module("helpers.models.musicnn"),
    "resemblyzer": import_module("helpers.models.resemblyzer"),
    "silero": import_module("helpers.models.silero"),
    "speech_embedding": import_module("helpers.models.speech_embedding"),
    "basic_pitch": import_module("helpers.models.basic_pitch"),
    "transformers": import_module("helpers.models.huggingface"),
    "spectrotemporal": import_module("helpers.models.baselines.spectrotemporal"),
    "cochleagram": import_module("helpers.models.baselines.cochleagram"),
    "mel": import_module("helpers.models.baselines.mel"),
    "categories": import_module("helpers.models.baselines.categories"),
}

# Families that learned nothing, which a study names under `baselines` and nowhere else
BASELINES = frozenset(
    name for name, module in FAMILIES.items() if module.__name__.startswith("helpers.models.baselines.")
)

PARTS = {  # of a family's module
    "Settings": "a class of settings, below helpers.store.settings.Settings",
    "RATE": "the sample rate in Hz of the waveforms that it takes, or a function `rate_of` (settings) -> that rate",
    "open": "a function (name, settings, waveforms, folder, seed, device, batch_size) -> AudioModel",
    "example": "a function (folder) -> settings of a model small enough for tests",
}
INSTEAD = {"RATE": "rate_of"}  # of a part


def missing(family: str) -> str:
    """Return what the module of a family in the registry lacks, as a message; "" where it is complete."""
    module = FAMILIES[family]
    has = {part: hasattr(module, part) or hasattr(module, INSTEAD.get(part, part)) for part in PARTS}
    absent = [f"{part}: {meaning}" for part, meaning in PARTS.items() if not has[part]]
    return f"family '{family}' ({module.__name__}) lacks " + "; ".join(absent) if absent else ""


def check(entry: ModelEntry) -> Settings:
    """Return the entry's settings, validated without any data; raises UserError if they are invalid."""
    if entry.family not in FAMILIES:
        known = suggestion(entry.family, FAMILIES)
        raise UserError(f"model '{entry.name}': unknown family '{entry.family}'; {known}")
    if incomplete := missing(entry.family):
        raise UserError(f"model '{entry.name}': {incomplete}; add what is missing there")
    return validated(FAMILIES[entry.family].Settings, entry.settings, f"model '{entry.name}'")


def rate(entry: ModelEntry) -> int:
    """Return the sample rate in Hz of the waveforms that an entry's network takes; raises UserError for the entry."""
    settings, family = check(entry), FAMILIES[entry.family]
    return family.rate_of(settings) if hasattr(family, "rate_of") else family.RATE


def open(entry: ModelEntry, brain, folder: Path, seed: int, device: str = "cpu", batch_size: int = 8) -> AudioModel:
    """Return the model of a study's entry, ready to compute the activations of a dataset's sounds.

    Nothing is trained or downloaded yet.

    Parameters
    ----------
    brain: the dataset; its `waveforms_at(rate)` gives (sound, sample) at the network's rate, with the true lengths of
        the sounds, in samples, in the coordinate `n_samples`, and their categories in `category`
    folder: where the model may keep what it trains
    seed: of all random draws in training
    device: of torch, such as "cpu" or "cuda"
    batch_size: sounds at a time

    Raises UserError for wrong settings and for a device that this machine lacks.
    """
    settings, family = check(entry), FAMILIES[entry.family]
    waveforms = brain.waveforms_at(rate(entry))
    model = family.open(entry.name, settings, waveforms, Path(folder), seed, device, batch_size)
    return model if entry.state == TRAINED else model.in_state(entry.state, entry.state_seed)
