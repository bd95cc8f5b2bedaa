"""`mini` learns, masks what it should, is reproducible, and is trained again exactly when its weights would differ."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import xarray as xr

from helpers import models
from helpers.errors import DamagedCheckpoint, UserError
from helpers.models import Checkpoint, ModelEntry
from helpers.models.encodecmae import mini, targets, training
from helpers.models.encodecmae.checkpoint import read
from helpers.models.encodecmae.mel import normalised_mel
from helpers.models.encodecmae.network import Sizes
from helpers.models.encodecmae.pretraining import Plan, initialised, mask_spans, pretrain, schedule
from helpers.store import code

N_SAMPLES = 12_000


@pytest.fixture(scope="module")
def waveforms() -> xr.DataArray:
    """Tones and noises, ten of each, half a second."""
    random = np.random.default_rng(1)
    time = np.arange(N_SAMPLES) / 24_000
    tones = [np.sin(2 * np.pi * pitch * time * (1 + 0.2 * time)) for pitch in np.geomspace(150, 2000, 10)]
    noises = [random.standard_normal(N_SAMPLES) * np.sin(2 * np.pi * rate * time) for rate in np.linspace(2, 20, 10)]
    values = 0.2 * np.array(tones + noises, np.float32)
    coords = {
        "sound": [f"stim{i}" for i in range(20)],
        "category": ("sound", ["Music"] * 10 + ["Nature"] * 10),
        "n_samples": ("sound", [N_SAMPLES] * 20),
    }
    return xr.DataArray(values, coords, ("sound", "sample"))


@pytest.fixture
def opened(tmp_path, waveforms):
    def open_(sounds=waveforms, seed=0, **changes):
        entry = ModelEntry(name="small", family="mini", **{**mini.example(tmp_path), **changes})
        return models.open(entry, SimpleNamespace(waveforms_at=lambda rate: sounds), tmp_path / "small", seed)

    return open_


@pytest.fixture
def trainings(monkeypatch) -> list[int]:
    """The seed of each training that is started."""
    started, original = [], training.pretrain

    def counted(*args):
        started.append(args[-1])
        return original(*args)

    monkeypatch.setattr(training, "pretrain", counted)
    return started


def test_half_of_the_frames_are_masked_in_spans():
    masked = mask_spans(200, 149, np.random.default_rng(0))
    assert (masked.sum(1) == 74).all()
    edges = np.diff(masked.astype(int), axis=1, prepend=0, append=0)
    lengths = np.concatenate([np.flatnonzero(row == -1) - np.flatnonzero(row == 1) for row in edges])
    assert np.median(lengths) >= 15 and len(lengths) / 200 < 5  # spans, not single frames
    assert 0.3 < masked.mean(0)[30:-30].mean() < 0.7  # everywhere
    assert mask_spans(3, 5, np.random.default_rng(0)).sum() == 6  # crops shorter than a span


def test_encoder_sees_only_visible_frames():
    """Changing masked frames changes no logit; changing a visible one does, at masked places too."""
    model = initialised(Sizes(16, 2, 2, 1, 32), 2, 4, seed=0)
    random = np.random.default_rng(0)
    mel = torch.from_numpy(random.standard_normal((3, 40, 256)).astype(np.float32))
    masked = torch.from_numpy(mask_spans(3, 40, random))
    other = torch.where(masked[..., None], 5.0, mel)
    with torch.no_grad():
        logits = model(mel, masked)
        assert logits.shape == (3, 40, 2, 4)
        assert torch.equal(logits, model(other, masked))
        other = torch.where(masked[..., None], mel, mel + 1)
        assert (logits - model(other, masked)).abs().amax((-1, -2))[masked].min() > 1e-4


def test_with_nothing_masked_training_and_extraction_agree():
    model = initialised(Sizes(16, 2, 2, 1, 32), 1, 4, seed=0)
    mel = torch.randn(2, 30, 256, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = model(mel, torch.zeros(2, 30, dtype=torch.bool))
        _, decoded = model.network(mel)
        expected = model.head.layer(decoded.merged).unflatten(-1, (1, 4))
    assert torch.allclose(logits, expected, atol=1e-5)


def test_loss_weighs_masked_and_visible_frames():
    model = initialised(Sizes(16, 2, 2, 1, 32), 1, 4, seed=0)
    mel = torch.randn(2, 30, 256, generator=torch.Generator().manual_seed(0))
    codes = torch.zeros(2, 30, 1, dtype=torch.long)
    masked = torch.from_numpy(mask_spans(2, 30, np.random.default_rng(0)))
    with torch.no_grad():
        each = -model(mel, masked).log_softmax(-1)[..., 0, 0]
        expected = 0.9 * each[masked].mean() + 0.1 * each[~masked].mean()
        assert model.loss(mel, codes, masked) == pytest.approx(float(expected), rel=1e-5)


def test_training_learns_to_predict_masked_codes(waveforms):
    mels = normalised_mel(torch.from_numpy(waveforms.values))
    codes = torch.from_numpy(targets.codes_of(mels.numpy(), 3, 8, 1, 16, seed=0).astype(np.int64))
    model = initialised(Sizes(32, 2, 2, 1, 64), 1, 16, seed=0)
    masked = torch.from_numpy(mask_spans(20, mels.shape[1], np.random.default_rng(9)))

    def loss():
        with torch.no_grad():
            return float(model.loss(mels, codes, masked))

    before = loss()
    plan = Plan(steps=60, batch_size=20, crop=mels.shape[1], learning_rate=3e-3, warm_up=5)
    assert [step for step, _ in pretrain(model, mels, codes, plan, seed=0)] == list(range(61))
    assert loss() < 0.7 * before


def test_schedule_warms_up_and_ends_near_zero():
    plan = Plan(100, 1, 1, 1e-3, 10)
    rates = [schedule(step, plan) for step in range(1, 101)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == 1.0 and rates[-1] == pytest.approx(1 / 90)
    assert np.argmax(rates) == 9


def test_codes_follow_the_sounds(waveforms):
    mels = normalised_mel(torch.from_numpy(waveforms.values)).numpy()
    codes = targets.codes_of(mels, 3, 8, 2, 16, seed=0)
    assert codes.shape == (*mels.shape[:2], 2) and codes.min() >= 0 and codes.max() < 16
    assert np.array_equal(codes, targets.codes_of(mels, 3, 8, 2, 16, seed=0))
    assert not set(codes[:10, :, 0].ravel()) & set(codes[10:, :, 0].ravel())  # tones and noises share no code


def test_codebooks_say_different_things(waveforms):
    mels = normalised_mel(torch.from_numpy(waveforms.values)).numpy()
    first, second = np.moveaxis(targets.codes_of(mels, 3, 16, 2, 8, seed=0), -1, 0)
    joint = targets.perplexity(first * 8 + second, 64)
    assert joint > 1.5 * max(targets.perplexity(first, 8), targets.perplexity(second, 8))


def test_too_few_frames_are_refused(opened):
    with pytest.raises(UserError, match="frames of sound are too few to learn from, expected at least 5000"):
        opened(codes=5000).network(0)


def test_perplexity():
    assert targets.perplexity(np.zeros(50, int), 8) == pytest.approx(1)
    assert targets.perplexity(np.arange(8).repeat(3), 8) == pytest.approx(8)


def test_collapsed_targets_are_refused(opened, waveforms):
    """Sounds that are all alike give one code: the loss would be 0 with nothing learned."""
    silent = waveforms.copy(data=np.zeros_like(waveforms.values))
    with pytest.raises(UserError, match=r"the training targets collapsed: a codebook uses 1.\d of 16 codes"):
        opened(silent, codes=16).network(0)


def test_weights_are_trained_once(opened, trainings):
    first = opened()
    before = first.hear(4)
    assert first.steps == [0, 2, 4] and len(trainings) == 1
    assert [first.path(step).exists() for step in first.steps] == [True] * 3
    xr.testing.assert_identical(before, opened().hear(4))
    assert opened(checkpoints=[]).settings.kept == [0, 1, 2, 4]
    opened().network(0)
    opened(pooling="max", last_layer="left").network(4)  # neither matters to the weights
    assert len(trainings) == 1


def test_training_is_reproducible_and_depends_on_the_seed(opened):
    def weights(seed):
        model = opened(seed=seed)
        model._train()
        return model.network(4).state_dict()

    first, again, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["wav_encoder.post_net.weight"], other["wav_encoder.post_net.weight"])


def test_checkpoints_say_what_made_them(opened):
    model = opened()
    model.network(4)
    kept = [read(model.path(step))["inputs"] for step in model.steps]
    assert kept == [{"training": model.identity(4)["training"], "step": step} for step in (0, 2, 4)]


def test_a_matched_network_learns_from_as_many_random_sounds_in_the_same_way(opened, waveforms):
    kinds = sorted(set(waveforms["category"].values.tolist()))
    own = opened(categories=kinds[:1])
    others = [opened(categories=kinds[:1]).in_state("matched", seed) for seed in (0, 1)]
    for model in others:
        assert model.training_sounds.sizes["sound"] == own.training_sounds.sizes["sound"] < waveforms.sizes["sound"]
        assert model.settings == own.settings and model.folder != own.folder
    drawn = [model.training_sounds["sound"].values.tolist() for model in others]
    assert drawn[0] != drawn[1] and drawn[0] != own.training_sounds["sound"].values.tolist()
    assert len({Checkpoint(model, 4).store_key()["identity"]["training"] for model in (own, *others)}) == 3
    with pytest.raises(UserError, match="is trained on all sounds, so no other sounds can match them"):
        opened().in_state("matched", 0)


def test_steps_change_the_weights(opened):
    model = opened()
    start, end = (model.network(step).state_dict()["wav_encoder.post_net.weight"] for step in (0, 4))
    assert (start - end).abs().max() > 1e-4


def edit(monkeypatch, module: str) -> None:
    """Let a module's code count as another one than before."""
    original = code.module_digest
    code.code_digest.cache_clear()
    monkeypatch.setattr(code, "module_digest", lambda name: "edited" if name == module else original(name))


