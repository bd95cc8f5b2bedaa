"""The miniature learns, hides what it should, is reproducible, and its weights are reused or made anew as they must."""

import numpy as np
import pytest
import torch
import xarray as xr

from helpers import models
from helpers.models import mini, targets
from helpers.models.mel import normalised_mel
from helpers.models.network import Sizes
from helpers.models.pretraining import Plan, gaps, initialised, pretrain, schedule
from helpers.names import UserError
from helpers.params import Extraction, ModelEntry

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
        return models.open(entry, sounds, tmp_path / "small", seed, Extraction())

    return open_


@pytest.fixture
def trainings(monkeypatch) -> list[str]:
    """The label of each training that is started."""
    started, original = [], mini.pretrain

    def counted(*args):
        started.append(args[-1])
        return original(*args)

    monkeypatch.setattr(mini, "pretrain", counted)
    return started


def test_half_of_the_frames_are_hidden_in_gaps():
    hidden = gaps(200, 149, np.random.default_rng(0))
    assert (hidden.sum(1) == 74).all()
    edges = np.diff(hidden.astype(int), axis=1, prepend=0, append=0)
    lengths = np.concatenate([np.flatnonzero(row == -1) - np.flatnonzero(row == 1) for row in edges])
    assert np.median(lengths) >= 15 and len(lengths) / 200 < 5  # gaps, not single frames
    assert 0.3 < hidden.mean(0)[30:-30].mean() < 0.7  # everywhere
    assert gaps(3, 5, np.random.default_rng(0)).sum() == 6  # crops shorter than a gap


def test_encoder_hears_only_visible_frames():
    """Changing hidden frames changes no logit; changing a visible one does, at hidden places too."""
    learner = initialised(Sizes(16, 2, 2, 1, 32), 2, 4, seed=0)
    random = np.random.default_rng(0)
    mel = torch.from_numpy(random.standard_normal((3, 40, 256)).astype(np.float32))
    hidden = torch.from_numpy(gaps(3, 40, random))
    other = torch.where(hidden[..., None], 5.0, mel)
    with torch.no_grad():
        logits = learner(mel, hidden)
        assert logits.shape == (3, 40, 2, 4)
        assert torch.equal(logits, learner(other, hidden))
        other = torch.where(hidden[..., None], mel, mel + 1)
        assert (logits - learner(other, hidden)).abs().amax((-1, -2))[hidden].min() > 1e-4


def test_with_nothing_hidden_training_and_extraction_agree():
    learner = initialised(Sizes(16, 2, 2, 1, 32), 1, 4, seed=0)
    mel = torch.randn(2, 30, 256, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = learner(mel, torch.zeros(2, 30, dtype=torch.bool))
        _, decoded = learner.network(mel)
        expected = learner.head.layer(decoded.merged).unflatten(-1, (1, 4))
    assert torch.allclose(logits, expected, atol=1e-5)


def test_loss_weighs_hidden_and_visible_frames():
    learner = initialised(Sizes(16, 2, 2, 1, 32), 1, 4, seed=0)
    mel = torch.randn(2, 30, 256, generator=torch.Generator().manual_seed(0))
    codes = torch.zeros(2, 30, 1, dtype=torch.long)
    hidden = torch.from_numpy(gaps(2, 30, np.random.default_rng(0)))
    with torch.no_grad():
        each = -learner(mel, hidden).log_softmax(-1)[..., 0, 0]
        expected = 0.9 * each[hidden].mean() + 0.1 * each[~hidden].mean()
        assert learner.loss(mel, codes, hidden) == pytest.approx(float(expected), rel=1e-5)


def test_training_learns_to_predict_hidden_codes(waveforms):
    mels = normalised_mel(torch.from_numpy(waveforms.values))
    codes = torch.from_numpy(targets.codes_of(mels.numpy(), 3, 8, 1, 16, seed=0).astype(np.int64))
    learner = initialised(Sizes(32, 2, 2, 1, 64), 1, 16, seed=0)
    hidden = torch.from_numpy(gaps(20, mels.shape[1], np.random.default_rng(9)))

    def loss():
        with torch.no_grad():
            return float(learner.loss(mels, codes, hidden))

    before = loss()
    plan = Plan(steps=60, batch=20, crop=mels.shape[1], learning_rate=3e-3, warm_up=5)
    assert [step for step, _ in pretrain(learner, mels, codes, plan, [0, 30, 60], 0, "x")] == [0, 30, 60]
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
    before = first.activations(4)
    assert first.steps == [0, 2, 4] and len(trainings) == 1
    assert [first.path(step).exists() for step in first.steps] == [True] * 3
    xr.testing.assert_identical(before, opened().activations(4))
    assert opened(checkpoints=[]).settings.kept == [0, 1, 2, 4]
    opened().network(0)
    assert len(trainings) == 1


def test_training_is_reproducible_and_depends_on_the_seed(opened):
    def weights(seed):
        model = opened(seed=seed)
        model._train()
        return model.network(4).state_dict()

    first, again, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["wav_encoder.post_net.weight"], other["wav_encoder.post_net.weight"])


def test_steps_change_the_weights(opened):
    model = opened()
    start, end = (model.network(step).state_dict()["wav_encoder.post_net.weight"] for step in (0, 4))
    assert (start - end).abs().max() > 1e-4


@pytest.mark.parametrize("change", ["seed", "settings", "sounds", "code", "damage"])
def test_weights_are_made_anew_when_what_made_them_changed(opened, trainings, waveforms, monkeypatch, change):
    opened().network(4)
    if change == "damage":
        opened().path(4).write_bytes(b"half a file")
    if change == "code":
        monkeypatch.setattr(mini, "code_digest", lambda *modules: "another")
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


def test_only_sounds_of_the_categories_are_learned_from(opened, waveforms):
    music = opened(categories=["Music"])
    assert set(music.lessons["category"].values) == {"Music"} and music.lessons.sizes["sound"] == 10
    louder = waveforms.copy()
    louder[10:] *= 2
    assert opened(louder, categories=["Music"]).identity(4) == music.identity(4)
    assert opened(louder).identity(4) != opened().identity(4)


def test_short_sounds_are_repeated_instead_of_ending_in_silence(waveforms):
    short = waveforms.assign_coords(n_samples=("sound", [N_SAMPLES] * 19 + [5000]))
    repeated = mini._repeated(short)
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
