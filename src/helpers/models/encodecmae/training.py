"""Training of small EnCodecMAE networks on given sounds, from the first draw to the last weight.

Trained weights depend on this module and on what it imports, and on nothing else: `store.key(train, ...)` identifies
them. How activations are computed from a network does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import xarray as xr
from pydantic import Field, model_validator

from helpers.models.encodecmae import targets
from helpers.models.encodecmae.mel import HOP, RATE, WINDOW, normalised_mel
from helpers.models.encodecmae.network import Sizes
from helpers.models.encodecmae.pretraining import MaskedModel, Plan, initialised, pretrain
from helpers.store import settings


class Recipe(settings.Settings):
    """The settings that determine the weights, besides sounds and seed."""

    layers: int = Field(5, ge=1, le=48)  # of the encoder
    decoder_layers: int = Field(1, ge=1, le=48)
    width: int = Field(128, ge=2, le=4096)
    heads: int = Field(4, ge=1)
    feed_forward: int = Field(512, ge=1, le=65536)
    steps: int = Field(400, ge=1)
    batch_size: int = Field(32, ge=1)  # sounds per training step
    crop_s: float = Field(2.0, ge=0.1, le=4.0)  # seconds of each
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False)
    warm_up: int = Field(40, ge=0)  # steps
    span: int = Field(5, ge=1, le=99)  # frames that a code describes
    components: int = Field(256, ge=1)  # principal components of a whitened span, shared out among the codebooks
    codebooks: int = Field(8, ge=1)
    codes: int = Field(128, ge=2)  # per codebook

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        if self.heads > self.width:
            raise ValueError(f"`heads` ({self.heads}) cannot exceed `width` ({self.width})")
        if self.components < self.codebooks:
            raise ValueError(f"`codebooks` ({self.codebooks}) cannot exceed `components` ({self.components})")
        return self

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.width, self.heads, self.layers, self.decoder_layers, self.feed_forward)


def train(settings: Recipe, seed: int, waveforms: xr.DataArray) -> Iterator[tuple[int, MaskedModel]]:
    """Train a network from the start on waveforms (sound, sample) at 24 kHz with the coordinate `n_samples`.

    Yields (step, model) at step 0, before training, and after each of `settings.steps` steps. It is one model, which
    goes on changing: `model.weights()` copies what it has learned so far. Raises UserError for sounds that are too few
    or too uniform to learn from, and for training that diverges.
    """
    mels = normalised_mel(torch.from_numpy(repeated(waveforms)))
    shape = (settings.span, settings.components, settings.codebooks, settings.codes)
    codes = targets.codes_of(mels.numpy(), *shape, seed).astype(np.int64)
    model = initialised(settings.sizes, settings.codebooks, settings.codes, seed)
    crop = min(1 + (round(settings.crop_s * RATE) - WINDOW) // HOP, mels.shape[1])
    plan = Plan(settings.steps, settings.batch_size, crop, settings.learning_rate, settings.warm_up)
    yield from pretrain(model, mels, torch.from_numpy(codes), plan, seed)


def repeated(waveforms: xr.DataArray) -> np.ndarray:
    """Return (n_sounds, n_samples) in which shorter sounds start again instead of ending in silence."""
    length = waveforms.shape[1]
    own = zip(waveforms.values, waveforms["n_samples"].values, strict=True)
    return np.stack([np.resize(waveform[:n], length) for waveform, n in own])
