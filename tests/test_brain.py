"""Brain data: one contract for every dataset of the registry, and each thing wrong with a folder named."""

import json
import shutil
from functools import cache

import numpy as np
import pytest
import scipy.io
import soundfile
import xarray as xr

import written_voxels
from conftest import SHARED
from helpers import brain, sounds
from helpers.brain import nh2015
from helpers.brain.base import EXCLUSIONS, VOXEL_COORDS, Brain
from helpers.names import CATEGORIES, COMPONENTS, SAMPLE_RATE, UserError

REAL = SHARED / "nh2015"
DATASETS = [
    pytest.param(name, marks=pytest.mark.skipif(name != "demo" and not REAL.is_dir(), reason=f"no {REAL}"))
    for name in brain.DATASETS
]
real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"no {REAL}")
FOLDERS = {"demo": None, "nh2015_components": REAL, "nh2015_rank6": REAL}  # of the others: files of the tests' own


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """`opened(name)`: a dataset of the registry."""
    written = tmp_path_factory.mktemp("voxels")

    @cache
    def open(name):
        if name not in FOLDERS:
            names = nh2015.read_components(REAL / nh2015.COMPONENT_FILE)[1]
            getattr(written_voxels, name)(written, sorted(names))
        folder = FOLDERS.get(name, written)
        return brain.open(name, None if folder is None else str(folder), seed=0)

    return open


# The contract: every entry of the registry, without a test of its own


@pytest.mark.parametrize("name", DATASETS)
def test_sounds_are_labelled_and_complete(opened, name):
    waveforms = opened(name).waveforms
    assert waveforms.dims == ("sound", "sample") and waveforms.dtype == np.float32
    assert len(set(waveforms.sound.values)) == waveforms.sizes["sound"] == sum(CATEGORIES.values())
    categories, counts = np.unique(waveforms.category.values, return_counts=True)
    assert dict(zip(categories.tolist(), counts.tolist(), strict=True)) == CATEGORIES
    assert (waveforms.n_samples >= sounds.MIN_SAMPLES).all() and waveforms.n_samples.max() == waveforms.sizes["sample"]
    assert waveforms.attrs["rate_hz"] == SAMPLE_RATE
    assert np.isfinite(waveforms).all() and (abs(waveforms).max("sample") > 0.01).all()


@pytest.mark.parametrize("name", DATASETS)
def test_responses_are_labelled_and_aligned_to_the_sounds(opened, name):
    data = opened(name)
    for responses in (data.components, data.voxels):
        if responses is not None:
            assert responses.sound.values.tolist() == data.waveforms.sound.values.tolist()
            assert len(set(responses.target.values)) == responses.sizes["target"]
            assert np.isfinite(responses).all() and (responses.std("sound") > 0).all()
    if data.components is not None:
        assert data.components.dims == ("sound", "target")
        assert tuple(data.components.target.values) == COMPONENTS
    if data.voxels is not None:
        assert data.voxels.dims in [("sound", "target", "repetition"), ("sound", "target")]
        assert all(data.voxels[coord].dims == ("target",) for coord in VOXEL_COORDS)


@pytest.mark.parametrize("name", DATASETS)
def test_provenance_is_plain_and_knows_no_folder(opened, name):
    data = opened(name)
    text = json.dumps(data.provenance)
    assert data.provenance["citation"] and '"/' not in text  # no path of this machine
    assert data.name == name and data.synthetic == ("synthetic" in data.provenance["citation"].lower())


@pytest.mark.parametrize("name", DATASETS)
def test_voxels_left_out_are_counted_by_known_reasons(opened, name):
    excluded = opened(name).excluded
    assert set(excluded) <= set(EXCLUSIONS) and all(count >= 0 for count in excluded.values())


def test_an_unknown_dataset_is_refused_with_a_suggestion():
    with pytest.raises(UserError, match="unknown dataset 'nh2015_component'; did you mean 'nh2015_components'"):
        brain.open("nh2015_component")


# The real data


@real_data
def test_components_follow_their_own_names(opened, golden):
    reference = golden("regression/common")
    data = opened("nh2015_components")
    assert data.waveforms.sound.values.tolist() == reference["stim_names"].tolist()
    assert data.waveforms.category.values.tolist() == reference["category_labels"].tolist()
    np.testing.assert_array_equal(data.components.values, reference["components"])


@real_data
def test_rows_of_the_component_file_are_found_by_name_not_by_position(opened, tmp_path):
    content = scipy.io.loadmat(REAL / nh2015.COMPONENT_FILE)
    order = np.random.default_rng(0).permutation(165)
    shuffled = {"R": content["R"][order], "component_names": content["component_names"]}
    shuffled |= {key: content[key][:, order] for key in ("stim_names", "category_labels")}
    scipy.io.savemat(tmp_path / "components.mat", shuffled)
    components, categories = nh2015.read_components(tmp_path / "components.mat")
    expected = opened("nh2015_components")
    xr.testing.assert_equal(components.sel(sound=expected.components.sound), expected.components)
    assert [categories[name] for name in expected.waveforms.sound.values] == expected.waveforms.category.values.tolist()


@pytest.fixture
def copy(tmp_path):
    """A folder like the real one, writable, whose files are links: replace one to damage it."""
    folder = tmp_path / "nh2015"
    for name in nh2015.checksums():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to((REAL / name).resolve())
    return folder


