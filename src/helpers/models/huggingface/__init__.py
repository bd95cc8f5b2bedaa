"""Family `transformers`: any audio encoder of the library of that name, from the hub or a folder.

    {name: w2v2, family: transformers, weights: facebook/wav2vec2-base-960h, revision: <commit>}

Weights are safetensors only, and no code comes with them. As `weights` names the network here, its controls are asked
for with `state: untrained` or `state: permuted`.
"""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import torch
import xarray as xr
from pydantic import Field, model_validator

from helpers.errors import UserError
from helpers.models import listener
from helpers.models.base import DOWNLOAD, FLOAT, Card
from helpers.models.huggingface import encoders, folders
from helpers.models.huggingface.encoders import Encoder
from helpers.models.listener import Listener
from helpers.names import SOUND

__all__ = ["Settings", "example", "open", "rate_of"]

MAIN = "main"


class Settings(listener.Settings):
    """Settings of an entry of this family."""

    weights: str  # a name on the hub, or the path of a folder
    # "main" is what the branch held when the network was first downloaded; that copy is then used for good, and its
    # commit and checksums are part of every result. A full commit hash pins it.
    revision: str = Field(MAIN, pattern=r"^(main|[0-9a-f]{40})$")

    @model_validator(mode="after")
    def _names_something(self) -> Settings:
        if folders.local(self.weights) is None and not folders.HUB_NAME.fullmatch(self.weights):
            raise ValueError(
                f"no folder '{self.weights}'; correct the path, or give a name on the hub such as "
                "facebook/wav2vec2-base-960h"
            )
        if folders.local(self.weights) is not None and self.revision != MAIN:
            raise ValueError(f"`revision` goes with a name on the hub; '{self.weights}' is a folder: leave it out")
        return self


class TransformersModel(Listener):
    """An audio encoder of the library; weights are downloaded when first needed."""

    @cached_property
    def described(self) -> Encoder:
        """The encoder, without weights."""
        return encoders.empty(folders.described(self.settings.weights, self.settings.revision))

    @property
    def layers_of(self) -> dict[str, tuple[str, ...]]:
        return {stage: (stage,) for stage in self.described.stages}

    @property
    def widths(self) -> list[int]:
        return list(self.described.stages.values())

    @property
    def shortest(self) -> int:
        return self.described.shortest

    @property
    def front_end(self) -> tuple[str, ...]:
        """Tensors that the library itself never trains, such as Whisper's positions."""
        return tuple(name for name, tensor in self.described.named_parameters() if not tensor.requires_grad)

    def empty(self) -> Encoder:
        return self.described

    def trained(self, step: int) -> Encoder:  # noqa: ARG002
        return encoders.trained(self._folder)

    def untrained(self, step: int, seed: int) -> Encoder:  # noqa: ARG002
        return encoders.untrained(folders.described(self.settings.weights, self.settings.revision), seed)

    @property
    def _folder(self) -> Path:
        return folders.with_weights(self.settings.weights, self.settings.revision)

    def identity(self, step: int) -> dict:  # noqa: ARG002
        folder = self._folder
        return {
            "family": "transformers",
            "weights": Path(self.settings.weights).name,
            "commit": folders.commit_of(folder),
            "sha256": folders.digests(folder),
            "library": version("transformers"),  # its code is the network's
            "pooling": self.settings.pooling,
        }

    def missing(self, step: int) -> str:  # noqa: ARG002
        weights, revision = self.settings.weights, self.settings.revision
        on_disk = folders.local(weights) is not None or folders.stored(folders.described(weights, revision))
        return "" if on_disk else DOWNLOAD

    @property
    def source(self) -> tuple[str, str]:
        local = folders.local(self.settings.weights)
        return ("hub", self.settings.weights) if local is None else ("folder", local.name)

    def downloads(self, step: int) -> dict[str, int]:
        """As `AudioModel.downloads`; a file may hold more than the encoder that its configuration tells of."""
        weights = self.settings.weights
        return {weights: FLOAT * self.sizes.n_weights} if self.missing(step) == DOWNLOAD else {}

    def check_sounds(self) -> None:
        super().check_sounds()
        lengths, longest = self.waveforms["n_samples"].values, self.described.longest
        for sound, length in zip(self.waveforms[SOUND].values, lengths, strict=True):
            if length > longest:
                raise UserError(
                    f"model '{self.name}': sound '{sound}' has {length} samples at {self.waveforms.attrs['rate_hz']} "
                    f"Hz; the network takes at most {longest}: leave it out or give a shorter one"
                )


def rate_of(settings: Settings) -> int:
    """Return the sample rate in Hz of the waveforms that an entry's network takes.

    Its configuration is downloaded where it is not in the cache, a few kB. Raises UserError for anything that is no
    audio encoder.
    """
    encoders.library()  # said first where it is not installed
    folder = folders.described(settings.weights, settings.revision)
    return int(encoders.described(folder)[1].sampling_rate)


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> TransformersModel:
    """Return the model of an entry, no weights downloaded yet; raises UserError for what is no audio encoder."""
    model = TransformersModel(name, settings, waveforms, Card(), device, batch_size)
    encoders.library()
    assert model.described  # what is wrong with its configuration is said now
    if folders.local(settings.weights) is not None:
        folders.with_weights(settings.weights, settings.revision)
    return model


def example(folder: Path) -> dict:
    """Return settings of a model small enough for tests: a wav2vec 2.0 with random weights, written to `folder`."""
    transformers = encoders.library()
    config = transformers.Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, conv_dim=(16, 16),
        conv_kernel=(10, 8), conv_stride=(10, 8), num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2,
        initializer_range=0.2,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):  # leave the global generator as it is
        torch.manual_seed(2**31)
        network = transformers.Wav2Vec2Model(config)
    path = folder / "wav2vec2"
    network.save_pretrained(path)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(path)
    return {"weights": str(path)}
