"""Activations from files: what is written is read, in the study's order; everything else is refused by name."""

import io
import json
import os
import pickle
import re
import struct
import tracemalloc
import unicodedata
import zipfile
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import xarray as xr

import written_voxels as written
from helpers import models, text
from helpers.errors import UserError
from helpers.models import ModelEntry, activations
from helpers.models.activations import stored
from helpers.names import SOUND

NAMES = ["stim5_alarm_clock", "stim7_applause", "señal", "stim12_bee"]  # the study's, in its order
ROWS = [2, 0, 3, 1]  # of the study's sounds in the files
IN_FILE = [NAMES[row] for row in ROWS]
LENGTH = 100


def waveforms(names=NAMES):
    values = np.zeros((len(names), LENGTH), np.float32)
    coords = {SOUND: list(names), "n_samples": (SOUND, [LENGTH] * len(names)), "category": (SOUND, ["A"] * len(names))}
    return xr.DataArray(values, coords, (SOUND, "sample"), attrs={"rate_hz": activations.RATE})


def opened(file, names=NAMES, **settings):
    entry = ModelEntry(name="mine", family="activations", file=str(file), **settings)
    return models.open(entry, SimpleNamespace(waveforms_at=lambda rate: waveforms(names)), file.parent, 0)


def read(file, names=NAMES, **settings):
    """Layer by name -> (sound, unit) of the study's sounds, in order; all that the contract asks for is checked."""
    model = opened(file, names, **settings)
    layers = model.verified(model.activations(1), 1)
    assert [layer[SOUND].values.tolist() for layer in layers] == [list(names)] * len(layers)
    assert (model.sizes.n_layers, model.sizes.n_units) == (len(layers), max(layer.sizes["unit"] for layer in layers))
    return {layer["stage"].item(): layer.values for layer in layers}


def arrays():
    """Layers as they lie in the files: their order is not that of an alphabet."""
    random = np.random.default_rng(0)
    return {
        "conv10": random.standard_normal((4, 6, 5, 3)).astype(np.float32),
        "conv2": random.standard_normal((4, 7, 2)),
        "dense": random.standard_normal((4, 8)).astype(np.float16),
        "one": random.integers(0, 9, (4, 1)),
        "spikes": random.random((4, 3)) > 0.5,
        "bare": random.standard_normal(4).astype(">f4"),
        "constant": np.ones((4, 2)),
    }


def expected(layers, average=None):
    """What is read of `layers`: averaged, flattened, in the study's order."""
    found = {}
    for name, values in layers.items():
        pooled = values.mean(average, dtype=float) if average and values.ndim > 2 else values
        flat = np.zeros((4, pooled[0].size), np.float32)
        flat[ROWS] = pooled.reshape(4, -1).astype(np.float32)
        found[name] = flat
    return found


def same(found, wanted):
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], values, rtol=1e-6, err_msg=name)


# What is written is read


def npz(folder, layers, sounds=IN_FILE, key="sound", save=np.savez):
    save(folder / "mine.npz", **{key: np.array(sounds)}, **layers)
    return folder / "mine.npz"


def packed_npz(folder, layers, sounds=IN_FILE):
    return npz(folder, layers, sounds, "stimuli", np.savez_compressed)


def hdf(folder, layers, sounds=IN_FILE, name="mine.h5", ordered=True, **how):
    with h5py.File(folder / name, "w", track_order=ordered) as file:
        file["sounds"] = [sound.encode() for sound in sounds]
        for layer, values in layers.items():
            values = values.astype("S") if values.dtype.kind == "U" else values
            file.create_dataset(layer, data=values, **(how if values.ndim > 1 else {}))
    return folder / name


def packed_hdf(folder, layers, sounds=IN_FILE):
    return hdf(folder, layers, sounds, "mine.hdf5", compression="gzip", shuffle=True, fletcher32=True, chunks=True)


def netcdf(folder, layers, sounds=IN_FILE):
    """As xarray writes it, with coordinates beside the layers."""
    data = {}
    for layer, values in layers.items():
        further = [f"{dim}_{layer}" for dim in ("time", "channel", "place")]
        data[layer] = (("sound", *further)[: values.ndim], values)
    coords = {"sound": list(sounds), "category": ("sound", ["B"] * len(sounds)), "length": ("sound", [1] * len(sounds))}
    xr.Dataset(data, coords).to_netcdf(folder / "mine.nc", engine="h5netcdf")
    return folder / "mine.nc"


