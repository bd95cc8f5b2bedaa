"""The contract that every entry of the registry keeps, so that a new family is tested without a new test."""

import itertools
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import xarray as xr

from helpers import models, text
from helpers.errors import UserError
from helpers.models import DOWNLOAD, TRAINING, AudioModel, Checkpoint, Cost, ModelEntry
from helpers.models.base import FRAMES, STREAMS, Weighted, layer_of
from helpers.models.encodecmae.extraction import BRANCHES
from helpers.store import files, results
from helpers.store.settings import Settings

SOUNDS = {"stim_b": 9000, "stim_a": 12000, "stim_c": 9000, "stim_d": 9000}  # samples; not in alphabetical order

WIDTHS = [2 + layer % 3 for layer in range(11)]  # of the toy's layers; more than nine: layer_10 sorts before layer_2


class Toy(AudioModel):
    """The simplest family: layers of unequal width, another rate than the others', and no options."""

    def activations(self, step):
        sounds, n = self.waveforms["sound"].values, self.waveforms["n_samples"].values
        values = [step + np.outer(n, np.arange(1, width + 1)).astype(np.float32) for width in WIDTHS]
        return [layer_of(one, sounds, layer, f"block.{layer}") for layer, one in enumerate(values, start=1)]

    def identity(self, step):
        return {"family": "toy", "step": step}

    def missing(self, step):  # noqa: ARG002
        return ""

    @property
    def sizes(self):
        return Cost(tuple((f"block.{layer}", width) for layer, width in enumerate(WIDTHS, start=1)), n_weights=0)


class ToySettings(Settings):
    """A family may have no settings."""


def open_toy(name, settings, waveforms, folder, seed, device, batch_size):
    return Toy(name, waveforms, [0, 5], device, batch_size)


TOY = {"Settings": ToySettings, "RATE": 8_000, "open": open_toy, "example": lambda folder: {}}


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
    return xr.DataArray(values, coords, ("sound", "sample"), attrs={"rate_hz": 16_000})


def brain_of(waveforms) -> SimpleNamespace:
    """As much of a dataset as a model asks for; its sounds are the same at every rate, `asked` notes which."""
    asked = []
    return SimpleNamespace(waveforms_at=lambda rate: asked.append(rate) or waveforms, asked=asked)


@pytest.fixture(params=[*models.FAMILIES, "toy"])
def entry(request, tmp_path, monkeypatch) -> ModelEntry:
    monkeypatch.setitem(models.FAMILIES, "toy", SimpleNamespace(__name__="toy", **TOY))
    assert not models.missing(request.param)
    return ModelEntry(name="small", family=request.param, **models.FAMILIES[request.param].example(tmp_path))


@pytest.fixture
def opened(entry, waveforms, tmp_path):
    """Opens the entry on some sounds, by default all, with other settings."""

    def open_(sounds=waveforms, seed=0, device="cpu", batch_size=8, **settings):
        changed = ModelEntry(name="small", family=entry.family, **{**entry.settings, **settings})
        return models.open(changed, brain_of(sounds), tmp_path / "weights", seed, device, batch_size)

    return open_


@pytest.fixture
def with_option(opened):
    """Skips families without an option."""

    def model(option, **settings):
        if option not in opened().options:
            pytest.skip(f"has no {option}")
        return opened(**settings)

    return model


@pytest.mark.parametrize("family", models.FAMILIES)
def test_families_are_complete(family):
    assert not models.missing(family), models.missing(family)


@pytest.mark.parametrize("part", models.PARTS)
def test_what_a_family_lacks_is_named(part, monkeypatch):
    module = SimpleNamespace(__name__="helpers.models.toy", **{key: TOY[key] for key in TOY if key != part})
    monkeypatch.setitem(models.FAMILIES, "toy", module)
    lacks = f"family 'toy' .helpers.models.toy. lacks {part}: {re.escape(models.PARTS[part])}; add"
    with pytest.raises(UserError, match=lacks):
        models.check(ModelEntry(name="small", family="toy"))


def test_settings_are_checked_without_data(entry):
    assert isinstance(models.check(entry), models.FAMILIES[entry.family].Settings)
    wrong = ModelEntry(name="small", family=entry.family, surprise=1)
    with pytest.raises(UserError, match=r"model 'small': .*unknown key 'surprise'"):
        models.check(wrong)


def test_a_family_gets_the_sounds_at_its_rate(entry, waveforms, tmp_path):
    brain = brain_of(waveforms)
    models.open(entry, brain, tmp_path, 0)
    family = models.FAMILIES[entry.family]
    assert brain.asked == [models.rate(entry)] and getattr(family, "RATE", brain.asked[0]) == brain.asked[0]


