"""Brain data: one contract for every dataset of the registry, and each thing wrong with a folder named."""

import json
import shutil
from functools import cache
from types import ModuleType

import numpy as np
import pytest
import scipy.io
import soundfile
import xarray as xr

import written_voxels
from conftest import SHARED
from helpers import brain, text
from helpers.brain import nh2015
from helpers.brain.base import EXCLUSIONS, Brain
from helpers.brain.nh2015 import CATEGORIES, COMPONENTS
from helpers.errors import UserError
from helpers.stimuli import sounds

REAL = SHARED / "nh2015"
DATASETS = [
    pytest.param(name, marks=pytest.mark.skipif(name != "demo" and not REAL.is_dir(), reason=f"no {REAL}"))
    for name in brain.DATASETS
]
real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"no {REAL}")
FOLDERS = {"demo": None, "nh2015_components": REAL, "nh2015_rank6": REAL}  # of the others: written, if they have files


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """`opened(name)`: a dataset of the registry."""
    written = tmp_path_factory.mktemp("voxels")

    @cache
    def open(name):
        folder, example = FOLDERS.get(name), getattr(brain.DATASETS[name], "example", None)
        if hasattr(written_voxels, name):
            names = nh2015.read_components(REAL / nh2015.COMPONENT_FILE)[1]
            getattr(written_voxels, name)(written, sorted(names))
            folder = written
        elif example:
            folder = example(tmp_path_factory.mktemp(name))
        return brain.open(name, None if folder is None else str(folder), seed=0)

    return open


# The contract: every entry of the registry, without a test of its own


@pytest.mark.parametrize("name", DATASETS)
def test_sounds_are_labelled_and_complete(opened, name):
    waveforms = opened(name).waveforms
    assert waveforms.dims == ("sound", "sample") and waveforms.dtype == np.float32
    assert len(set(waveforms.sound.values)) == waveforms.sizes["sound"] > 0
    categories, counts = np.unique(waveforms.category.values, return_counts=True)
    if name in FOLDERS or hasattr(written_voxels, name):  # of the sounds of NH2015
        assert dict(zip(categories.tolist(), counts.tolist(), strict=True)) == CATEGORIES
    assert (waveforms.n_samples > 0).all() and waveforms.n_samples.max() == waveforms.sizes["sample"]
    assert waveforms.attrs["rate_hz"] == sounds.RATE
    assert np.isfinite(waveforms).all() and (abs(waveforms).max("sample") > 0.01).all()


@pytest.mark.parametrize("name", DATASETS)
def test_responses_are_labelled_and_aligned_to_the_sounds(opened, name):
    data = opened(name)
    assert data.responses
    for responses in data.responses.values():
        assert responses.dims[:2] == ("sound", "target")
        assert responses.sound.values.tolist() == data.waveforms.sound.values.tolist()
        assert len(set(responses.target.values)) == responses.sizes["target"]
        assert np.isfinite(responses).all() and (responses.std("sound") > 0).all()


@pytest.mark.parametrize("name", DATASETS)
def test_sounds_can_be_had_at_another_rate(opened, name):
    data = opened(name)
    assert data.waveforms_at(sounds.RATE) is data.waveforms
    other = data.waveforms_at(16_000)
    assert other.dims == ("sound", "sample") and other.dtype == np.float32 and other.attrs["rate_hz"] == 16_000
    for label in ("sound", "category"):
        assert other[label].values.tolist() == data.waveforms[label].values.tolist()
    assert (abs(other.n_samples - data.waveforms.n_samples * 2 / 3) <= 1).all()
    assert np.isfinite(other).all() and (abs(other).max("sample") > 0.01).all()


