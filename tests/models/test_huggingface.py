"""Audio encoders of the library `transformers`: layers equal the library's own calls, at tiny random sizes, offline."""

import json
import math
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import xarray as xr

from helpers import models
from helpers.errors import UserError
from helpers.models import ModelEntry
from helpers.models.huggingface import encoders, example, folders

RATE = 16_000
LENGTHS = {"stim_b": 3200, "stim_a": 4807, "stim_c": 3200, "stim_d": 3200}  # samples

LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24, "hidden_size": 16}
FRONT = {"conv_dim": (8, 8), "conv_kernel": (10, 8), "conv_stride": (10, 8)}
SPEECH = LAYERS | FRONT | {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "initializer_range": 0.2}
SPEECH_2 = SPEECH | {"conv_pos_kernel_size": 5, "num_conv_pos_embeddings": 2}
STABLE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
SQUEEZED = {"squeeze_factor": 2, "conv_bias": False}
BERT = {"conv_depthwise_kernel_size": 5, "initializer_range": 0.2}
WHISPER = {
    "d_model": 16, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 24, "decoder_layers": 1,
    "decoder_attention_heads": 2, "decoder_ffn_dim": 24, "vocab_size": 24, "num_mel_bins": 8,
    "max_source_positions": 50,
    "max_target_positions": 8,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
    "init_std": 0.2,
}  # fmt: skip
AST = LAYERS | {
    "patch_size": 4, "frequency_stride": 3, "time_stride": 2, "max_length": 64, "num_mel_bins": 16,
    "initializer_range": 0.2,
}  # fmt: skip
TOWER = {
    "spec_size": 64, "num_mel_bins": 16, "patch_size": 4, "patch_stride": [4, 4], "window_size": 4, "depths": [1, 2],
    "num_attention_heads": [2, 2], "patch_embeds_hidden_size": 8, "hidden_size": 16, "projection_dim": 8,
    "num_hidden_layers": 2, "aff_block_r": 2, "initializer_factor": 8.0,
}  # fmt: skip
FUSED = TOWER | {"enable_fusion": True, "fusion_type": "aff_2d"}
TEXT = LAYERS | {"vocab_size": 24, "max_position_embeddings": 16}
BOTH = {"text_config": TEXT | {"projection_dim": 8}, "projection_dim": 8}
MEL = {"feature_size": 16, "sampling_rate": RATE, "hop_length": 160, "max_length_s": 1, "fft_window_size": 256}
MEL |= {"frequency_max": 8000}
ENCODEC = {
    "sampling_rate": RATE, "num_filters": 4, "upsampling_ratios": [5, 4], "hidden_size": 8, "num_lstm_layers": 1,
    "codebook_size": 16, "codebook_dim": 8, "target_bandwidths": [3.2, 16.0],
}  # fmt: skip
CHUNKS = {"chunk_length_s": 0.1, "overlap": 0.01}
STEREO = CHUNKS | {"audio_channels": 2, "normalize": True, "use_causal_conv": False, "norm_type": "time_group_norm"}
MIMI = LAYERS | {
    "sampling_rate": RATE, "num_filters": 4, "upsampling_ratios": [8, 5], "num_key_value_heads": 2, "head_dim": 8,
    "codebook_size": 16, "codebook_dim": 8, "vector_quantization_hidden_dimension": 8, "num_quantizers": 3,
    "upsample_groups": 16, "sliding_window": 20,
}  # fmt: skip
DAC = {
    "sampling_rate": RATE, "encoder_hidden_size": 4, "downsampling_ratios": [4, 4], "decoder_hidden_size": 32,
    "upsampling_ratios": [4, 4], "n_codebooks": 2, "codebook_size": 16, "codebook_dim": 4,
}  # fmt: skip