def test_a_rate_may_depend_on_the_settings(waveforms, tmp_path, monkeypatch):
    parts = {key: value for key, value in TOY.items() if key != "RATE"} | {"rate_of": lambda settings: 11_025}
    monkeypatch.setitem(models.FAMILIES, "toy", SimpleNamespace(__name__="toy", **parts))
    assert not models.missing("toy")
    brain = brain_of(waveforms)
    models.open(ModelEntry(name="small", family="toy"), brain, tmp_path, 0)
    assert brain.asked == [11_025]


def test_layers_are_labelled(opened):
    model = opened()
    assert model.name == "small" and model.steps == sorted(set(model.steps))
    assert model.missing(model.steps[-1]) in ("", DOWNLOAD, TRAINING)
    layers = model.activations(model.steps[-1])
    assert [int(layer["layer"]) for layer in layers] == list(range(1, len(layers) + 1))
    assert len({str(layer["stage"].values) for layer in layers}) == len(layers)
    for layer in layers:
        assert layer.dims == ("sound", "unit") and layer.dtype == np.float32 and np.isfinite(layer).all()
        assert layer["sound"].values.tolist() == list(SOUNDS)
        note = str(layer["note"].values)
        assert all(f"note.{note}" in labeller.words for labeller in text.labellers().values()) or not note
    assert model.missing(model.steps[-1]) == ""


def test_sizes_are_those_of_the_activations(entry, opened):
    """Of published weights they are the published networks', whatever the file holds."""
    model = opened()
    if entry.family == "encodecmae":
        pytest.skip("a checkpoint's sizes are known when it is read")
    layers = model.activations(model.steps[0])
    assert model.sizes.layers == tuple((str(layer["stage"].values), layer.sizes["unit"]) for layer in layers)
    assert (model.sizes.n_layers, model.sizes.n_units) == (len(layers), max(layer.sizes["unit"] for layer in layers))


def test_layers_come_back_from_disk_as_they_were(opened, tmp_path):
    """What is kept is read, not computed again, and gives the same layers in the same order."""
    model = opened()
    one = Checkpoint(model, model.steps[-1])
    assert not results.is_kept(models.hear, tmp_path / "kept", checkpoint=one)
    results.result(models.hear, tmp_path / "kept", checkpoint=one)
    assert results.is_kept(models.hear, tmp_path / "kept", checkpoint=one)
    read = model.layers(results.result(models.hear, tmp_path / "kept", checkpoint=one))
    for found, expected in zip(read, model.activations(model.steps[-1]), strict=True):
        xr.testing.assert_identical(found, expected)


def test_kept_activations_are_told_apart(opened, waveforms):
    """By checkpoint, sounds, their order and their lengths; not by device, sounds at a time or name."""
    model = opened()

    def key(model, step):
        return results.key(models.hear, checkpoint=Checkpoint(model, step))

    last = model.steps[-1]
    shorter = waveforms.assign_coords(n_samples=("sound", [9000] * 4))
    changed = [opened(sounds) for sounds in (waveforms * 0.5, waveforms[::-1], shorter)]
    keys = [key(model, step) for step in model.steps] + [key(other, last) for other in changed]
    assert len(set(keys)) == len(keys)
    assert key(opened(batch_size=1), last) == key(model, last)


def test_kept_activations_depend_on_the_family_s_code(opened, monkeypatch):
    model = opened()
    before = results.key(models.hear, checkpoint=Checkpoint(model, model.steps[0]))
    original = models.base.code_digest
    own = type(model).__module__
    monkeypatch.setattr(models.base, "code_digest", lambda *names: "edited" if own in names else original(*names))
    assert results.key(models.hear, checkpoint=Checkpoint(model, model.steps[0])) != before


def test_neither_batches_nor_other_sounds_nor_padding_change_a_sound(opened, waveforms):
    """Activations of some sounds alone, unpadded, one at a time, with the weights trained on all."""
    step = opened().steps[-1]
    together, alone = opened(batch_size=8).activations(step), opened(batch_size=1).activations(step)
    model = opened()
    model.waveforms = waveforms[[2, 0], :9000]
    some = model.activations(step)
    for one, other, two in zip(together, alone, some, strict=True):
        xr.testing.assert_allclose(one, other, atol=1e-5)
        xr.testing.assert_allclose(one.sel(sound=["stim_c", "stim_b"]), two, atol=1e-5)


def test_identity_tells_checkpoints_apart(opened):
    model = opened()
    identities = [json.dumps(model.identity(step), sort_keys=True) for step in model.steps]
    assert len(set(identities)) == len(model.steps)
    assert identities == [json.dumps(opened().identity(step), sort_keys=True) for step in model.steps]


