"""EnCodecMAE equals the reference; a mutated one does not; every bad checkpoint is refused by name."""

import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
import xarray as xr
from encodecmae_golden import (
    FRONT_END,
    difference,
    filled,
    network_of,
    postnorm,
    sizes_of,
    state_dict,
)

from conftest import ROOT
from helpers.errors import UserError
from helpers.models.encodecmae import mel
from helpers.models.encodecmae import published as encodecmae
from helpers.models.encodecmae.checkpoint import load_network
from helpers.models.encodecmae.chunks import CHUNK, Chunk, activations_of, chunks_of, n_frames
from helpers.models.encodecmae.network import Attention, Network, Positions, Sizes, Tower

FROM_MEL = 2e-5  # tolerance of activations from saved mel


def test_golden_numbers_from_waveforms():
    """In the arithmetic that the numbers were made in; see golden_from_waveforms.py."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/models/golden_from_waveforms.py"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "MKL_CBWR": "COMPATIBLE"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.parametrize("signal", FRONT_END)
def test_front_end_on_this_cpu(golden, signal):
    """As above with whatever roundings this CPU has: the wide tolerances hold, the mean one for every signal."""
    file = golden("encodecmae/fbank")
    found = mel.log_mel(torch.tensor(file[f"{signal}/wav"])[None])[0].numpy()
    errors = np.abs(found - file[f"{signal}/logmel"])
    assert errors.max() <= (2e-2 if signal == "sweep" else 3e-3)
    assert errors.mean() <= (1e-4 if signal == "sweep" else 3e-5)
    assert difference(mel.mel_bank(), file["mel_bank"]) <= 5e-5  # one rounding of a logarithm is 2e-5


def test_resampler(golden):
    """The sounds are brought to 24 kHz exactly as the reference does it."""
    soxr = pytest.importorskip("soxr")
    file = golden("encodecmae/fbank")
    found = soxr.resample(file["resample/wav_44k_int16"] / np.float32(32768), 44100, 24000, "HQ")
    assert difference(np.append(found, np.float32(0)), file["resample/wav_24k"]) <= 1e-6


@pytest.mark.parametrize("name", ["sweep", "real"])
def test_stages_from_saved_mel(golden, name):
    file = golden("encodecmae/tiny")
    network, frames = network_of(file), torch.tensor(file[f"{name}/mel"])[None]
    with torch.inference_mode():
        embedded = network.embed(frames)
        encoded, decoded = network(frames)
        decoder_in = network.decoder_input(encoded.merged)
    assert difference(embedded[0], file[f"{name}/embed"]) <= FROM_MEL
    assert difference(encoded.merged[0], file[f"{name}/encoder_out"]) <= FROM_MEL
    assert difference(decoder_in[0], file[f"{name}/decoder_in"]) <= FROM_MEL
    assert difference(decoded.merged[0], file[f"{name}/decoder_out"]) <= FROM_MEL


@pytest.mark.parametrize("name", ["sweep", "real"])
def test_all_layers_from_saved_mel(golden, name):
    file = golden("encodecmae/tiny")
    found = _from_mel(file, name)
    assert found.towers == ["encoder"] * 3 + ["decoder"] * 2
    for branch in (0, 1):
        assert difference(found.raw[branch, :, 0], file[f"{name}/acts_b{branch}_raw"]) <= FROM_MEL
        if name == "real":
            assert difference(postnorm(found)[branch, :, 0], file[f"real/acts_b{branch}_postnorm"]) <= FROM_MEL


def test_padded_batch_from_saved_mel(golden):
    file = golden("encodecmae/tiny")
    found = activations_of(network_of(file), [Chunk(torch.tensor(file["batch/mel"]), torch.tensor(file["batch/mask"]))])
    assert difference(postnorm(found)[0], file["batch/acts_b0_postnorm"]) <= FROM_MEL
    assert difference(found.raw[1], file["batch/acts_b1_raw"]) <= FROM_MEL


def test_width_that_heads_do_not_divide(golden):
    file = golden("encodecmae/tiny")
    found = _from_mel(file, "odd", "odd/")
    assert difference(found.raw[0, :, 0], file["odd/acts_b0_raw"]) <= FROM_MEL
    assert difference(postnorm(found)[1, :, 0], file["odd/acts_b1_postnorm"]) <= FROM_MEL


def test_frames_table(golden):
    for samples, chunks, frames, masked in golden("encodecmae/tiny")["frames_table"].tolist():
        found = chunks_of(torch.zeros(1, samples), torch.tensor([samples]))
        n_masked = 0 if found[0].mask is None else int(found[0].mask.sum())
        assert (len(found), sum(p.mel.shape[1] for p in found), n_masked) == (chunks, frames, masked)
        assert n_frames(samples) == frames
    with pytest.raises(ValueError, match="at least 2049"):
        chunks_of(torch.zeros(1, 2048), torch.tensor([2048]))


def test_chunk_length(golden):
    assert int(golden("encodecmae/tiny")["long/chunk_samples"]) == CHUNK


@pytest.fixture(scope="module")
def base(golden):
    """The base-size network filled by formula, the filling itself checked."""
    file = golden("encodecmae/base_summary")
    network = Network(Sizes(768, 12, 10, 2, 4096)).eval()
    parameters = dict(network.named_parameters())  # shared blocks once, under layer 0
    assert sorted(parameters) == sorted(file["fill/keys"])
    for i, key in enumerate(file["fill/keys"].tolist()):
        values = filled(key, tuple(parameters[key].shape), str(file["salt"]))
        assert values.sum(dtype=np.float64) == pytest.approx(file["fill/sum"][i], abs=1e-6)
        head = np.resize(np.append(values.ravel()[:4], [0] * 4), 4)
        assert difference(head, file["fill/first4"][i]) <= 1e-7 and values.ravel()[-1] == file["fill/last"][i]
        parameters[key].data = torch.from_numpy(values)
    return network


def test_base_network(golden, base):
    file = golden("encodecmae/base_summary")
    found = activations_of(base, [Chunk(torch.tensor(file["mel"]), None)])
    for branch in (0, 1):
        raw, replaced = found.raw[branch].transpose(0, 1), postnorm(found)[branch].transpose(0, 1)
        frames = raw[:, :, torch.tensor(file["frame_index"])]
        assert difference(frames, file[f"frames_b{branch}_raw"]) <= 5e-5
        assert difference(raw.double().mean(2), file[f"tavg_b{branch}_raw"]) <= 2e-5
        assert difference(replaced.double().mean(2), file[f"tavg_b{branch}_postnorm"]) <= 2e-5


# Mutations: what would go unnoticed without the golden numbers must miss them by far


def _contiguous_heads(patch):
    patch.setattr(Attention, "split", lambda self, x: x.unflatten(-1, (self.heads, -1)).transpose(1, 2))
    patch.setattr(Attention, "join", lambda self, x: x.transpose(1, 2).flatten(-2))


def _no_positional_scale(patch):
    patch.setattr(Positions, "forward", lambda self, x: x + self.table(*x.shape[-2:]))


def _no_mask(patch):
    forward = Tower.forward
    patch.setattr(Tower, "forward", lambda self, x, mask: forward(self, x, None))


def _visible_decoder_padding(patch):
    patch.setattr(Network, "decoder_input", lambda self, x, mask=None: self.visible_encoder.post_net(x))


def _gelu(patch):
    patch.setattr(torch.nn.ReLU, "forward", lambda self, x: torch.nn.functional.gelu(x))


MUTATIONS = [_contiguous_heads, _no_positional_scale, _no_mask, _visible_decoder_padding, _gelu]


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_mutated_network_misses_the_golden_numbers(golden, monkeypatch, mutate):
    file = golden("encodecmae/tiny")
    mutate(monkeypatch)
    found = activations_of(network_of(file), [Chunk(torch.tensor(file["batch/mel"]), torch.tensor(file["batch/mask"]))])
    own = ~file["batch/mask"]  # padding keeps meaningless values: the damage must show in the sounds themselves
    errors = np.abs(postnorm(found)[0].numpy() - file["batch/acts_b0_postnorm"])
    assert (errors if mutate is _visible_decoder_padding else errors[:, own]).max() > 1000 * FROM_MEL


def test_swapped_branches_miss_the_golden_numbers(golden):
    file = golden("encodecmae/tiny")
    found = _from_mel(file, "real")
    assert difference(found.raw[1, :, 0], file["real/acts_b0_raw"]) > 0.5


@pytest.mark.parametrize("mutation", ["periodic window", "no pre-emphasis", "other hop", "other bank"])
def test_mutated_front_end_misses_the_golden_numbers(golden, monkeypatch, mutation):
    file = golden("encodecmae/fbank")
    changed = {
        "periodic window": ("window", lambda: torch.hann_window(mel.WINDOW)),
        "no pre-emphasis": ("PRE_EMPHASIS", 0.0),
        "other hop": ("HOP", 319),
        "other bank": ("LOWEST", 0.0),
    }
    mel.mel_bank.cache_clear()
    monkeypatch.setattr(mel, *changed[mutation])
    found = mel.log_mel(torch.tensor(file["real/wav"])[None])[0].numpy()
    mel.mel_bank.cache_clear()
    expected = file["real/logmel"]
    frames = min(len(found), len(expected))
    assert np.abs(found[:frames] - expected[:frames]).max() > 10 * 3e-3


# Checkpoints


@pytest.fixture
def checkpoint(golden, tmp_path):
    """Writes the golden network as a checkpoint after `change(weights)`; returns its path."""

    def write(change=lambda weights: None, config="NUM_ENCODER_HEADS=4", **parts):
        weights = state_dict(golden("encodecmae/tiny"))
        weights["target_encoder.whatever"] = torch.zeros(3)
        change(weights)
        path = tmp_path / "model.pt"
        torch.save({"imports": "", "config": config, "state_dict": weights, **parts}, path)
        return path

    return write


def test_checkpoint_gives_the_golden_network(golden, checkpoint):
    file = golden("encodecmae/tiny")
    network = load_network(checkpoint())
    assert network.sizes == sizes_of(file) and not network.training
    found = activations_of(network, [Chunk(torch.tensor(file["real/mel"])[None], None)])
    assert difference(found.raw[0, :, 0], file["real/acts_b0_raw"]) <= FROM_MEL


def test_heads_come_from_the_setting_before_the_configuration(checkpoint):
    assert load_network(checkpoint(config="num_heads = 4")).sizes.heads == 4
    assert load_network(checkpoint(), heads=8).sizes.heads == 8
    with pytest.raises(UserError, match=r"12 heads do not fit .* set `heads`"):
        load_network(checkpoint(config=""))


KEY = "visible_encoder.encoder_layers.1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("decoder.final_norm.bias"), "1 tensors missing .decoder.final_norm.bias"),
        (lambda w: w.pop("wav_encoder.post_net.weight"), "expected a matrix 'wav_encoder.post_net.weight', found none"),
        (lambda w: w.update({"surprise": torch.zeros(1)}), "1 unknown .surprise"),
        (
            lambda w: w.update({f"{KEY}.norm1.weight": torch.zeros(5)}),
            r"norm1.weight' has shape \(5,\), expected \(32,\)",
        ),
        (lambda w: w.update({f"{KEY}.ff_layer.0.bias": torch.ones(64)}), "1.ff_layer.0.bias' differs from layer 0's"),
        (lambda w: w.update({f"{KEY}.norm1.weight": torch.full((32,), torch.nan)}), "no tensor of finite floats"),
        (lambda w: w.update({f"{KEY}.norm1.weight": "text"}), "no tensor of finite floats"),
        (lambda w: w.update({"decoder.encoder_layers.999999999.x": torch.zeros(1)}), "tensors missing"),
    ],
)
def test_wrong_tensors_are_refused_by_name(checkpoint, change, message):
    path = checkpoint(change)
    with pytest.raises(UserError, match=message) as caught:
        load_network(path)
    assert str(path) in str(caught.value)


class Payload:
    """Would create a file when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_pickled_object_is_refused_and_not_run(checkpoint, tmp_path):
    trace = tmp_path / "ran"
    path = checkpoint(surprise=Payload(trace))
    with pytest.raises(UserError, match=r"model.pt: carries a pickled object .*open"):
        load_network(path)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut short", b"\x80\x02."])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"model.pt: not .*expected an EnCodecMAE checkpoint"):
        load_network(path)