def refused(folder, match):
    with pytest.raises(UserError, match=match) as error:
        brain.open("nh2015_components", str(folder))
    assert "python -m helpers fetch nh2015" in str(error.value)


def test_a_missing_folder_says_how_to_get_it(tmp_path, monkeypatch):
    refused(tmp_path / "nowhere", "found no folder .*nowhere")
    monkeypatch.setenv(nh2015.FOLDER_VARIABLE, str(tmp_path / "elsewhere"))
    with pytest.raises(UserError, match=r"found no folder .*elsewhere"):
        brain.open("nh2015_components")


@real_data
def test_missing_extra_and_changed_files_are_named(copy):
    wav = copy / nh2015.WAV_FOLDER / "stim5_alarm_clock.wav"
    shutil.copy(REAL / nh2015.WAV_FOLDER / "stim5_alarm_clock.wav", wav.with_name("stim999_extra.wav"))
    refused(copy, "stim999_extra.wav in sounds/wav/, expected only the 165")
    wav.with_name("stim999_extra.wav").unlink()
    wav.unlink()
    refused(copy, "sounds/wav/stim5_alarm_clock.wav missing")
    soundfile.write(wav, np.zeros(88_200), 44_100)
    refused(copy, "other content in sounds/wav/stim5_alarm_clock.wav")


@real_data
def test_a_damaged_component_file_is_named_twice_over(copy):
    path = copy / nh2015.COMPONENT_FILE
    path.unlink()
    path.write_bytes(b"MATLAB 5.0 MAT-file, cut off")
    refused(copy, "other content in data/components.mat")
    with pytest.raises(UserError, match="not the published component file"):
        nh2015.read_components(path)
    scipy.io.savemat(path, {"R": np.zeros((165, 6))})
    with pytest.raises(UserError, match="not the published component file"):
        nh2015.read_components(path)


@real_data
def test_data_dir_goes_before_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(nh2015.FOLDER_VARIABLE, str(tmp_path / "elsewhere"))
    assert nh2015.locate(str(REAL)) == REAL


# What Brain itself refuses, whichever dataset it comes from


def small(components="same", voxels=None, names=("a", "b", "c")):
    waveforms = sounds.labelled({name: np.ones(3_000, np.float32) for name in names}, dict.fromkeys(names, "Music"))
    if isinstance(components, str):
        components = responses()
    return Brain("small", True, waveforms, components, voxels, {})


def responses(names=("a", "b", "c"), values=None):
    values = np.arange(2.0 * len(names)).reshape(-1, 2) if values is None else values
    return xr.DataArray(values, {"sound": list(names), "target": ["pitch", "music"]}, ("sound", "target"))


def voxels(**coords):
    coords = {
        "subject": ["S1"] * 2,
        "hemisphere": ["lh"] * 2,
        "region": ["Primary", ""],
        "x": [0, 1],
        "y": [0, 1],
    } | coords
    labels = {key: ("target", value) for key, value in coords.items() if value is not None}
    return responses().expand_dims(repetition=3, axis=2).assign_coords(labels)


def test_responses_in_another_order_are_aligned_by_name():
    data = small(responses(("c", "a", "b")))
    assert data.components.sound.values.tolist() == ["a", "b", "c"]
    assert data.components.sel(sound="c").values.tolist() == [0.0, 1.0]


def test_voxels_may_be_without_repetitions_and_places():
    nowhere = voxels(hemisphere=["", ""], region=["", ""], x=[np.nan] * 2, y=[np.nan] * 2)
    assert small(voxels=nowhere.isel(repetition=0)).voxels.dims == ("sound", "target")
    assert small(voxels=nowhere).voxels.dims == ("sound", "target", "repetition")
    assert small().excluded == {}


def test_nan_in_responses_is_refused_by_name():
    values = np.arange(6.0).reshape(3, 2)
    values[1, 1] = np.nan
    with pytest.raises(UserError, match="dataset 'small': found NaN or infinite components for b, expected numbers"):
        small(responses(values=values))
    with pytest.raises(UserError, match="NaN or infinite voxels for a, b, c"):
        small(voxels=voxels() * np.inf)


def test_sounds_of_one_side_only_are_refused_by_name():
    with pytest.raises(UserError, match="c not among its components"):
        small(responses(("a", "b")))
    with pytest.raises(UserError, match="d not among its sounds"):
        small(responses(("a", "b", "c", "d")))
    with pytest.raises(UserError, match="sound a repeated in its components"):
        small(responses(("a", "a", "b")))


def test_incomplete_or_mislabelled_arrays_are_refused():
    assert small(voxels=voxels()).voxels.sizes["repetition"] == 3
    with pytest.raises(UserError, match="neither components nor voxels"):
        small(components=None)
    with pytest.raises(UserError, match="components with dimensions"):
        small(responses().T)
    with pytest.raises(UserError, match="voxels without region, x"):
        small(voxels=voxels(region=None, x=None))
    with pytest.raises(UserError, match="hemisphere left"):
        small(voxels=voxels(hemisphere=["lh", "left"]))
    with pytest.raises(UserError, match="region A1"):
        small(voxels=voxels(region=["Primary", "A1"]))