@pytest.fixture(autouse=True)
def _forget_edits():
    yield
    code.code_digest.cache_clear()


@pytest.mark.parametrize("module", ["training", "pretraining", "targets", "network", "mel"])
def test_code_that_the_weights_depend_on_counts(opened, monkeypatch, module):
    before = opened().identity(4)["training"]
    edit(monkeypatch, f"helpers.models.encodecmae.{module}")
    assert opened().identity(4)["training"] != before


@pytest.mark.parametrize(
    "module",
    [
        "models.base",
        "models.encodecmae.mini",
        "models.encodecmae.published",
        "models.encodecmae.extraction",
        "models.encodecmae.chunks",
        "models.encodecmae.checkpoint",
        "stimuli.sounds",
        "names",
    ],
)
def test_other_code_does_not_train_again(opened, trainings, monkeypatch, module):
    """How activations are computed, other families, and everything else leave trained weights as they are."""
    opened().network(4)
    edit(monkeypatch, f"helpers.{module}")
    opened().network(4)
    assert len(trainings) == 1


@pytest.mark.parametrize("change", ["seed", "settings", "sounds", "code", "damage"])
def test_weights_are_made_anew_when_what_made_them_changed(opened, trainings, waveforms, monkeypatch, change):
    opened().network(4)
    if change == "damage":
        opened().path(4).write_bytes(b"half a file")
    if change == "code":
        edit(monkeypatch, "helpers.models.encodecmae.targets")
    changed = {
        "seed": lambda: opened(seed=1),
        "settings": lambda: opened(learning_rate=2e-3),
        "sounds": lambda: opened(waveforms * 0.5),
    }
    changed.get(change, opened)().network(4)
    assert len(trainings) == 2