def test_untrained_and_permuted_weights_are_others(entry, waveforms, tmp_path):
    def heard(**state):
        changed = entry.model_copy(update=state)
        model = models.open(changed, brain_of(waveforms), tmp_path / "weights", 0)
        return models.Checkpoint(model, model.steps[-1]).store_key(), model.activations(model.steps[-1])

    if not issubclass(type(models.open(entry, brain_of(waveforms), tmp_path / "weights", 0)), Weighted):
        with pytest.raises(UserError, match=r"'small': its family has no weights that could be permuted"):
            heard(state="permuted")
        return
    states = [{}] + [{"state": state, "state_seed": seed} for state in ("untrained", "permuted") for seed in (0, 1)]
    found = [heard(**state) for state in states]
    assert len({json.dumps(key, sort_keys=True) for key, _ in found}) == len(states)
    for one, two in itertools.combinations([layers for _, layers in found], 2):
        assert [layer.shape for layer in one] == [layer.shape for layer in two]
        assert not all(np.allclose(a, b) for a, b in zip(one, two, strict=True))
    again = heard(state="permuted", state_seed=1)[1]
    assert all(np.array_equal(a, b) for a, b in zip(again, found[-1][1], strict=True))


def test_permuted_tensors_hold_the_same_values(entry, waveforms, tmp_path):
    model = models.open(entry, brain_of(waveforms), tmp_path / "weights", 0)
    if not isinstance(model, Weighted):
        pytest.skip("has no weights")
    step = model.steps[-1]
    before = model.trained(step).state_dict()
    after = model.in_state("permuted", 3).network(step).state_dict()
    assert before.keys() == after.keys()
    moved = 0
    for name, tensor in before.items():
        if name.startswith(tuple(model.front_end)):
            assert torch.equal(tensor, after[name])
        assert torch.equal(tensor.flatten().sort().values, after[name].flatten().sort().values)
        moved += not torch.equal(tensor, after[name])
    assert moved > 2


def test_opening_leaves_the_global_generators_alone(opened):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model = opened()
    model.activations(model.steps[-1])
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


# Options


@pytest.mark.parametrize(("option", "ask"), [(STREAMS, "streams"), (FRAMES, "frames")])
def test_options_that_a_family_does_not_have_are_refused(opened, option, ask):
    model = opened()
    if option in model.options:
        pytest.skip(f"has {option}")
    with pytest.raises(UserError, match=f"model 'small': its family has no '{option}', only: none"):
        getattr(model, ask)(model.steps[0])


def test_streams_are_labelled_and_differ(with_option):
    model = with_option(STREAMS)
    data = model.streams(model.hear(model.steps[-1]))
    activations, merged = data["activations"], data["merged"]
    assert activations.dims == ("branch", "layer", "sound", "unit") and merged.dims == ("output", "sound", "unit")
    assert activations["branch"].values.tolist() == list(BRANCHES)
    assert activations["sound"].values.tolist() == list(SOUNDS)
    assert activations["layer"].values.tolist() == list(range(1, activations.sizes["layer"] + 1))
    towers = activations["tower"].values.tolist()
    assert towers == sorted(towers, reverse=True) and set(towers) == {"encoder", "decoder"}
    assert merged["output"].values.tolist() == ["encoder", "decoder"]
    assert activations.dtype == merged.dtype == np.float32
    assert np.isfinite(activations).all() and np.isfinite(merged).all()
    assert abs(activations.sel(branch="left") - activations.sel(branch="right")).max("unit").min() > 1e-3


def test_frames_average_to_the_streams_and_cover_all_sounds(with_option):
    model = with_option(FRAMES, batch_size=2)
    pooled = model.hear(model.steps[-1])["activations"]
    seen = []
    for frames in model.frames(model.steps[-1]):
        assert frames.dims == ("branch", "layer", "sound", "frame", "unit") and frames.sizes["sound"] <= 2
        seen += frames["sound"].values.tolist()
        xr.testing.assert_allclose(frames.mean("frame"), pooled.sel(sound=frames["sound"]), atol=1e-5)
    assert sorted(seen) == sorted(SOUNDS)


def test_max_pooling(with_option):
    model = with_option(FRAMES, pooling="max")
    pooled = model.hear(model.steps[0])["activations"]
    frames = next(model.frames(model.steps[0]))
    xr.testing.assert_allclose(frames.max("frame"), pooled.sel(sound=frames["sound"]), atol=1e-5)
    assert model.identity(model.steps[0]) != with_option(FRAMES).identity(model.steps[0])


