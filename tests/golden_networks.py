"""Numbers of the original code of trained networks, and comparisons with them; how they were made: their README."""

import numpy as np
import scipy.io.wavfile
import scipy.signal
import torch

from conftest import SHARED

GOLDEN = SHARED / "golden" / "networks"
SIGNALS = ("sweep", "burst", "stim414_woman_speaking", "stim268_piano")


def golden(name: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN / f"{name}.npz") as stored:
        return dict(stored)


def signal(name: str, rate: int = 16_000) -> torch.Tensor:
    """Return one of the four signals (sample,) as the golden numbers' README defines it."""
    n = np.arange(2 * rate)
    if name == "sweep":
        t, highest = n / rate, 0.45 * rate
        wave = 0.02 * np.sin(2 * np.pi * (50 * t + (highest - 50) * t**2 / 4))
    elif name == "burst":
        m = 3 * rate // 4
        wave, k = np.zeros(2 * rate), np.arange(m)
        noise = np.random.RandomState(0).standard_normal(m)
        wave[rate // 2 : rate // 2 + m] = 0.02 * np.sin(np.pi * k / m) ** 2 * noise
    else:
        own, samples = scipy.io.wavfile.read(SHARED / "nh2015" / "sounds" / "wav" / f"{name}.wav")
        up, down = (1, 2) if rate == 22_050 else (160, 441)
        assert own == 44_100
        wave = scipy.signal.resample_poly(samples / 32768, up, down)
    return torch.from_numpy(wave.astype(np.float32))


def close(found: torch.Tensor, expected: np.ndarray, tolerance: float) -> None:
    """Assert that all values are within a share of the largest one."""
    found = found.detach().numpy() if torch.is_tensor(found) else found
    assert found.size == expected.size, (found.shape, expected.shape)
    found = found.reshape(expected.shape)
    assert np.abs(found - expected).max() <= tolerance * max(1e-9, np.abs(expected).max())


def mean_and_frames(found: dict[str, torch.Tensor], expected: dict[str, np.ndarray], where: str, tolerance) -> int:
    """Compare stages (1, time, ...) with the stored means over time and frames; returns how many were compared."""
    compared = 0
    for stage, values in found.items():
        own = values[0].double()
        if f"{where}/{stage}/mean" in expected:
            close(own.mean(0).float(), expected[f"{where}/{stage}/mean"], tolerance)
            compared += 1
        if f"{where}/{stage}/frames" in expected:
            index = [0, len(own) // 2, len(own) - 1]
            close(own[index].float(), expected[f"{where}/{stage}/frames"], tolerance)
            compared += 1
        if f"{where}/{stage}" in expected:
            whole = expected[f"{where}/{stage}"]
            close(own.float().reshape(whole.shape), whole, tolerance)
            compared += 1
    return compared


def tensors_are(found: dict[str, torch.Tensor], expected: dict[str, np.ndarray], params: str = "params") -> None:
    """Assert that all tensors listed under `params` were read: names, shapes, sums, first values."""
    columns = (expected[f"{params}/{column}"] for column in ("name", "shape", "sum", "first4"))
    for name, shape, total, first in zip(*columns, strict=True):
        tensor = found[str(name)]
        assert "x".join(map(str, tensor.shape)) == shape
        assert abs(float(tensor.double().sum()) - total) <= 1e-9 * float(tensor.double().abs().sum())
        np.testing.assert_array_equal(np.pad(tensor.flatten()[:4].numpy(), (0, 4))[:4], first)