def test_interrupted_training_leaves_whole_files_and_is_taken_up_again(opened, trainings, monkeypatch):
    model = opened()
    saved = model._save

    def killed(step, weights):
        if step == 4:
            raise KeyboardInterrupt
        saved(step, weights)

    monkeypatch.setattr(model, "_save", killed)
    with pytest.raises(KeyboardInterrupt):
        model.network(4)
    kept = sorted(path.name for path in model.folder.iterdir() if path.suffix != ".lock")
    assert kept == ["step-0000000.pt", "step-0000002.pt"]
    opened().network(4)
    assert len(trainings) == 2


def test_only_sounds_of_the_categories_are_trained_on(opened, waveforms):
    music = opened(categories=["Music"])
    assert set(music.training_sounds["category"].values) == {"Music"} and music.training_sounds.sizes["sound"] == 10
    louder = waveforms.copy()
    louder[10:] *= 2
    assert opened(louder, categories=["Music"]).identity(4) == music.identity(4)
    assert opened(louder).identity(4) != opened().identity(4)


def test_short_sounds_are_repeated_instead_of_ending_in_silence(waveforms):
    short = waveforms.assign_coords(n_samples=("sound", [N_SAMPLES] * 19 + [5000]))
    repeated = training.repeated(short)
    assert np.array_equal(repeated[19, 5000:10000], waveforms.values[19, :5000])
    assert np.array_equal(repeated[:19], waveforms.values[:19])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": "1e-3"}, "write 0.001"),
        ({"steps": 10, "checkpoints": [20]}, r"`checkpoints` \[20\] are not between 0 and `steps` \(10\)"),
        ({"heads": 8, "width": 4}, "`heads` .8. cannot exceed"),
        ({"components": 4, "codebooks": 8}, "`codebooks` .8. cannot exceed `components` .4."),
        ({"widths": 4}, "unknown key 'widths'; did you mean 'width'"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(UserError, match=f"model 'x': .*{message}"):
        models.check(ModelEntry(name="x", family="mini", **settings))


def test_unknown_category_is_refused(opened):
    with pytest.raises(UserError, match="model 'small': no sound is of category 'Musik'; did you mean 'Music'"):
        opened(categories=["Musik"])


# Training that fails is not a network


@pytest.mark.parametrize(
    ("learning_rate", "steps"), [(100.0, 40), (1e6, 40), (1e12, 4), (1e30, 1), (1e300, 1)]
)  # 1e12 overflows in what the network computes, 1e300 in the weights themselves
def test_training_that_diverges_is_an_error(opened, learning_rate, steps):
    model = opened(learning_rate=learning_rate, steps=steps, checkpoints=[0])
    with pytest.raises(UserError, match=r"model 'small': training diverged at step \d+ \(learning_rate .*\); lower it"):
        model.network(steps)
    assert not model.path(steps).exists()


def test_a_learning_rate_that_is_no_number_is_refused():
    for rate in (float("inf"), float("nan"), -1.0):
        with pytest.raises(UserError, match="learning_rate: found"):
            models.check(ModelEntry(name="x", family="mini", learning_rate=rate))


def test_weights_of_ours_that_are_damaged_within_are_trained_again(opened, trainings, capsys):
    model = opened()
    before = model.network(4).state_dict()
    content = torch.load(model.path(4), weights_only=True)
    next(iter(content["state_dict"].values())).fill_(float("nan"))
    torch.save(content, model.path(4))
    after = opened().network(4).state_dict()
    assert len(trainings) == 2 and "it is trained again" in capsys.readouterr().out
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_checkpoint_that_cannot_be_written_is_an_error_and_not_left_out(opened, monkeypatch):
    def full(_path, _content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match=r"step-0000000.pt could not be written: No space left") as error:
        opened().network(4)
    assert not isinstance(error.value, DamagedCheckpoint)