def test_a_few_bytes_cannot_claim_the_memory(checkpoint, tmp_path):
    whole, path = checkpoint(), tmp_path / "greedy.pt"
    content = torch.load(whole, weights_only=True)
    name = "wav_encoder.post_net.weight"
    content["state_dict"][name] = torch.zeros(1).expand(10**6, 10**6)  # 4 TB if it were written out
    torch.save(content, path)
    assert path.stat().st_size < 1e6
    with pytest.raises(UserError, match=f"'{name}' is no tensor of finite floats"):
        load_network(path)
    with zipfile.ZipFile(whole) as plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    with pytest.raises(UserError, match=r"is compressed, which torch never does"):
        load_network(path)


def test_truncated_checkpoint_is_refused(checkpoint):
    path = checkpoint()
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match=r"model.pt: not .*expected an EnCodecMAE checkpoint"):
        load_network(path)


@pytest.mark.parametrize("content", [[torch.zeros(2)], {"weights": torch.zeros(2)}])
def test_other_torch_files_are_refused(tmp_path, content):
    path = tmp_path / "model.pt"
    torch.save(content, path)
    with pytest.raises(UserError, match="expected an EnCodecMAE checkpoint"):
        load_network(path)


# Where weights come from


def test_missing_file_is_named():
    with pytest.raises(UserError, match=r"no file .nowhere/model"):
        encodecmae.located("nowhere/model.pt", "main")


