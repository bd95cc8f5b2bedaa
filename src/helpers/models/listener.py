"""Networks that take waveforms: each stage averaged over time and flattened, for sounds of any length.

A network here is a torch module whose `forward` takes waveforms (sound, sample), all equally long, and returns its
stages by name, each (sound, time, ...): time first, then frequency or position, then channel.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from helpers.models.base import Card, Cost, Weighted, layer_of
from helpers.models.weights import n_values
from helpers.names import SOUND
from helpers.store import settings
from helpers.store.progress import progress

ONLY_STEP = 1  # of networks whose number of training steps is not known


class Settings(settings.Settings):
    """How a layer is made of a stage."""

    pooling: Literal["mean", "max"] = "mean"  # over time


class Listener(Weighted):
    """A network that takes waveforms.

    layers: name of a layer -> the stages that it consists of, side by side
    shortest: samples that a sound must have
    seconds: to hear one second of sound on two cores of a laptop, as measured; 0: the number of weights tells
    """

    layers_of: dict[str, tuple[str, ...]]
    counts_steps = False
    shortest: int = 1
    seconds: float = 0.0

    def __init__(
        self, name: str, settings: Settings, waveforms: xr.DataArray, card: Card, device: str, batch_size: int
    ):
        super().__init__(name, waveforms, [ONLY_STEP], device, batch_size)
        self.settings, self.card = settings, card

    @property
    @abstractmethod
    def widths(self) -> list[int]:
        """How many units each layer has."""

    @property
    def sizes(self) -> Cost:
        return Cost(tuple(zip(self.layers_of, self.widths, strict=True)), self._n_weights, seconds=self.seconds)

    @cached_property
    def _n_weights(self) -> int:
        with torch.device("meta"):
            return n_values(self.empty())

    @abstractmethod
    def empty(self) -> torch.nn.Module:
        """Return the network with any weights."""

    def activations(self, step: int) -> list[xr.DataArray]:
        """As `AudioModel.activations`; a stage of several dimensions is flattened, its last one fastest."""
        rows, parts = [], []
        network = self.network(step).to(self.device).eval()
        for some, waveforms in progress(self._groups(), f"{self.name}: activations, groups of sounds"):
            with torch.inference_mode():
                stages = network(waveforms.to(self.device))
            rows.append(some)
            parts.append([self._layer(stages, names) for names in self.layers_of.values()])
        order, sounds = np.argsort(np.concatenate(rows)), self.waveforms[SOUND].values
        joined = [np.concatenate(of_layer)[order] for of_layer in zip(*parts, strict=True)]
        return [layer_of(own, sounds, layer, stage) for layer, (stage, own) in enumerate(self._named(joined), start=1)]

    def _named(self, layers: list[np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
        return zip(self.layers_of, layers, strict=True)

    def _layer(self, stages: dict[str, Tensor], names: tuple[str, ...]) -> np.ndarray:
        return torch.cat([pooled(stages[name], self.settings.pooling) for name in names], 1).cpu().numpy()

    def _groups(self) -> list[tuple[np.ndarray, Tensor]]:
        """Return rows of equally long sounds, at most a batch, and their waveforms without padding."""
        self.check_sounds()
        lengths = self.waveforms["n_samples"].values
        equal = [np.flatnonzero(lengths == length) for length in np.unique(lengths)]
        rows = [some[i : i + self.batch_size] for some in equal for i in range(0, len(some), self.batch_size)]
        values = self.waveforms.values
        return [(some, torch.from_numpy(values[some, : int(lengths[some[0]])])) for some in rows]


def pooled(stage: Tensor, how: str) -> Tensor:
    """Return a stage (sound, time, ...) as (sound, unit), float32: its mean or maximum over time, flattened."""
    over_time = stage.amax(1) if how == "max" else stage.mean(1, dtype=torch.float64)
    return over_time.flatten(1).float()
