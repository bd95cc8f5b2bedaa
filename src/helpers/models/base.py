"""Interface of all audio models: activations of each layer, for every sound, at each checkpoint.

Nothing here knows an architecture. A family implements `activations`, `identity`, `missing` and `sizes`; one that keeps
more on disk than its layers, or that can do more, overrides `hear` and `layers` and names its `options`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import xarray as xr
from torch import nn

from helpers.errors import UserError
from helpers.models.weights import MATCHED, PERMUTED, TRAINED, UNTRAINED, permuted
from helpers.names import LAYER, NOTE, SOUND, STAGE, UNIT
from helpers.store.code import code_digest
from helpers.store.files import digest

DOWNLOAD, TRAINING = "download", "training"  # how missing weights come
FLOAT = 4  # bytes of a weight
STREAMS, FRAMES = "streams", "frames"  # options that a family may have


@dataclass(frozen=True)
class Cost:
    """How large a network is, as far as that is known before its weights are read; for estimates of time and memory."""

    layers: tuple[tuple[str, int], ...]  # stage and units of each layer that `activations` gives, in order
    n_weights: int
    training_s: float = 0.0  # seconds of sound that training takes in all; 0 where nothing is trained here
    seconds: float = 0.0  # to hear one second of sound on two cores of a laptop; 0 where `n_weights` tells

    @property
    def n_layers(self) -> int:
        return len(self.layers)

    @property
    def n_units(self) -> int:
        """Units of the widest layer."""
        return max(n_units for _, n_units in self.layers)


# What a network was trained on, by which a comparison groups networks
SPEECH, MUSIC, ENVIRONMENTAL, MIXED, NOTHING = TRAININGS = ("speech", "music", "environmental", "mixed", "nothing")


@dataclass(frozen=True)
class Card:
    """What is known of a network besides its numbers; texts are keys of words or names that need no translation."""

    training: str = ""  # one of TRAININGS; "" where it is not known
    trained_on: str = ""  # the words `trained_on.<key>`
    architecture: str = ""  # the words `architecture.<key>`
    licence: str = ""  # of the weights, or of the code where the weights have none of their own
    citation: str = ""


class AudioModel(ABC):
    """A network with one or more checkpoints, and the sounds whose activations it computes.

    name: as the study calls it
    steps: training steps of its checkpoints, ascending
    waveforms: (sound, sample) at the family's rate, with the true lengths in the coordinate `n_samples`
    options: what it provides besides `activations`: STREAMS, FRAMES
    shortest: samples that a sound must have
    """

    options: frozenset[str] = frozenset()
    card: Card = Card()
    state, state_seed = TRAINED, 0  # of its weights, see `weights`
    shortest: int = 1
    source: tuple[str, str] | None = None  # of its weights, where users choose it: a key of `source.`, a name
    counts_steps: bool = True  # whether `steps` are of its training; else there is one, and its number means nothing
    learned_from: str = ""  # categories of the study's sounds that it was trained on here; "all", or "" for none

    def __init__(self, name: str, waveforms: xr.DataArray, steps: list[int], device: str = "cpu", batch_size: int = 8):
        self.name, self.waveforms, self.steps = name, waveforms, sorted(steps)
        self.device, self.batch_size = device_of(device), batch_size

    @abstractmethod
    def activations(self, step: int) -> list[xr.DataArray]:
        """Return one array (sound, unit) a layer, as `layer_of` makes them, at training step `step`.

        Sounds are in the order of `waveforms`; each layer has its own number of units.
        """

    @abstractmethod
    def identity(self, step: int) -> dict:
        """Return what determines the activations besides sounds and code (weights, settings), as JSON-able values.

        Settings that `layers` alone applies do not belong here: what is kept on disk does not depend on them.
        """

    @abstractmethod
    def missing(self, step: int) -> str:
        """Return what must come before activations can be computed: DOWNLOAD, TRAINING, or nothing ("")."""

    @property
    @abstractmethod
    def sizes(self) -> Cost:
        """How large the network is; known without downloading or training anything."""

    def downloads(self, step: int) -> dict[str, int]:
        """Return what `missing` would download, by name, in bytes; the same name in two models is one download."""
        return {self.name: FLOAT * self.sizes.n_weights} if self.missing(step) == DOWNLOAD else {}

    def fetch(self, step: int) -> None:
        """Download what `missing` says; raises UserError where that is impossible."""
        self.identity(step)  # which reads the weights' file

    def check_sounds(self) -> None:
        """Raise UserError, naming the first, for sounds that the network cannot take: known before it is trained."""
        lengths = zip(self.waveforms[SOUND].values, self.waveforms["n_samples"].values, strict=True)
        shortest = self.shortest
        if short := [(sound, length) for sound, length in lengths if length < shortest]:
            sound, length = short[0]
            raise UserError(
                f"model '{self.name}': sound '{sound}' has {length} samples at {self.waveforms.attrs['rate_hz']} Hz; "
                f"it needs at least {shortest}: leave it out or give a longer one"
            )

    def hear(self, step: int) -> xr.Dataset:
        """Return what is kept on disk of one checkpoint: `activations` as variables `layer_1`, `layer_2`, ..."""
        kept = {}
        for layer in self.verified(self.activations(step), step):
            number, stage, note = (layer[name].item() for name in (LAYER, STAGE, NOTE))
            own = layer.drop_vars([LAYER, STAGE, NOTE]).rename({UNIT: f"{UNIT}_{number}"})  # each has its own width
            kept[f"{LAYER}_{number}"] = own.assign_attrs({LAYER: number, STAGE: stage, NOTE: note})
        return xr.Dataset(kept)

    def layers(self, heard: xr.Dataset) -> list[xr.DataArray]:
        """Return the layers (sound, unit) in what `hear` returned, in their order, which a file does not keep."""
        kept = sorted(heard.data_vars.values(), key=lambda layer: int(layer.attrs[LAYER]))
        return [
            layer_of(layer.values, layer[SOUND].values, *(layer.attrs[name] for name in (LAYER, STAGE, NOTE)))
            for layer in kept
        ]

    def verified(self, layers: list[xr.DataArray], step: int) -> list[xr.DataArray]:
        """Return `layers` as they are; raises UserError where they are not what `activations` promises."""
        for number, layer in enumerate(layers, start=1):
            if found := wrong_with(layer, number, self.waveforms[SOUND].values.tolist()):
                raise UserError(
                    f"model '{self.name}', step {step}, layer {number}: found {found}; "
                    "correct its family's `activations` or give other weights"
                )
        return layers

    def streams(self, heard: xr.Dataset) -> xr.Dataset:  # noqa: ARG002  (of those that have the option)
        """Return residual branches; only of families with the option STREAMS."""
        raise self._without(STREAMS)

    def frames(self, step: int) -> Iterator[xr.DataArray]:  # noqa: ARG002
        """Return activations before pooling, some sounds at a time; only of families with the option FRAMES."""
        raise self._without(FRAMES)

    def in_state(self, state: str, seed: int = 0) -> AudioModel:  # noqa: ARG002
        """Return this model with its weights in another state, see `weights`; raises UserError where it cannot be."""
        if state != TRAINED:
            raise UserError(f"model '{self.name}': its family has no weights that could be {state}; leave that out")
        return self

    def learn_from(self, sounds: list[str]) -> None:  # noqa: ARG002
        """Leave all other sounds out of what it is trained on here; raises UserError where none are left.

        Only of networks with `learned_from`.
        """
        raise TypeError(f"model '{self.name}' is not trained here")

    def _without(self, option: str) -> UserError:
        has = ", ".join(sorted(self.options)) or "none"
        return UserError(
            f"model '{self.name}': its family has no '{option}', only: {has}; leave it out of this chapter"
        )

    @cached_property
    def sounds_digest(self) -> str:
        """A digest of the sounds' samples, lengths, names and order."""
        lengths = self.waveforms["n_samples"].values.tolist()
        return digest(self.waveforms.values, self.waveforms[SOUND].values.tolist(), lengths)