PLAIN = {  # network, its configuration, feature extractor and that one's settings
    "wav2vec2": ("Wav2Vec2", SPEECH, "Wav2Vec2", {}),
    "wav2vec2-stable": ("Wav2Vec2", SPEECH | STABLE, "Wav2Vec2", {"return_attention_mask": True}),
    "hubert": ("Hubert", SPEECH, "Wav2Vec2", {}),
    "wavlm": ("WavLM", SPEECH, "Wav2Vec2", {}),
    "data2vec-audio": ("Data2VecAudio", SPEECH_2, "Wav2Vec2", {}),
    "sew": ("SEW", SPEECH | SQUEEZED, "Wav2Vec2", {}),
    "sew-d": ("SEWD", SPEECH | SQUEEZED | {"position_buckets": 8}, "Wav2Vec2", {}),
    "unispeech": ("UniSpeech", SPEECH, "Wav2Vec2", {}),
    "unispeech-sat": ("UniSpeechSat", SPEECH, "Wav2Vec2", {}),
    "wav2vec2-bert": ("Wav2Vec2Bert", LAYERS | BERT, "SeamlessM4T", {"padding_value": 1.0}),
}  # fmt: skip
FIXED = {
    "whisper": ("Whisper", WHISPER, "Whisper", {"feature_size": 8, "chunk_length": 1}),
    "ast": ("AST", AST, "AST", {"max_length": 64, "num_mel_bins": 16}),
    "clap": ("Clap", BOTH | {"audio_config": TOWER}, "Clap", MEL | {"truncation": "rand_trunc"}),
    "clap-fused": ("Clap", BOTH | {"audio_config": FUSED}, "Clap", MEL | {"truncation": "fusion"}),
}  # fmt: skip
CODECS = {
    "encodec": ("Encodec", ENCODEC, "Encodec", {"sampling_rate": RATE}),
    "encodec-stereo": ("Encodec", ENCODEC | STEREO, "Encodec", {"sampling_rate": RATE, "feature_size": 2} | CHUNKS),
    "mimi": ("Mimi", MIMI, "Encodec", {"sampling_rate": RATE}),
    "dac": ("Dac", DAC, "Dac", {"sampling_rate": RATE, "hop_length": 16}),
}  # fmt: skip
TINY = PLAIN | FIXED | CODECS

CONV = [f"encoder.layers.{n}" for n in (0, 1, 3, 4, 6, 7, 9)]  # nonlinearities between them have no weights
NAMES = {
    "whisper": ["layers.0", "layers.1"],
    "ast": ["layers.0", "layers.1"],
    "sew-d": ["encoder.encoder.layer.0", "encoder.encoder.layer.1"],
    "clap": ["audio_model.audio_encoder.layers.0", "audio_model.audio_encoder.layers.1"],
    "encodec": CONV,
    "mimi": [
        *(f"encoder.encoder_seanet.layers.{n}" for n in (0, 1, 3, 4, 6, 8)),
        "encoder.encoder_transformer.layers.0", "encoder.encoder_transformer.layers.1", "encoder.downsample",
    ],
    "dac": ["encoder.conv1", "encoder.block.0", "encoder.block.1", "encoder.snake1", "encoder.conv2"],
}  # fmt: skip
NAMES["whisper"] = [f"encoder.{name}" for name in NAMES["whisper"]]
NAMES["clap-fused"], NAMES["encodec-stereo"] = NAMES["clap"], NAMES["encodec"]


def written(name: str, folder: Path) -> Path:
    """Write a tiny network with random weights and its feature extractor as the library does."""
    library = encoders.library()
    network, settings, extractor, its = TINY[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = getattr(library, f"{network}Config")(**settings)
        getattr(library, f"{network}Model")(config).save_pretrained(folder)
    getattr(library, f"{extractor}FeatureExtractor")(**its).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The folder of a tiny network, written once."""
    root = tmp_path_factory.mktemp("tiny")
    return lambda name: root / name if (root / name).is_dir() else written(name, root / name)


@pytest.fixture
def changed(tiny, tmp_path):
    """A copy of a tiny network's folder with other values in one of its JSON files."""

    def change(name="wav2vec2", file="config.json", **values):
        folder = tmp_path / name
        shutil.copytree(tiny(name), folder, dirs_exist_ok=True)
        content = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps(content | values))
        return folder

    return change


