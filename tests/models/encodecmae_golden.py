"""The golden EnCodecMAE groups as tensors and networks."""

import json

import numpy as np
import torch

from helpers.models.encodecmae.checkpoint import UNUSED
from helpers.models.encodecmae.chunks import Activations
from helpers.models.encodecmae.network import Network, Sizes

FRONT_END = ["sweep", "impulse", "noise", "silence", "short", "real"]


def difference(found, expected) -> float:
    """Return the largest absolute difference of two arrays of one shape."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max())


def state_dict(file, prefix="") -> dict[str, torch.Tensor]:
    start = f"{prefix}sd/"
    return {key.removeprefix(start): torch.tensor(file[key]) for key in file.files if key.startswith(start)}


def sizes_of(file, prefix="") -> Sizes:
    config = json.loads(str(file[f"{prefix}config_json"]))
    names = ("model_dim", "num_heads", "num_encoder_layers", "num_decoder_layers", "ff_dim", "num_mel_bins")
    return Sizes(*(config[name] for name in names))


def network_of(file, prefix="") -> Network:
    network = Network(sizes_of(file, prefix))
    network.load_state_dict({k: v for k, v in state_dict(file, prefix).items() if not k.startswith(UNUSED)})
    return network.eval()


def postnorm(activations: Activations) -> torch.Tensor:
    """Return `raw` (branch, layer, B, T, C) with each tower's last layer replaced by the tower's output."""
    replaced = activations.raw.clone()
    replaced[:, activations.towers.count("encoder") - 1] = activations.merged[0]
    replaced[:, -1] = activations.merged[1]
    return replaced


def waveform(file, name) -> torch.Tensor:
    """Return a group's waveform (n_samples,); `edge` and `long` are made of the other two."""
    sweep, real = torch.tensor(file["sweep/wav"]), torch.tensor(file["real/wav"])
    if name == "edge":
        from_sweep, from_real = file["edge/splice"]
        return torch.cat([sweep[:from_sweep], real[:from_real]])
    if name == "long":
        return torch.cat([sweep, real] * 2)[: int(file["long/num_samples"])]
    return torch.tensor(file[f"{name}/wav"])


def group(file) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the three zero-padded waveforms (3, 48000) of `batch` and their lengths."""
    sounds = [waveform(file, name) for name in ("sweep", "real")] + [torch.tensor(file["batch/wav_third"])]
    padded = torch.nn.utils.rnn.pad_sequence(sounds, batch_first=True)
    return padded, torch.tensor(file["batch/wav_lens"])


def filled(key: str, shape: tuple[int, ...], salt: str) -> np.ndarray:
    """Return the parameter made by the formula in the golden README (a SplitMix64 stream per key), float32."""
    import zlib

    stream = np.uint64(zlib.crc32(f"{salt}/{key}".encode()))
    index = np.arange(int(np.prod(shape)), dtype=np.uint64)
    z = (stream << np.uint64(32)) + index + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    v = (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1
    return _scaled(key, shape, v).astype(np.float32).reshape(shape)


def _scaled(key: str, shape: tuple[int, ...], v: np.ndarray) -> np.ndarray:
    if key.endswith(".scale"):
        return 1 + 0.25 * v
    if "norm" in key and key.endswith(".weight"):
        return 1 + 0.1 * v
    if key.endswith(".bias"):
        return 0.1 * v
    return v * np.sqrt(6 / sum(shape))