def pickled(folder, layers, sounds=IN_FILE, protocol=4):
    (folder / "mine.pkl").write_bytes(pickle.dumps({"sound": list(sounds), **layers}, protocol))
    return folder / "mine.pkl"


def by_layer(folder, layers, sounds=IN_FILE):
    (folder / "mine").mkdir(exist_ok=True)
    for name, values in {"sound": np.array(sounds), **layers}.items():
        np.save(folder / "mine" / f"{name}.npy", values)
    return folder / "mine"


def by_sound(folder, layers, sounds=IN_FILE):
    for name, values in layers.items():
        (folder / "mine" / name).mkdir(parents=True, exist_ok=True)
        for sound, own in zip(sounds, values, strict=True):
            np.save(folder / "mine" / name / f"{sound}.npy", own)
    return folder / "mine"


def pickles(folder, layers, sounds=IN_FILE, ending="_activations.pkl"):
    (folder / "model").mkdir(exist_ok=True)
    for row, sound in enumerate(sounds):
        content = pickle.dumps({name: np.array(values[row]) for name, values in layers.items()})
        (folder / "model" / f"{sound}{ending}").write_bytes(content)
    return folder / "model"


ORDERED = [npz, packed_npz, hdf, packed_hdf, netcdf, pickled, pickles]
FORMATS = [*ORDERED, by_layer, by_sound]


def order(write):
    return {} if write in ORDERED else {"layers": list(arrays())}


@pytest.mark.parametrize("write", FORMATS)
def test_what_is_written_is_read_in_the_study_s_order(tmp_path, write):
    same(read(write(tmp_path, arrays()), **order(write)), expected(arrays()))


@pytest.mark.parametrize("write", FORMATS)
def test_an_axis_is_averaged(tmp_path, write):
    for average in (1, 2):
        same(read(write(tmp_path, arrays()), average=average, **order(write)), expected(arrays(), average))


@pytest.mark.parametrize("write", FORMATS)
def test_layers_are_chosen_and_ordered(tmp_path, write):
    layers = {name: arrays()[name] for name in ("one", "conv10")}
    same(read(write(tmp_path, arrays()), layers=list(layers)), expected(layers))
    with pytest.raises(UserError, match="no layer 'conv1'; did you mean 'conv10'"):
        opened(write(tmp_path, arrays()), layers=["conv1"])


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_pickles_of_every_protocol_are_read(tmp_path, protocol):
    same(read(pickled(tmp_path, arrays(), protocol=protocol)), expected(arrays()))


def test_integers_are_names_of_layers_too(tmp_path):
    layers = {number: np.full((4, 2), number) for number in (3, 1)}
    assert list(read(pickled(tmp_path, layers))) == ["3", "1"]
    assert list(read(pickled(tmp_path, layers), layers=[1, 3])) == ["1", "3"]


@pytest.mark.parametrize("write", [npz, by_layer])
def test_fortran_s_order_is_read(tmp_path, write):
    layers = {"conv": np.asfortranarray(arrays()["conv10"]), "dense": np.asfortranarray(arrays()["dense"])}
    found = read(write(tmp_path, layers), layers=list(layers), average=2)
    same(found, expected(layers, 2))


def test_an_axis_is_averaged_by_name(tmp_path):
    values = arrays()["conv10"]
    data = xr.Dataset(
        {"conv": (("sound", "channel", "time", "band"), values), "dense": (("sound", "unit"), values[..., 0, 0])}
    )
    data.assign_coords(sound=IN_FILE).to_netcdf(tmp_path / "mine.nc", engine="h5netcdf")
    same(read(tmp_path / "mine.nc", average="time"), expected({"conv": values, "dense": values[..., 0, 0]}, 2))
    path = hdf(tmp_path, {"conv": values})
    with h5py.File(path, "a") as file:
        for dim, label in zip(file["conv"].dims, ("sound", "channel", "time", "band"), strict=True):
            dim.label = label
    same(read(path, average="time"), expected({"conv": values}, 2))


@pytest.mark.parametrize("write", [by_sound, pickles])
def test_sounds_may_differ_in_length_along_an_axis_that_is_averaged(tmp_path, write):
    random = np.random.default_rng(1)
    parts = [random.standard_normal((length, 3)) for length in (5, 9, 2, 4)]
    path = write(tmp_path, {"conv": parts})
    wanted = np.zeros((4, 3), np.float32)
    wanted[ROWS] = [part.mean(0) for part in parts]
    same(read(path, average=1), {"conv": wanted})
    with pytest.raises(
        UserError, match=r"layer 'conv' with an axis 1 whose length differs between sounds.*`average: 1`"
    ):
        opened(path)