@pytest.mark.parametrize("name", brain.DATASETS)
def test_every_dataset_has_what_the_registry_needs(name):
    brain.check(name)
    labels = [labeller.name("dataset", name) for labeller in text.labellers().values()]
    assert all(label not in ("", name) for label in labels)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"NAME": "demo", "LABEL": "dataset"}, r"without the function open\(data_dir, seed\); add"),
        ({"NAME": "demo", "open": print}, r"without its label: LABEL = text.words\('dataset', .*; add"),
        ({"LABEL": "dataset", "open": print}, "without NAME = 'demo', as in the registry; add"),
        ({"NAME": "other", "LABEL": "dataset", "open": print}, "without NAME = 'demo', as in the registry; add"),
        ({}, "without NAME .*; without the function open.*; without its label"),
    ],
)
def test_a_dataset_whose_module_is_incomplete_is_refused_with_what_is_missing(monkeypatch, given, found):
    module = ModuleType("helpers.brain.new")
    vars(module).update(given)
    monkeypatch.setitem(brain.DATASETS, "demo", module)
    for refusing in (brain.check, brain.open):
        with pytest.raises(UserError, match=f"dataset 'demo': found helpers.brain.new {found}"):
            refusing("demo")


def test_a_dataset_without_words_is_refused(monkeypatch):
    module = ModuleType("helpers.brain.new")
    vars(module).update(NAME="new", LABEL="dataset", open=print)
    monkeypatch.setitem(brain.DATASETS, "new", module)
    with pytest.raises(UserError, match=r"dataset 'new': found helpers\.brain\.new without its label"):
        brain.check("new")


@pytest.mark.parametrize("name", DATASETS)
def test_provenance_is_plain_and_knows_no_folder(opened, name):
    data = opened(name)
    plain = json.dumps(data.provenance)
    assert data.provenance["citation"] and '"/' not in plain  # no path of this machine
    assert data.name == name and data.synthetic == ("synthetic" in data.provenance["citation"].lower())


@pytest.mark.parametrize("name", DATASETS)
def test_voxels_left_out_are_counted_by_known_reasons(opened, name):
    excluded = opened(name).excluded
    assert set(excluded) <= set(EXCLUSIONS) and all(count >= 0 for count in excluded.values())
    for labeller in text.labellers().values():
        assert all(labeller(f"excluded.{reason}") for reason in EXCLUSIONS)


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
    components = data.responses["components"]
    np.testing.assert_array_equal(components.values, reference["components"])
    assert tuple(components.target.values) == COMPONENTS
    assert dict(zip(components.target.values.tolist(), components.group.values.tolist(), strict=True)) == {
        "lowfreq": "frequency",
        "highfreq": "frequency",
        "envsounds": "",
        "pitch": "",
        "speech": "category",
        "music": "category",
    }


@real_data
def test_other_rates_are_read_from_the_files_not_resampled_from_24_khz(opened):
    data, name = opened("nh2015_components"), "stim5_alarm_clock"
    original, rate = soundfile.read(REAL / nh2015.WAV_FOLDER / f"{name}.wav", dtype="float32")
    found = data.waveforms_at(rate).sel(sound=name)
    np.testing.assert_array_equal(found.values[: len(original)], original.reshape(len(original), -1).mean(axis=1))


@real_data
def test_other_rates_follow_the_order_of_the_dataset(opened):
    components, voxels = opened("nh2015_components"), opened("nh2015")
    names = voxels.waveforms.sound.values.tolist()
    assert names != components.waveforms.sound.values.tolist()
    xr.testing.assert_equal(voxels.waveforms_at(16_000), components.waveforms_at(16_000).sel(sound=names))


@real_data
def test_rows_of_the_component_file_are_found_by_name_not_by_position(opened, tmp_path):
    content = scipy.io.loadmat(REAL / nh2015.COMPONENT_FILE)
    order = np.random.default_rng(0).permutation(165)
    shuffled = {"R": content["R"][order], "component_names": content["component_names"]}
    shuffled |= {key: content[key][:, order] for key in ("stim_names", "category_labels")}
    scipy.io.savemat(tmp_path / "components.mat", shuffled)
    components, categories = nh2015.read_components(tmp_path / "components.mat")
    expected = opened("nh2015_components")
    before = expected.responses["components"]
    xr.testing.assert_equal(components.sel(sound=before.sound), before)
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


def small(read=None, **given):
    names = ("a", "b", "c")
    waveforms = sounds.labelled({name: np.ones(3_000, np.float32) for name in names}, dict.fromkeys(names, "Music"))
    return Brain("small", True, waveforms, given, {}, read=read)


def responses(names=("a", "b", "c"), values=None):
    values = np.arange(2.0 * len(names)).reshape(-1, 2) if values is None else values
    return xr.DataArray(values, {"sound": list(names), "target": ["pitch", "music"]}, ("sound", "target"))


