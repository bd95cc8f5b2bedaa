"""The embedding of speech equals its original code, stage by stage."""

import numpy as np
import pytest
import torch

from golden_networks import SIGNALS, close, golden, signal, tensors_are
from helpers.models import speech_embedding
from helpers.models.wheels import onnx, wheel

STAGES = (
    "conv2d", *(f"conv2d_{n}" for n in range(1, 20)),
    "max_pooling2d", *(f"max_pooling2d_{n}" for n in range(1, 5)),
)  # fmt: skip


def equals(stages, expected, sound, tolerance):
    """Assert that stages equal the golden means, windows and embeddings; returns how many arrays were compared."""
    compared = 0
    for name, found in stages.items():
        windows = found[0].unflatten(0, (16, -1)).double()  # (window, time, frequency, channel)
        values = {"/mean": windows.mean((0, 1)), "/window8": windows[8], "": windows}
        for key, own in values.items():
            if f"{sound}/{name}{key}" in expected:
                close(own.float(), expected[f"{sound}/{name}{key}"], tolerance)
                compared += 1
    return compared


def test_tensors():
    front_end, rest = (onnx.read(wheel.read(member), member.path) for member in speech_embedding.MEMBERS)
    expected = golden("speech_embedding")
    tensors_are(rest, expected)
    mel = speech_embedding.trained().mel
    np.testing.assert_array_equal(mel.real[:4, 0], expected["mel/stft_real_first4rows"])
    np.testing.assert_array_equal(mel.imaginary[:4, 0], expected["mel/stft_imag_first4rows"])
    np.testing.assert_array_equal(mel.bank, expected["mel/melW"])
    assert {"0.stft.conv_real.weight", "0.stft.conv_imag.weight", "1.melW"} <= front_end.keys()


@torch.inference_mode()
@pytest.mark.parametrize("sound", SIGNALS)
def test_stages(sound):
    network, expected = speech_embedding.trained(), golden("speech_embedding")
    mel = torch.from_numpy(expected[f"{sound}/mel"])[None]
    n_compared = {"sweep": 27, "stim414_woman_speaking": 26}.get(sound, 20)
    assert equals(network.from_mel(mel, STAGES), expected, sound, 1e-5) >= n_compared
    wave = signal(sound)[None]
    assert speech_embedding.integers(wave).long().sum() == expected[f"{sound}/pcm_sum"]
    close(network.mel(wave)[0], expected[f"{sound}/mel"], 1e-4)
    found = network(wave)
    assert tuple(found) == network.LAYERS
    assert equals(found, expected, sound, 1e-4) >= len(found)


@torch.inference_mode()
def test_one_pass_gives_what_each_window_gives_by_itself():
    network, expected = speech_embedding.trained(), golden("speech_embedding")
    mel = torch.from_numpy(expected["sweep/mel"])[None]
    windows = mel.unfold(1, speech_embedding.FRAMES, speech_embedding.STEP)[0].mT
    alone, together = network.from_mel(windows, STAGES), network.from_mel(mel, STAGES)
    for name in STAGES:
        close(together[name][0], alone[name].flatten(0, 1).numpy(), 1e-5)


@torch.inference_mode()
def test_without_the_floor_the_comparison_fails(monkeypatch):
    network, expected = speech_embedding.trained(), golden("speech_embedding")
    mel = torch.from_numpy(expected["sweep/mel"])[None]
    assert equals(network.from_mel(mel), expected, "sweep", 1e-4)
    monkeypatch.setattr(speech_embedding, "FLOOR", -torch.inf)
    found = network.from_mel(mel)
    for stage in found:
        with pytest.raises(AssertionError):
            equals({stage: found[stage]}, expected, "sweep", 1e-4)


@torch.inference_mode()
def test_short_sounds_are_one_window_filled_up_with_silence():
    network, wave = speech_embedding.trained(), signal("stim268_piano")[None, :9000]
    filled_up = torch.nn.functional.pad(wave, (0, speech_embedding.SHORTEST - 9000))
    short, whole = network(wave), network(filled_up)
    assert whole["conv2d_19"].shape == (1, 1, 1, 96)
    assert all(torch.equal(short[name], whole[name]) for name in network.LAYERS)


@torch.inference_mode()
def test_a_loud_sound_does_not_change_the_floor_of_another():
    mel, quiet, loud = speech_embedding.trained().mel, signal("burst"), signal("sweep")
    assert torch.equal(mel(torch.stack([quiet, 100 * loud]))[0], mel(quiet[None])[0])


def test_untrained_weights_keep_the_front_end():
    trained = speech_embedding.trained().state_dict()
    untrained = speech_embedding.SpeechEmbeddingModel.untrained(None, 1, 0).state_dict()
    same = {name for name in trained if torch.equal(trained[name], untrained[name])}
    assert same == {"mel.real", "mel.imaginary", "mel.bank", "norm.num_batches_tracked"}