@pytest.fixture(scope="module")
def waveforms() -> xr.DataArray:
    random = np.random.default_rng(0)
    values = np.zeros((len(LENGTHS), max(LENGTHS.values())), np.float32)
    for row, length in zip(values, LENGTHS.values(), strict=True):
        row[:length] = 0.1 * random.standard_normal(length)
    coords = {"sound": list(LENGTHS), "n_samples": ("sound", list(LENGTHS.values()))}
    return xr.DataArray(values, coords, ("sound", "sample"), attrs={"rate_hz": RATE})


def opened(folder, waveforms, batch_size=8, state="trained", seed=0, **settings):
    entry = ModelEntry(name="x", family="transformers", weights=str(folder), state=state, state_seed=seed, **settings)
    brain = SimpleNamespace(waveforms_at=lambda rate: waveforms)
    return models.open(entry, brain, Path(), 0, "cpu", batch_size)


def layers(folder, waveforms, **how) -> dict[str, np.ndarray]:
    found = opened(folder, waveforms, **how).activations(1)
    return {str(layer["stage"].values): layer.values for layer in found}


def own(folder):
    """The library's network and feature extractor of a folder."""
    library = encoders.library()
    return library.AutoModel.from_pretrained(folder).eval(), library.AutoFeatureExtractor.from_pretrained(folder)


def close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-5 * max(1.0, float(np.abs(expected).max())), rtol=0)


# As the library has them


@torch.inference_mode()
@pytest.mark.parametrize("name", PLAIN)
def test_layers_are_the_means_of_the_library_s_hidden_states(name, tiny, waveforms):
    network, extractor = own(tiny(name))
    found = layers(tiny(name), waveforms)
    for row, length in enumerate(LENGTHS.values()):
        inputs = extractor(waveforms.values[row, :length], sampling_rate=RATE, return_tensors="pt")
        states = network(**inputs, output_hidden_states=True).hidden_states
        kept = inputs["attention_mask"][0].bool() if name == "wav2vec2-bert" else slice(None)
        assert len(states) == len(found) == 3
        for state, layer in zip(states, found.values(), strict=True):
            close(layer[row], state[0, kept].mean(0).numpy())
            assert layer.std() > 0.01


@torch.inference_mode()
@pytest.mark.parametrize("name", FIXED)
def test_frames_of_the_sound_are_averaged_where_inputs_have_one_length(name, tiny, waveforms):
    network, extractor = own(tiny(name))
    part = {"whisper": "encoder", "clap": "audio_model", "clap-fused": "audio_model"}.get(name)
    network = getattr(network, part) if part else network
    found = layers(tiny(name), waveforms)
    for row, length in enumerate(LENGTHS.values()):
        inputs = extractor([waveforms.values[row, :length]], sampling_rate=RATE, return_tensors="pt")
        inputs = {key: value.float() for key, value in inputs.items() if key != "is_longer"}
        if part == "audio_model":
            inputs["is_longer"] = torch.zeros(1, 1, dtype=torch.bool)
        states = network(**inputs, output_hidden_states=True).hidden_states
        assert len(states) == len(found)
        for state, layer in zip(states, found.values(), strict=True):
            close(layer[row], frames_of(name, state[0], length).mean(0).flatten().numpy())
            assert layer.std() > 1e-3


