"""What the families of EnCodecMAE networks share: activations of both branches, pooled over frames or not.

The residual branches and what merges them are explained in `network`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import torch
import xarray as xr

from helpers.models.base import FRAMES, STREAMS, Cost, Weighted, layer_of
from helpers.models.encodecmae.chunks import DECODER, ENCODER, SHORTEST, Activations, Chunk, activations_of, chunks_of
from helpers.models.encodecmae.network import Network, Sizes
from helpers.models.encodecmae.pretraining import initialised
from helpers.names import LAYER, SOUND, STAGE, UNIT
from helpers.store import settings
from helpers.store.progress import progress

BRANCH, TOWER, OUTPUT, FRAME = "branch", "tower", "output", "frame"
LEFT, RIGHT = BRANCHES = ("left", "right")
TOWERS = (ENCODER, DECODER)
MERGED = "merged"  # the note of a layer in which both branches are summed
MODULE = "visible_encoder"  # the encoder, in the published checkpoints


class Settings(settings.Settings):
    """How layers are made of a network's activations."""

    pooling: Literal["mean", "max"] = "mean"  # over frames; the published analysis averages
    last_layer: Literal["merged", "left"] = "merged"  # published: the encoder's last layer is the sum of both branches


class Group(NamedTuple):
    """Sounds of equal length (positions in the order of the waveforms) as the network takes them."""

    rows: np.ndarray
    chunks: list[Chunk]


