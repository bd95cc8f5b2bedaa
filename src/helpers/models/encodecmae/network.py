"""EnCodecMAE's encoder and decoder (Pepino, Riera & Ferrer 2023, arXiv 2309.07391), for extraction and training.

Each layer keeps two residual streams (ResiDual, Xie et al. 2023, arXiv 2304.14802, eq. 3): the left one is
layer-normed after every block, the right one is the running sum of the blocks' outputs,

    left  <- norm(left + block(left)),    right <- right + block(left),

and a tower's output is left + final_norm(right). Names of modules are those of the published checkpoints.
In the shape comments B is sounds, T frames, C width, H heads, D units per head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.encodecmae.mel import BANDS

MASKED_LOGIT = -1e9  # added to the attention logits of masked frames; finite, so that an all-masked row stays a number


@dataclass(frozen=True)
class Sizes:
    """The shape of a network; a head has `width // heads` units, so heads * D may be less than the width."""

    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    feed_forward: int
    mels: int = BANDS


class Streams(NamedTuple):
    """Both branches of a tower after each of its layers (layer, B, T, C), and its output (B, T, C)."""

    left: Tensor
    right: Tensor
    merged: Tensor


class Attention(nn.Module):
    """Self-attention, softmax(Q K' / sqrt(D) + mask) V, without biases."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        inner = width // heads * heads
        self.wq, self.wk, self.wv = (nn.Linear(width, inner, bias=False) for _ in range(3))
        self.wo = nn.Linear(inner, width, bias=False)

    def split(self, x: Tensor) -> Tensor:
        """Return (B, H, T, D); heads are interleaved: channel c belongs to head c % H (the reference's layout)."""
        return x.unflatten(-1, (-1, self.heads)).permute(0, 3, 1, 2)  # (B, T, D*H) -> (B, H, T, D)

    def join(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(-2)  # (B, H, T, D) -> (B, T, D*H)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        q, k, v = (self.split(project(x)) for project in (self.wq, self.wk, self.wv))
        return self.wo(self.join(F.scaled_dot_product_attention(q, k, v, attn_mask=bias)))  # (B, T, C)


class Layer(nn.Module):
    """One ResiDual layer; the feed-forward block is an argument because the layers of a tower share it."""

    def __init__(self, width: int, heads: int, feed_forward: nn.Module):
        super().__init__()
        self.att_layer = Attention(width, heads)
        self.ff_layer = feed_forward
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, left: Tensor, right: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        out = self.att_layer(left, bias)
        left, right = self.norm1(left + out), right + out
        out = self.ff_layer(left)
        return self.norm2(left + out), right + out


class Positions(nn.Module):
    """Adds scale * (sin, cos, sin, ...) of position / 10000^(2i/C); the scale is learned."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.table(*x.shape[-2:]).to(x)

    @staticmethod
    def table(frames: int, width: int) -> Tensor:
        """Return the unscaled encoding (T, C), from position 0."""
        rate = torch.exp(torch.arange(0, width, 2) * -(math.log(10_000.0) / width))
        angle = torch.arange(frames)[:, None] * rate  # (T, ceil(C/2))
        return torch.stack([angle.sin(), angle.cos()], -1).flatten(-2)[:, :width]


class Tower(nn.Module):
    """A stack of layers with one shared feed-forward block."""

    def __init__(self, width: int, heads: int, layers: int, feed_forward: int):
        super().__init__()
        shared = nn.Sequential(nn.Linear(width, feed_forward), nn.ReLU(), nn.Linear(feed_forward, width))
        self.encoder_layers = nn.ModuleList(Layer(width, heads, shared) for _ in range(layers))
        self.final_norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Streams:
        bias = None if mask is None else mask[:, None, None, :].to(x) * MASKED_LOGIT  # (B, 1, 1, T)
        left = right = x
        kept = []
        for layer in self.encoder_layers:
            left, right = layer(left, right, bias)
            kept.append((left, right))
        lefts, rights = (torch.stack(branch) for branch in zip(*kept, strict=True))  # (layer, B, T, C)
        return Streams(lefts, rights, left + self.final_norm(right))


class Network(nn.Module):
    """Mel frames -> activations of all encoder and decoder layers."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.sizes = sizes
        self.wav_encoder = nn.ModuleDict({"post_net": nn.Linear(sizes.mels, sizes.width)})
        self.masker = nn.ModuleDict({"positional_encoder": Positions()})
        self.visible_encoder = Tower(sizes.width, sizes.heads, sizes.encoder_layers, sizes.feed_forward)
        self.visible_encoder.post_net = nn.Linear(sizes.width, sizes.width)
        self.decoder = Tower(sizes.width, sizes.heads, sizes.decoder_layers, sizes.feed_forward)
        self.decoder.positional_encoder = Positions()

    def embed(self, mel: Tensor) -> Tensor:
        """Return normalised mel (B, T, 256) as embedded frames (B, T, C), positions added."""
        return self.masker.positional_encoder(self.wav_encoder.post_net(mel))

    def encode(self, x: Tensor, mask: Tensor | None = None) -> Streams:
        """Run the encoder on embedded frames (B, T, C); `mask` (B, T) is True where a frame is padding."""
        return self.visible_encoder(x, mask)

    def decoder_input(self, encoded: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the encoder's output, projected, with zeros at padding (B, T, C), positions not yet added."""
        x = self.visible_encoder.post_net(encoded)
        return x if mask is None else x.masked_fill(mask[..., None], 0)

    def decode(self, x: Tensor, mask: Tensor | None = None) -> Streams:
        """Run the decoder on its input (B, T, C)."""
        return self.decoder(self.decoder.positional_encoder(x), mask)

    def forward(self, mel: Tensor, mask: Tensor | None = None) -> tuple[Streams, Streams]:
        """Run encoder and decoder on normalised mel (B, T, 256), nothing masked but padding."""
        encoded = self.encode(self.embed(mel), mask)
        return encoded, self.decode(self.decoder_input(encoded.merged, mask), mask)