def voxels(**coords):
    """Two voxels with these coordinates on target, three repetitions each."""
    labels = {key: ("target", value) for key, value in coords.items()}
    return responses().expand_dims(repetition=3, axis=2).assign_coords(labels)


def test_responses_in_another_order_are_aligned_by_name():
    found = small(components=responses(("c", "a", "b"))).responses["components"]
    assert found.sound.values.tolist() == ["a", "b", "c"]
    assert found.sel(sound="c").values.tolist() == [0.0, 1.0]


def test_sets_of_responses_are_any_number_under_any_name():
    data = small(components=responses(), electrodes=voxels(), voxels=voxels())
    assert list(data.responses) == ["components", "electrodes", "voxels"]
    assert data.get("electrodes").sizes["repetition"] == 3 and data.get("other") is None
    assert data.responses["components"].target.values.tolist() == ["pitch", "music"] and data.excluded == {}
    with pytest.raises(UserError, match="dataset 'small': found no responses, expected at least one named set"):
        small()


def test_repetitions_and_time_are_optional_dimensions_in_that_order():
    timed = voxels().expand_dims(time=np.arange(4) / 10, axis=3)
    for array in (responses(), voxels(), timed, timed.isel(repetition=0)):
        assert small(one=array).responses["one"].dims == array.dims
    for array in (responses().T, timed.transpose("sound", "target", "time", "repetition"), responses().isel(target=0)):
        with pytest.raises(UserError, match=r"found one with dimensions .*, expected \(sound, target\[, repetition\]"):
            small(one=array)
    with pytest.raises(UserError, match=r"one with dimensions .*'frequency'"):
        small(one=responses().expand_dims(frequency=2, axis=2))
    with pytest.raises(UserError, match="waveforms with dimensions"):
        Brain("small", True, small(one=responses()).waveforms.T, {"one": responses()}, {})


def test_coordinates_of_targets_are_optional_and_regions_any_text():
    given = {"subject": ["S1", "S2"], "hemisphere": ["lh", ""], "region": ["TE1.0", ""], "group": ["", "deep"]}
    given |= {"x": [0, 1], "y": [np.nan, 1.5], "vertex": [7, 9], "depth": ["upper", "lower"]}
    assert set(small(voxels=voxels()).responses["voxels"].coords) == {"sound", "target"}
    found = small(voxels=voxels(**given)).responses["voxels"]
    for coord, values in given.items():
        assert found[coord].dims == ("target",)
        np.testing.assert_array_equal(found[coord].values, values)


@pytest.mark.parametrize(
    ("coords", "message"),
    [
        ({"hemisphere": ["lh", "left"]}, "hemisphere left in its voxels, expected one of"),
        ({"region": np.array(["Primary", np.nan], object)}, "region nan in its voxels, expected text, '' where"),
        ({"region": [1, 2]}, "region 1, 2 in its voxels, expected text"),
        ({"subject": [1, 2]}, "subject 1, 2 in its voxels, expected text"),
        ({"group": np.array([None, "deep"], object)}, "group (None|nan) in its voxels, expected text"),
        ({"x": ["left", "right"], "y": [0, 1]}, "x left, right in its voxels, expected numbers, NaN where unknown"),
        ({"vertex": ["a", "b"]}, "vertex a, b in its voxels, expected numbers"),
        ({"vertex": [5.5, np.nan]}, "vertex 5.5 in its voxels, expected whole numbers from 0 on, NaN where unknown"),
        ({"vertex": [-3, 7]}, "vertex -3 in its voxels, expected whole numbers from 0 on"),
        ({"vertex": [163_842, 7]}, "vertex 163842 in its voxels, expected at most 163841, .*of another surface"),
        ({"vertex": [np.inf, 7]}, "an infinite vertex in its voxels, expected numbers"),
        ({"x": [np.inf, 1], "y": [0, 1]}, "an infinite x in its voxels, expected numbers, NaN where unknown"),
        ({"x": [0, 1]}, "only one of x and y in its voxels, expected both or neither"),
        ({"y": [0, 1]}, "only one of x and y in its voxels, expected both or neither"),
    ],
)
def test_coordinates_that_are_not_what_they_should_be_are_named(coords, message):
    with pytest.raises(UserError, match=f"dataset 'small': found {message}"):
        small(voxels=voxels(**coords))


