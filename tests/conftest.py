"""What every test may use: the folder of real data and reference numbers that lies beside the project."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

os.environ.setdefault("NH2015_DIR", str(SHARED / "nh2015"))
os.environ.setdefault("ECOG2022_DIR", str(SHARED / "ecog2022"))
torch.set_num_threads(1)  # the tests are many small products: more threads only wait for each other

LONGEST = ("test_browser.py", "test_contract.py", "test_faults.py")  # minutes each


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest: at the end one worker would have them, and the others nothing."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def golden():
    """Reference numbers: `golden("regression/common")["alphas"]`."""
    return lambda name: np.load(SHARED / "golden" / f"{name}.npz", allow_pickle=False)


def twenty_sounds():
    """A brain of twenty short sounds, six components and eight voxels."""
    import xarray as xr

    from helpers import brain
    from helpers.brain.nh2015 import COMPONENTS, grouped
    from helpers.stimuli import sounds

    random = np.random.default_rng(0)
    names = [f"s{index:02d}" for index in range(20)]
    categories = dict(zip(names, ["Music", "Song", "EngSpeech", "ForSpeech"] * 5, strict=True))
    tones = {
        name: np.sin(np.arange(6000) * (0.05 + 0.02 * i)) + 0.1 * random.standard_normal(6000)
        for i, name in enumerate(names)
    }
    waveforms = sounds.labelled({name: (0.1 * tone).astype(np.float32) for name, tone in tones.items()}, categories)
    values = random.standard_normal((20, 6)) + np.arange(20)[:, None] / 5
    components = grouped(xr.DataArray(values, {"sound": names, "target": list(COMPONENTS)}, ("sound", "target")))
    place = {
        "subject": ("target", [f"S{1 + v // 2}" for v in range(8)]),
        "hemisphere": ("target", ["lh", "rh"] * 4),
        "region": ("target", ["Primary", "Anterior", "Lateral", "Posterior"] * 2),
        "x": ("target", np.arange(8.0)),
        "y": ("target", np.arange(8.0)),
    }
    voxels = xr.DataArray(
        values[:, [0, 1, 2, 3, 4, 5, 0, 1], None] + 0.3 * random.standard_normal((20, 8, 3)),
        {"sound": names, "target": [f"v{v}" for v in range(8)], **place},
        ("sound", "target", "repetition"),
    )
    responses = {"components": components, "voxels": voxels}
    return brain.Brain("demo", True, waveforms, responses, {"citation": "Synthetic, made by a test"})


def sounds_in_time():
    """A brain of 24 short sounds whose responses have a time: three components, six electrodes of two groups.

    Its `regions` have none. The responses of later targets begin later.
    """
    import xarray as xr

    from helpers import brain
    from helpers.stimuli import sounds

    random = np.random.default_rng(0)
    names = [f"t{index:02d}" for index in range(24)]
    categories = dict(zip(names, ["Music", "Song", "EngSpeech", "ForSpeech"] * 6, strict=True))
    tones = {
        name: np.sin(np.arange(6000) * (0.05 + 0.02 * i)) + 0.1 * random.standard_normal(6000)
        for i, name in enumerate(names)
    }
    waveforms = sounds.labelled({name: (0.1 * tone).astype(np.float32) for name, tone in tones.items()}, categories)

    def responses(targets: list[str], step: float) -> xr.DataArray:
        times = np.arange(0, 0.6, step)
        begins = np.linspace(0.1, 0.3, len(targets))
        rising = np.clip((times - begins[:, None]) / 0.1, 0, 1)  # (target, time)
        values = np.linspace(-1, 1, 24)[:, None, None] * rising + 0.2 * random.standard_normal((24, *rising.shape))
        return xr.DataArray(values, {"sound": names, "target": targets, "time": times}, ("sound", "target", "time"))

    electrodes = responses([f"e{index}" for index in range(6)], 0.01)
    electrodes = electrodes.assign_coords(group=("target", ["song_electrodes"] * 3 + ["speech_electrodes"] * 3))
    components = responses(["ecog1", "ecog2", "ecog3"], 0.04)
    sets = {"components": components, "electrodes": electrodes, "regions": electrodes.mean("time").drop_vars("group")}
    return brain.Brain("demo", True, waveforms, sets, {"citation": "Synthetic, made by a test"})


@pytest.fixture
def small_brain(monkeypatch):
    """Twenty short sounds, six components and eight voxels in place of every dataset; returns the brain."""
    from helpers import brain

    small = twenty_sounds()
    monkeypatch.setattr(brain, "open", lambda *_: small)
    return small


@pytest.fixture
def browser(tmp_path):
    """Chromium with a fresh profile; everything it asks the network for goes to `net.json`."""
    from browsing import chromium

    driver = chromium(tmp_path)
    yield driver
    driver.quit()
