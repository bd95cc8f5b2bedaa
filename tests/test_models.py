"""The contract that every entry of the registry keeps, so that a new family is tested without a new test."""

import json

import numpy as np
import pytest
import torch
import xarray as xr

from helpers import models, storage
from helpers.names import BRANCHES, UserError
from helpers.params import Extraction, ModelEntry

SOUNDS = {"stim_b": 9000, "stim_a": 12000, "stim_c": 9000, "stim_d": 9000}  # samples; not in alphabetical order


@pytest.fixture(scope="module")
def waveforms() -> xr.DataArray:
    random = np.random.default_rng(0)
    values = np.zeros((len(SOUNDS), 12000), np.float32)
    for row, length in zip(values, SOUNDS.values(), strict=True):
        row[:length] = 0.1 * random.standard_normal(length)
    coords = {
        "sound": list(SOUNDS),
        "category": ("sound", ["Music", "Song", "EngSpeech", "Music"]),
        "n_samples": ("sound", list(SOUNDS.values())),
    }
    return xr.DataArray(values, coords, ("sound", "sample"))


@pytest.fixture(params=list(models.FAMILIES))
def entry(request, tmp_path) -> ModelEntry:
    return ModelEntry(name="small", family=request.param, **models.FAMILIES[request.param].example(tmp_path))


@pytest.fixture
def opened(entry, waveforms, tmp_path):
    """Opens the entry on some sounds, by default all, with extraction settings."""

    def open_(sounds=waveforms, seed=0, **extraction):
        return models.open(entry, sounds, tmp_path / "weights", seed, Extraction(**extraction))

    return open_


def test_settings_are_checked_without_data(entry):
    assert models.check(entry) is not None
    wrong = ModelEntry(name="small", family=entry.family, surprise=1)
    with pytest.raises(UserError, match=r"model 'small': .*unknown key 'surprise'"):
        models.check(wrong)


def test_activations_are_labelled(opened, waveforms):
    model = opened()
    assert model.name == "small" and model.steps == sorted(set(model.steps))
    data = model.activations(model.steps[-1])
    activations, merged = data["activations"], data["merged"]
    assert activations.dims == ("branch", "layer", "sound", "unit") and merged.dims == ("output", "sound", "unit")
    assert activations["branch"].values.tolist() == list(BRANCHES)
    assert activations["sound"].values.tolist() == waveforms["sound"].values.tolist()
    assert activations["layer"].values.tolist() == list(range(1, activations.sizes["layer"] + 1))
    towers = activations["tower"].values.tolist()
    assert towers == sorted(towers, reverse=True) and set(towers) == {"encoder", "decoder"}
    assert merged["output"].values.tolist() == ["encoder", "decoder"]
    assert activations.dtype == merged.dtype == np.float32
    assert np.isfinite(activations).all() and np.isfinite(merged).all()


def test_branches_differ(opened):
    model = opened()
    activations = model.activations(model.steps[-1])["activations"]
    assert abs(activations.sel(branch="left") - activations.sel(branch="right")).max("unit").min() > 1e-3


def test_frames_average_to_the_activations_and_cover_all_sounds(opened):
    model = opened(batch=2)
    pooled = model.activations(model.steps[-1])["activations"]
    seen = []
    for frames in model.frames(model.steps[-1]):
        assert frames.dims == ("branch", "layer", "sound", "frame", "unit") and frames.sizes["sound"] <= 2
        seen += frames["sound"].values.tolist()
        xr.testing.assert_allclose(frames.mean("frame"), pooled.sel(sound=frames["sound"]), atol=1e-5)
    assert sorted(seen) == sorted(SOUNDS)


def test_max_pooling(opened):
    model = opened(pooling="max")
    pooled = model.activations(model.steps[0])["activations"]
    frames = next(model.frames(model.steps[0]))
    xr.testing.assert_allclose(frames.max("frame"), pooled.sel(sound=frames["sound"]), atol=1e-5)


