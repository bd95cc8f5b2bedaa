"""Family `speech_embedding`: Google's convolutional embedding of speech for keyword spotting, as in openWakeWord.

Source: Lin, Kilgour, Roblek & Sharifi 2020, ICASSP. Weights and front end: the wheel openwakeword 0.3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
import xarray as xr
from torch import Tensor, nn

from helpers import text
from helpers.models import listener
from helpers.models.base import SPEECH, Card
from helpers.models.weights import filled, glorot
from helpers.models.wheels import onnx
from helpers.models.wheels.listener import WheelListener
from helpers.models.wheels.wheel import Member, read

__all__ = ["RATE", "Settings", "SpeechEmbedding", "example", "open"]

RATE, N_FFT, HOP, BANDS = 16_000, 512, 160, 32
FULL_SCALE = 32_767  # the network takes the range of 16-bit integers
LEAST_POWER, RANGE = 1e-10, 80.0  # floors: of mel power, and in dB below the largest value of a sound
FRAMES, STEP = 76, 8  # mel frames of a window, and from one window to the next
SHORTEST = N_FFT + (FRAMES - 1) * HOP  # samples of one window; shorter sounds are filled up
EPSILON = 0.001  # of batch normalisation
SLOPE, FLOOR = 0.2, -0.4  # of the leaky rectifier, and of what comes out of it

# Blocks after the first convolution: channels, number of convolutions, and the pool at the end (time, frequency)
BLOCKS = ((24, 2, (2, 2)), (48, 4, (1, 2)), (72, 4, (2, 2)), (96, 4, (1, 2)), (96, 4, (2, 2)))

MEMBERS = (
    Member(
        "openwakeword",
        "openwakeword/resources/models/melspectrogram.onnx",
        1087958,
        "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
    ),
    Member(
        "openwakeword",
        "openwakeword/resources/models/embedding_model.onnx",
        1328103,
        "ba754db3cd768a524c655ea90655ee5e6055a43b8dfd29366a11e93716ae9e51",
    ),
)

text.words(
    "trained_on",
    en={"speech_embedding": "spoken keywords, collection not published"},
    es={"speech_embedding": "palabras clave habladas, colección sin publicar"},
)
CITATION = (
    "Lin, Kilgour, Roblek & Sharifi (2020), Training keyword spotters with limited and synthesized speech data, ICASSP"
)
# The wheel calls this network Apache 2.0 in one place, and all of its trained models CC BY-NC-SA 4.0 in another.
LICENCE = "Apache 2.0 / CC BY-NC-SA 4.0"


class Settings(listener.Settings):
    """Settings of an entry of this family."""


class Mel(nn.Module):
    """Mel spectrograms in dB / 10 + 2 (sound, time, band) of waveforms (sound, sample), with filters from the wheel."""

    def __init__(self):
        super().__init__()
        n_bins = N_FFT // 2 + 1
        self.register_buffer("real", torch.zeros(n_bins, 1, N_FFT))
        self.register_buffer("imaginary", torch.zeros(n_bins, 1, N_FFT))
        self.register_buffer("bank", torch.zeros(n_bins, BANDS))

    def forward(self, waveforms: Tensor) -> Tensor:
        whole = integers(waveforms)[:, None]
        parts = (F.conv1d(whole, filters, stride=HOP) for filters in (self.real, self.imaginary))
        power = sum(part.square() for part in parts).mT @ self.bank
        decibels = 10 * torch.log10(power.clamp(min=LEAST_POWER))
        lowest = decibels.amax((1, 2), keepdim=True) - RANGE  # of each sound by itself
        return torch.maximum(decibels, lowest) / 10 + 2


def integers(waveforms: Tensor) -> Tensor:
    """Return waveforms as whole numbers in the range of 16-bit integers, in floating point: nothing is cut off."""
    return torch.round(waveforms * FULL_SCALE)


class SpeechEmbedding(nn.Module):
    """Twenty convolutions, in frequency and in time by turns, over windows of 76 mel frames.

    A sound that is shorter than one window is filled up with silence at its end. What remains of a sound after its last
    whole window is left out, as in the original.
    """

    # The pools end the five blocks and are all that the next block reads; `conv2d_18` is the last stage that resolves
    # frequency, `conv2d_19` the embedding. The other convolutions lie between these, at the width of their block.
    LAYERS = (
        "max_pooling2d", "max_pooling2d_1", "max_pooling2d_2", "max_pooling2d_3", "conv2d_18", "max_pooling2d_4",
        "conv2d_19",
    )  # fmt: skip
    WIDTHS = (16 * 24, 8 * 48, 4 * 72, 2 * 96, 2 * 96, 96, 96)  # frequencies x channels

    def __init__(self):
        super().__init__()
        self.mel = Mel()
        self.first = nn.Conv2d(1, 24, 3, padding=(0, 1), bias=False)
        self.norm = nn.BatchNorm2d(24, eps=EPSILON)
        self.convs, n_in = nn.ModuleList(), 24
        for n_out, n_layers, _ in BLOCKS:
            for number in range(n_layers):
                size, padding = ((1, 3), (0, 1)) if number % 2 == 0 else ((3, 1), 0)
                self.convs.append(nn.Conv2d(n_in, n_out, size, padding=padding))
                n_in = n_out
        self.last = nn.Conv2d(n_in, 96, (3, 1), bias=False)

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        filled_up = F.pad(waveforms, (0, max(0, SHORTEST - waveforms.shape[1])))
        # One by one: in a batch sums are taken in another order, which changes the embedding by 2e-5.
        alone = [self.from_mel(self.mel(sound)) for sound in filled_up.split(1)]
        return {name: torch.cat([stages[name] for stages in alone]) for name in self.LAYERS}

    def from_mel(self, mel: Tensor, wanted: Sequence[str] = LAYERS) -> dict[str, Tensor]:
        """Return the `wanted` stages (sound, time, frequency, channel) of mel spectrograms (sound, time, band).

        Time is all positions in all windows, window by window; windows overlap. Nothing is padded in time, and all
        strides divide that of the windows: one pass over the sound gives what each window gives by itself.
        """
        stages, stride, n_frames = {}, 1, FRAMES  # mel frames from one position to the next; positions of a window

        def keep(name: str, x: Tensor) -> None:
            if name in wanted:
                windows = x.permute(0, 2, 3, 1).unfold(1, n_frames, STEP // stride)
                stages[name] = windows.permute(0, 1, 4, 2, 3).flatten(1, 2)

        x, n_frames = limited(self.norm(F.relu(self.first(mel[:, None])))), n_frames - 2
        keep("conv2d", x)
        convolutions = enumerate(self.convs, start=1)
        for block, (_, n_layers, pool) in enumerate(BLOCKS):
            for _ in range(n_layers):
                number, convolution = next(convolutions)
                x, n_frames = limited(convolution(x)), n_frames - convolution.kernel_size[0] + 1
                keep(f"conv2d_{number}", x)
            x, n_frames, stride = F.max_pool2d(x, pool), n_frames // pool[0], stride * pool[0]
            keep(f"max_pooling2d_{block}" if block else "max_pooling2d", x)
        x, n_frames = self.last(x), n_frames - 2
        keep("conv2d_19", x)
        return stages


def limited(x: Tensor) -> Tensor:
    """Return the leaky rectifier of x, not below the floor."""
    return F.leaky_relu(x, SLOPE).clamp(min=FLOOR)


FOLDED = range(1, 19)  # numbers of the convolutions that hold their batch normalisation
PLACES = {  # name here -> name in one of the two files
    "mel.real": "0.stft.conv_real.weight",
    "mel.imaginary": "0.stft.conv_imag.weight",
    "mel.bank": "1.melW",
    "first.weight": "model/conv2d/StatefulPartitionedCall/StatefulPartitionedCall/Conv2D/ReadVariableOp:0",
    "norm.weight": "model/batch_normalization/ReadVariableOp:0",
    "norm.bias": "model/batch_normalization/ReadVariableOp_1:0",
    "norm.running_mean": "model/batch_normalization/FusedBatchNormV3/ReadVariableOp:0",
    "norm.running_var": "model/batch_normalization/FusedBatchNormV3/ReadVariableOp_1:0",
    **{f"convs.{n - 1}.weight": f"model/conv2d_{n}/Conv2D_weights_fused_bn" for n in FOLDED},
    **{f"convs.{n - 1}.bias": f"model/conv2d_{n}/Conv2D_bias_fused_bn" for n in FOLDED},
    "last.weight": "model/conv2d_19/Conv2D/ReadVariableOp:0",
}


def network() -> SpeechEmbedding:
    """Return the network with any weights."""
    with torch.random.fork_rng(devices=[]):  # leave the global generator as it is
        return SpeechEmbedding()


def trained() -> SpeechEmbedding:
    """Return the network with its trained weights; raises UserError for a damaged file."""
    what = "the weights of speech_embedding"
    front_end, rest = (onnx.read(read(member), what) for member in MEMBERS)
    stored = front_end | rest
    state = {here: stored[there] for here, there in PLACES.items() if there in stored}
    return filled(network().eval(), state | {"norm.num_batches_tracked": torch.tensor(0)}, what)


class SpeechEmbeddingModel(WheelListener):
    """The embedding of speech; sounds shorter than 12512 samples (0.8 s) are filled up with silence at their end."""

    front_end = ("mel.",)
    members = MEMBERS
    seconds = 0.005
    layers_of = {name: (name,) for name in SpeechEmbedding.LAYERS}  # noqa: RUF012
    widths = list(SpeechEmbedding.WIDTHS)  # noqa: RUF012

    def empty(self) -> SpeechEmbedding:
        return network()

    def trained(self, step: int) -> SpeechEmbedding:  # noqa: ARG002
        return trained()

    def untrained(self, step: int, seed: int) -> SpeechEmbedding:  # noqa: ARG002
        return glorot(trained(), seed)  # which leaves the filters of the front end as they are


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> SpeechEmbeddingModel:
    """Return the model of an entry, nothing downloaded yet."""
    card = Card(SPEECH, "speech_embedding", "convolutional", LICENCE, CITATION)
    return SpeechEmbeddingModel(name, settings, waveforms, card, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {}