def test_one_file_a_sound_without_sub_folders_is_one_layer(tmp_path):
    (tmp_path / "conv").mkdir()
    for sound, own in zip(IN_FILE, arrays()["conv2"], strict=True):
        np.save(tmp_path / "conv" / f"{sound}.wav.npy", own)
    same(read(tmp_path / "conv"), expected({"conv": arrays()["conv2"]}))


def test_datasets_in_groups_are_layers(tmp_path):
    layers = {"block/conv10": arrays()["conv10"], "block/conv2": arrays()["conv2"], "dense": arrays()["dense"]}
    path = hdf(tmp_path, {})
    with h5py.File(path, "a", track_order=True) as file:
        block = file.create_group("block", track_order=True)
        block["conv10"], block["conv2"], file["dense"] = layers.values()
    same(read(path), expected(layers))


# Names


@pytest.mark.parametrize("write", FORMATS)
def test_composed_and_decomposed_names_and_wav_are_alike(tmp_path, write):
    other = [unicodedata.normalize("NFD", name) + ".wav" for name in IN_FILE]
    assert other[0] != IN_FILE[0] + ".wav"
    (tmp_path / "other").mkdir()
    same(read(write(tmp_path / "other", arrays(), other), **order(write)), expected(arrays()))
    studied = [f"{unicodedata.normalize('NFD', name)}.wav" for name in NAMES]
    assert list(read(write(tmp_path, arrays()), studied, **order(write))) == list(arrays())


@pytest.mark.parametrize("write", FORMATS)
def test_missing_and_extra_sounds_are_refused_by_name(tmp_path, write):
    path = write(tmp_path, arrays())
    with pytest.raises(
        UserError, match=r"4 sounds without 'stim99', expected the study's 5 sounds, each once; compute"
    ):
        opened(path, [*NAMES, "stim99"], **order(write))
    with pytest.raises(
        UserError, match=r"further sounds 'señal', 'stim12_bee', expected the study's 2 .*`extra_sounds: ignore`"
    ):
        opened(path, NAMES[:2], **order(write))
    found = read(path, NAMES[:2], extra_sounds="ignore", **order(write))
    same(found, {name: values[:2] for name, values in expected(arrays()).items()})


@pytest.mark.parametrize("write", [npz, hdf, netcdf, pickled, by_layer])
@pytest.mark.parametrize("again", ["stim7_applause", "stim7_applause.wav"])
def test_repeated_sounds_are_refused_by_name(tmp_path, write, again):
    layers = {"dense": np.ones((5, 2))}
    with pytest.raises(UserError, match=rf"the sound '{again}' repeated \(it has 'stim7_applause' too\)"):
        opened(write(tmp_path, layers, [*IN_FILE, again]))


def test_a_file_without_names_needs_them_elsewhere(tmp_path):
    layers = {"conv": arrays()["conv2"], "dense": arrays()["dense"]}
    np.savez(tmp_path / "mine.npz", **layers)
    with pytest.raises(
        UserError,
        match="'conv', 'dense' and no names of sounds, expected them as text under sound or sounds or stimuli; save",
    ):
        opened(tmp_path / "mine.npz")
    (tmp_path / "names.txt").write_text("\n".join(IN_FILE), encoding="utf-8")
    same(read(tmp_path / "mine.npz", sounds=str(tmp_path / "names.txt")), expected(layers))
    np.save(tmp_path / "names.npy", np.array([f"{name}.wav".encode() for name in IN_FILE]))
    same(read(tmp_path / "mine.npz", sounds=str(tmp_path / "names.npy")), expected(layers))
    with pytest.raises(UserError, match="names of sounds in it and in `sounds`"):
        opened(npz(tmp_path, layers), sounds=str(tmp_path / "names.txt"))
    with pytest.raises(UserError, match="sounds: found no file or folder"):
        opened(tmp_path / "mine.npz", sounds="nowhere.txt")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (np.arange(4), "'sound' of type int64 and shape .4,., expected the names of the sounds as text"),
        (np.array([IN_FILE]), r"shape \(1, 4\), expected the names"),
        (np.array(["a\n", "b", "c", "d"]), "the name 'a.n' among the names of sounds"),
        (np.array(["", "b", "c", "d"]), "the name '' among the names of sounds"),
        (np.array([b"\xff", b"b", b"c", b"d"]), "names of sounds that are no UTF-8"),
        (np.array(IN_FILE, object), "'sound' of type object"),
    ],
)
def test_names_that_are_none_are_refused(tmp_path, names, message):
    np.savez(tmp_path / "mine.npz", sound=names, dense=np.ones((4, 2)))
    with pytest.raises(UserError, match=message):
        opened(tmp_path / "mine.npz")