def frames_of(name: str, state: torch.Tensor, length: int) -> torch.Tensor:
    """The frames (time, ...) whose centre, reckoned frame by frame, lies inside the sound."""
    if name == "whisper":
        return torch.stack([frame for t, frame in enumerate(state) if t * 320 < length])
    if name == "ast":
        n_bands, n_times = 5, 31
        assert len(state) == 2 + n_bands * n_times
        rows = state[2:].reshape(n_bands, n_times, -1)
        centres = [(2 * t * 160 + (2 * t + 3) * 160 + 400) / 2 for t in range(n_times)]  # of patches of four spectra
        return torch.stack([rows[:, t] for t, centre in enumerate(centres) if centre < length])
    _, n_rows, n_columns = state.shape
    frames = []
    for piece in range(4):
        for column in range(n_columns):
            first = (piece * n_columns + column) * 64 // n_columns  # of 256 columns, over 100 hops
            centre = (first + (64 / n_columns - 1) / 2) * 100 / 255 * 160
            if centre < length:
                frames.append(state[:, piece * n_rows // 4 : (piece + 1) * n_rows // 4, column].T)
    return torch.stack(frames)


def test_pieces_of_clap_s_image_are_put_in_their_order_in_time(tiny):
    """By the library's own cutting of a picture whose values are its times, or its frequencies."""
    encoder = encoders.empty(tiny("clap"))
    whole = 10**9
    for along in (0, 1):
        picture = torch.arange(256.0)[:, None].expand(256, 16) if along == 0 else torch.arange(16.0).expand(256, 16)
        image = encoder.network.audio_encoder.reshape_mel2img(picture[None, None])
        frames = encoder.of_sound(image, whole, None)[0, ..., 0]  # (time, frequency)
        assert torch.equal(frames, picture)


@torch.inference_mode()
def test_patches_of_ast_are_put_in_their_order_in_time(tiny):
    encoder = encoders.trained(tiny("ast"))
    patches = encoder.network.embeddings.patch_embeddings
    patches.projection.weight.zero_()[:, 0, 0, 0] = 1
    patches.projection.bias.zero_()
    spectra = torch.arange(64.0)[:, None] * 100 + torch.arange(16.0)
    tokens = patches(spectra[None])
    frames = encoder.of_sound(torch.cat([tokens[:, :2], tokens], 1), 10**9, None)[0, ..., 0]
    assert torch.equal(frames, spectra[: 64 - 3 : 2, : 16 - 3 : 3])


@torch.inference_mode()
@pytest.mark.parametrize("name", ["encodec", "dac"])
def test_layers_of_a_codec_are_the_outputs_of_its_encoder_s_modules(name, tiny, waveforms):
    network, _ = own(tiny(name))
    found = layers(tiny(name), waveforms)
    steps = network.encoder.layers if name == "encodec" else [
        network.encoder.conv1, *network.encoder.block, network.encoder.snake1, network.encoder.conv2,
    ]  # fmt: skip
    for row, length in enumerate(LENGTHS.values()):
        x, expected = torch.from_numpy(waveforms.values[row, :length])[None, None], []
        for step in steps:
            x = step(x)
            expected += [x[0].mean(1).numpy()] if list(step.parameters()) else []
        for layer, values in zip(found.values(), expected, strict=True):
            close(layer[row], values)


@torch.inference_mode()
def test_layers_of_a_codec_that_hears_in_stereo_and_in_chunks(tiny, waveforms):
    """The library's own parts, chunk by chunk of 0.1 s, 99 % after each other, each at the loudness 1."""
    network, _ = own(tiny("encodec-stereo"))
    found = layers(tiny("encodec-stereo"), waveforms)
    for row, length in enumerate(LENGTHS.values()):
        sound, frames = torch.from_numpy(waveforms.values[row, :length]).expand(1, 2, -1), []
        for start in range(0, length, 1584):
            chunk = sound[..., start : start + 1600]
            frames.append(network.encoder(chunk / (chunk[:, :1].square().mean().sqrt() + 1e-8)))
        close(list(found.values())[-1][row], torch.cat(frames, 2)[0].mean(1).numpy())


@torch.inference_mode()
def test_layers_of_mimi(tiny, waveforms):
    network, extractor = own(tiny("mimi"))
    found = layers(tiny("mimi"), waveforms)
    for row, length in enumerate(LENGTHS.values()):
        inputs = extractor(waveforms.values[row, :length], sampling_rate=RATE, return_tensors="pt")
        heard = network.encoder(inputs["input_values"], output_hidden_states=True)
        close(found["encoder.downsample"][row], heard.latents[0].mean(1).numpy())
        close(found["encoder.encoder_seanet.layers.8"][row], heard.hidden_states[0][0].mean(0).numpy())
        close(found["encoder.encoder_transformer.layers.0"][row], heard.hidden_states[1][0].mean(0).numpy())


# As every family promises


@pytest.mark.parametrize("name", TINY)
def test_stages_are_named_and_as_wide_as_promised(name, tiny, waveforms):
    model = opened(tiny(name), waveforms)
    found = layers(tiny(name), waveforms)
    inner = NAMES.get(name, ["encoder.layers.0", "encoder.layers.1"])
    assert list(found) == (inner if name in CODECS else ["embedding", *inner])
    assert [layer.shape[1] for layer in found.values()] == model.widths
    assert model.sizes.n_layers == len(found) and model.sizes.n_units == max(model.widths)
    assert model.sizes.n_weights == sum(tensor.numel() for tensor in model.trained(1).parameters()) > 0


@pytest.mark.parametrize("name", TINY)
def test_neither_other_sounds_nor_longer_arrays_change_a_sound(name, tiny, waveforms):
    together, alone = layers(tiny(name), waveforms), layers(tiny(name), waveforms, batch_size=1)
    random = np.random.get_state()[1].copy()  # noqa: NPY002
    longer = waveforms[[2, 1]].pad(sample=(0, 7000), constant_values=3.0).assign_attrs(waveforms.attrs)
    some = layers(tiny(name), longer)
    assert np.array_equal(random, np.random.get_state()[1])  # noqa: NPY002
    for one, other, two in zip(together.values(), alone.values(), some.values(), strict=True):
        close(one, other)
        close(one[[2, 1]], two)


@pytest.mark.parametrize("name", TINY)
def test_too_short_and_too_long_sounds_are_named(name, tiny, waveforms):
    model = opened(tiny(name), waveforms)
    least, most = model.described.shortest, model.described.longest
    random = np.random.default_rng(0)
    for length in {least, int(min(most, 20_000))}:
        values = 0.1 * random.standard_normal((1, length)).astype(np.float32)
        coords = {"sound": ["s"], "n_samples": ("sound", [length])}
        model.waveforms = xr.DataArray(values, coords, ("sound", "sample"), attrs={"rate_hz": RATE})
        assert all(np.isfinite(layer).all() for layer in model.activations(1))
    if least > 1:
        model.waveforms = model.waveforms.assign_coords(n_samples=("sound", [least - 1]))
        with pytest.raises(UserError, match=f"'s' has {least - 1} samples at 16000 Hz; .* at least {least}"):
            model.activations(1)
    if most < math.inf:
        model.waveforms = model.waveforms.assign_coords(n_samples=("sound", [most + 1]))
        with pytest.raises(UserError, match=f"'s' has {most + 1} samples at 16000 Hz; .* at most {most}"):
            model.activations(1)


@pytest.mark.parametrize("name", TINY)
def test_untrained_weights_are_as_the_library_starts_them(name, tiny, waveforms):
    library = encoders.library()
    model = opened(tiny(name), waveforms, state="untrained", seed=5)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        started = library.AutoModel.from_config(library.AutoConfig.from_pretrained(tiny(name))).state_dict()
    found = model.network(1)
    for key, tensor in found.network.state_dict().items():
        assert torch.equal(tensor, started[f"{found.prefix}{key}"])
    kept = model.trained(1).state_dict()
    assert any(not torch.equal(tensor, kept[key]) for key, tensor in found.state_dict().items())


@pytest.mark.parametrize("name", ["whisper", "clap", "encodec"])
def test_permuted_weights_leave_what_was_never_learned(name, tiny, waveforms):
    model = opened(tiny(name), waveforms, state="permuted", seed=1)
    before, after = model.trained(1).state_dict(), model.network(1).state_dict()
    same = {key for key, tensor in before.items() if torch.equal(tensor, after[key])}
    assert ("network.embed_positions.weight" in same) == (name == "whisper")
    assert len(same) < len(before) - 5
    layers = model.activations(1)
    assert all(np.isfinite(layer).all() for layer in layers)


def test_identity_follows_weights_and_configuration(changed, tiny, waveforms):
    first = opened(tiny("wav2vec2"), waveforms).identity(1)
    other = opened(changed(file="preprocessor_config.json", do_normalize=False), waveforms).identity(1)
    assert first["commit"] is None and set(first["sha256"]) == {
        "model.safetensors", "config.json", "preprocessor_config.json",
    }  # fmt: skip
    assert {name for name, digest in first["sha256"].items() if digest != other["sha256"][name]} == {
        "preprocessor_config.json"
    }


def test_weights_in_several_files(tiny, tmp_path, waveforms):
    folder = tmp_path / "shards"
    shutil.copytree(tiny("hubert"), folder)
    network, _ = own(tiny("hubert"))
    (folder / "model.safetensors").unlink()
    network.save_pretrained(folder, max_shard_size="5KB")
    assert len(folders.stored(folder)) > 1
    for one, two in zip(layers(folder, waveforms).values(), layers(tiny("hubert"), waveforms).values(), strict=True):
        assert np.array_equal(one, two)
    folders.stored(folder)[0].unlink()
    with pytest.raises(UserError, match=r"has no model\.safetensors"):
        opened(folder, waveforms)


def test_half_precision_is_read_as_single(tiny, tmp_path, waveforms):
    folder = tmp_path / "half"
    shutil.copytree(tiny("wav2vec2"), folder)
    own(folder)[0].half().save_pretrained(folder)
    assert {tensor.dtype for tensor in opened(folder, waveforms).trained(1).parameters()} == {torch.float32}


# From the hub's cache

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(tiny, tmp_path, monkeypatch):
    """An empty cache and a hub that has one network, `lab/tiny`; returns which patterns of files were asked for."""
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    asked = []

    def download(name, *, revision, cache_dir, allow_patterns):
        if name != "lab/tiny":
            raise LocalEntryNotFoundError("no connection")
        asked.append((revision, tuple(allow_patterns)))
        repository = Path(cache_dir) / "models--lab--tiny"
        snapshot = repository / "snapshots" / COMMIT
        snapshot.mkdir(parents=True, exist_ok=True)
        (repository / "refs").mkdir(exist_ok=True)
        (repository / "refs" / "main").write_text(COMMIT)
        for pattern in allow_patterns:
            for path in tiny("wav2vec2").glob(pattern):
                shutil.copy(path, snapshot)
        return str(snapshot)

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return asked


@pytest.mark.parametrize("revision", [{}, {"revision": COMMIT}])
def test_weights_are_downloaded_when_they_are_needed(hub, tiny, waveforms, capsys, revision):
    model = opened("lab/tiny", waveforms, **revision)
    assert model.missing(1) == models.DOWNLOAD and model.sizes.n_layers == 3
    assert [patterns for _, patterns in hub] == [("config.json", "preprocessor_config.json", "processor_config.json")]
    found = model.activations(1)
    assert model.missing(1) == "" and f"`revision: {COMMIT}` pins it" in capsys.readouterr().out
    assert len(hub) == 2 and hub[1][0] == COMMIT and not any("bin" in one for one in hub[1][1])
    assert model.identity(1)["commit"] == COMMIT
    for one, two in zip(found, layers(tiny("wav2vec2"), waveforms).values(), strict=True):
        assert np.array_equal(one, two)
    opened("lab/tiny", waveforms).activations(1)
    assert len(hub) == 2  # the cache is used for good


def test_a_name_that_is_not_cached_cannot_be_opened_offline(hub, waveforms):
    with pytest.raises(
        UserError, match=r"'lab/huge' is no folder, is not in the cache.* no connection; correct the name"
    ):
        opened("lab/huge", waveforms)


# What is refused


def test_library_that_is_not_installed(tiny, waveforms, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"not installed .*run `pip install -e '\.\[huggingface\]'`"):
        opened(tiny("wav2vec2"), waveforms)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": "./nowhere"}, "no folder './nowhere'; correct the path, or give a name on the hub"),
        ({"weights": "a/b", "revision": "v1"}, "revision: found 'v1'"),
        ({}, "key 'weights' is missing"),
        ({"weights": ".", "revision": COMMIT}, "`revision` goes with a name on the hub"),
    ],
)
def test_settings(settings, message):
    with pytest.raises(UserError, match=f"model 'x': .*{message}"):
        models.check(ModelEntry(name="x", family="transformers", **settings))


