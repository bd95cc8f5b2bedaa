"""Activations of an EnCodecMAE network from waveforms, which are cut into chunks as the reference cuts them.

In the shape comments B is sounds, T frames, C width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from helpers.models.encodecmae.mel import HOP, WINDOW, normalised_mel
from helpers.models.encodecmae.network import Network

CHUNK = 96_000  # samples (4 s): longer sounds are processed in independent chunks
SHORTEST = 2049  # samples: chunks of 2048 or fewer are dropped, as the reference does
MASK_HOP = 320  # samples: the reference counts valid frames with this hop, not with the front end's 318
ENCODER, DECODER = "encoder", "decoder"


class Chunk(NamedTuple):
    """Part of some sounds as the network takes it: mel (B, T, 256) and padding mask (B, T), None without padding."""

    mel: Tensor
    mask: Tensor | None


def chunks_of(waveforms: Tensor, lengths: Tensor) -> list[Chunk]:
    """Return the chunks of waveforms (B, n_samples) whose true `lengths` (B,) are in samples.

    Raises ValueError for waveforms of 2048 samples or fewer, for which the reference has no output either.
    """
    n_samples = waveforms.shape[-1]
    if n_samples < SHORTEST:
        raise ValueError(f"{n_samples} samples are too few for the network; it needs at least {SHORTEST}")
    starts = [start for start in range(0, n_samples, CHUNK) if n_samples - start >= SHORTEST]
    return [_chunk(waveforms[:, s : s + CHUNK], (lengths - s).clamp(0, CHUNK)) for s in starts]


def _chunk(waveforms: Tensor, lengths: Tensor) -> Chunk:
    mel = normalised_mel(waveforms)
    mask = torch.arange(mel.shape[1]) >= (lengths // MASK_HOP)[:, None]  # (B, T)
    return Chunk(mel, mask if mask.any() else None)


def n_frames(n_samples: int) -> int:
    """Return the number of frames of a waveform, over all its chunks."""
    sizes = (min(CHUNK, n_samples - start) for start in range(0, n_samples, CHUNK))
    return sum(1 + (size - WINDOW) // HOP for size in sizes if size >= SHORTEST)


class Activations(NamedTuple):
    """Activations of all chunks joined along time, on the CPU; layers are encoder then decoder, left branch first."""

    raw: Tensor  # (branch, layer, B, T, C)
    merged: Tensor  # (tower, B, T, C)
    mask: Tensor  # (B, T), True where a frame is padding
    towers: list[str]  # of each layer: ENCODER or DECODER


@torch.inference_mode()
def activations_of(network: Network, chunks: list[Chunk]) -> Activations:
    """Return the activations of all chunks of some sounds, computed on the device where the network is."""
    raw, merged, mask = zip(*(_of_chunk(network, chunk) for chunk in chunks), strict=True)
    towers = [ENCODER] * network.sizes.encoder_layers + [DECODER] * network.sizes.decoder_layers
    return Activations(torch.cat(raw, -2), torch.cat(merged, -2), torch.cat(mask, -1), towers)


def _of_chunk(network: Network, chunk: Chunk) -> tuple[Tensor, Tensor, Tensor]:
    device = network.masker.positional_encoder.scale.device
    mask = None if chunk.mask is None else chunk.mask.to(device)
    encoded, decoded = network(chunk.mel.to(device), mask)
    raw = torch.stack([torch.cat([encoded.left, decoded.left]), torch.cat([encoded.right, decoded.right])])
    merged = torch.stack([encoded.merged, decoded.merged])
    padding = torch.zeros(chunk.mel.shape[:2], dtype=torch.bool) if chunk.mask is None else chunk.mask
    return raw.cpu(), merged.cpu(), padding
