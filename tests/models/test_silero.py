"""The speech detector equals its original code, stage by stage."""

import json
import struct

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from golden_networks import SIGNALS, golden, signal, tensors_are
from helpers.models import silero
from helpers.models.wheels import onnx, wheel

TOLERANCES = {  # absolute
    "stft_magnitude": 2e-6, **dict.fromkeys(silero.Silero.LAYERS, 1e-4), "lstm": 5e-5, "speech_probs": 1e-5,
}  # fmt: skip

OTHER = wheel.Member(
    "silero-vad",
    "silero_vad/data/silero_vad_16k.safetensors",
    1239748,
    "c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1",
)
NAMES_THERE = {
    "basis": "stft_conv.weight",
    **{f"encoder.{n}.{part}": f"conv{n + 1}.{part}" for n in range(4) for part in ("weight", "bias")},
    **{f"lstm.{part}_l0": f"lstm_cell.{part}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")},
    **{f"output.{part}": f"final_conv.{part}" for part in ("weight", "bias")},
}


def equals(stages, expected, sound):
    """Assert that stages equal the golden ones; returns how many were compared."""
    for name, found in stages.items():
        whole = expected[f"{sound}/{name}"]
        assert found[0].numel() == whole.size
        assert np.abs(found[0].numpy().reshape(whole.shape) - whole).max() <= TOLERANCES[name], (sound, name)
    return len(stages)


def safetensors():
    """Return the tensors of the other file of the wheel."""
    content = wheel.read(OTHER)
    start = 8 + struct.unpack("<Q", content[:8])[0]
    header = {name: one for name, one in json.loads(content[8:start]).items() if name != "__metadata__"}
    assert {one["dtype"] for one in header.values()} == {"F32"}
    return {
        name: torch.from_numpy(
            np.frombuffer(content[start:], "<f4")[slice(*(at // 4 for at in one["data_offsets"]))].copy()
        ).reshape(one["shape"])
        for name, one in header.items()
    }


def test_tensors():
    tensors_are(onnx.read(wheel.read(silero.MEMBER), "silero"), golden("silero"))


@torch.inference_mode()
def test_the_other_file_of_the_wheel_is_told_apart():
    """It has the same architecture and front end, and another training state."""
    other, network, expected = safetensors(), silero.trained(), golden("silero")
    tensors_are(other, expected, "params_safetensors")
    same = {here for here, there in NAMES_THERE.items() if torch.equal(network.state_dict()[here], other[there])}
    assert same == {"basis"} == set(silero.SileroModel.front_end)
    network.load_state_dict({here: other[there] for here, there in NAMES_THERE.items()})
    found = network(signal("stim414_woman_speaking")[None])["speech_probs"][0].numpy()
    assert np.abs(found - expected["stim414_woman_speaking/speech_probs"]).max() > 0.1


@torch.inference_mode()
@pytest.mark.parametrize("sound", SIGNALS)
def test_stages(sound):
    network, expected = silero.trained(), golden("silero")
    magnitude = torch.from_numpy(expected[f"{sound}/stft_magnitude"])[None]
    assert equals(network.from_magnitude(magnitude), expected, sound) == 6
    assert equals(network(signal(sound)[None]), expected, sound) == 7


def without_context(waveforms):
    rest = -waveforms.shape[1] % silero.CHUNK
    return F.pad(F.pad(waveforms, (0, rest)).unflatten(1, (-1, silero.CHUNK)), (silero.CONTEXT, 0))


@torch.inference_mode()
def test_chunks_without_the_end_of_the_one_before_fail(monkeypatch):
    monkeypatch.setattr(silero.Silero, "chunks", staticmethod(without_context))
    found, expected = silero.trained()(signal("stim414_woman_speaking")[None]), golden("silero")
    for stage in found:
        with pytest.raises(AssertionError):
            equals({stage: found[stage]}, expected, "stim414_woman_speaking")


@torch.inference_mode()
def test_the_state_goes_on_from_chunk_to_chunk():
    """What came before a chunk changes its hidden state; what comes after does not."""
    network, wave = silero.trained(), signal("stim414_woman_speaking")[None]
    whole = network(wave)["lstm"]
    assert (network(wave[:, : 30 * silero.CHUNK])["lstm"] - whole[:, :30]).abs().max() < 1e-5
    assert (network(wave[:, 30 * silero.CHUNK :])["lstm"] - whole[:, 30:])[:, 1:].abs().max() > 1e-2


def test_untrained_weights_keep_the_front_end():
    trained, untrained = (network.state_dict() for network in (silero.trained(), as_untrained(0)))
    same = {name for name in trained if torch.equal(trained[name], untrained[name])}
    assert same == set(silero.SileroModel.front_end)


def as_untrained(seed):
    return silero.SileroModel.untrained(None, 1, seed)