def test_two_keys_of_names_are_refused(tmp_path):
    np.savez(tmp_path / "mine.npz", sound=IN_FILE, stimuli=IN_FILE, dense=np.ones((4, 2)))
    with pytest.raises(UserError, match="names of sounds under each of 'sound', 'stimuli'"):
        opened(tmp_path / "mine.npz")


# Layers that cannot be used

NOT_FINITE = "NaN or infinite values in layer 'bad' for sound"
BAD = {
    "nan": (np.where(np.arange(8).reshape(4, 2) == 5, np.nan, 1), f"{NOT_FINITE} 'stim12_bee'"),
    "infinite": (np.where(np.arange(8).reshape(4, 2) == 0, -np.inf, 1), f"{NOT_FINITE} 'señal'"),
    "large": (np.full((4, 2), 1e300), "numbers beyond the range of float32 in layer 'bad' for sound 'señal'"),
    "text": (np.array([["a"]] * 4), "layer 'bad' with text, expected real numbers"),
    "complex": (np.ones((4, 2), complex), "complex|c16"),
    "rows": (
        np.ones((3, 2)),
        r"layer 'bad' with shape \(3, 2\), expected \(sound, ...\) with a row for each of 4 sounds",
    ),
    "scalar": (np.array(3.0), r"layer 'bad' with shape \(\)"),
    "empty": (np.ones((4, 0)), r"layer 'bad' with shape \(4, 0\), expected at least one unit"),
}


@pytest.mark.parametrize("write", [npz, hdf, netcdf, pickled, by_layer])
@pytest.mark.parametrize("bad", BAD)
def test_layers_that_cannot_be_used_are_refused_by_name(tmp_path, write, bad):
    values, message = BAD[bad]
    if write is netcdf and bad in ("rows", "scalar", "empty"):
        pytest.skip("the lengths of a netCDF file's dimensions agree")
    with pytest.raises(UserError, match=message):
        opened(write(tmp_path, {"good": np.ones((4, 2)), "bad": values}), layers=["good", "bad"])
    if bad != "complex" or write is not pickled:
        assert list(read(write(tmp_path, {"good": np.ones((4, 2)), "bad": values}), layers=["good"])) == ["good"]


@pytest.mark.parametrize("write", [by_sound, pickles])
@pytest.mark.parametrize("bad", ["nan", "infinite", "large", "text", "complex"])
def test_files_of_sounds_that_cannot_be_used_are_refused_by_name(tmp_path, write, bad):
    values, message = BAD[bad]
    with pytest.raises(UserError, match=message):
        opened(write(tmp_path, {"bad": values}))


@pytest.mark.parametrize("write", [npz, pickled, by_layer, pickles])
def test_objects_are_refused_and_nothing_is_unpickled(tmp_path, write):
    objects = np.empty((4, 1), object)
    objects[:] = [[1]] * 4
    with pytest.raises(UserError, match=r"objects|type object"):
        opened(write(tmp_path, {"bad": objects}))


@pytest.mark.parametrize("write", [pickled, pickles])
def test_pickles_that_would_run_something_are_refused_by_name(tmp_path, write):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'it_ran'}",)

    path = write(tmp_path, arrays())
    file = path if path.is_file() else next(path.iterdir())
    file.write_bytes(pickle.dumps({"conv": Hostile()}))
    with pytest.raises(UserError, match=r"asks for posix\.system, which is not allowed"):
        opened(path)
    assert not (tmp_path / "it_ran").exists()


