"""The music taggers equal their original code, stage by stage."""

import numpy as np
import pytest
import torch

from golden_networks import SIGNALS, close, golden, mean_and_frames, signal, tensors_are
from helpers.models import musicnn
from helpers.models.wheels import tensorflow, wheel


@pytest.mark.parametrize("name", musicnn.MEMBERS)
def test_tensors(name):
    tensors_are(tensorflow.read(*map(wheel.read, musicnn.MEMBERS[name]), name), golden(name))


def test_input():
    expected = golden("musicnn_input")
    log_mel = musicnn.LogMel()
    close(log_mel.power.bank, expected["mel_bank"], 1e-6)
    for name in SIGNALS:
        wave = signal(name)[None]
        close(log_mel.power(wave)[0], expected[f"{name}/mel_power"], 1e-6)
        found = log_mel(wave)[0]
        assert np.abs(found.numpy() - expected[f"{name}/logmel"]).max() < 5e-4


@torch.inference_mode()
@pytest.mark.parametrize("name", musicnn.MEMBERS)
def test_stages(name):
    network, expected, inputs = musicnn.trained(name), golden(name), golden("musicnn_input")
    for sound in SIGNALS:
        log_mel = torch.from_numpy(inputs[f"{sound}/logmel"])[None]
        assert mean_and_frames(network.from_log_mel(log_mel), expected, f"{sound}/all126", 1e-5) >= 5
        if name.endswith("musicnn"):
            extracted = network.from_log_mel(log_mel[:, :125])
            logits = extracted["logits"][0, 0]
        else:
            extracted = network.from_log_mel(torch.from_numpy(inputs[f"{sound}/logmel_3s"])[None, :187])
            logits = network.logits(extracted["pool5"])[0]
        assert mean_and_frames(extracted, expected, f"{sound}/ext", 1e-5) >= 5
        close(torch.sigmoid(logits), expected[f"{sound}/ext/taggram"].reshape(50), 1e-5)


@torch.inference_mode()
def test_stages_from_the_waveform():
    expected = golden("MSD_musicnn")
    for sound in SIGNALS:
        found = musicnn.trained("MSD_musicnn")(signal(sound)[None])
        for stage in ("timbral", "temporal", "cnn1", "cnn2", "cnn3"):
            mean = expected[f"{sound}/all126/{stage}/mean"]
            assert np.abs(found[stage][0].mean(0).numpy() - mean).max() < 5e-4