def test_impossible_download_says_what_to_do(monkeypatch, tmp_path):
    import huggingface_hub

    def offline(*args, **kwargs):
        raise huggingface_hub.errors.LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *args, **kwargs: None)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", offline)
    with pytest.raises(UserError, match=r"mel256-ec-base.pt could not be downloaded .* give the path"):
        encodecmae.located("mel256-ec-base", "main")


def test_cached_weights_ask_no_network(monkeypatch, checkpoint):
    import huggingface_hub

    asked = []
    path = checkpoint()
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *a, **k: asked.append((a, k)) or str(path))
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *a, **k: pytest.fail("asked the network"))
    revision = "0123456789abcdef0123456789abcdef01234567"
    assert encodecmae.located("mel256-ec-base-ll", revision) == path
    assert asked == [((encodecmae.REPOSITORY, "mel256-ec-base-ll.pt"), {"revision": revision})]


@pytest.fixture
def published_series(monkeypatch, tmp_path):
    """The repository of a published series as the network would show it, and Hugging Face's cache in a folder."""
    import huggingface_hub

    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = encodecmae.IN_SERIES.format(name="mel256-ec-base") + "finegrained/"
    listed = [f"{folder}epoch=3-step={step}.ckpt" for step in (50_000, 100_000)] + ["README.md"]
    asked = []

    def downloaded(repository, file, revision):
        path = tmp_path / f"models--{repository.replace('/', '--')}" / "snapshots" / commit / file
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"state_dict": {}, "epoch": 3}, path)
        asked.append(file)
        return str(path)

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.HfApi, "list_repo_files", lambda self, repository, revision: listed)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", downloaded)
    return asked


