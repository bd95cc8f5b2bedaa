"""What all baselines are: models without weights and with one layer, whose features of a sound need no other sound."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import torch
import xarray as xr
from torch import nn

from helpers.models.base import NOTHING, AudioModel, Card, Cost, layer_of
from helpers.models.listener import ONLY_STEP
from helpers.names import SOUND
from helpers.store.progress import progress
from helpers.store.settings import Settings

ACOUSTIC, LABELS = "acoustic", "labels"  # words `architecture.<key>`, which are chapter `comparison`'s


class Baseline(AudioModel):
    """A model of one layer.

    family: its name in the registry
    stage: what its layer is called
    n_units: features of a sound
    seconds: to compute those of one second of sound on two cores of a laptop, as measured
    """

    family: str
    stage: str
    n_units: int
    counts_steps = False
    seconds: float = 0.0

    def __init__(
        self, name: str, settings: Settings, waveforms: xr.DataArray, device: str = "cpu", batch_size: int = 8
    ):
        super().__init__(name, waveforms, [ONLY_STEP], device, batch_size)
        self.settings = settings

    @abstractmethod
    def features(self) -> np.ndarray:
        """Return the features of all sounds (n_sounds, n_units), float32."""

    def activations(self, step: int) -> list[xr.DataArray]:  # noqa: ARG002
        return [layer_of(self.features(), self.waveforms[SOUND].values, 1, self.stage)]

    def identity(self, step: int) -> dict:  # noqa: ARG002
        return {"family": self.family, "settings": self.settings.model_dump()}

    def missing(self, step: int) -> str:  # noqa: ARG002
        return ""

    @property
    def sizes(self) -> Cost:
        return Cost(((self.stage, self.n_units),), n_weights=0, seconds=self.seconds)


class Acoustic(Baseline):
    """A baseline computed from one waveform at a time, as long as it is: never repeated, padded or cut.

    shortest: samples that a sound must have
    """

    shortest: int = 1
    citation: str = ""

    @property
    def card(self) -> Card:
        return Card(training=NOTHING, architecture=ACOUSTIC, citation=self.citation)

    @abstractmethod
    def transform(self, n_samples: int) -> nn.Module:
        """Return what makes the features (n_units,) of a waveform (n_samples,), float64, on the CPU."""

    def features(self) -> np.ndarray:
        self.check_sounds()
        lengths = self.waveforms["n_samples"].values
        found, transform = np.empty((len(lengths), self.n_units), np.float32), None
        order = np.argsort(lengths, kind="stable")  # one transform at a time is in memory, for sounds of one length
        for row in progress(order, f"{self.name}: features, sounds"):
            length = int(lengths[row])
            if transform is None or transform[0] != length:
                transform = length, self.transform(length).to(self.device)
            waveform = torch.from_numpy(self.waveforms.values[row, :length].astype(np.float64))
            with torch.inference_mode():
                found[row] = transform[1](waveform.to(self.device)).cpu().numpy()
        return found
