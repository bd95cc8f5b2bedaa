"""The speaker encoder equals its original code, stage by stage; files that are not its weights are refused."""

import io
import os

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from golden_networks import SIGNALS, close, golden, mean_and_frames, signal, tensors_are
from helpers import text
from helpers.errors import UserError
from helpers.models import resemblyzer
from helpers.models.wheels import pytorch, wheel

GOLDEN = golden("resemblyzer")


@pytest.fixture
def network():
    return resemblyzer.trained()


def compare(network, sound, mel):
    """Assert that all stages, from mel power (time, band), are the golden ones."""
    assert GOLDEN[f"{sound}/frame_index"].tolist() == [0, len(mel) // 2, len(mel) - 1]
    with torch.inference_mode():
        stages = network.from_mel(mel[None])
    assert list(stages) == list(resemblyzer.Resemblyzer.STAGES)
    assert mean_and_frames(stages, GOLDEN, sound, 2e-5) == 2 * len(stages)
    close(network.embedding(stages["linear_relu"])[0], GOLDEN[f"{sound}/embed_forward"], 2e-5)


def stored_mel(sound):
    return torch.from_numpy(GOLDEN[f"{sound}/mel"])


def test_tensors():
    stored = resemblyzer.stored()
    assert stored.keys() == set(GOLDEN["params/name"])
    tensors_are(stored, GOLDEN)


def test_input():
    mel = resemblyzer.Mel()
    close(mel.power.bank, GOLDEN["mel_bank"], 1e-6)
    for sound in SIGNALS:
        wave = signal(sound)[None]
        close(resemblyzer.gain(wave), GOLDEN[f"{sound}/gain"], 1e-6)
        close(mel(wave)[0], GOLDEN[f"{sound}/mel"], 1e-5)


@pytest.mark.parametrize("sound", SIGNALS)
def test_stages(network, sound):
    compare(network, sound, stored_mel(sound))


@pytest.mark.parametrize("sound", SIGNALS)
def test_stages_from_the_waveform(network, sound):
    compare(network, sound, network.mel(signal(sound)[None])[0])


@torch.inference_mode()
@pytest.mark.parametrize("sound", SIGNALS)
def test_embedding_of_an_utterance(network, sound):
    """From two windows of 160 frames, as the original code tells speakers apart."""
    wave = signal(sound)[None]
    amplified = F.pad(wave * resemblyzer.gain(wave), (0, 237 * resemblyzer.HOP - wave.shape[1]))
    mel = network.mel.power(amplified)
    windows = torch.cat([mel[:, start : start + 160] for start in (0, 77)])
    partial = network.embedding(network.from_mel(windows)["linear_relu"])
    close(partial, GOLDEN[f"{sound}/partial_embeds"], 2e-5)
    close(F.normalize(partial.mean(0), dim=0), GOLDEN[f"{sound}/embed_utterance"], 2e-5)


def _swapped_gates(network):
    """Input and forget gates in the other order."""
    with torch.no_grad():
        for tensor in network.lstm[0].parameters():
            first, second, *rest = tensor.clone().chunk(4)
            tensor.copy_(torch.cat([second, first, *rest]))


def _swapped_layers(network):
    network.lstm[1], network.lstm[2] = network.lstm[2], network.lstm[1]


def _no_rectifier(network):
    weight, bias = network.linear.weight, network.linear.bias
    network.from_mel, inner = lambda mel: _linear(inner(mel), weight, bias), network.from_mel


def _linear(stages, weight, bias):
    return stages | {"linear_relu": F.linear(stages["lstm_l2"], weight, bias)}


@pytest.mark.parametrize("change", [_swapped_gates, _swapped_layers, _no_rectifier])
def test_another_network_is_noticed(network, change):
    sound = SIGNALS[2]
    compare(network, sound, stored_mel(sound))
    change(network)
    with pytest.raises(AssertionError):
        compare(network, sound, stored_mel(sound))


@pytest.mark.parametrize(
    "change",
    [
        lambda network, wave: torch.log10(network.mel(wave) + 1e-6),  # the logarithm instead of power
        lambda network, wave: network.mel(wave).sqrt(),  # magnitude instead of power
        lambda network, wave: network.mel.power(wave),  # not amplified
        lambda network, wave: network.mel(wave[:, 160:]),  # a frame later
    ],
    ids=["logarithm", "magnitude", "quiet", "late"],
)
def test_another_input_is_noticed(network, change):
    sound = SIGNALS[2]
    changed = change(network, signal(sound)[None])[0]
    with pytest.raises(AssertionError):
        compare(network, sound, F.pad(changed, (0, 0, 0, 201 - len(changed))))


def test_loud_sounds_and_silence_are_not_amplified(network):
    waves = torch.stack([torch.full((800,), 0.5), torch.full((800,), 1e-3), torch.zeros(800)])
    np.testing.assert_allclose(resemblyzer.gain(waves)[:, 0], [1, 10**1.5, 1], rtol=1e-6)
    assert all(torch.isfinite(stage).all() for stage in network(waves).values())


def test_words_are_in_both_languages():
    assert all("trained_on.resemblyzer" in labeller.words for labeller in text.labellers().values())


class Runs:
    """Would run a command where it is unpickled without care."""

    def __reduce__(self):
        return os.system, ("false",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "found other content, expected tensors by name under 'model_state'"),
        ({"state": {}}, "found other content, expected tensors by name under 'model_state'"),
        ({"model_state": {"lstm.bias_ih_l0": [0.0]}}, "found other content, expected tensors by name"),
        ({"model_state": Runs()}, "found no readable torch file"),
    ],
)
def test_other_files_are_refused(content, message):
    file = io.BytesIO()
    torch.save(content, file)
    with pytest.raises(UserError, match=f"toy: {message}"):
        pytorch.read(file.getvalue(), "toy", "model_state")


@pytest.mark.parametrize("whole", [True, False])
def test_damaged_files_are_refused(whole):
    content = wheel.read(resemblyzer.MEMBER)
    content = content[: len(content) // 2] if whole else b"\x80" + os.urandom(1000)
    with pytest.raises(UserError, match="toy: found no readable torch file"):
        pytorch.read(content, "toy")


def test_other_tensors_are_refused(monkeypatch):
    changed = dict(list(resemblyzer.stored().items())[1:])
    monkeypatch.setattr(pytorch, "read", lambda *_: changed)
    with pytest.raises(UserError, match=r"weights of Resemblyzer: found other tensors .*lstm\.0\.weight_ih_l0"):
        resemblyzer.trained()
