"""Masked pretraining as in EnCodecMAE (Pepino, Riera & Ferrer 2023, sec. 3), with k-means codes as what is predicted.

Half of the frames are hidden in gaps; the encoder hears only the others, at their positions; the decoder gets zeros at
the hidden places and a linear head guesses every frame's codes. With CE the mean cross-entropy over codebooks,

    loss = 0.9 * mean of CE over hidden frames + 0.1 * mean of CE over visible frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.network import Network, Sizes
from helpers.progress import progress

HIDDEN_SHARE, GAP = 0.5, 15  # of the frames; frames (0.2 s): the published masking
HIDDEN_WEIGHT = 0.9
BETAS, WEIGHT_DECAY, LARGEST_GRADIENT = (0.9, 0.95), 0.05, 1.0


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train."""

    steps: int
    batch: int  # sounds per step
    crop: int  # frames per sound
    learning_rate: float  # reached after `warm_up` steps, then falling linearly to 0 at the last one
    warm_up: int


class Learner(nn.Module):
    """A network and the head that turns the decoder's output into logits (B, T, codebook, code)."""

    def __init__(self, sizes: Sizes, codebooks: int, codes: int):
        super().__init__()
        self.network = Network(sizes)
        self.head = nn.ModuleDict({"layer": nn.Linear(sizes.width, codebooks * codes)})
        self.codebooks = codebooks

    def forward(self, mel: Tensor, hidden: Tensor) -> Tensor:
        """Mel (B, T, 256) with `hidden` (B, T) frames, equally many in each sound -> logits."""
        network, n_sounds = self.network, len(mel)
        visible = network.embed(mel)[~hidden].unflatten(0, (n_sounds, -1))  # (B, T/2, C), positions kept
        encoded = network.decoder_input(network.encode(visible).merged)
        whole = encoded.new_zeros(*hidden.shape, encoded.shape[-1])
        whole[~hidden] = encoded.flatten(0, 1)  # (B, T, C)
        logits = self.head.layer(network.decode(whole).merged)
        return logits.unflatten(-1, (self.codebooks, -1))

    def loss(self, mel: Tensor, codes: Tensor, hidden: Tensor) -> Tensor:
        """The weighted cross-entropy in nats; codes (B, T, codebook)."""
        logits = self(mel, hidden)
        each = F.cross_entropy(logits.flatten(0, 2), codes.flatten(), reduction="none")
        each = each.view(codes.shape).mean(-1)  # (B, T)
        return HIDDEN_WEIGHT * each[hidden].mean() + (1 - HIDDEN_WEIGHT) * each[~hidden].mean()

    def weights(self) -> dict[str, Tensor]:
        """A copy of all tensors under the names of the published checkpoints."""
        state = {**self.network.state_dict(), **self.head.state_dict(prefix="head.")}
        return {name: tensor.detach().clone() for name, tensor in state.items()}


def initialised(sizes: Sizes, codebooks: int, codes: int, seed: int) -> Learner:
    """A learner as the reference starts: Xavier-uniform matrices, biases 0, gains and positional scales 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):  # torch's own initialisation would draw from the global generator
        learner = Learner(sizes, codebooks, codes)
    learner.to_empty(device="cpu")
    for name, parameter in learner.named_parameters():
        if parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter, generator=generator)
        else:
            nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
    return learner


def pretrain(
    learner: Learner, mels: Tensor, codes: Tensor, plan: Plan, checkpoints: list[int], seed: int, label: str
) -> Iterator[tuple[int, dict[str, Tensor]]]:
    """Train on mels (n_sounds, T, 256) with codes (n_sounds, T, codebook); yields (step, weights) at `checkpoints`."""
    random = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(learner.parameters(), betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True)
    if 0 in checkpoints:
        yield 0, learner.weights()
    for step in progress(range(1, plan.steps + 1), label):
        for group in optimiser.param_groups:
            group["lr"] = plan.learning_rate * schedule(step, plan)
        loss = learner.loss(*_batch(mels, codes, plan, random))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learner.parameters(), LARGEST_GRADIENT)
        optimiser.step()
        if step in checkpoints:
            yield step, learner.weights()


def schedule(step: int, plan: Plan) -> float:
    """Share of the learning rate at a step from 1: up linearly over `warm_up` steps, then down linearly."""
    return min(step / max(plan.warm_up, 1), (plan.steps - step + 1) / max(plan.steps - plan.warm_up, 1), 1.0)


def _batch(mels: Tensor, codes: Tensor, plan: Plan, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Crops (B, crop) of randomly drawn sounds, their codes, and which frames are hidden.

    A crop begins anywhere and goes on at the sound's beginning when it reaches its end: otherwise a few sounds heard
    many times would be recognised by position.
    """
    sounds = random.integers(0, len(mels), (plan.batch, 1))
    starts = random.integers(0, mels.shape[1], (plan.batch, 1))
    frames = (starts + np.arange(plan.crop)) % mels.shape[1]
    hidden = torch.from_numpy(gaps(plan.batch, plan.crop, random))
    return mels[sounds, frames], codes[sounds, frames], hidden


def gaps(n_sounds: int, n_frames: int, random: np.random.Generator) -> np.ndarray:
    """Hidden frames (n_sounds, n_frames) in gaps of 15 that may overlap, exactly half of each sound.

    The last gap is cut short where it would hide more, so that all sounds keep equally many frames.
    """
    wanted, gap = int(HIDDEN_SHARE * n_frames), min(GAP, n_frames)
    hidden = np.zeros((n_sounds, n_frames), bool)
    for row in hidden:
        while (missing := wanted - row.sum()) > 0:
            start = random.integers(0, n_frames - gap + 1)
            row[start + np.flatnonzero(~row[start : start + gap])[:missing]] = True
    return hidden