@pytest.mark.parametrize(
    "content", [[1, 2], {"a": 1}, {"a": [1, 2]}, {(1,): np.ones(3)}, {1: np.ones(3), "1": np.ones(3)}]
)
def test_other_pickles_are_refused(tmp_path, content):
    (tmp_path / "mine.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match=r"mine\.pkl: found no dict of numpy arrays"):
        opened(tmp_path / "mine.pkl")


@pytest.mark.parametrize(
    ("average", "message"),
    [
        (3, r"layer 'conv2' with shape \(4, 7, 2\), without an axis 3, expected 1 to 2"),
        ("time", "layer 'conv10' with axes without names, so none called 'time', expected 1 to 3; set"),
    ],
)
def test_an_axis_that_is_not_there_is_refused(tmp_path, average, message):
    with pytest.raises(UserError, match=message):
        opened(npz(tmp_path, arrays()), average=average)


def test_an_axis_of_another_name_and_an_average_of_nothing_are_refused(tmp_path):
    with pytest.raises(
        UserError, match=r"layer 'conv10' with dimensions \('sound', 'time_conv10',.*none of them 'time'"
    ):
        opened(netcdf(tmp_path, arrays()), average="time")
    with pytest.raises(UserError, match="no layer of more than two dimensions to apply `average: 1` to"):
        opened(npz(tmp_path, {"dense": np.ones((4, 2))}), average=1)


def test_layers_in_no_order_must_be_ordered(tmp_path):
    layers = {name: arrays()[name] for name in ("conv2", "conv10")}
    for path in (by_layer(tmp_path, layers), hdf(tmp_path, layers, ordered=False)):
        with pytest.raises(
            UserError, match=r"the layers conv10, conv2, in no order, .*set `layers: \[conv10, conv2\]`"
        ):
            opened(path)
        same(read(path, layers=list(layers)), expected(layers))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"average": 0}, "average.*greater than or equal to 1"),
        ({"average": True}, "average"),
        ({"layers": ["a", "a"]}, "layers: .*expected each layer once"),
        ({"training": "noise"}, "training"),
        ({"extra_sounds": "keep"}, "extra_sounds"),
        ({"step": 3}, "unknown key 'step'"),
    ],
)
def test_settings_are_strict(settings, message):
    with pytest.raises(UserError, match=f"model 'mine': {message}"):
        models.check(ModelEntry(name="mine", family="activations", file="a.npz", **settings))