def test_neither_batches_nor_other_sounds_nor_padding_change_a_sound(opened, waveforms):
    """Activations of some sounds heard alone, unpadded, one at a time, with the weights trained on all."""
    step = opened().steps[-1]
    together = opened(batch=8).activations(step)
    alone = opened(batch=1).activations(step)
    xr.testing.assert_allclose(together, alone, atol=1e-5)
    model = opened()
    model.waveforms = waveforms[[2, 0], :9000]
    xr.testing.assert_allclose(together.sel(sound=["stim_c", "stim_b"]), model.activations(step), atol=1e-5)


def test_identity_tells_results_apart(opened):
    model = opened()
    identities = [json.dumps(model.identity(step), sort_keys=True) for step in model.steps]
    assert len(set(identities)) == len(model.steps)
    assert identities == [json.dumps(opened().identity(step), sort_keys=True) for step in model.steps]


def test_opening_leaves_the_global_generators_alone(opened):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model = opened()
    model.activations(model.steps[-1])
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


def test_too_short_sound_is_named(opened, waveforms):
    short = waveforms.assign_coords(n_samples=("sound", [9000, 2048, 9000, 9000]))
    model = opened()
    model.waveforms = short
    with pytest.raises(UserError, match="sound 'stim_a' has 2048 samples"):
        model.activations(model.steps[0])


@pytest.mark.parametrize("device", ["cuda:99", "quantum"])
def test_absent_device_is_refused(opened, device):
    with pytest.raises(UserError, match=f"device: found '{device}', but this machine has: cpu"):
        opened(device=device)


def test_unknown_family_is_refused():
    with pytest.raises(UserError, match="unknown family 'minni'; did you mean 'mini'"):
        models.check(ModelEntry(name="x", family="minni"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give either `weights`"),
        ({"weights": "mel256-ec-base", "checkpoints": {1: "a.pt"}}, "give either `weights`"),
        ({"weights": "mel256-ec-bse"}, "unknown weights 'mel256-ec-bse'; did you mean 'mel256-ec-base'"),
        ({"weights": "mel256-ec-base", "revision": "abc"}, "revision: found 'abc'"),
        ({"weights": "mel256-ec-base", "step": "1e5"}, "write 100000.0"),
    ],
)
def test_encodecmae_settings(settings, message):
    with pytest.raises(UserError, match=f"model 'x': .*{message}"):
        models.check(ModelEntry(name="x", family="encodecmae", **settings))


def test_series_of_checkpoints(tmp_path, waveforms):
    """A model entry may be a series, step -> weights; each step is heard with its own weights."""
    path = models.FAMILIES["encodecmae"].example(tmp_path)["weights"]
    content = torch.load(path, weights_only=True)
    content["state_dict"]["wav_encoder.post_net.bias"] += 1
    torch.save(content, tmp_path / "later.pt")
    series = {100: str(tmp_path / "later.pt"), 50: path}
    entry = ModelEntry(name="series", family="encodecmae", checkpoints=series, heads=2)
    model = models.open(entry, waveforms, tmp_path, 0, Extraction())
    assert model.steps == [50, 100]
    early, late = (model.activations(step)["activations"] for step in model.steps)
    assert abs(early - late).max() > 0.1


def test_local_weights_are_known_by_checksum(tmp_path, waveforms):
    settings = models.FAMILIES["encodecmae"].example(tmp_path)
    checksum = storage.sha256(settings["weights"])
    for expected in (checksum, "0" * 64):
        entry = ModelEntry(name="x", family="encodecmae", sha256=expected, **settings)
        model = models.open(entry, waveforms, tmp_path, 0, Extraction())
        if expected == checksum:
            assert model.identity(model.steps[0])["sha256"] == checksum
        else:
            with pytest.raises(UserError, match=f"SHA-256 is {checksum}, expected 0000"):
                model.activations(model.steps[0])
