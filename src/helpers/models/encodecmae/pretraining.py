"""Masked pretraining as in EnCodecMAE (Pepino, Riera & Ferrer 2023, sec. 3), with k-means codes as prediction targets.

Half of the frames are masked in spans; the encoder sees the rest, at their positions; the decoder gets zeros at the
masked places, and a linear head predicts every frame's codes. With CE the mean cross-entropy over codebooks,

    loss = 0.9 * mean of CE over masked frames + 0.1 * mean of CE over visible frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.errors import UserError
from helpers.models.encodecmae.network import Network, Sizes

MASKED_SHARE, SPAN = 0.5, 15  # of the frames; frames (0.2 s): the published masking
MASKED_WEIGHT = 0.9
BETAS, WEIGHT_DECAY, LARGEST_GRADIENT = (0.9, 0.95), 0.05, 1.0


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train."""

    steps: int
    batch_size: int  # sounds per step
    crop: int  # frames per sound
    learning_rate: float  # reached after `warm_up` steps, then falling linearly to 0 at the last one
    warm_up: int


class MaskedModel(nn.Module):
    """A network and the head that turns the decoder's output into logits (B, T, codebook, code)."""

    def __init__(self, sizes: Sizes, codebooks: int, codes: int):
        super().__init__()
        self.network = Network(sizes)
        self.head = nn.ModuleDict({"layer": nn.Linear(sizes.width, codebooks * codes)})
        self.codebooks = codebooks

    def forward(self, mel: Tensor, masked: Tensor) -> Tensor:
        """Return logits (B, T, codebook, code) of mel (B, T, 256); each row of `masked` (B, T) has equally many."""
        network, n_sounds = self.network, len(mel)
        visible = network.embed(mel)[~masked].unflatten(0, (n_sounds, -1))  # (B, T/2, C), positions kept
        encoded = network.decoder_input(network.encode(visible).merged)
        whole = encoded.new_zeros(*masked.shape, encoded.shape[-1])
        whole[~masked] = encoded.flatten(0, 1)  # (B, T, C)
        logits = self.head.layer(network.decode(whole).merged)
        return logits.unflatten(-1, (self.codebooks, -1))

    def loss(self, mel: Tensor, codes: Tensor, masked: Tensor) -> Tensor:
        """Return the weighted cross-entropy in nats; codes (B, T, codebook)."""
        logits = self(mel, masked)
        each = F.cross_entropy(logits.flatten(0, 2), codes.flatten(), reduction="none")
        each = each.view(codes.shape).mean(-1)  # (B, T)
        return MASKED_WEIGHT * each[masked].mean() + (1 - MASKED_WEIGHT) * each[~masked].mean()

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of all tensors under the names of the published checkpoints."""
        state = {**self.network.state_dict(), **self.head.state_dict(prefix="head.")}
        return {name: tensor.detach().clone() for name, tensor in state.items()}


def initialised(sizes: Sizes, codebooks: int, codes: int, seed: int) -> MaskedModel:
    """Return a model as the reference starts: Xavier-uniform matrices, biases 0, gains and positional scales 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):  # torch's own initialisation would draw from the global generator
        model = MaskedModel(sizes, codebooks, codes)
    model.to_empty(device="cpu")
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter, generator=generator)
        else:
            nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
    return model


def pretrain(
    model: MaskedModel, mels: Tensor, codes: Tensor, plan: Plan, seed: int
) -> Iterator[tuple[int, MaskedModel]]:
    """Train `model` on mels (n_sounds, T, 256) with codes (n_sounds, T, codebook).

    Yields (step, model) before training (step 0) and after every step: one model, which goes on changing. Raises
    UserError where loss, gradients or weights are not finite: such a network has learned nothing, and must not pass for
    one that was trained.
    """
    random = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(model.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True)
    yield 0, model
    for step in range(1, plan.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = plan.learning_rate * schedule(step, plan)
        batch = _minibatch(mels, codes, plan, random)
        loss = model.loss(*batch)
        optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
        optimiser.step()
        if not (loss.isfinite() and norm.isfinite() and all(one.isfinite().all() for one in model.parameters())):
            raise _diverged(step, plan)
        if step == plan.steps:  # what no further step would show
            with torch.no_grad():
                if not model.loss(*batch).isfinite():
                    raise _diverged(step, plan)
        yield step, model


def _diverged(step: int, plan: Plan) -> UserError:
    return UserError(f"training diverged at step {step} (learning_rate {plan.learning_rate:g}); lower it")


def schedule(step: int, plan: Plan) -> float:
    """Return the share of the learning rate at a step from 1: up linearly over `warm_up` steps, then down linearly."""
    return min(step / max(plan.warm_up, 1), (plan.steps - step + 1) / max(plan.steps - plan.warm_up, 1), 1.0)


def _minibatch(mels: Tensor, codes: Tensor, plan: Plan, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return crops (B, crop, 256) of randomly drawn sounds, their codes, and which frames are masked (B, crop).

    A crop begins anywhere and wraps around at the sound's end: otherwise a few sounds that are drawn many times would
    be recognised by position.
    """
    sounds = random.integers(0, len(mels), (plan.batch_size, 1))
    starts = random.integers(0, mels.shape[1], (plan.batch_size, 1))
    frames = (starts + np.arange(plan.crop)) % mels.shape[1]
    masked = torch.from_numpy(mask_spans(plan.batch_size, plan.crop, random))
    return mels[sounds, frames], codes[sounds, frames], masked


def mask_spans(n_sounds: int, n_frames: int, random: np.random.Generator) -> np.ndarray:
    """Return which frames (n_sounds, n_frames) are masked: spans of 15 that may overlap, exactly half of each sound.

    The last span is cut short where it would mask more, so that all sounds keep equally many frames.
    """
    wanted, span = int(MASKED_SHARE * n_frames), min(SPAN, n_frames)
    masked = np.zeros((n_sounds, n_frames), bool)
    for row in masked:
        while (missing := wanted - row.sum()) > 0:
            start = random.integers(0, n_frames - span + 1)
            row[start + np.flatnonzero(~row[start : start + span])[:missing]] = True
    return masked