class Weighted(AudioModel):
    """A network of torch modules, whose weights can be as trained, as before training, or permuted."""

    front_end: tuple[str, ...] = ()  # how names of tensors begin that were never learned

    @abstractmethod
    def trained(self, step: int) -> nn.Module:
        """Return the network with its trained weights, on the CPU."""

    @abstractmethod
    def untrained(self, step: int, seed: int) -> nn.Module:
        """Return the network as its family starts training, on the CPU."""

    def network(self, step: int) -> nn.Module:
        """Return the network in this model's state, on the CPU."""
        if self.state == UNTRAINED:
            return self.untrained(step, self.state_seed)
        network = self.trained(step)
        return permuted(network, self.state_seed, self.front_end) if self.state == PERMUTED else network

    def in_state(self, state: str, seed: int = 0) -> AudioModel:
        if state == MATCHED:
            raise UserError(f"model '{self.name}': it is not trained here, so no network can be {state} to it")
        self.state, self.state_seed = state, seed
        return self


@dataclass(frozen=True)
class Checkpoint:
    """A model at one of its training steps, as an argument of results that are kept on disk."""

    model: AudioModel
    step: int

    def store_key(self) -> dict:
        """Return all that determines its activations: weights and settings, sounds, and the code of the family."""
        model = self.model
        changed = {} if model.state == TRAINED else {"state": model.state, "state_seed": model.state_seed}
        return {
            "identity": model.identity(self.step) | changed,
            "sounds": model.sounds_digest,
            "code": code_digest(type(model).__module__),
        }