class EncodecMAEModel(Weighted):
    """An EnCodecMAE network at one or more checkpoints. Its layers are the encoder's, left branch."""

    options = frozenset({STREAMS, FRAMES})
    shortest = SHORTEST

    def __init__(
        self, name: str, settings: Settings, waveforms: xr.DataArray, steps: list[int], device: str, batch_size: int
    ):
        super().__init__(name, waveforms, steps, device, batch_size)
        self.settings = settings

    def untrained(self, step: int, seed: int) -> Network:
        """Return a network of the trained one's shape, as the published training starts."""
        return initialised(self.trained(step).sizes, 1, 1, seed).network

    @property
    @abstractmethod
    def shape(self) -> Sizes:
        """The network's shape, as far as it is known before its weights are read."""

    @property
    def sizes(self) -> Cost:
        """As `AudioModel.sizes`; weights are those of the transformer blocks, which are nearly all there are."""
        shape = self.shape
        block = 4 * shape.width**2 + 2 * shape.width * shape.feed_forward
        n_weights = (shape.encoder_layers + shape.decoder_layers) * block
        layers = tuple((stage, shape.width) for stage in self._stages(shape.encoder_layers))
        return Cost(layers, n_weights, self.training_s)

    def _stages(self, n_layers: int) -> list[str]:
        stages = [f"{MODULE}.encoder_layers.{layer}" for layer in range(n_layers)]
        return [*stages[:-1], MODULE] if self.settings.last_layer == MERGED else stages

    @property
    def training_s(self) -> float:
        """Seconds of sound that training takes in; 0 where nothing is trained here."""
        return 0.0

    def activations(self, step: int) -> list[xr.DataArray]:
        return self.layers(self.hear(step))

    def layers(self, heard: xr.Dataset) -> list[xr.DataArray]:
        """Return the encoder's layers (sound, unit), left branch; with `last_layer: merged` the last one is merged.

        The published analysis took the sum of both branches for the last layer (`postnorm_last_activation=True` in the
        reference), which is why that layer is unlike all others.
        """
        encoder = heard["activations"].sel({BRANCH: LEFT}).isel({LAYER: (heard[TOWER] == ENCODER).values})
        sounds = heard[SOUND].values
        numbers = encoder[LAYER].values.tolist()
        layers = [
            layer_of(encoder.sel({LAYER: layer}).values, sounds, layer, stage)
            for layer, stage in zip(numbers, self._stages(len(numbers)), strict=True)
        ]
        if self.settings.last_layer == MERGED:
            merged = heard["merged"].sel({OUTPUT: ENCODER})
            layers[-1] = layer_of(merged.values, sounds, *(layers[-1][name].item() for name in (LAYER, STAGE)), MERGED)
        return layers

    def streams(self, heard: xr.Dataset) -> xr.Dataset:
        """Return `activations` (branch, layer, sound, unit) of both towers and `merged` (output, sound, unit)."""
        return heard

    def hear(self, step: int) -> xr.Dataset:
        """Return pooled `activations` (branch, layer, sound, unit) and `merged` (output, sound, unit), in sound order.

        Layers of both towers are numbered from 1, the encoder's first; the coordinate `tower` names its tower.
        Pooling is over the frames of the sound itself: padding within a chunk is left out.
        """
        rows, raw, merged = [], [], []
        for group, computed in self._computed(step):
            rows.append(group.rows)
            raw.append(self._pooled(computed.raw, computed.mask))  # (branch, layer, B, C)
            merged.append(self._pooled(computed.merged, computed.mask))  # (output, B, C)
        order = np.argsort(np.concatenate(rows))
        raw, merged = (np.concatenate(parts, -2)[..., order, :] for parts in (raw, merged))
        sounds = self.waveforms[SOUND].values
        merged = xr.DataArray(merged, {OUTPUT: list(TOWERS), SOUND: sounds}, (OUTPUT, SOUND, UNIT))
        return xr.Dataset({"activations": _labelled(raw, sounds, computed.towers), "merged": merged})

    def frames(self, step: int) -> Iterator[xr.DataArray]:
        """Yield activations before pooling (branch, layer, sound, frame, unit), some sounds at a time, no padding."""
        for group, computed in self._computed(step):
            own, towers = computed.raw[..., ~computed.mask[0], :].numpy(), computed.towers
            del computed  # free its memory before the next sounds
            yield _labelled(own, self.waveforms[SOUND].values[group.rows], towers)

    def _pooled(self, values: torch.Tensor, mask: torch.Tensor) -> np.ndarray:
        """Pool (..., B, T, C) to (..., B, C) over the frames that are no padding; a group's sounds are equally long."""
        own = values[..., ~mask[0], :]
        return (own.amax(-2) if self.settings.pooling == "max" else own.mean(-2)).numpy()

    def _computed(self, step: int) -> Iterator[tuple[Group, Activations]]:
        network = self.network(step).to(self.device).eval()
        for group in progress(self._groups, f"{self.name}, step {step}: activations, groups of sounds"):
            yield group, activations_of(network, group.chunks)

    @cached_property
    def _groups(self) -> list[Group]:
        """The front end's output for all sounds, kept for all checkpoints: about as large as the waveforms.

        Sounds of unequal length never share a group: padding would change their mel and their frames.
        """
        lengths = self.waveforms["n_samples"].values
        self.check_sounds()
        equal = [np.flatnonzero(lengths == length) for length in np.unique(lengths)]
        rows = [some[i : i + self.batch_size] for some in equal for i in range(0, len(some), self.batch_size)]
        return [Group(some, self._chunks(some, int(lengths[some[0]]))) for some in rows]

    def _chunks(self, rows: np.ndarray, length: int) -> list[Chunk]:
        waveforms = torch.from_numpy(self.waveforms.values[rows, :length])
        return chunks_of(waveforms, torch.full((len(rows),), length))


def _labelled(raw: np.ndarray, sounds: np.ndarray, towers: list[str]) -> xr.DataArray:
    """Label (branch, layer, sound[, frame], unit); layers are numbered from 1, encoder first."""
    dims = (BRANCH, LAYER, SOUND, FRAME, UNIT) if raw.ndim == 5 else (BRANCH, LAYER, SOUND, UNIT)
    coords = {BRANCH: list(BRANCHES), LAYER: np.arange(1, len(towers) + 1), SOUND: sounds, TOWER: (LAYER, towers)}
    return xr.DataArray(raw, coords, dims)
