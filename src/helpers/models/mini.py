"""Family `mini`: EnCodecMAE's network at a small size, pretrained here on the study's own sounds.

It hears all sounds of its categories, those of the test splits too, but never a brain response.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from pydantic import Field, model_validator

from helpers import params
from helpers.models import targets
from helpers.models.base import CODE, TRAINING, AudioModel
from helpers.models.checkpoint import load_network, read
from helpers.models.mel import HOP, WINDOW, normalised_mel
from helpers.models.network import Network, Sizes
from helpers.models.pretraining import Plan, initialised, pretrain
from helpers.names import SAMPLE_RATE, UserError
from helpers.params import Extraction, suggestion
from helpers.sounds import digest
from helpers.storage import atomic, canonical, claimed, code_digest

OWN_CODE = (*CODE, *(f"helpers.models.{name}" for name in ("mini", "pretraining", "targets", "checkpoint")))


class Settings(params.Settings):
    """What an entry of this family may say."""

    categories: list[str] = Field([])  # of the sounds it learns from; empty: all
    layers: int = Field(5, ge=1, le=48)  # of the encoder
    decoder_layers: int = Field(1, ge=1, le=48)
    width: int = Field(128, ge=2, le=4096)
    heads: int = Field(4, ge=1)
    feed_forward: int = Field(512, ge=1, le=65536)
    steps: int = Field(400, ge=1)
    checkpoints: list[int] = Field([])  # steps to keep beside 0 and the last; empty: about log-spaced
    batch: int = Field(32, ge=1)  # sounds per step
    crop_s: float = Field(2.0, ge=0.1, le=4.0)  # seconds of each
    learning_rate: float = Field(1e-3, gt=0)
    warm_up: int = Field(40, ge=0)  # steps
    span: int = Field(5, ge=1, le=99)  # frames that a code describes
    components: int = Field(256, ge=1)  # principal components of a whitened span, shared out among the codebooks
    codebooks: int = Field(8, ge=1)
    codes: int = Field(128, ge=2)  # per codebook

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        late = [step for step in self.checkpoints if not 0 <= step <= self.steps]
        if late:
            raise ValueError(f"`checkpoints` {late} are not between 0 and `steps` ({self.steps})")
        if self.heads > self.width:
            raise ValueError(f"`heads` ({self.heads}) cannot exceed `width` ({self.width})")
        if self.components < self.codebooks:
            raise ValueError(f"`codebooks` ({self.codebooks}) cannot exceed `components` ({self.components})")
        return self

    @property
    def kept(self) -> list[int]:
        """The steps of all checkpoints, 0 and the last included."""
        chosen = self.checkpoints or [self.steps >> halvings for halvings in range(5)]
        return sorted({0, *chosen, self.steps})

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.width, self.heads, self.layers, self.decoder_layers, self.feed_forward)


class Mini(AudioModel):
    """A miniature; it is trained when its weights are first asked for and `folder` does not hold them."""

    def __init__(
        self, name: str, settings: Settings, waveforms: xr.DataArray, folder: Path, seed: int, extraction: Extraction
    ):
        super().__init__(name, waveforms, extraction, settings.kept)
        self.settings, self.folder, self.seed = settings, folder, seed
        self.lessons = _of_categories(waveforms, settings.categories, name)

    def network(self, step: int) -> Network:
        if not self._is_current(step):
            with claimed(self.folder / "training"):  # two jobs of one model must not train it twice
                if not self._is_current(step):
                    self._train()
        return load_network(self.path(step))

    def missing(self, step: int) -> str:
        return "" if self._is_current(step) else TRAINING

    @property
    def sizes(self) -> Sizes:
        return self.settings.sizes

    def path(self, step: int) -> Path:
        """The checkpoint's file, in the published format."""
        return self.folder / f"step-{step:07d}.pt"

    def identity(self, step: int) -> dict:
        return {**self._inputs, "step": step}

    @cached_property
    def _inputs(self) -> dict:
        """What the weights depend on; which checkpoints are kept does not matter to them."""
        return {
            "family": "mini",
            "settings": self.settings.model_dump(exclude={"checkpoints"}),
            "seed": self.seed,
            "sounds": digest(self.lessons),
            "code": code_digest(*OWN_CODE),
        }

    def _is_current(self, step: int) -> bool:
        if not self.path(step).exists():
            return False
        try:
            return read(self.path(step)).get("inputs") == canonical(self.identity(step))
        except UserError as error:
            print(f"{error}; it is trained again")
            return False

    def _train(self) -> None:
        """Pretrain from the start and write every checkpoint."""
        settings = self.settings
        mels = normalised_mel(torch.from_numpy(_repeated(self.lessons)))
        shape = (settings.span, settings.components, settings.codebooks, settings.codes)
        codes = targets.codes_of(mels.numpy(), *shape, self.seed)
        learner = initialised(settings.sizes, settings.codebooks, settings.codes, self.seed)
        plan = self._plan(mels.shape[1])
        codes = torch.from_numpy(codes.astype(np.int64))
        for step, weights in pretrain(
            learner, mels, codes, plan, self.steps, self.seed, f"{self.name}: training steps"
        ):
            self._save(step, weights)

    def _plan(self, n_frames: int) -> Plan:
        settings = self.settings
        crop = 1 + (round(settings.crop_s * SAMPLE_RATE) - WINDOW) // HOP
        return Plan(settings.steps, settings.batch, min(crop, n_frames), settings.learning_rate, settings.warm_up)

    def _save(self, step: int, weights: dict[str, torch.Tensor]) -> None:
        content = {
            "imports": "",
            "config": f"NUM_ENCODER_HEADS={self.settings.heads}",
            "state_dict": weights,
            "inputs": canonical(self.identity(step)),
        }
        with atomic(self.path(step)) as temporary:
            torch.save(content, temporary)


def open(
    name: str, settings: Settings, waveforms: xr.DataArray, folder: Path, seed: int, extraction: Extraction
) -> AudioModel:
    """The model of an entry; raises UserError for categories that no sound has. Training waits until it is needed."""
    return Mini(name, settings, waveforms, folder, seed, extraction)


def example(folder: Path) -> dict:  # noqa: ARG001
    """Settings of a model small enough for tests."""
    small = {"layers": 2, "width": 16, "heads": 2, "feed_forward": 32, "steps": 4, "checkpoints": [2], "batch": 2}
    return {**small, "crop_s": 0.5, "span": 2, "components": 8, "codebooks": 2, "codes": 4, "warm_up": 1}


def _of_categories(waveforms: xr.DataArray, categories: list[str], name: str) -> xr.DataArray:
    """The sounds of these categories, all where none is named."""
    found = waveforms["category"].values.tolist()
    for category in categories:
        if category not in found:
            known = suggestion(category, sorted(set(found)))
            raise UserError(f"model '{name}': no sound is of category '{category}'; {known}")
    chosen = [not categories or category in categories for category in found]
    return waveforms[np.array(chosen)]


def _repeated(waveforms: xr.DataArray) -> np.ndarray:
    """Waveforms (n_sounds, n_samples) in which shorter sounds start again instead of ending in silence."""
    length = waveforms.shape[1]
    own = zip(waveforms.values, waveforms["n_samples"].values, strict=True)
    return np.stack([np.resize(waveform[:n], length) for waveform, n in own])