def test_text_model(tmp_path, changed, waveforms):
    library = encoders.library()
    library.BertModel(library.BertConfig(**TEXT)).save_pretrained(tmp_path / "bert")
    with pytest.raises(UserError, match=r"has no preprocessor_config\.json or processor_config\.json; expected"):
        opened(tmp_path / "bert", waveforms)
    shutil.copy(changed() / "preprocessor_config.json", tmp_path / "bert")
    with pytest.raises(UserError, match="BertModel takes input_ids, expected an audio encoder"):
        opened(tmp_path / "bert", waveforms)


def test_weights_that_are_not_safetensors(changed, waveforms):
    folder = changed()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"has no model\.safetensors; only safetensors are read"):
        opened(folder, waveforms)


@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json"])
def test_code_of_its_own_is_never_run(changed, waveforms, file):
    folder = changed(file=file, auto_map={"AutoModel": "own.Model", "AutoConfig": "own.Config"})
    (folder / "own.py").write_text("raise SystemExit('was run')")
    with pytest.raises(UserError, match="its `auto_map` asks for code of its own, which is never run"):
        opened(folder, waveforms)


@pytest.mark.parametrize(
    ("file", "values", "message"),
    [
        ("config.json", {"num_hidden_layers": 10**9}, "num_hidden_layers: 1000000000`, expected a number from -1 to"),
        ("config.json", {"hidden_size": 10**12}, "hidden_size: 1000000000000"),
        ("config.json", {"intermediate_size": 2**22}, "its configuration needs .* weights, its files have"),
        ("config.json", {"conv_dim": [8] * 5000}, "`conv_dim` has 5000 entries"),
        ("config.json", {"model_type": "unheard-of"}, "cannot open it as an audio encoder"),
        ("config.json", {"hidden_size": "wide"}, "cannot open it as an audio encoder"),
        ("config.json", {"hidden_size": 32}, "its configuration needs|cannot open it"),
        ("config.json", {"hidden_size": 8}, "cannot open it"),
        ("preprocessor_config.json", {"sampling_rate": 10**9}, "expected a number from 1000 to 384000"),
        ("preprocessor_config.json", {"feature_size": 10**6}, "feature_size: 1000000"),
        ("preprocessor_config.json", {"feature_extractor_type": "AutoModel"}, "expected a feature extractor"),
    ],
)  # fmt: skip
def test_configurations_that_are_wrong(changed, waveforms, file, values, message):
    folder = changed(file=file, **values)
    with pytest.raises(UserError, match=message):
        opened(folder, waveforms).trained(1)


