"""Family `musicnn`: music taggers, two musically motivated and two VGG-like networks, trained on two collections.

Sources: Pons et al. 2018, ISMIR (end-to-end learning for music audio tagging at scale); Pons & Serra 2019, ISMIR
late-breaking (musicnn). Weights: the wheel musicnn 0.1.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
import xarray as xr
from torch import Tensor, nn

from helpers import text
from helpers.models import listener
from helpers.models.base import MUSIC, Card
from helpers.models.spectrogram import MelPower
from helpers.models.weights import filled, glorot
from helpers.models.wheels import tensorflow
from helpers.models.wheels.listener import WheelListener
from helpers.models.wheels.wheel import Member, read

__all__ = ["RATE", "Musicnn", "Settings", "example", "open"]

RATE, N_FFT, HOP, BANDS = 16_000, 512, 256, 96
EPSILON = 0.001  # of batch normalisation
TAGS = 50
LOUDNESS = 10_000

MEMBERS = {
    name: (
        Member("musicnn", f"musicnn/{name}/.index", index_bytes, index),
        Member("musicnn", f"musicnn/{name}/.data-00000-of-00001", data_bytes, data),
    )
    for name, index_bytes, index, data_bytes, data in (
        (
            "MTT_musicnn", 4948, "da2d7bb670b2b31e9bc441bb1bd75eca31b5b061f963cc1f9630c1aff3238f57",
            9465596, "041f3935e981a65cea739842d30c188d3a7d2adf4410955c8668eb3de4a5acab",
        ),
        (
            "MSD_musicnn", 4948, "87f3e0f3550c8d3bafc840374003e5c8af5eeb5ecf6add61af09a7822d3282c8",
            9465596, "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6",
        ),
        (
            "MTT_vgg", 2994, "4b0d3d2d02bbe0919c063c1fb74bfa9018ac3517e362d681b07444d4207a5f5f",
            7274112, "458f5c8bcecc086a3bba3dce83809df6da6e0a3560a59ddd84711bf3d5fd8303",
        ),
        (
            "MSD_vgg", 2994, "50e499238457558bba9f34f8b84d4afb8279afd43520cdf0a4fdf805a49c9ca3",
            7274112, "9683d756b8311146534f333502ebf4a2a78a3e320c54ab0411dff6186d8375fc",
        ),
    )
}  # fmt: skip

text.words(
    "trained_on",
    en={
        "MTT": "MagnaTagATune: 50 tags of music",
        "MSD": "Million Song Dataset: 50 tags of music",
    },
    es={
        "MTT": "MagnaTagATune: 50 etiquetas de música",
        "MSD": "Million Song Dataset: 50 etiquetas de música",
    },
)
CITATION = "Pons & Serra (2019), musicnn: pre-trained convolutional neural networks for music audio tagging, ISMIR LBD"


class Settings(listener.Settings):
    """Settings of an entry of this family."""

    network: Literal["MTT_musicnn", "MSD_musicnn", "MTT_vgg", "MSD_vgg"] = "MSD_musicnn"


class LogMel(nn.Module):
    """The input of all four networks (sound, time, band): log10(10000 p + 1) of mel power p in half precision.

    The original rounds p to half precision and meant single precision from there on: under today's numpy its own code
    goes on in half precision, where loud sounds become infinite.
    """

    def __init__(self):
        super().__init__()
        self.power = MelPower(RATE, N_FFT, HOP, BANDS)

    def forward(self, waveforms: Tensor) -> Tensor:
        return torch.log10(LOUDNESS * self.power(waveforms).half().float() + 1)


class Layer(nn.Module):
    """A convolution over (sound, channel, time, frequency), a rectifier, then batch normalisation."""

    def __init__(self, n_in: int, n_out: int, size: tuple[int, int], padding: tuple[int, int, int, int]):
        super().__init__()
        self.padding = padding  # before and after in frequency, before and after in time
        self.conv, self.norm = nn.Conv2d(n_in, n_out, size), nn.BatchNorm2d(n_out, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(F.relu(self.conv(F.pad(x, self.padding))))


def _same(n_frames: int) -> tuple[int, int, int, int]:
    """Return padding in time that keeps its length, the odd zero at the end as TensorFlow does."""
    return (0, 0, (n_frames - 1) // 2, n_frames // 2)


class Musicnn(nn.Module):
    """The musically motivated tagger: wide filters for timbre, long ones for rhythm, then a dense temporal network."""

    STAGES = ("timbral", "temporal", "cnn1", "cnn2", "cnn3")
    LAYERS = {  # noqa: RUF012
        "front_end": ("timbral", "temporal"), "cnn1": ("cnn1",), "cnn2": ("cnn2",), "cnn3": ("cnn3",),
        "mean_pool": ("mean_pool",), "max_pool": ("max_pool",), "penultimate": ("penultimate",), "logits": ("logits",),
    }  # fmt: skip
    WIDTHS = (561, 64, 64, 64, 753, 753, 200, TAGS)
    SHORTEST = 1  # sample

    def __init__(self):
        super().__init__()
        self.log_mel, self.norm = LogMel(), nn.BatchNorm2d(1, eps=EPSILON)
        wide = [Layer(1, 204, (7, bands), (0, 0, 3, 3)) for bands in (38, 67)]  # 40 and 70 % of the bands
        long = [Layer(1, 51, (n_frames, 1), _same(n_frames)) for n_frames in (128, 64, 32)]
        self.timbral, self.temporal = nn.ModuleList(wide), nn.ModuleList(long)
        self.cnn = nn.ModuleList([Layer(1, 64, (7, width), (0, 0, 3, 3)) for width in (561, 64, 64)])
        self.pool_norm = nn.BatchNorm1d(1506, eps=EPSILON)
        self.penultimate, self.penultimate_norm = nn.Linear(1506, 200), nn.BatchNorm1d(200, eps=EPSILON)
        self.output = nn.Linear(200, TAGS)

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        return self.from_log_mel(self.log_mel(waveforms))

    def from_log_mel(self, log_mel: Tensor) -> dict[str, Tensor]:
        """Return all stages of log mel spectrograms (sound, time, band)."""
        x = self.norm(log_mel[:, None])
        timbral, temporal = (torch.cat([one(x).amax(3) for one in some], 1) for some in (self.timbral, self.temporal))
        front = torch.cat([timbral, temporal], 1)  # (sound, channel, time)
        cnn1 = self._dense(0, front)
        cnn2 = self._dense(1, cnn1) + cnn1
        cnn3 = self._dense(2, cnn2) + cnn2
        every = torch.cat([front, cnn1, cnn2, cnn3], 1)  # (sound, 753, time)
        mean, highest = every.mean(2), every.amax(2)
        pool = self.pool_norm(torch.stack([highest, mean], 2).flatten(1))  # unit by unit: maximum, mean
        penultimate = self.penultimate_norm(F.relu(self.penultimate(pool)))
        logits = self.output(penultimate)
        over_time = dict(zip(self.STAGES[2:], (cnn1, cnn2, cnn3), strict=True))
        over_time = {"timbral": timbral, "temporal": temporal} | over_time
        pooled = {"mean_pool": mean, "max_pool": highest, "penultimate": penultimate, "logits": logits}
        return {name: one.mT for name, one in over_time.items()} | {name: one[:, None] for name, one in pooled.items()}

    def _dense(self, number: int, x: Tensor) -> Tensor:
        """Apply one of the layers that span all channels (sound, channel, time), which they take as an image."""
        return self.cnn[number](x.mT[:, None])[..., 0]

    @property
    def places(self) -> list[tuple[str, nn.Module]]:
        """The names of layers in the checkpoint, in their order there, with the layers here."""
        layers = [*self.timbral, *self.temporal, *self.cnn]
        norms = [self.norm, *(layer.norm for layer in layers), self.pool_norm, self.penultimate_norm]
        return [
            *((_numbered("conv2d", n), layer.conv) for n, layer in enumerate(layers)),
            *((_numbered("batch_normalization", n), norm) for n, norm in enumerate(norms)),
            ("dense", self.penultimate), ("dense_1", self.output),
        ]  # fmt: skip


class VGG(nn.Module):
    """The VGG-like tagger: five small convolutions. Its dense output takes 3 s exactly, so layers end before it."""

    POOLS = (((4, 1), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((4, 4), (4, 4)))  # size, stride
    LAYERS = {f"pool{n}": (f"pool{n}",) for n in range(1, 6)}  # noqa: RUF012
    WIDTHS = (48 * 128, 24 * 128, 12 * 128, 6 * 128, 128)
    SHORTEST = 65 * HOP  # samples: the last pool takes four frames after four halvings

    def __init__(self):
        super().__init__()
        self.log_mel, self.norm = LogMel(), nn.BatchNorm2d(1, eps=EPSILON)
        self.cnn = nn.ModuleList([Layer(n_in, 128, (3, 3), (1, 1, 1, 1)) for n_in in (1, 128, 128, 128, 128)])
        self.output = nn.Linear(256, TAGS)

    def forward(self, waveforms: Tensor) -> dict[str, Tensor]:
        return self.from_log_mel(self.log_mel(waveforms))

    def from_log_mel(self, log_mel: Tensor) -> dict[str, Tensor]:
        """Return all pools (sound, time, frequency, channel) of log mel spectrograms (sound, time, band)."""
        x, stages = self.norm(log_mel[:, None]), {}
        for number, (layer, (size, stride)) in enumerate(zip(self.cnn, self.POOLS, strict=True), start=1):
            x = F.max_pool2d(layer(x), size, stride)
            stages[f"pool{number}"] = x.permute(0, 2, 3, 1)
        return stages

    def logits(self, pool5: Tensor) -> Tensor:
        """Return the output (sound, tag) for the last pool (sound, 2, 1, channel) of 3 s."""
        return self.output(pool5.flatten(1))

    @property
    def places(self) -> list[tuple[str, nn.Module]]:
        """The names of layers in the checkpoint, in their order there, with the layers here."""
        norms = [self.norm, *(layer.norm for layer in self.cnn)]
        return [
            *((f"{n}CNN", layer.conv) for n, layer in enumerate(self.cnn, start=1)),
            *((_numbered("batch_normalization", n), norm) for n, norm in enumerate(norms)),
            ("dense", self.output),
        ]


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def kind_of(name: str) -> type[Musicnn | VGG]:
    """Return the class of one of the four networks."""
    return Musicnn if name.endswith("musicnn") else VGG


def network_of(name: str) -> Musicnn | VGG:
    """Return the architecture of one of the four networks, with any weights."""
    with torch.random.fork_rng(devices=[]):  # leave the global generator as it is
        return kind_of(name)()


def trained(name: str) -> Musicnn | VGG:
    """Return one of the four networks with its trained weights; raises UserError for a damaged file."""
    stored = tensorflow.read(*(read(member) for member in MEMBERS[name]), f"the weights {name}")
    network = network_of(name).eval()
    state = {
        f"{place}.{key}": value
        for place, module, stored_as in _named(network)
        for key, value in _of_layer(stored, stored_as, module).items()
    }
    return filled(network, state, f"the weights {name}")


def _named(network: nn.Module) -> list[tuple[str, nn.Module, str]]:
    """Return each layer with its name here and in the checkpoint."""
    names = {module: name for name, module in network.named_modules()}
    return [(names[module], module, stored_as) for stored_as, module in network.places]


def _of_layer(stored: dict[str, Tensor], name: str, module: nn.Module) -> dict[str, Tensor]:
    """Return a layer's tensors as torch orders them; one that is not stored is left out."""
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        keys = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        found = {key: stored.get(f"{name}/{value}") for key, value in keys.items()}
        found["num_batches_tracked"] = torch.tensor(0)
    else:
        kernel = stored.get(f"{name}/kernel")  # (time, frequency, in, out) or (in, out)
        if kernel is not None:
            kernel = kernel.permute(3, 2, 0, 1) if kernel.dim() == 4 else kernel.T
        found = {"weight": kernel, "bias": stored.get(f"{name}/bias")}
    return {key: value for key, value in found.items() if value is not None}


class MusicnnModel(WheelListener):
    """One of the four taggers."""

    seconds = 0.02

    @property
    def shortest(self) -> int:
        return kind_of(self.settings.network).SHORTEST

    @property
    def members(self) -> tuple[Member, ...]:
        return MEMBERS[self.settings.network]

    @property
    def layers_of(self) -> dict[str, tuple[str, ...]]:
        return kind_of(self.settings.network).LAYERS

    @property
    def widths(self) -> list[int]:
        return list(kind_of(self.settings.network).WIDTHS)

    def empty(self) -> Musicnn | VGG:
        return network_of(self.settings.network)

    def trained(self, step: int) -> Musicnn | VGG:  # noqa: ARG002
        return trained(self.settings.network)

    def untrained(self, step: int, seed: int) -> Musicnn | VGG:  # noqa: ARG002
        return glorot(self.empty(), seed)


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> MusicnnModel:
    """Return the model of an entry, nothing downloaded yet."""
    card = Card(MUSIC, settings.network[:3], "convolutional", "ISC", CITATION)
    return MusicnnModel(name, settings, waveforms, card, device, batch_size)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    return {"network": "MTT_musicnn"}