def test_a_published_series_is_known_by_name_and_downloaded_step_by_step(published_series, monkeypatch):
    import huggingface_hub

    settings = encodecmae.Settings(checkpoints="mel256-ec-base", steps=[50_000, 100_000])
    assert list(settings.series) == [50_000, 100_000]
    assert list(encodecmae.Settings(checkpoints="mel256-ec-base").series) == list(range(50_000, 500_001, 50_000))
    model = encodecmae.EncodecMAE(
        "mixture", settings, xr.DataArray(np.zeros((1, 4)), dims=("sound", "sample")), "cpu", 8
    )
    assert model.missing(50_000) == "download"
    path = model.path(50_000)
    assert path.name == "epoch=3-step=50000.ckpt" and published_series == [
        "full_exps/base_models/mel256-ec-base/pretrain_checkpoints/finegrained/epoch=3-step=50000.ckpt"
    ]
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *a, **k: pytest.fail("asked the network again"))
    assert (model.missing(50_000), model.missing(100_000)) == ("", "download")
    assert encodecmae.located("mel256-ec-base=50000.ckpt", "main") == path
    with pytest.raises(UserError, match=r"no step 75000 at lpepino/encodecmae-pretrained; it has: 50000, 100000"):
        encodecmae.located("mel256-ec-base=75000.ckpt", "main")


def test_steps_belong_to_a_published_series():
    with pytest.raises(ValueError, match="`steps` go with `checkpoints: <published name>`"):
        encodecmae.Settings(weights="mel256-ec-base", steps=[50_000])


def _from_mel(file, name, prefix=""):
    return activations_of(network_of(file, prefix), [Chunk(torch.tensor(file[f"{name}/mel"])[None], None)])