def test_a_coordinate_that_is_not_of_targets_is_named():
    for wrong in (("sound", ["S1", "S2", "S3"]), "S1"):
        with pytest.raises(UserError, match=r"found subject of its voxels with dimensions .*, expected \(target,\)"):
            small(voxels=voxels().assign_coords(subject=wrong))


def test_nan_in_responses_is_refused_by_name():
    values = np.arange(6.0).reshape(3, 2)
    values[1, 1] = np.nan
    with pytest.raises(UserError, match="dataset 'small': found NaN or infinite components for b, expected numbers"):
        small(components=responses(values=values))
    with pytest.raises(UserError, match="NaN or infinite voxels for a, b, c"):
        small(voxels=voxels() * np.inf)
    with pytest.raises(UserError, match="voxels of type complex128, expected real numbers"):
        small(voxels=voxels().astype(complex))
    with pytest.raises(UserError, match=r"voxels of shape \(3, 0, 3\), expected at least one value"):
        small(voxels=voxels().isel(target=slice(0)))


def in_time(*times) -> xr.DataArray:
    return responses().expand_dims(time=np.array(times), axis=2) * np.arange(1, 1 + len(times))


def test_times_are_put_in_order_and_each_is_there_once():
    found = small(one=in_time(0.2, -0.1, 0.0)).responses["one"]
    assert found.time.values.tolist() == [-0.1, 0.0, 0.2]
    np.testing.assert_array_equal(found.sel(time=0.2), responses())
    for times, message in (
        ([0.0, 0.1, 0.1], "time 0.1 s more than once in its one, expected 3 different ones"),
        ([0.0, np.nan, 0.1], "NaN or infinite times in its one, expected 3 different ones in s"),
        ([0.0, np.inf, 0.1], "NaN or infinite times in its one"),
        (["a", "b"], "times of its one that are no numbers"),
    ):
        with pytest.raises(UserError, match=message):
            small(one=responses().expand_dims(time=np.array(times), axis=2))
    with pytest.raises(UserError, match="times of its one that are no numbers, expected a coordinate 'time'"):
        small(one=in_time(0.0, 0.1).drop_vars("time"))


def test_a_single_repetition_and_a_single_time_are_no_dimension():
    """With one repetition there is nothing to estimate noise from: such responses are scored like any others."""
    for single in (responses().expand_dims(repetition=["1"], axis=2), in_time(0.1)):
        xr.testing.assert_identical(small(one=single).responses["one"], responses())
    both = in_time(0.0, 0.1).expand_dims(repetition=[1], axis=2)
    assert small(one=both).responses["one"].dims == ("sound", "target", "time")


def test_sounds_of_one_side_only_are_refused_by_name():
    with pytest.raises(UserError, match="c not among its components"):
        small(components=responses(("a", "b")))
    with pytest.raises(UserError, match="d not among its sounds"):
        small(components=responses(("a", "b", "c", "d")))
    with pytest.raises(UserError, match="sound a repeated in its components"):
        small(components=responses(("a", "a", "b")))
    with pytest.raises(UserError, match="target pitch repeated in its components"):
        small(components=responses().assign_coords(target=["pitch", "pitch"]))
    with pytest.raises(UserError, match="components without names of its targets, expected a coordinate 'target'"):
        small(components=responses().drop_vars("target"))


def test_other_rates_are_resampled_where_there_are_no_files_and_aligned_where_there_are():
    data = small(one=responses())
    xr.testing.assert_identical(data.waveforms_at(8_000), sounds.resampled(data.waveforms, 8_000))
    asked = []

    def read(rate):
        asked.append(rate)
        return sounds.resampled(data.waveforms, rate).isel(sound=[2, 0, 1])

    again = small(read, one=responses())
    xr.testing.assert_identical(again.waveforms_at(8_000), data.waveforms_at(8_000))
    assert again.waveforms_at(8_000) is again.waveforms_at(8_000), "networks of one rate share the sounds"
    assert again.waveforms_at(sounds.RATE) is again.waveforms and asked == [8_000]