def test_the_file_is_named_where_it_is_not_there_or_of_another_kind(tmp_path):
    with pytest.raises(UserError, match=r"file: found no file or folder '.*mine\.npz'; correct its path"):
        opened(tmp_path / "mine.npz")
    (tmp_path / "mine.csv").write_text("1")
    with pytest.raises(
        UserError, match=r"found the ending '\.csv', expected \.npz, \.h5, \.hdf5, \.nc, \.pkl, or a folder"
    ):
        opened(tmp_path / "mine.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="files that end in nothing known"):
        opened(tmp_path / "empty")
    xr.Dataset({"a": ("sound", np.ones(4))}).to_netcdf(tmp_path / "old.nc", engine="scipy")
    with pytest.raises(UserError, match="found netCDF 3, expected netCDF 4"):
        opened(tmp_path / "old.nc")


def test_permuted_goes_with_a_folder_of_pickles(tmp_path):
    with pytest.raises(UserError, match="`permuted: true`, expected a folder of pickles"):
        opened(npz(tmp_path, arrays()), permuted=True)


# Identity and words


def test_identity_is_content_and_settings_not_place_or_words(tmp_path):
    def identity(path, **settings):
        return json.dumps(opened(path, **settings).identity(1), sort_keys=True)

    one = identity(npz(tmp_path, arrays()))
    (tmp_path / "other").mkdir()
    assert identity(npz(tmp_path / "other", arrays())) == one
    assert identity(tmp_path / "mine.npz", citation="me", training="music", extra_sounds="ignore") == one
    others = [identity(tmp_path / "mine.npz", average=1), identity(tmp_path / "mine.npz", layers=["dense"])]
    others.append(identity(npz(tmp_path, arrays() | {"dense": np.ones((4, 2))})))
    folder = by_layer(tmp_path, {"dense": np.ones((4, 2))})
    others.append(identity(folder))
    np.save(folder / "dense.npy", np.zeros((4, 2)))
    others.append(identity(folder))
    assert len({one, *others}) == 6


def test_a_file_that_changes_after_it_was_opened_is_refused(tmp_path):
    model = opened(npz(tmp_path, arrays()))
    npz(tmp_path, arrays() | {"more": np.ones((4, 2))})
    with pytest.raises(UserError, match="another file than when it was opened"):
        model.activations(1)


def test_the_card_shows_what_was_given(tmp_path):
    words = {
        "training": "speech",
        "trained_on": "960 h of <my> speech",
        "architecture": "a CNN",
        "citation": "Me (2025)",
    }
    card = opened(npz(tmp_path, arrays()), **words).card
    assert {name: getattr(card, name) for name in words} == words
    for labeller in text.labellers().values():
        assert labeller.name("trained_on", card.trained_on) == card.trained_on
        assert labeller.name("architecture", card.architecture) == card.architecture


# The activations of Tuckute et al. 2023


def in_house(folder, layers, order_):
    """natsound_activations.h5: the names of layers as bytes, a dataset each, no names of sounds."""
    with h5py.File(folder / "natsound_activations.h5", "w") as file:
        file["layer_list"] = np.array([name.encode() for name in order_])
        for name, values in layers.items():
            file[name] = values
    meta = np.zeros(4, [("filename", "S60"), ("id", "i8")])
    meta["filename"], meta["id"] = [f"{name}.wav".encode() for name in IN_FILE], np.arange(4)
    np.save(folder / "neural_stim_meta.npy", meta)
    return folder / "natsound_activations.h5", str(folder / "neural_stim_meta.npy")


def test_in_house_models_of_tuckute_2023(tmp_path):
    layers = {"relu0": arrays()["dense"], "avgpool": arrays()["constant"], "final/signal/word_int": arrays()["dense"]}
    path, sounds = in_house(tmp_path, layers, ["relu0", "avgpool", "final"])
    same(read(path, sounds=sounds), expected(layers))
    with pytest.raises(UserError, match="and no names of sounds"):
        opened(path)
    several = layers | {"final/signal/speaker_int": arrays()["one"]}
    path, sounds = in_house(tmp_path, several, ["relu0", "avgpool", "final"])
    with pytest.raises(
        UserError, match=r"'final' in its list of layers and 2 arrays \('final/signal/speaker_int', 'final/s"
    ):
        opened(path, sounds=sounds)
    chosen = {name: several[name] for name in ("relu0", "final/signal/speaker_int")}
    same(read(path, sounds=sounds, layers=list(chosen)), expected(chosen))
    path, sounds = in_house(tmp_path, layers, ["relu0", "gone"])
    with pytest.raises(UserError, match="'gone' in its list of layers and nothing of that name"):
        opened(path, sounds=sounds)


def test_external_models_of_tuckute_2023(tmp_path):
    trained = {number: arrays()["dense"] + number for number in range(10)}
    permuted = {number: values[::-1] for number, values in trained.items()}
    path = pickles(tmp_path, trained)
    pickles(tmp_path, permuted, ending="_activations_randnetw.pkl")
    same(read(path), expected({str(number): values for number, values in trained.items()}))
    same(read(path, permuted=True), expected({str(number): values for number, values in permuted.items()}))
    assert opened(path).identity(1) != opened(path, permuted=True).identity(1)


def test_pickles_of_old_numpy_are_read(tmp_path):
    (tmp_path / "model").mkdir()
    for sound, own in zip(IN_FILE, arrays()["conv2"], strict=True):
        content = {"Encoder_1": written.array(np.ascontiguousarray(own)), "Final": written.array(own[0].copy())}
        written.write(tmp_path / "model" / f"{sound}_activations.pkl", content)
    conv = arrays()["conv2"]
    same(read(tmp_path / "model"), expected({"Encoder_1": conv, "Final": conv[:, 0]}))


def test_folders_of_pickles_that_disagree_are_refused(tmp_path):
    path = pickles(tmp_path, {"a": np.ones((4, 2)), "b": np.ones((4, 2))})
    with pytest.raises(UserError, match=r"no file \*_activations_randnetw\.pkl, .*set `permuted: false`"):
        opened(path, permuted=True)
    file = path / f"{IN_FILE[1]}_activations.pkl"
    file.write_bytes(pickle.dumps({"a": np.ones(2)}))
    with pytest.raises(UserError, match="layer 'b' for only one of"):
        opened(path)
    file.write_bytes(pickle.dumps({"a": np.ones(2), "b": np.ones((2, 2))}))
    with pytest.raises(UserError, match="layer 'b' of shape"):
        opened(path)
    (path / "results.pkl").write_bytes(b"")
    with pytest.raises(UserError, match=r"'results\.pkl', expected <sound>_activations\.pkl or"):
        opened(path)


# Hostile files


def header_of(shape, dtype="<f8"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def zipped(path, members, **how):
    with zipfile.ZipFile(path, "w", **how) as opened_:
        for name, content in members:
            opened_.writestr(name, content)
    return path


def array_bytes(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


SOUNDS = ("sound.npy", array_bytes(np.array(IN_FILE)))


def test_an_absurd_size_is_refused_before_anything_is_allocated(tmp_path):
    shapes = [(4, 10**12), (4, 10**9, 10**9), (4, -1), (10**18,)]
    for shape in shapes:
        path = zipped(tmp_path / "mine.npz", [SOUNDS, ("bad.npy", header_of(shape) + bytes(64))])
        with pytest.raises(UserError, match=r"'bad' of shape .* in \d+ bytes, expected as many as its header declares"):
            opened(path)
    folder = by_layer(tmp_path, {})
    (folder / "bad.npy").write_bytes(header_of((4, 10**12)) + bytes(64))
    with pytest.raises(UserError, match=r"'bad' of shape .4, 1000000000000"):
        opened(folder)


def test_zip_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "SMALL", 2**20)
    zeros = header_of((4, 2**19), "<f8") + bytes(2**24)
    path = zipped(tmp_path / "mine.npz", [SOUNDS, ("bad.npy", zeros)], compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(UserError, match=r"\d+ bytes that claim to unpack to \d+, expected at most 100 times"):
        opened(path)
    path = hdf(tmp_path, {})
    with h5py.File(path, "a") as file:
        file.create_dataset("bad", (4, 10**12), "f4", chunks=(4, 1024))  # never written: nothing on disk
    with pytest.raises(UserError, match="claim to unpack to 16"):
        opened(path)


def test_a_zip_whose_directory_lies_about_sizes_is_refused(tmp_path):
    path = zipped(tmp_path / "mine.npz", [SOUNDS, ("bad.npy", array_bytes(np.ones((4, 2))))])
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\1\2")
    struct.pack_into("<I", content, at + 24, 10**9)  # unpacked size
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"mine\.npz"):
        opened(path)


@pytest.mark.parametrize("name", ["../out.npy", "/etc/out.npy", "a/../../out.npy", "..\\out.npy", "a//b.npy"])
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path, name):
    path = zipped(tmp_path / "mine.npz", [SOUNDS, (name, array_bytes(np.ones((4, 2))))])
    with pytest.raises(UserError, match="which leads out of the file"):
        opened(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_members_of_a_zip_are_refused(tmp_path):
    values = array_bytes(np.ones((4, 2)))
    path = zipped(tmp_path / "mine.npz", [SOUNDS, ("notes.txt", "hello")])
    with pytest.raises(UserError, match=r"'notes\.txt' in it, expected \.npy files alone"):
        opened(path)
    path = zipped(tmp_path / "mine.npz", [SOUNDS, ("a.npy", values), ("a.npy", values)])
    with pytest.raises(UserError, match="'a' twice"):
        opened(path)
    path = zipped(tmp_path / "mine.npz", [SOUNDS, ("a.npy", values)], compression=zipfile.ZIP_BZIP2)
    with pytest.raises(UserError, match="compressed in an unusual way"):
        opened(path)
    path = zipped(tmp_path / "mine.npz", [SOUNDS, ("a\nb.npy", values)])
    with pytest.raises(UserError, match=r"the name 'a.nb' among the layers"):
        opened(path)


def test_links_in_hdf5_are_refused(tmp_path):
    other = hdf(tmp_path, {"secret": np.ones((4, 2))}, name="other.h5")
    for link in (h5py.ExternalLink(str(other), "secret"), h5py.SoftLink("/sounds")):
        path = hdf(tmp_path, {})
        with h5py.File(path, "a") as file:
            file["bad"] = link
        with pytest.raises(UserError, match=f"'bad', a link .{type(link).__name__}., expected all arrays in this file"):
            opened(path)


def test_values_in_other_files_and_plug_ins_are_refused(tmp_path):
    other = hdf(tmp_path, {"secret": np.ones((4, 2))}, name="other.h5")
    path = hdf(tmp_path, {})
    with h5py.File(path, "a") as file:
        layout = h5py.VirtualLayout((4, 2), "f8")
        layout[:] = h5py.VirtualSource(str(other), "secret", (4, 2))
        file.create_virtual_dataset("bad", layout)
    with pytest.raises(UserError, match="'bad', whose values lie in other files"):
        opened(path)
    path = hdf(tmp_path, {})
    with h5py.File(path, "a") as file:
        file.create_dataset("bad", (4, 2), "f8", external=[(str(tmp_path / "raw"), 0, 64)])
    with pytest.raises(UserError, match="'bad', whose values lie in other files"):
        opened(path)
    path = hdf(tmp_path, {})
    with h5py.File(path, "a") as file:
        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_chunk((4, 2))
        how.set_filter(32001, h5py.h5z.FLAG_OPTIONAL)
        h5py.h5d.create(file.id, b"bad", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((4, 2)), how)
    with pytest.raises(UserError, match="'bad' compressed by the plug-in 32001"):
        opened(path)


def test_groups_that_hold_themselves_end(tmp_path):
    path = hdf(tmp_path, {})
    with h5py.File(path, "a") as file:
        file["a/b"] = np.ones((4, 2))
        file["a/again"] = file["a"]
    with pytest.raises(UserError, match="groups more than 8 deep"):
        opened(path)


def test_missing_and_packed_values_of_netcdf_are_refused(tmp_path):
    values = xr.DataArray(np.arange(8.0).reshape(4, 2), {"sound": IN_FILE}, ("sound", "unit"), name="conv")
    values.to_netcdf(tmp_path / "mine.nc", engine="h5netcdf", encoding={"conv": {"_FillValue": 3.0}})
    with pytest.raises(UserError, match="NaN or infinite values in layer 'conv' for sound 'stim5_alarm_clock'"):
        opened(tmp_path / "mine.nc")
    packing = {"conv": {"dtype": "i2", "scale_factor": 0.1, "_FillValue": -1}}
    values.to_netcdf(tmp_path / "mine.nc", engine="h5netcdf", encoding=packing)
    with pytest.raises(UserError, match="'conv' packed by the attribute scale_factor"):
        opened(tmp_path / "mine.nc")


def test_links_out_of_a_folder_are_refused(tmp_path):
    folder = by_layer(tmp_path, {})
    np.save(tmp_path / "secret.npy", np.ones((4, 2)))
    (folder / "bad.npy").symlink_to(tmp_path / "secret.npy")
    with pytest.raises(UserError, match=r"'bad\.npy', a link that leads out of the folder"):
        opened(folder)
    (folder / "bad.npy").unlink()
    os.mkfifo(folder / "bad.npy")  # nobody writes to it: reading it would wait for ever
    with pytest.raises(UserError, match="0 layers"):
        opened(folder)


# Size


@pytest.mark.parametrize("write", [npz, packed_npz, hdf, by_layer, by_sound])
def test_a_million_units_take_the_memory_that_is_stated(tmp_path, write):
    """4 bytes for each sound and unit, and twice a block beside them; to verify the file, the latter alone."""
    names, n_units = [f"sound{number}" for number in range(20)], 2**20
    row = np.random.default_rng(0).standard_normal(n_units).astype(np.float32)
    path = write(tmp_path, {"wide": np.stack([row * (1 + number) for number in range(20)])}, names)
    tracemalloc.start()
    try:
        model = opened(path, names)
        verified = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        layer = model.activations(1)[0]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert layer.shape == (20, n_units) and np.array_equal(layer[3], row * 4)
    assert model.sizes.n_units == n_units
    blocks = 2 * max(stored.BLOCK, 4 * n_units) + 2**24  # which is for everything else
    assert verified < blocks and peak < 4 * 20 * n_units + blocks, (verified / 2**20, peak / 2**20)


def test_layers_that_would_take_too_much_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "MOST_RESULT", 1000)
    with pytest.raises(UserError, match="1440 bytes as float32, expected at most 1000 bytes; average"):
        opened(npz(tmp_path, arrays()))
    assert read(npz(tmp_path, arrays()), average=1)


# Damage

DAMAGED = [*FORMATS, lambda folder, layers: in_house(folder, layers, list(layers))[0]]


@pytest.mark.parametrize("kind", range(len(DAMAGED)))
@pytest.mark.parametrize("seed", range(20))
def test_damage_anywhere_is_a_message_not_a_crash(tmp_path, kind, seed):
    """Twenty files of each of ten kinds, cut or with some bytes changed."""
    write, random = DAMAGED[kind], np.random.default_rng([kind, seed])
    layers = {name: arrays()[name] for name in ("conv2", "dense")}
    path = write(tmp_path, layers)
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    file = files[random.integers(len(files))]
    content = bytearray(file.read_bytes())
    if seed % 3 == 0:
        content = content[: random.integers(len(content))]
    else:
        for place in random.integers(min(len(content), 10 ** (2 + seed % 3)), size=1 + seed % 5):
            content[place] ^= 1 << random.integers(8)
    file.write_bytes(content)
    settings = {"layers": list(layers)}
    if (tmp_path / "neural_stim_meta.npy").exists():
        settings["sounds"] = str(tmp_path / "neural_stim_meta.npy")
    try:
        opened(path, **settings).activations(1)
    except UserError as error:
        assert re.search(re.escape(str(tmp_path)), str(error))