def test_last_layer_is_merged_or_left(with_option):
    """As the published analysis had it, with a note; a choice that changes nothing of what is kept on disk."""
    merged, left = (with_option(STREAMS, last_layer=choice) for choice in ("merged", "left"))
    step = merged.steps[-1]
    heard = merged.hear(step)
    assert merged.identity(step) == left.identity(step)
    *inner, last = merged.layers(heard)
    *same, own = left.layers(heard)
    for one, other in zip(inner, same, strict=True):
        xr.testing.assert_identical(one, other)
    encoder = heard["activations"].sel(branch="left")[heard["tower"].values == "encoder"]
    assert np.array_equal(own, encoder[-1]) and np.array_equal(last, heard["merged"].sel(output="encoder"))
    assert [str(layer["stage"].values) for layer in same] == ["visible_encoder.encoder_layers.0"]
    assert (str(own["stage"].values), str(own["note"].values)) == ("visible_encoder.encoder_layers.1", "")
    assert (str(last["stage"].values), str(last["note"].values)) == ("visible_encoder", "merged")


def test_too_short_sound_is_named(with_option, waveforms):
    model = with_option(STREAMS)
    model.waveforms = waveforms.assign_coords(n_samples=("sound", [9000, 2048, 9000, 9000]))
    with pytest.raises(UserError, match=r"sound 'stim_a' has 2048 samples at \d+ Hz; it needs at least 2049"):
        model.activations(model.steps[0])


# What a family may get wrong


def _another_order(layer):
    return layer[::-1]


def _nan(layer):
    return layer.where(layer["sound"] != "stim_c")


WRONG = {
    "other sounds or another order": _another_order,
    "NaN or infinite values for 'stim_c'": _nan,
    "float64, expected float32": lambda layer: layer.astype(float),
    r"dimensions \('unit', 'sound'\), expected \('sound', 'unit'\)": lambda layer: layer.T,
    "the number 3, expected layers numbered from 1": lambda layer: layer.assign_coords(layer=3),
    "no coordinate stage": lambda layer: layer.drop_vars("stage"),
}


@pytest.mark.parametrize(("message", "change"), WRONG.items())
def test_layers_that_break_the_contract_are_refused(monkeypatch, waveforms, message, change):
    original = Toy.activations
    monkeypatch.setattr(Toy, "activations", lambda self, step: [change(layer) for layer in original(self, step)])
    with pytest.raises(UserError, match=f"model 'small', step 5, layer 1: found {message}"):
        models.hear(Checkpoint(Toy("small", waveforms, [5]), 5))


def test_what_overrides_hear_is_checked_too(monkeypatch, waveforms):
    monkeypatch.setattr(Toy, "layers", lambda self, heard: [_nan(layer) for layer in AudioModel.layers(self, heard)])
    with pytest.raises(UserError, match="NaN or infinite values for 'stim_c'"):
        models.hear(Checkpoint(Toy("small", waveforms, [5]), 5))


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
        ({"weights": "mel256-ec-base", "step": "1e5"}, "write 100000$"),
    ],
)
def test_encodecmae_settings(settings, message):
    with pytest.raises(UserError, match=f"model 'x': .*{message}"):
        models.check(ModelEntry(name="x", family="encodecmae", **settings))


def test_series_of_checkpoints(tmp_path, waveforms):
    """A model entry may be a series, step -> weights; each step has its own weights."""
    path = models.FAMILIES["encodecmae"].example(tmp_path)["weights"]
    content = torch.load(path, weights_only=True)
    content["state_dict"]["wav_encoder.post_net.bias"] += 1
    torch.save(content, tmp_path / "later.pt")
    series = {100: str(tmp_path / "later.pt"), 50: path}
    entry = ModelEntry(name="series", family="encodecmae", checkpoints=series, heads=2)
    model = models.open(entry, brain_of(waveforms), tmp_path, 0)
    assert model.steps == [50, 100]
    early, late = (model.hear(step)["activations"] for step in model.steps)
    assert abs(early - late).max() > 0.1


def test_local_weights_are_known_by_checksum(tmp_path, waveforms):
    settings = models.FAMILIES["encodecmae"].example(tmp_path)
    checksum = files.sha256(settings["weights"])
    for expected in (checksum, "0" * 64):
        entry = ModelEntry(name="x", family="encodecmae", sha256=expected, **settings)
        model = models.open(entry, brain_of(waveforms), tmp_path, 0)
        if expected == checksum:
            assert model.identity(model.steps[0])["sha256"] == checksum
        else:
            with pytest.raises(UserError, match=f"SHA-256 is {checksum}, expected 0000"):
                model.activations(model.steps[0])
