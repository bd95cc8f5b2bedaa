"""The pitch trackers equal their original code, stage by stage, with frames and positions apart and pooled."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from golden_networks import SIGNALS, golden, signal, tensors_are
from helpers import models, text
from helpers.errors import UserError
from helpers.models import crepe
from helpers.models.crepe import Settings, normalised
from helpers.models.listener import pooled
from helpers.models.wheels import pytorch

NETWORKS = tuple(crepe.MEMBERS)
GOLDEN = {name: golden(f"crepe_{name}") for name in NETWORKS}
WOMAN = SIGNALS[2]


@pytest.fixture(scope="module", params=NETWORKS)
def of(request):
    """A network's name, and the network as the golden numbers had it: a frame every 20 ms."""
    return request.param, crepe.trained(Settings(network=request.param, hop_ms=20))


@pytest.fixture
def tiny():
    return crepe.trained(Settings(network="tiny", hop_ms=20))


def near(found: torch.Tensor, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    assert np.abs(found.numpy() - expected).max() <= 2e-5 * np.abs(expected).max() + 1e-6


@torch.inference_mode()
def compare_frames(network, name, sound, frames) -> int:
    """Assert that three normalised frames (frame, sample) give the golden numbers; returns how many arrays it were."""
    compared = 0
    for stage, values in network.stages(frames[None]).items():
        own = values[0]  # (frame, position, channel)
        mean, whole = (GOLDEN[name].get(f"{sound}/{stage}/{kind}") for kind in ("frames_mean", "frames"))
        if mean is not None:
            near(own.mean(1), mean)
        if whole is not None:
            own = own[1:2, ::8] if len(whole) == 1 else own  # of the widest stage only a part is stored
            near(own if whole.ndim == 3 else own[:, 0], whole)
        compared += (mean is not None) + (whole is not None)
    return compared


def three(network, name, sound):
    return normalised(network.cut(signal(sound)[None])[0, GOLDEN[name]["frame_index"]])


@pytest.mark.parametrize("name", NETWORKS)
def test_tensors(name):
    stored = crepe.stored(name)
    assert stored.keys() == set(GOLDEN[name]["params/name"])
    tensors_are(stored, GOLDEN[name])


@pytest.mark.parametrize("sound", SIGNALS[:2])
def test_input(tiny, sound):
    assert tiny.cut(signal(sound)[None]).shape == (1, 101, 1024)
    for name in NETWORKS:
        near(three(tiny, name, sound), GOLDEN[name][f"{sound}/input_frames"])


@pytest.mark.parametrize("sound", SIGNALS[:2])
def test_stages(of, sound):
    name, network = of
    frames = torch.from_numpy(GOLDEN[name][f"{sound}/input_frames"])
    assert compare_frames(network, name, sound, frames) >= 11


@torch.inference_mode()
@pytest.mark.parametrize("sound", SIGNALS)
def test_stages_from_the_waveform(of, sound):
    """Three frames with their positions, and the means over all frames and positions."""
    name, network = of
    assert compare_frames(network, name, sound, three(network, name, sound)) >= 11
    for stage, values in network(signal(sound)[None]).items():
        near(pooled(values, "mean")[0], GOLDEN[name][f"{sound}/{stage}/mean"])


class EarlyNorm(crepe.Crepe):
    """Normalises before the rectifier."""

    def layer(self, number, x):
        name = self.CONVOLUTIONS[number]
        x = getattr(self, name)(F.pad(x, crepe.PADDINGS[number]))
        return F.max_pool1d(F.relu(getattr(self, f"{name}_BN")(x)), 2)


class NoNorm(crepe.Crepe):
    """Leaves the last normalisation out."""

    def layer(self, number, x):
        last = number == len(crepe.KERNELS) - 1
        return F.max_pool1d(F.relu(self.conv6(F.pad(x, (31, 32)))), 2) if last else super().layer(number, x)


class LatePool(crepe.Crepe):
    """Pools before it normalises, which differs where a gain is negative: in the last layer of `full`."""

    def layer(self, number, x):
        name = self.CONVOLUTIONS[number]
        x = F.relu(getattr(self, name)(F.pad(x, crepe.PADDINGS[number])))
        return getattr(self, f"{name}_BN")(F.max_pool1d(x, 2))


class ChannelMajor(crepe.Crepe):
    """Reads the last convolution channel by channel."""

    def stages(self, frames):
        stages = super().stages(frames)
        pitches = torch.sigmoid(self.classifier(stages["conv6"].mT.flatten(2)))
        return stages | {"classifier": pitches[:, :, None]}


@pytest.mark.parametrize(
    ("kind", "name"), [(EarlyNorm, "tiny"), (NoNorm, "tiny"), (ChannelMajor, "tiny"), (LatePool, "full")]
)
def test_another_network_is_noticed(kind, name):
    network = crepe.trained(Settings(network=name, hop_ms=20))
    frames = three(network, name, WOMAN)
    changed = kind(crepe.CHANNELS[name], network.hop).eval()
    changed.load_state_dict(network.state_dict())
    assert compare_frames(network, name, WOMAN, frames) >= 11
    with pytest.raises(AssertionError):
        compare_frames(changed, name, WOMAN, frames)


def test_another_padding_is_noticed(tiny, monkeypatch):
    monkeypatch.setattr(crepe, "PADDINGS", ((254, 254), *[(32, 31)] * 5))
    with pytest.raises(AssertionError):
        compare_frames(tiny, "tiny", WOMAN, three(tiny, "tiny", WOMAN))


def test_another_normalisation_of_frames_is_noticed(tiny):
    frames = tiny.cut(signal(WOMAN)[None])[0, GOLDEN["tiny"]["frame_index"]]
    with pytest.raises(AssertionError):
        compare_frames(tiny, "tiny", WOMAN, frames / frames.std(-1, keepdim=True).clamp(min=1e-10))
    with pytest.raises(AssertionError):
        compare_frames(tiny, "tiny", WOMAN, frames - frames.mean(-1, keepdim=True))


@torch.inference_mode()
@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_some_frames_at_a_time_give_what_all_give(pooling, at_once, monkeypatch):
    """Of sounds in one batch, whatever remains for the last part."""
    monkeypatch.setattr(crepe, "FRAMES_AT_ONCE", 2 * at_once)
    network = crepe.trained(Settings(network="tiny", pooling=pooling))
    waves = torch.stack([signal(name)[:9000] for name in SIGNALS[2:]])
    parts = [network.stages(normalised(some)) for some in network.cut(waves).split(at_once, 1)]
    for stage, found in network(waves).items():
        every = torch.cat([part[stage] for part in parts], 1).flatten(1, 2)  # frame and position are both time
        assert found.shape == (2, 1, every.shape[2])
        np.testing.assert_allclose(pooled(found, pooling), pooled(every, pooling), rtol=2e-7, atol=0)


def test_silence_stays_silent(tiny):
    assert not normalised(torch.zeros(2, 1024)).any()
    assert all(torch.isfinite(stage).all() for stage in tiny(torch.zeros(1, 4000)).values())


def test_distance_of_frames():
    assert [Settings(network=name).hop for name in NETWORKS] == [320, 1600]
    assert Settings(network="full", hop_ms=10).hop == 160
    entry = models.ModelEntry(name="x", family="crepe", hop_ms=0)
    with pytest.raises(UserError, match="model 'x': hop_ms: found 0"):
        models.check(entry)


def test_words_are_in_both_languages():
    assert all("trained_on.crepe" in labeller.words for labeller in text.labellers().values())


def test_other_tensors_are_refused(monkeypatch):
    stored = crepe.stored("tiny")
    monkeypatch.setattr(pytorch, "read", lambda *_: stored)
    with pytest.raises(UserError, match="weights of CREPE, full: found other tensors"):
        crepe.trained(Settings(network="full"))
