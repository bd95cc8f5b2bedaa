"""Family `silero`: a small recurrent network that detects speech, the 16 kHz one of Silero VAD.

Source: Silero Team 2024, github.com/snakers4/silero-vad; there is no paper. Weights: the wheel silero-vad 6.2.3.
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
from helpers.models.weights import as_torch, filled
from helpers.models.wheels import onnx
from helpers.models.wheels.listener import WheelListener
from helpers.models.wheels.wheel import Member, read

__all__ = ["RATE", "Settings", "Silero", "example", "open"]

RATE = 16_000
CHUNK, CONTEXT = 512, 64  # samples: new ones, and those of the chunk before that are heard again
WINDOW, HOP = 256, 128  # samples, of the spectra
BINS, HIDDEN = 129, 128
ENCODER = ((BINS, 128, 1), (128, 64, 2), (64, 64, 2), (64, HIDDEN, 1))  # channels in and out, stride

# The safetensors file of the same wheel holds another training state. This file agrees with the TorchScript network,
# which the package runs by default, and has the gates of the LSTM in torch's order.
MEMBER = Member(
    "silero-vad",
    "silero_vad/data/silero_vad_16k_op15.onnx",
    1289603,
    "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49",
)

text.words(
    "trained_on",
    en={"silero": "speech in many languages, collections not published"},
    es={"silero": "habla en muchas lenguas, colecciones sin publicar"},
)
CITATION = "Silero Team (2024), Silero VAD: pre-trained enterprise-grade voice activity detector"


class Settings(listener.Settings):
    """Settings of an entry of this family."""


class Silero(nn.Module):
    """Spectra of chunks of 32 ms, four convolutions within each chunk, and an LSTM from chunk to chunk."""

    LAYERS = (*(f"encoder.{n}" for n in range(len(ENCODER))), "lstm")

    def __init__(self):
        super().__init__()
        self.register_buffer("basis", torch.zeros(2 * BINS, 1, WINDOW))  # windowed cosines, then sines; never learned
        convolutions = (nn.Conv1d(n_in, n_out, 3, stride, 1) for n_in, n_out, stride in ENCODER)
        self.encoder = nn.ModuleList(convolutions)
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.output = nn.Conv1d(HIDDEN, 1, 1)

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        magnitude = self.magnitude(waveforms)
        return {"stft_magnitude": magnitude.flatten(1, 2)} | self.from_magnitude(magnitude)

    @staticmethod
    def chunks(waveforms: Tensor) -> Tensor:
        """Return chunks (sound, chunk, CONTEXT + CHUNK) of waveforms (sound, sample).

        Each begins with the end of the one before, the first with silence; the last is filled up with silence.
        """
        rest = -waveforms.shape[1] % CHUNK
        return F.pad(waveforms, (CONTEXT, rest)).unfold(1, CONTEXT + CHUNK, CHUNK)

    def magnitude(self, waveforms: Tensor) -> Tensor:
        """Return magnitude spectra (sound, chunk, position, bin) of waveforms (sound, sample)."""
        chunks = self.chunks(waveforms)
        mirrored = F.pad(chunks, (0, CONTEXT), mode="reflect")  # at the end only, as in the original
        spectra = F.conv1d(mirrored.flatten(0, 1)[:, None], self.basis, stride=HOP)
        real, imaginary = spectra.split(BINS, 1)
        return (real.square() + imaginary.square()).sqrt().mT.unflatten(0, chunks.shape[:2])

    def from_magnitude(self, magnitude: Tensor) -> dict[str, Tensor]:
        """Return the stages (sound, time, channel) of magnitude spectra (sound, chunk, position, bin).

        Time is all positions in all chunks. Stages are those of `LAYERS` and the probabilities of speech.
        """
        size, stages = magnitude.shape[:2], {}
        x = magnitude.flatten(0, 1).mT
        for number, convolution in enumerate(self.encoder):
            x = F.relu(convolution(x))
            stages[f"encoder.{number}"] = x.mT.unflatten(0, size).flatten(1, 2)
        hidden, _ = self.lstm(stages["encoder.3"])  # which has one position a chunk
        probabilities = torch.sigmoid(self.output(F.relu(hidden).mT)).mT
        return stages | {"lstm": hidden, "speech_probs": probabilities}


PLACES = {  # name here -> name in the file
    "basis": "model.stft.forward_basis_buffer",
    **{
        f"encoder.{n}.{part}": f"model.encoder.{n}.reparam_conv.{part}"
        for n in range(len(ENCODER))
        for part in ("weight", "bias")
    },
    **{f"lstm.{part}_l0": f"model.decoder.rnn.{part}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")},
    **{f"output.{part}": f"model.decoder.decoder.2.{part}" for part in ("weight", "bias")},
}


def network() -> Silero:
    """Return the network with any weights."""
    with torch.random.fork_rng(devices=[]):  # leave the global generator as it is
        return Silero()


def trained() -> Silero:
    """Return the network with its trained weights; raises UserError for a damaged file."""
    what = "the weights of silero"
    stored = onnx.read(read(MEMBER), what)
    return filled(network().eval(), {here: stored[there] for here, there in PLACES.items() if there in stored}, what)


class SileroModel(WheelListener):
    """The detector of speech."""

    front_end = ("basis",)
    seconds = 0.0012
    members = (MEMBER,)
    layers_of = {name: (name,) for name in Silero.LAYERS}  # noqa: RUF012
    widths = [*(n_out for _, n_out, _ in ENCODER), HIDDEN]  # noqa: RUF012

    def empty(self) -> Silero:
        return network()

    def trained(self, step: int) -> Silero:  # noqa: ARG002
        return trained()

    def untrained(self, step: int, seed: int) -> Silero:  # noqa: ARG002
        return as_torch(trained(), seed)  # which leaves the basis of the spectra as it is


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> SileroModel:
    """Return the model of an entry, nothing downloaded yet."""
    card = Card(SPEECH, "silero", "recurrent", "MIT", CITATION)
    return SileroModel(name, settings, waveforms, card, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {}
