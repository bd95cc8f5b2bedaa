"""Family `resemblyzer`: a speaker encoder of three recurrent layers, which hears the power in mel bands.

Source: Wan et al. 2018, ICASSP (generalized end-to-end loss for speaker verification). Weights: the wheel
Resemblyzer 0.1.4. Its removal of silence is left out: all sounds keep their length.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
import xarray as xr
from torch import Tensor, nn

from helpers import text
from helpers.models import listener
from helpers.models.base import SPEECH, Card
from helpers.models.spectrogram import MelPower
from helpers.models.weights import as_torch, filled
from helpers.models.wheels import pytorch
from helpers.models.wheels.listener import WheelListener
from helpers.models.wheels.wheel import Member, read

__all__ = ["RATE", "Resemblyzer", "Settings", "example", "open"]

RATE, N_FFT, HOP, BANDS = 16_000, 400, 160, 40
N_UNITS, N_LAYERS = 256, 3
LEAST_VOLUME = 10 ** (-30 / 20)  # root mean square, 30 dB below full scale

MEMBER = Member(
    "resemblyzer", "resemblyzer/pretrained.pt", 17090379,
    "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
)  # fmt: skip
PART = "model_state"  # of the file, which also holds the state of the optimiser
LOSS = ("similarity_weight", "similarity_bias")  # learned, but used in training only

text.words(
    "trained_on",
    en={"resemblyzer": "speech of many speakers: VoxCeleb and LibriSpeech, as far as its authors say"},
    es={"resemblyzer": "habla de muchos locutores: VoxCeleb y LibriSpeech, por lo que dicen sus autores"},
)
CITATION = "Wan, Wang, Papir & Lopez Moreno (2018), Generalized end-to-end loss for speaker verification, ICASSP"


class Settings(listener.Settings):
    """Settings of an entry of this family."""


class Mel(nn.Module):
    """The input (sound, time, band): power in mel bands, not its logarithm, after quiet sounds are amplified."""

    def __init__(self):
        super().__init__()
        self.power = MelPower(RATE, N_FFT, HOP, BANDS)

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.power(waveforms * gain(waveforms))


def gain(waveforms: Tensor) -> Tensor:
    """Return the factor (sound, 1) that raises sounds to `LEAST_VOLUME`; 1 for louder ones and for silence."""
    volume = waveforms.double().square().mean(1, keepdim=True).sqrt()
    volume = torch.where(volume > 0, volume, LEAST_VOLUME)
    return (LEAST_VOLUME / volume).clamp(min=1).float()


class Resemblyzer(nn.Module):
    """The speaker encoder: three LSTM layers over all frames, then a dense layer and a rectifier at each frame."""

    LSTM = tuple(f"lstm_l{number}" for number in range(N_LAYERS))
    STAGES = (*LSTM, "linear_relu")

    def __init__(self):
        super().__init__()
        self.mel = Mel()
        widths = [BANDS, *[N_UNITS] * N_LAYERS]
        self.lstm = nn.ModuleList([nn.LSTM(n_in, N_UNITS, batch_first=True) for n_in in widths[:-1]])
        self.linear = nn.Linear(N_UNITS, N_UNITS)

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        return self.from_mel(self.mel(waveforms))

    def from_mel(self, mel: Tensor) -> dict[str, Tensor]:
        """Return all stages (sound, time, unit) of power in mel bands (sound, time, band)."""
        x, stages = mel, {}
        for name, layer in zip(self.LSTM, self.lstm, strict=True):
            stages[name] = x = layer(x)[0]
        return stages | {"linear_relu": F.relu(self.linear(x))}

    def embedding(self, linear_relu: Tensor) -> Tensor:
        """Return what speakers are told apart by (sound, unit): the last frame (sound, time, unit), of length 1."""
        return F.normalize(linear_relu[:, -1], dim=1)


def stored() -> dict[str, Tensor]:
    """Return the network's tensors as the file names them; raises UserError for a damaged file."""
    found = pytorch.read(read(MEMBER), "the weights of Resemblyzer", PART)
    return {name: tensor for name, tensor in found.items() if name not in LOSS}


def empty() -> Resemblyzer:
    """Return the architecture with any weights."""
    with torch.random.fork_rng(devices=[]):  # leave the global generator as it is
        return Resemblyzer()


def trained() -> Resemblyzer:
    """Return the network with its trained weights; raises UserError for a damaged file."""
    state = {_place(name): tensor for name, tensor in stored().items()}
    return filled(empty().eval(), state, "the weights of Resemblyzer")


def _place(name: str) -> str:
    """Return a tensor's name here: the file has one module for all LSTM layers, such as `lstm.bias_ih_l2`."""
    module, _, own = name.partition(".")
    kind, _, number = own.rpartition("_l")
    return f"lstm.{number}.{kind}_l0" if module == "lstm" else name


class ResemblyzerModel(WheelListener):
    """The speaker encoder and the sounds that it hears."""

    members = (MEMBER,)
    seconds = 0.0045
    layers_of = {stage: (stage,) for stage in Resemblyzer.STAGES}  # noqa: RUF012
    widths = [N_UNITS] * len(Resemblyzer.STAGES)

    def empty(self) -> Resemblyzer:
        return empty()

    def trained(self, step: int) -> Resemblyzer:  # noqa: ARG002
        return trained()

    def untrained(self, step: int, seed: int) -> Resemblyzer:  # noqa: ARG002
        return as_torch(self.empty(), seed)


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> ResemblyzerModel:
    """Return the model of an entry, nothing downloaded yet."""
    card = Card(SPEECH, "resemblyzer", "recurrent", "Apache 2.0", CITATION)
    return ResemblyzerModel(name, settings, waveforms, card, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {}
