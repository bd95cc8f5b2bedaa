"""What every audio model does: activations of all layers at each of its checkpoints, pooled over frames or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

from helpers.models.network import SHORTEST, Heard, Network, Piece, Sizes, hear, pieces
from helpers.names import BRANCH, BRANCHES, LAYER, OUTPUT, SOUND, TOWER, UNIT, UserError
from helpers.params import Extraction
from helpers.progress import progress

FRAME = "frame"
TOWERS = ("encoder", "decoder")
DOWNLOAD, TRAINING = "download", "training"  # how missing weights come
CODE = ("helpers.models.mel", "helpers.models.network", "helpers.models.base")


class Batch(NamedTuple):
    """Sounds of equal length (positions in the study's order) as the network takes them."""

    rows: np.ndarray
    chunks: list[Piece]


class AudioModel(ABC):
    """A network with one or more checkpoints, and the sounds that it hears."""

    def __init__(self, name: str, waveforms: xr.DataArray, extraction: Extraction, steps: list[int]):
        self.name, self.waveforms, self.extraction = name, waveforms, extraction
        self.steps = sorted(steps)
        self.device = device_of(extraction.device)

    @abstractmethod
    def network(self, step: int) -> Network:
        """The network as it was at training step `step`."""

    @abstractmethod
    def identity(self, step: int) -> dict:
        """Everything beside sounds and extraction that determines the activations, as JSON-able values."""

    @abstractmethod
    def missing(self, step: int) -> str:
        """What must come before its activations can be taken: DOWNLOAD, TRAINING, or nothing (empty)."""

    @property
    def sizes(self) -> Sizes:
        """The network's, as far as they are known before its weights are read: those of the published ones."""
        return Sizes(width=768, heads=12, encoder_layers=10, decoder_layers=2, feed_forward=3072)

    def activations(self, step: int) -> xr.Dataset:
        """Pooled `activations` (branch, layer, sound, unit) and `merged` (output, sound, unit), in the study's order.

        Pooling is over the frames of the sound itself: padding within a chunk is left out.
        """
        rows, raw, merged = [], [], []
        for batch, heard in self._heard(step):
            rows.append(batch.rows)
            raw.append(self._pooled(heard.raw, heard.mask))  # (branch, layer, B, C)
            merged.append(self._pooled(heard.merged, heard.mask))  # (output, B, C)
        order = np.argsort(np.concatenate(rows))
        raw, merged = (np.concatenate(parts, -2)[..., order, :] for parts in (raw, merged))
        sounds = self.waveforms[SOUND].values
        merged = xr.DataArray(merged, {OUTPUT: list(TOWERS), SOUND: sounds}, (OUTPUT, SOUND, UNIT))
        return xr.Dataset({"activations": self._labelled(raw, sounds, heard.towers), "merged": merged})

    def frames(self, step: int) -> Iterator[xr.DataArray]:
        """Un-pooled activations (branch, layer, sound, frame, unit), some sounds at a time, padding left out."""
        for batch, heard in self._heard(step):
            own, towers = heard.raw[..., ~heard.mask[0], :].numpy(), heard.towers
            del heard  # it would be held while the next sounds are heard
            yield self._labelled(own, self.waveforms[SOUND].values[batch.rows], towers)

    def _labelled(self, raw: np.ndarray, sounds: np.ndarray, towers: list[str]) -> xr.DataArray:
        """Layers numbered from 1, encoder first, each with its tower."""
        dims = (BRANCH, LAYER, SOUND, FRAME, UNIT) if raw.ndim == 5 else (BRANCH, LAYER, SOUND, UNIT)
        coords = {BRANCH: list(BRANCHES), LAYER: np.arange(1, len(towers) + 1), SOUND: sounds, TOWER: (LAYER, towers)}
        return xr.DataArray(raw, coords, dims, attrs={"model": self.name})

    def _pooled(self, values: torch.Tensor, mask: torch.Tensor) -> np.ndarray:
        """(..., B, T, C) -> (..., B, C) over the frames that are no padding; sounds of a batch are equally long."""
        own = values[..., ~mask[0], :]
        return (own.amax(-2) if self.extraction.pooling == "max" else own.mean(-2)).numpy()

    def _heard(self, step: int) -> Iterator[tuple[Batch, Heard]]:
        network = self.network(step).to(self.device).eval()
        for batch in progress(self._batches, f"{self.name}, step {step}: batches of sounds heard"):
            yield batch, hear(network, batch.chunks)

    @cached_property
    def _batches(self) -> list[Batch]:
        """The front end's answer to all sounds, kept for all checkpoints: about as large as the waveforms.

        Sounds of unequal length never share a batch: padding would change their mel and their frames.
        """
        lengths = self.waveforms["n_samples"].values
        self._refuse_short(lengths)
        size = self.extraction.batch
        groups = [np.flatnonzero(lengths == length) for length in np.unique(lengths)]
        rows = [group[i : i + size] for group in groups for i in range(0, len(group), size)]
        return [Batch(some, self._chunks(some, int(lengths[some[0]]))) for some in rows]

    def _chunks(self, rows: np.ndarray, length: int) -> list[Piece]:
        waveforms = torch.from_numpy(self.waveforms.values[rows, :length])
        return pieces(waveforms, torch.full((len(rows),), length))

    def _refuse_short(self, lengths: np.ndarray) -> None:
        for sound, length in zip(self.waveforms[SOUND].values, lengths, strict=True):
            if length < SHORTEST:
                raise UserError(
                    f"sound '{sound}' has {length} samples at 24 kHz; the network needs at least {SHORTEST}: "
                    "leave it out or give a longer one"
                )


def device_of(name: str) -> torch.device:
    """The torch device of that name; raises UserError where this machine has none such."""
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):  # torch without CUDA asserts, with CUDA but no card it raises
        present = "cpu" + (", cuda" if torch.cuda.is_available() else "")
        raise UserError(
            f"device: found '{name}', but this machine has: {present}; set `device` to one of these"
        ) from None
    return device
