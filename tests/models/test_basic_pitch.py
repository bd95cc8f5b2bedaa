"""The transcriber of notes equals its original code, stage by stage."""

import numpy as np
import pytest
import torch

from golden_networks import SIGNALS, golden, mean_and_frames, signal, tensors_are
from helpers.models import basic_pitch
from helpers.models.wheels import onnx, wheel

WHOLE = [sound for sound in SIGNALS if sound != "burst"]  # whose constant-Q magnitudes are stored for all frames


def from_cqt(network, expected, sound):
    return network.from_cqt(torch.from_numpy(expected[f"{sound}/cqt/full"])[None])


def test_tensors():
    tensors_are(onnx.read(wheel.read(basic_pitch.MEMBER), "basic_pitch"), golden("basic_pitch"))


@torch.inference_mode()
@pytest.mark.parametrize("sound", WHOLE)
def test_stages(sound):
    expected = golden("basic_pitch")
    found = from_cqt(basic_pitch.trained(), expected, sound)
    assert mean_and_frames(found, expected, sound, 1e-5) == (10 if sound == "stim268_piano" else 13) + 3


@torch.inference_mode()
@pytest.mark.parametrize("sound", SIGNALS)
def test_stages_from_the_waveform(sound):
    network, expected = basic_pitch.trained(), golden("basic_pitch")
    wave = signal(sound, basic_pitch.RATE)[None]
    found = network(wave[:, : basic_pitch.WINDOW])
    assert all(stage.shape[1] == 172 for stage in found.values())
    assert expected["frame_index"].tolist() == [0, 86, 171]
    assert mean_and_frames(found, expected, sound, 1e-4) >= 15
    whole = network(wave)
    assert whole["note"].shape[1:] == (172, 88) and whole["contour"].shape[2] == 264
    assert expected[f"{sound}/run_inference/shape"].tolist() == [172, 88, 264]
    assert mean_and_frames(whole, expected, f"{sound}/run_inference", 1e-4) == 6


@torch.inference_mode()
def test_the_other_order_of_concatenation_fails():
    """To read [onset_conv, note] is to read [note, onset_conv] with the kernels in the other order."""
    network, expected = basic_pitch.trained(), golden("basic_pitch")
    network.onset.weight.copy_(network.onset.weight.roll(1, 1))
    for sound in WHOLE:
        found = from_cqt(network, expected, sound)
        with pytest.raises(AssertionError):
            mean_and_frames({"onset": found.pop("onset")}, expected, sound, 1e-4)
        assert mean_and_frames(found, expected, sound, 1e-5) >= 11


@torch.inference_mode()
def test_short_sounds_keep_the_frames_centred_in_them():
    network, wave = basic_pitch.trained(), signal("stim268_piano", basic_pitch.RATE)[None, :9000]
    short = network(wave)
    one = network.of_windows(torch.nn.functional.pad(wave, (0, basic_pitch.WINDOW - 9000)))
    assert all(torch.equal(short[name], one[name][:, :36]) for name in one)


@pytest.mark.parametrize("n_samples", [43_845, 44_100, 72_328 - 3840, 72_329 - 3840, 150_000])
def test_windows_cover_sounds_of_any_length(n_samples):
    network = basic_pitch.trained()
    network.of_windows = lambda windows: {"start": windows[:, : 172 * 256 : 256]}  # the first sample of each frame
    wave = torch.arange(n_samples, dtype=torch.float32)[None]
    found = network(wave)["start"][0]
    windows = [divmod(frame, 142) for frame in range(n_samples * 86 // 22_050)]
    assert found.tolist() == [36_164 * window + 256 * frame for window, frame in windows]


@torch.inference_mode()
def test_silence_gives_finite_values():
    assert all(torch.isfinite(stage).all() for stage in basic_pitch.trained()(torch.zeros(1, 9000)).values())


def test_untrained_weights_keep_the_front_end():
    trained = basic_pitch.trained().state_dict()
    untrained = basic_pitch.BasicPitchModel.untrained(None, 1, 0).state_dict()
    same = {name for name in trained if torch.equal(trained[name], untrained[name])}
    assert same == {"cqt.real", "cqt.imaginary", "cqt.lowpass", "cqt.root_lengths"}
    assert np.isclose(float(untrained["norm.weight"]), 1)