def hear(checkpoint: Checkpoint) -> xr.Dataset:
    """Return what is kept on disk of a checkpoint's activations, after checking the layers in it.

    Kept with `results.result(hear, folder, checkpoint=Checkpoint(model, step))`; `model.layers` gets the layers out.
    Raises UserError for activations that are not what `AudioModel.activations` promises.
    """
    heard = checkpoint.model.hear(checkpoint.step)
    checkpoint.model.verified(checkpoint.model.layers(heard), checkpoint.step)
    return heard


def wrong_with(layer: xr.DataArray, number: int, sounds: list[str]) -> str:
    """Return what a layer breaks of the contract of `AudioModel.activations`, with what was expected; "" if nothing."""
    if layer.dims != (SOUND, UNIT):
        return f"dimensions {layer.dims}, expected {(SOUND, UNIT)}"
    if layer[SOUND].values.tolist() != sounds:
        return "other sounds or another order than the dataset's, expected the same"
    if absent := [name for name in (LAYER, STAGE, NOTE) if name not in layer.coords]:
        return f"no coordinate {', '.join(absent)}, expected what `layer_of` gives"
    if int(layer[LAYER]) != number:
        return f"the number {int(layer[LAYER])}, expected layers numbered from 1 in their order"
    if layer.dtype != np.float32:
        return f"{layer.dtype}, expected float32"
    bad = ~np.isfinite(layer.values).all(-1)
    return f"NaN or infinite values for '{sounds[bad.argmax()]}', expected finite numbers" if bad.any() else ""


def layer_of(values: np.ndarray, sounds: np.ndarray, layer: int, stage: str, note: str = "") -> xr.DataArray:
    """Return one layer's activations (sound, unit), labelled.

    Parameters
    ----------
    values: (n_sounds, n_units), float32
    sounds: (n_sounds,), their names
    layer: its number, from 1
    stage: its name in the code that the network comes from
    note: what is special about this layer, a key of the words `note.<note>`, shown in every figure; "" if nothing
    """
    coords = {SOUND: np.asarray(sounds), LAYER: layer, STAGE: stage, NOTE: note}
    return xr.DataArray(values, coords, (SOUND, UNIT))


def device_of(name: str) -> torch.device:
    """Return the torch device of that name; raises UserError where this machine has none such."""
    try:
        device = torch.device(name)
        torch.ones(1, device=device).item()  # a device such as "meta" makes tensors that hold no numbers
    except (
        RuntimeError,
        AssertionError,
        NotImplementedError,
    ):  # torch without CUDA asserts, with CUDA but no card it raises
        present = "cpu" + (", cuda" if torch.cuda.is_available() else "")
        raise UserError(
            f"device: found '{name}', but this machine has: {present}; set `device` to one of these"
        ) from None
    return device