@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_damaged_files(changed, waveforms, file):
    folder = changed()
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="get the folder again"):
        opened(folder, waveforms).trained(1)


def test_missing_tensors(changed, waveforms):
    from safetensors.torch import load_file, save_file

    folder = changed()
    tensors = load_file(folder / "model.safetensors")
    gone = next(name for name in tensors if "encoder.layers.1" in name)
    save_file(
        {n: t for n, t in tensors.items() if n != gone} | {"ballast": torch.zeros(9999)}, folder / "model.safetensors"
    )
    with pytest.raises(UserError, match=r"its weights lack 1 tensors of the encoder: encoder\.layers\.1"):
        opened(folder, waveforms).trained(1)


def test_extractors_that_belong_to_another_network(changed, tiny, waveforms):
    folder = changed("whisper")
    shutil.copy(changed("wav2vec2") / "preprocessor_config.json", folder)
    with pytest.raises(UserError, match="cannot open it as an audio encoder"):
        opened(folder, waveforms)
    folder = changed("hubert")
    shutil.copy(tiny("whisper") / "preprocessor_config.json", folder)
    with pytest.raises(UserError, match="WhisperFeatureExtractor pads sounds to one length"):
        opened(folder, waveforms)
    with pytest.raises(UserError, match="makes 100 frames, the network takes 60"):
        opened(changed("whisper", max_source_positions=30), waveforms)


def test_index_that_points_elsewhere(changed, waveforms):
    folder = changed()
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../other.safetensors"}}))
    with pytest.raises(UserError, match=r"found \.\./other\.safetensors, expected names such as"):
        opened(folder, waveforms)


def test_adapters_are_refused(changed, waveforms):
    folder = changed()
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match=r"found adapter_config\.json"):
        opened(folder, waveforms)


def test_example(tmp_path, waveforms):
    assert len(layers(example(tmp_path)["weights"], waveforms)) == 3
