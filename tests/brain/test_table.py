"""A lab's own responses: every form of table is read, and everything that does not fit is named exactly."""

import re
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
import xarray as xr
import yaml

from helpers import brain, encoding
from helpers.brain import fsaverage, table
from helpers.brain.table import columns, matching
from helpers.encoding import splits
from helpers.errors import UserError

NAMES = [f"{number:03d}" for number in range(1, 25)]
SAID = {"citation": "Invented for a test", "synthetic": True}
TARGETS = ["A1", "belt", "STG"]


def write_sounds(folder: Path, names=NAMES, ending=".wav") -> None:
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        soundfile.write(folder / f"{name}{ending}", 0.1 * np.sin(np.arange(1_600) * (0.05 + 0.02 * number)), 16_000)


@pytest.fixture
def folder(tmp_path):
    """Twenty-four sounds whose names begin with zeros, and what is said of them; no responses yet."""
    write_sounds(tmp_path / "sounds")
    say(tmp_path)
    return tmp_path


def say(folder: Path, **more) -> None:
    (folder / "dataset.yml").write_text(yaml.safe_dump(SAID | more, allow_unicode=True), encoding="utf-8")


def wide(names=NAMES, targets=TARGETS, seed=0) -> pd.DataFrame:
    values = np.random.default_rng(seed).standard_normal((len(names), len(targets))).round(4)
    return pd.DataFrame(values, columns=targets).assign(sound=list(names))[["sound", *targets]]


def long(names=NAMES, targets=TARGETS, **axes) -> pd.DataFrame:
    """A row for every sound, target and further label, such as repetition=[1, 2]."""
    index = pd.MultiIndex.from_product([names, targets, *axes.values()], names=["sound", "target", *axes])
    values = np.random.default_rng(1).standard_normal(len(index)).round(4)
    return index.to_frame(index=False).assign(response=values)


def opened(folder: Path, frame: pd.DataFrame | str | bytes | None = None, **options) -> brain.Brain:
    path = folder / "responses.csv"
    if isinstance(frame, pd.DataFrame):
        frame.to_csv(path, index=False, **options)
    elif frame is not None:
        path.write_bytes(frame if isinstance(frame, bytes) else frame.encode())
    return brain.open("table", str(folder))


def refused(folder: Path, match: str, frame=None, **options) -> None:
    with pytest.raises(UserError, match=match) as error:
        opened(folder, frame, **options)
    message = str(error.value)
    assert ("found " in message and "expected" in message) or "twice, in lines" in message, message


# What is read


def test_a_wide_table_becomes_responses_whose_names_keep_their_zeros(folder):
    frame = wide()
    found = opened(folder, frame)
    (kind, responses), *rest = found.responses.items()
    assert kind == "responses" and not rest and found.name == "table" and found.synthetic
    assert responses.sound.values.tolist() == NAMES and responses.target.values.tolist() == TARGETS
    np.testing.assert_array_equal(responses.values, frame[TARGETS].to_numpy())
    assert set(found.waveforms.category.values) == {"uncategorised"}
    assert found.waveforms_at(16_000).sizes["sample"] == 1_600


@pytest.mark.parametrize(
    "given",
    [
        {"sep": ";"},
        {"sep": "\t"},
        {"lineterminator": "\r\n"},
        {"encoding": "utf-8-sig"},
        {"quoting": 1},
        {"float_format": "%.4e"},
    ],
    ids=lambda given: next(iter(given)) + "-" + repr(next(iter(given.values()))),
)
def test_csv_of_other_programs_is_read_alike(folder, given):
    expected = opened(folder, wide()).responses["responses"]
    xr.testing.assert_allclose(opened(folder, wide(), **given).responses["responses"], expected)


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_decimal_commas_are_read_where_they_are_said_and_refused_elsewhere(folder, separator):
    expected = opened(folder, wide()).responses["responses"]
    written = wide().to_csv(index=False, sep=separator, decimal=",", quoting=1)
    refused(folder, r"found '-?0,\d+' in column .*, line 2.*decimal: ','.*--decimal ,", written)
    say(folder, decimal=",")
    if separator == ",":
        refused(folder, "columns separated by commas and `decimal: ','`", written)
    else:
        xr.testing.assert_equal(opened(folder, written).responses["responses"], expected)
        other = wide().to_csv(index=False, sep=separator)
        refused(folder, r"found '-?0\.\d+' in column 'A1', line 2.*decimal: '\.'", other)


@pytest.mark.parametrize(
    ("axes", "dims"),
    [
        ({}, ("sound", "target")),
        ({"repetition": [1, 2, 10]}, ("sound", "target", "repetition")),
        ({"time": [0.0, 0.1, 0.25]}, ("sound", "target", "time")),
        ({"repetition": ["a", "b"], "time": [-0.1, 0.1]}, ("sound", "target", "repetition", "time")),
    ],
    ids=["plain", "repetition", "time", "both"],
)
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_long_table_has_the_dimensions_of_its_columns_in_any_order_of_rows(folder, axes, dims, ending):
    frame = long(**axes)
    mixed = frame.sample(frac=1, random_state=0)
    if ending == ".parquet":
        mixed.to_parquet(folder / "responses.parquet")
        found = opened(folder).responses["responses"]
    else:
        found = opened(folder, mixed).responses["responses"]
    assert found.dims == dims
    for row in frame.sample(20, random_state=1).itertuples():
        labels = {"sound": row.sound, "target": row.target}
        labels |= {"time": row.time} if "time" in axes else {}
        labels |= {"repetition": str(row.repetition)} if "repetition" in axes else {}
        assert found.sel(labels).item() == row.response
    if "repetition" in axes:
        assert found.repetition.values.tolist() == [str(label) for label in axes["repetition"]]


def with_places(frame: pd.DataFrame) -> pd.DataFrame:
    """The same for two subjects, with where each target is."""
    both = [frame.assign(subject=who, response=frame.response + shift) for who, shift in (("07", 0), ("08", 1))]
    region = frame.target.map({"A1": "Primary", "belt": "Lateral", "STG": ""})
    place = {"region": region, "hemisphere": "lh", "x": frame.target.str.len() * 1.5, "y": np.nan}
    return pd.concat([one.assign(**place) for one in both])


def test_subjects_and_regions_make_voxels_with_their_places(folder):
    voxels = opened(folder, with_places(long(repetition=[1, 2, 3]))).responses["voxels"]
    assert voxels.target.values.tolist() == [f"{who} {name}" for who in ("07", "08") for name in TARGETS]
    one = voxels.sel(target="08 A1")
    assert (one.subject, one.region, one.hemisphere) == ("08", "Primary", "lh")
    assert one.x == 3 and np.isnan(one.y) and voxels.region.values.tolist() == ["Primary", "Lateral", ""] * 2


def test_names_of_targets_that_no_two_subjects_share_stay_as_they_are(folder):
    frame = long(targets=["v1", "v2", "v3", "v4"]).assign(region="Primary")
    frame["subject"] = frame.target.map({"v1": "S1", "v2": "S1", "v3": "S2", "v4": "S2"})
    voxels = opened(folder, frame).responses["voxels"]
    assert voxels.target.values.tolist() == ["v1", "v2", "v3", "v4"]
    assert voxels.subject.values.tolist() == ["S1", "S1", "S2", "S2"]


def test_voxels_that_hold_nothing_are_counted(folder):
    frame = with_places(long(repetition=[1, 2]))
    frame.loc[(frame.subject == "07") & (frame.target == "A1"), "response"] = 0.1
    own = (frame.subject == "08") & (frame.target == "belt")
    frame.loc[own, "response"] = frame[own].groupby("sound").response.transform("first")
    found = opened(folder, frame)
    assert found.responses["voxels"].sizes["target"] == 4
    assert found.excluded == {"not_finite": 0, "constant": 1, "identical": 1}


def placed(vertices: dict[str, tuple[str, int]], away=0.0) -> pd.DataFrame:
    """A target at each of these vertices, some mm to the outside of them; their hemisphere is not said."""
    rows = {}
    for target, (side, vertex) in vertices.items():
        point = fsaverage.mesh(side, fsaverage.PIAL).points[vertex]
        rows[target] = point + np.array([away * np.sign(point[0]), 0, 0])
    table = long(targets=list(vertices)).assign(subject="S1", region="Primary")
    return table.assign(**{axis: table.target.map({t: p[i] for t, p in rows.items()}) for i, axis in enumerate("xyz")})


LATERAL = {"a": ("lh", 2_500), "b": ("lh", 7_777), "c": ("rh", 64), "d": ("rh", 10_241)}


def test_coordinates_in_the_head_become_vertices_of_the_surface(folder):
    voxels = opened(folder, placed(LATERAL)).responses["voxels"]
    assert list(zip(voxels.hemisphere.values, voxels.vertex.values, strict=True)) == list(LATERAL.values())
    assert "z" not in voxels.coords
    for side in ("lh", "rh"):
        own = voxels.sel(target=voxels.hemisphere == side)
        flat = fsaverage.flat_places(side, own.vertex.values.astype(int))
        np.testing.assert_allclose(np.c_[own.x, own.y], flat)
    values = {name: voxels[name].values for name in ("hemisphere", "vertex")}
    table = placed(LATERAL)
    first = table.drop_duplicates("target").set_index("target").loc[list(LATERAL)]
    kept = {"responses": voxels.values, "sounds": np.array(NAMES), "targets": np.array(list(LATERAL))}
    kept |= {"subject": np.array(["S1"] * 4), "region": np.array(["Primary"] * 4)}
    (folder / "responses.csv").unlink()
    np.savez(folder / "responses.npz", **kept, **{axis: first[axis].to_numpy() for axis in "xyz"})
    for name, expected in values.items():
        np.testing.assert_array_equal(opened(folder).responses["voxels"][name].values, expected)


def test_what_lies_off_the_surface_or_nowhere_has_no_vertex_and_is_said(folder):
    table = placed(LATERAL)
    table.loc[table.target == "b", "z"] += 60
    table.loc[table.target == "c", ["x", "y", "z"]] = np.nan
    found = opened(folder, table)
    voxels = found.responses["voxels"]
    assert np.isnan(voxels.vertex.values).tolist() == [False, True, True, False]
    assert np.isnan(voxels.x.values).tolist() == np.isnan(voxels.y.values).tolist() == [False, True, True, False]
    assert found.remarks == {"off_surface": ["b"]} and voxels.hemisphere.values.tolist() == ["lh", "lh", "", "rh"]
    other = placed(LATERAL).assign(hemisphere="rh")
    assert opened(folder, other).remarks == {"off_surface": ["a", "b"]}, (
        "the hemisphere that is said is the one searched"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="x"), "z without x, expected x, y and z in mm, or x and y on a flat map"),
        (lambda t: t.assign(vertex=3), "both z and vertex, expected one of them"),
        (lambda t: t.assign(z=t.z * 1000), "x, y or z beyond 150 mm for a, b, c, d, expected mm"),
        (lambda t: t.assign(z="deep"), "the text 'deep' in column 'z', line 2"),
    ],
)
def test_coordinates_in_no_head_are_named(folder, change, message):
    refused(folder, message, change(placed(LATERAL)))


def unequal(**axes) -> pd.DataFrame:
    """Subject 07 with one repetition, 08 with three, 09 with the first two."""
    made = {"07": [1], "08": [1, 2, 3], "09": [1, 2]}
    parts = [long(repetition=repetitions, **axes).assign(subject=who) for who, repetitions in made.items()]
    return pd.concat(parts).assign(region="Primary")


@pytest.mark.parametrize("axes", [{}, {"time": [0.0, 0.1]}], ids=["plain", "time"])
@pytest.mark.parametrize("ending", [".csv", ".nc", ".npz"])
def test_subjects_may_have_unlike_numbers_of_repetitions(folder, axes, ending):
    table = unequal(**axes)
    found = opened(folder, table.sample(frac=1, random_state=0))
    voxels = found.responses["voxels"]
    if ending != ".csv":
        (folder / "responses.csv").unlink()
        if ending == ".nc":
            voxels.to_netcdf(folder / "responses.nc", engine="h5netcdf")
        else:
            labels = {name: voxels[name].values.astype(str) for name in ("subject", "region")}
            labels |= {"sounds": voxels.sound.values.astype(str), "targets": voxels.target.values.astype(str)} | axes
            np.savez(folder / "responses.npz", responses=voxels.values, **labels)
        found = opened(folder)
        voxels = found.responses["voxels"].assign_coords(repetition=voxels.repetition)
    counts = dict(zip(voxels.subject.values, encoding.n_repetitions(voxels), strict=True))
    assert counts == {"07": 1, "08": 3, "09": 2}
    for row in table.sample(20, random_state=1).itertuples():
        labels = {"sound": row.sound, "target": f"{row.subject} {row.target}", "repetition": str(row.repetition)}
        assert voxels.sel(labels | ({"time": row.time} if axes else {})).item() == row.response
    assert int(voxels.notnull().sum()) == len(table)
    assert sorted(found.remarks["unequal_repetitions"]) == ["07: 1", "08: 3", "09: 2"]
    assert found.remarks["single_repetition"] == ["07"]
    assert not sum(found.excluded.values())


def test_subjects_whose_single_repetitions_have_other_numbers_have_no_repetitions(folder):
    parts = [long(repetition=[number]).assign(subject=who) for who, number in (("07", 1), ("08", 2))]
    found = opened(folder, pd.concat(parts).assign(region="Primary"))
    assert found.responses["voxels"].dims == ("sound", "target") and not found.remarks
    expected = pd.concat(parts).pivot(index="sound", columns=["subject", "target"], values="response")
    np.testing.assert_array_equal(found.responses["voxels"].sel(target="08 belt"), expected["08", "belt"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.iloc[1:], r"no row for sound '001', target '07 A1', repetition '1' \(1 missing in all\)"),
        (
            lambda t: t[(t.subject != "08") | (t.repetition != 2) | (t.sound != "004") | (t.target != "STG")],
            r"no row for sound '004', target '08 STG', repetition '2' \(1 missing in all\)",
        ),
        (
            lambda t: t[(t.subject != "08") | (t.repetition != 3) | (t.sound != "024")],
            r"no row for sound '024', target '08 A1', repetition '3' \(3 missing in all\)",
        ),
    ],
    ids=["first", "middle", "last"],
)
def test_a_repetition_that_lacks_some_sounds_is_named(folder, change, message):
    refused(folder, message, change(unequal()))


def test_a_repetition_of_which_a_part_is_missing_is_no_repetition_that_a_target_lacks(folder):
    made = array("repetition").copy()
    made[3, 1, 0] = np.nan
    made[:, 2] = np.nan
    made.to_netcdf(folder / "responses.nc", engine="h5netcdf")
    refused(folder, r"a missing or infinite value for sound '001', target 'STG' \(49 in all\)")


def test_voxels_that_all_hold_nothing_are_refused_with_why(folder):
    refused(folder, r"no voxel that can be used \(6: the same response", with_places(long().assign(response=0.1)))


@pytest.mark.parametrize("kind", ["components", "voxels", "responses"])
def test_the_set_is_called_as_the_folder_says(folder, kind):
    say(folder, kind=kind)
    assert list(opened(folder, wide()).responses) == [kind]


@pytest.mark.parametrize(("n_targets", "kind"), [(1, "responses"), (48, "responses"), (49, "voxels")])
def test_many_targets_without_region_are_voxels_of_one_group(folder, n_targets, kind):
    found = opened(folder, wide(targets=[f"t{number}" for number in range(n_targets)])).responses
    assert list(found) == [kind] and found[kind].sizes["target"] == n_targets
    assert ("group" in found[kind].coords) == (kind == "voxels")


def array(*further) -> xr.DataArray:
    lengths = {"repetition": 2, "time": 4}
    shape = (len(NAMES), len(TARGETS), *(lengths[dim] for dim in further))
    coords = {"sound": NAMES, "target": TARGETS} | ({"time": np.arange(4) / 10} if "time" in further else {})
    return xr.DataArray(np.random.default_rng(2).standard_normal(shape), coords, ("sound", "target", *further), "r")


FURTHER = [(), ("repetition",), ("time",), ("repetition", "time")]


@pytest.mark.parametrize("further", FURTHER, ids=lambda further: "-".join(further) or "plain")
def test_arrays_are_read_from_netcdf_and_npz(folder, further):
    made = array(*further).assign_coords(region=("target", ["Primary", "", "Lateral"]))
    made.to_netcdf(folder / "responses.nc", engine="h5netcdf")
    first = opened(folder).responses["responses"]
    (folder / "responses.nc").unlink()
    more = {"time": made.time.values} if "time" in further else {}
    kept = {"responses": made.values, "sounds": np.array(NAMES), "targets": np.array(TARGETS)}
    np.savez_compressed(folder / "responses.npz", **kept, region=made.region.values.astype(str), **more)
    second = opened(folder).responses["responses"]
    for found in (first, second):
        assert found.dims == made.dims and found.region.values.tolist() == ["Primary", "", "Lateral"]
        np.testing.assert_array_equal(found.values, made.values)


def test_responses_and_sounds_may_lie_elsewhere(folder):
    wide().to_csv(folder / "mine.csv", index=False)
    (folder / "inner").mkdir()
    say(folder / "inner", responses="../mine.csv", sounds="../sounds", licence="CC-BY", embed_sounds=False)
    found = brain.open("table", str(folder / "inner"))
    assert found.embeds is False and found.provenance["licence"] == "CC-BY"
    say(folder / "inner", responses="../other.csv")
    name = re.escape(folder.name)  # errors name files without the way that leads to them
    refused(folder / "inner", rf"{name}/other\.csv: found no such file.*correct `responses` in dataset\.yml")
    say(folder / "inner", responses="../mine.csv", sounds="../other")
    refused(folder / "inner", f"{name}/other: found no such folder")


@pytest.mark.parametrize("ending", [".flac", ".ogg", ".aiff"])
def test_sounds_may_be_in_any_format_and_named_with_their_ending(tmp_path, ending):
    write_sounds(tmp_path / "sounds", ending=ending)
    (tmp_path / "sounds" / "notes.txt").write_text("left alone")
    say(tmp_path)
    frame = wide()
    expected = opened(tmp_path, frame)
    found = opened(tmp_path, frame.assign(sound=frame.sound + ending))
    xr.testing.assert_equal(found.responses["responses"], expected.responses["responses"])
    assert found.waveforms.sound.values.tolist() == NAMES


@pytest.mark.parametrize(("inside", "outside"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_composed_and_decomposed_accents_are_the_same_name(tmp_path, inside, outside):
    names = [f"canción ñandú {number}" for number in range(20)]
    write_sounds(tmp_path / "sounds", [unicodedata.normalize(outside, name) for name in names])
    say(tmp_path, categories={unicodedata.normalize(outside, name): "Música" for name in names})
    found = opened(tmp_path, wide([unicodedata.normalize(inside, name) for name in names]))
    assert found.waveforms.sound.values.tolist() == names and set(found.waveforms.category.values) == {"Música"}


def test_categories_come_from_the_settings_or_from_a_file(folder):
    by_name = {name: "Speech" if int(name) % 2 else "Music" for name in NAMES}
    say(folder, categories=by_name)
    assert opened(folder, wide()).waveforms.category.values.tolist() == list(by_name.values())
    listed = pd.DataFrame({"category": by_name.values(), "sound": [f"{name}.wav" for name in by_name]})
    listed.to_csv(folder / "sounds.csv", index=False)
    refused(folder, r"sounds\.csv: found categories here and in dataset\.yml", wide())
    say(folder)
    assert opened(folder, wide()).waveforms.category.values.tolist() == list(by_name.values())
    (folder / "sounds.csv").rename(folder / "elsewhere.csv")
    say(folder, categories="elsewhere.csv")
    assert opened(folder, wide()).waveforms.category.values.tolist() == list(by_name.values())


def test_what_is_kept_depends_on_responses_categories_and_what_is_said(folder):
    known = [opened(folder, wide()).provenance["checksums"], opened(folder, wide(seed=1)).provenance["checksums"]]
    for more in ({"kind": "components"}, {"categories": dict.fromkeys(NAMES, "Music")}, {"embed_sounds": True}):
        say(folder, **more)
        known.append(opened(folder, wide(seed=1)).provenance["checksums"])
    assert len(set(known)) == len(known)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e6])
def test_one_constant_target_is_read_and_predicts_nothing(folder, constant):
    found = opened(folder, wide(targets=["one"]).assign(one=constant))
    responses = found.responses["responses"]
    assert found.remarks == {"constant": ["one"]}, "the page says so at its top"
    values = np.random.default_rng(0).standard_normal((24, 30))
    layer = xr.DataArray(values, {"sound": NAMES, "layer": 1, "stage": "a", "note": ""}, ("sound", "unit"))
    scores = encoding.score([layer], responses, splits.make("permuted", NAMES, NAMES))
    assert not (scores["r2_pearson"].fillna(0) > 1e-9).any()


def test_a_constant_target_among_others_is_said_whatever_its_dimensions(folder):
    frame = long(repetition=[1, 2], time=[0.0, 0.1])
    frame.loc[frame.target == "belt", "response"] = frame.time + frame.repetition  # in time, but for all sounds alike
    assert opened(folder, frame).remarks == {"constant": ["belt"]}
    assert opened(folder, wide()).remarks == {}


# What is refused


def with_cell(frame: pd.DataFrame, value: str) -> pd.DataFrame:
    """The same with another value of the second sound in `belt`."""
    return frame.assign(belt=frame.belt.astype(str).mask(frame.sound == "002", value))


@pytest.mark.parametrize(
    ("name", "file", "reason"),
    [
        ("Dog", "dog.wav", "case"),
        ("dog bark", "dog_bark.wav", "spaces"),
        ("dog bark", "dog  bark.wav", "spaces"),
        ("canción", "cancion.wav", "accents"),
        ("dog.mp3", "dog.wav", "ending"),
        ("dog.wav", "dog.flac", "ending"),
        ("dog.WAV", "dog.wav", "ending"),
        ("dog", "dog.m4a", r"its ending \.m4a, which cannot be read"),
        ("7", "007.wav", "leading zeros"),
        ("Canción", "cancion.wav", "case and accents"),
    ],
)
def test_names_that_differ_in_little_are_named_with_the_difference(tmp_path, name, file, reason):
    write_sounds(tmp_path / "sounds", NAMES[1:6] + NAMES[8:] + ["other1", "other2"])
    (tmp_path / "sounds" / "other1.wav").rename(tmp_path / "sounds" / file)
    say(tmp_path)
    frame = wide(NAMES[1:6] + NAMES[8:] + [name, "other2"])
    refused(tmp_path, rf"sound '{name}', and the file '{file}' in sounds/, which differs in {reason}, expected", frame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace({"sound": {"003": "wolf"}}), "responses to wolf, of which there is no file in sounds/"),
        (lambda t: t.iloc[1:], "no responses to 001, which lie in sounds/"),
        (lambda t: t.iloc[3:], "no responses to 001, 002, 003, which"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "sound '001' in lines 2 and 26, the same row twice"),
        (lambda t: pd.concat([t, t.iloc[1:2].assign(A1=9)]), "sound '002' in lines 3 and 26, with other responses"),
        (lambda t: pd.concat([t, t.iloc[:1].assign(sound="001.wav")]), "'001' and '001.wav', which are one sound"),
        (lambda t: t.assign(belt=t.belt.where(t.sound != "004")), "no value in column 'belt', line 5"),
        (lambda t: t.assign(belt=t.belt.where(t.sound > "004")), r"no value \(4 empty cells.*'belt', line 2"),
        (lambda t: with_cell(t, "loud"), "the text 'loud' in column 'belt', line 3"),
        (lambda t: with_cell(t, "inf"), "the text 'inf' in column 'belt', line 3"),
        (lambda t: with_cell(t, "1e999"), "an infinite number in column 'belt', line 3"),
        (lambda t: t.assign(belt="1.234.5"), "the text '1.234.5' in column 'belt', line 2"),
        (lambda t: t.rename(columns={"sound": "Sound"}), r"no column 'sound' \(.*known: Sound, A1"),
        (lambda t: t.rename(columns={"sound": "stimulus"}), "no column 'sound'"),
        (lambda t: t[["sound"]], "no column but sound"),
        (lambda t: t.iloc[:0], "a header and no rows"),
        (lambda t: t.rename(columns={"belt": "A1"}), "column A1 more than once"),
        (lambda t: t.rename(columns={"belt": " A1"}), "' A1' as name of a column, expected a name without spaces"),
        (lambda t: t.rename(columns={"belt": ""}), "an empty name of a column"),
        (lambda t: t.assign(subject="S1"), "the column subject, expected a wide table"),
        (lambda t: t.assign(repetition=1), "the column repetition.*write a long table"),
        (lambda t: t.replace({"sound": {"003": " 003"}}), "' 003' as 'sound' in line 4, expected a name without"),
        (lambda t: t.replace({"sound": {"003": ""}}), "an empty 'sound' in line 4"),
        (lambda t: t.iloc[:19], "found 19 sounds, expected at least 20"),
    ],
)
def test_wide_tables_that_do_not_fit_are_named(folder, change, message):
    refused(folder, message, change(wide()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="response"), "no column 'response'"),
        (lambda t: t.drop(columns="target"), "no column 'target'"),
        (lambda t: t.assign(rating=1), "the column rating, expected sound, target, response"),
        (lambda t: t.iloc[1:], r"no row for sound '001', target 'A1' \(1 missing in all\)|no row for .*A1"),
        (lambda t: t.drop(index=[4, 9]), r"no row for sound '002', target 'belt' \(2 missing in all\)"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "sound '001', target 'A1' in lines 2 and 74, the same row twice"),
        (lambda t: pd.concat([t, t.iloc[:1].assign(response=5)]), "in lines 2 and 74, with .* and 5.*repetition"),
        (lambda t: t.assign(response=t.response.where(t.index != 3)), "no value in column 'response', line 5"),
        (lambda t: t.assign(response="loud"), "the text 'loud' in column 'response', line 2"),
        (lambda t: t.assign(region=["a", *["b"] * 71]), r"two values of region for target 'A1' \(lines 2 and 5\)"),
        (lambda t: t.assign(x=np.arange(72), y=0), r"two values of x for target 'A1' \(lines 2 and 5\)"),
        (lambda t: t.assign(x=1.0), "only one of x and y"),
        (lambda t: t.assign(hemisphere="left"), "hemisphere left"),
        (lambda t: t.assign(x="far", y=0), "the text 'far' in column 'x', line 2"),
    ],
)
def test_long_tables_that_do_not_fit_are_named(folder, change, message):
    refused(folder, message, change(long()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[(t.sound != "003") | (t.time < 0.2)], "2 times from 0 to 0.1 s for sound '003' and 3 times"),
        (lambda t: t.assign(time=t.time + 0.05 * (t.sound == "005")), "3 times from 0.05 to 0.25 s for sound '005'"),
        (lambda t: t.assign(time=t.time * (1 + (t.sound == "001"))), "'002' and 3 times from 0 to 0.4 s for '001'"),
        (lambda t: t.assign(time=t.time + 0.05 * (t.target == "belt")), "0.05 to 0.25 s for target 'belt' and 3 times"),
        (lambda t: t[(t.target != "STG") | (t.time < 0.2)], "2 times from 0 to 0.1 s for target 'STG' and 3 times"),
        (lambda t: t.assign(time="late"), "the text 'late' in column 'time', line 2"),
        (lambda t: t.assign(time=t.time.where(t.time > 0)), "no value .*in column 'time'"),
    ],
)
def test_time_axes_that_differ_are_named(folder, change, message):
    refused(folder, message, change(long(time=[0.0, 0.1, 0.2])))


def test_time_axes_that_differ_between_subjects_are_named(folder):
    first, second = long(time=[0.0, 0.1]).assign(subject="S1"), long(time=[0.0, 0.1, 0.3]).assign(subject="S2")
    refused(folder, "3 times from 0 to 0.3 s for target 'S2 A1' and 2 times .* for 'S1 A1'", pd.concat([first, second]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no CSV .Empty"),
        (b"sound,A1\n\xff\xfe,1\n", "line 2 that is not UTF-8"),
        (b"sound,A1\n001,1\n00\xe9,1,2\n", "line 3 that is not UTF-8"),
        (b"sound,A1\n" + b"01,1\n" * 300_000 + b"\xe9,1\n", "line 300002 that is not UTF-8"),
        (b"sound,A1\n001,\xc3", "line 2 that is not UTF-8"),
        ("sound,A1\n001,1\n".encode("utf-16"), "a header that is not UTF-8"),
        (b"sound,A1\n001,1\n002,1,2\n", "3 cells in line 3, expected 2"),
        (b"sound,A1\n001,1\n002\n", "1 cells in line 3, expected 2"),
        (b'sound,A1\n"001,1\n002,2\n', "a quotation mark that is not closed|no CSV|cells in line"),
        (b"sound,A1\n\x00001,1\n", "printable"),
        (b"\x89PNG\r\n\x1a\n\x00", "a header that is not UTF-8"),
    ],
)
def test_files_that_are_no_csv_are_refused(folder, content, message):
    refused(folder, message, content)


def test_empty_lines_are_no_rows(folder):
    frame = wide()
    text = frame.to_csv(index=False).replace("\n004", "\n,,,\n004") + "\n\n"
    np.testing.assert_array_equal(opened(folder, text).responses["responses"].values, frame[TARGETS].to_numpy())
    loud = text[: text.index("\n024,")] + "\n024,loud,1,1\n"
    refused(folder, "the text 'loud' in column 'A1', line 26", loud)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"citation": ""}, "citation: found ''"),
        ({"synthetic": "maybe"}, "synthetic: found 'maybe'"),
        ({"kind": "neurons"}, "kind: found 'neurons'"),
        ({"decimal": ";"}, "decimal: found ';'"),
        ({"embed_sound": True}, "unknown key 'embed_sound'; did you mean 'embed_sounds'"),
        ({"categories": {1: "Music"}}, "found 1 among names, expected text; put it into quotes"),
        ({"categories": {"001": 3}}, "found 3 among names, expected text"),
        ({"categories": {"001": "Music"}}, r"no category for 002, 003, .*\(23 in all\)"),
        ({"categories": dict.fromkeys([*NAMES, "wolf"], "Music")}, "categories of wolf, which are no sounds"),
        ({"categories": dict.fromkeys(["1", *NAMES[1:]], "Music")}, r"no category for 001 \('001' and '1' differ in"),
        ({"categories": dict.fromkeys(NAMES, " ")}, "an empty category for 001"),
        ({"categories": "nowhere.csv"}, r"nowhere\.csv: found no such \.csv or \.parquet file"),
    ],
)
def test_what_is_said_wrongly_is_named(folder, more, message):
    say(folder, **more)
    with pytest.raises(UserError, match=message):
        opened(folder, wide())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("citation: a\nsynthetic: true\ncitation: b\n", "citation' twice, in lines 1 and 3"),
        ("citation: a\nsynthetic: true\ncategories:\n  '01': Music\n  '01': Song\n", "01' twice, in lines 4 and 5"),
        ("citation: a\nsynthetic: true\nsynthetic: true\n", "synthetic' twice, in lines 2 and 3"),
        ("{citation: a, synthetic: true, kind: voxels, kind: voxels}", "kind' twice, in lines 1 and 1"),
    ],
)
def test_keys_that_are_there_twice_are_named(folder, text, key):
    (folder / "dataset.yml").write_text(text)
    refused(folder, f"found the key '{key}", wide())


def test_categories_listed_twice_are_named(folder):
    listed = pd.DataFrame({"sound": [*NAMES, "003"], "category": "Music"})
    listed.to_csv(folder / "sounds.csv", index=False)
    refused(folder, r"sounds\.csv: found sound 003 more than once", wide())
    listed.rename(columns={"category": "kind"}).to_csv(folder / "sounds.csv", index=False)
    refused(folder, "no column 'category'", wide())


def test_two_files_of_one_sound_are_named(folder):
    write_sounds(folder / "more", ["001"], ".flac")
    (folder / "more" / "001.flac").rename(folder / "sounds" / "001.flac")
    refused(folder, r"001\.(wav and 001\.flac|flac and 001\.wav), which are one sound", wide())


@pytest.mark.parametrize("names", [[], ["responses.csv", "responses.nc"], ["responses.mat"], ["responses.nii.gz"]])
def test_a_folder_without_one_file_of_responses_is_refused(folder, names):
    for name in names:
        (folder / name).write_bytes(b"")
    refused(folder, "as file of responses, expected one of responses.csv")


@pytest.mark.parametrize(("name", "todo"), [("a.nii.gz", "junifer"), ("a.mat", "save it as"), ("a.xlsx", "save it")])
def test_files_of_other_programs_are_refused_with_what_to_do(folder, name, todo):
    (folder / name).write_bytes(b"")
    say(folder, responses=name)
    refused(folder, f"found the ending .*expected .csv, .parquet, .nc, .npz.*{todo}")


def test_a_missing_folder_says_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.delenv("TABLE_DIR", raising=False)
    for given in (str(tmp_path / "nowhere"), None):
        with pytest.raises(UserError, match=r"found no dataset\.yml in .*python -m helpers new NAME"):
            brain.open("table", given)
    monkeypatch.setenv("TABLE_DIR", table.example(tmp_path / "there"))
    assert brain.open("table").responses["responses"].sizes["sound"] == 24


# Arrays


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.transpose("target", "sound"), "dimensions .*'target', 'sound'.*expected .sound, target"),
        (lambda a: a.drop_vars("sound"), "no names of the dimension sound"),
        (lambda a: a.drop_vars("target"), "no names of the dimension target"),
        (lambda a: a.where(a.sound != "002"), "a missing or infinite value for sound '002', target 'A1' .3 in all"),
        (lambda a: a.assign_coords(sound=["001", "001", *NAMES[2:]]), "sound 001 repeated"),
        (lambda a: a.assign_coords(sound=np.arange(24)), r"0 \(int\) as name of a sound, expected text"),
        (lambda a: xr.Dataset({"a": a, "b": a}), "the variables a, b, expected one variable"),
        (lambda a: a.expand_dims(frequency=2), "dimensions .*'frequency'"),
    ],
)
def test_netcdf_that_does_not_fit_is_named(folder, change, message):
    changed = change(array())
    changed.to_netcdf(folder / "responses.nc", engine="h5netcdf")
    refused(folder, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sounds": np.arange(24)}, r"0 \(int\) as name of a sound, expected text.*zeros"),
        ({"sounds": np.array(NAMES, object)}, "objects in 'sounds'"),
        ({"sounds": np.array(NAMES[:-1])}, r"'sounds' of shape \(23,\)"),
        ({"targets": None}, "no array targets"),
        ({"responses": None}, "no array responses"),
        ({"time": np.arange(3)}, r"'responses' of shape \(24, 3\) with `time`"),
        ({"responses": np.zeros((24, 3, 2, 2))}, "of shape .* without `time`"),
        ({"responses": np.full((24, 3), np.nan)}, "a missing or infinite value for sound '001'"),
        ({"responses": np.full((24, 3), "loud")}, "responses of type <U4"),
        ({"responses": np.zeros((24, 3), complex)}, "responses of type complex128"),
        ({"loudness": np.zeros(24)}, "the array loudness"),
        ({"region": np.array(["a", "b"])}, r"'region' of shape \(2,\)"),
    ],
)
def test_npz_that_does_not_fit_is_named(folder, change, message):
    kept = {"responses": np.ones((24, 3)), "sounds": np.array(NAMES), "targets": np.array(TARGETS)} | change
    np.savez(folder / "responses.npz", **{name: values for name, values in kept.items() if values is not None})
    refused(folder, message)


@pytest.mark.parametrize("name", ["responses.npz", "responses.nc", "responses.parquet"])
@pytest.mark.parametrize("content", [b"", b"nothing of that kind " * 50, None], ids=["empty", "other", "cut"])
def test_damaged_files_are_refused(folder, name, content):
    path = folder / name
    if content is None:
        if name.endswith(".npz"):
            np.savez(path, responses=np.ones((24, 3)), sounds=np.array(NAMES), targets=np.array(TARGETS))
        elif name.endswith(".nc"):
            array().to_netcdf(path, engine="h5netcdf")
        else:
            wide().to_parquet(path)
        content = path.read_bytes()[:-300]
    path.write_bytes(content)
    refused(folder, r"found no (\.npz|netCDF 4|Parquet)")


def test_numbers_as_names_in_parquet_are_refused_because_zeros_are_lost(folder):
    wide().assign(sound=np.arange(1, 25)).to_parquet(folder / "responses.parquet")
    refused(folder, "the type int64 in column 'sound', expected text; .*zeros")
    wide().astype({"sound": "category"}).to_parquet(folder / "responses.parquet")
    assert opened(folder).responses["responses"].sound.values.tolist() == NAMES
    wide().assign(A1=True).to_parquet(folder / "responses.parquet")
    refused(folder, "the type bool in column 'A1', expected numbers")


# Sizes


def sparse(path: Path, size: int) -> None:
    with path.open("wb") as stream:
        stream.write(b"sound,A1\n")
        stream.truncate(size)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("responses.csv", 2 * 2**30 - 2**28, r"1\.8 GiB of text, expected at most 256 MiB; save it as .parquet"),
        ("responses.csv", 600 * 2**20, "600 MiB of text, expected at most 256 MiB"),
        ("responses.csv", 2 * 10**9, r"1\.9 GiB of text, expected"),
        ("responses.parquet", 2 * 2**30, r"2\.0 GiB, expected at most 1\.5 GiB"),
        ("responses.npz", 3 * 2**30, r"3\.0 GiB, expected"),
    ],
)
def test_large_files_are_refused_before_they_are_read(folder, monkeypatch, name, size, message):
    sparse(folder / name, size)
    monkeypatch.setattr(columns.pyarrow.csv, "read_csv", lambda *_, **__: pytest.fail("read"))
    refused(folder, message)


def test_a_few_bytes_cannot_claim_the_memory(folder):
    header = np.lib.format.header_data_from_array_1_0(np.zeros((1, 1))) | {"shape": (24, 10**9)}
    with zipfile.ZipFile(folder / "responses.npz", "w") as opened_:
        for name, values in (("sounds", np.array(NAMES)), ("targets", np.array(TARGETS))):
            with opened_.open(f"{name}.npy", "w") as stream:
                np.save(stream, values)
        with opened_.open("responses.npy", "w") as stream:
            np.lib.format.write_array_header_1_0(stream, header)
    refused(folder, r"'responses' of shape \(24, 1000000000\)")
    (folder / "responses.npz").unlink()
    import h5netcdf

    with h5netcdf.File(folder / "responses.nc", "w") as made:
        made.dimensions = {"sound": 24, "target": 10**8}
        made.create_variable("responses", ("sound", "target"), float, chunks=(24, 1000))
    refused(folder, "100000000 targets, expected at most 1000000")


def test_a_sparse_long_table_does_not_claim_the_memory(folder):
    rows = pd.DataFrame({"sound": [f"s{i}" for i in range(3_000)], "target": [f"t{i}" for i in range(3_000)]})
    refused(folder, r"no row for sound 's0', target 't1' \(8997000 missing in all\)", rows.assign(response=1.0))


def test_sounds_that_would_not_fit_into_memory_are_refused_before_they_are_decoded(folder, monkeypatch):
    soundfile.write(folder / "sounds" / "005.wav", np.zeros(16_000), 16_000)
    monkeypatch.setattr(table, "MOST_SOUND_BYTES", 24 * 4 * 24_000 - 1)
    refused(folder, "24 sounds, the longest, '005', of 1 s", wide())


READING = """
import resource, sys
from helpers.brain import table
from pathlib import Path
table.read(Path(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_stays_a_few_times_the_size_of_a_csv(folder, tmp_path):
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    wide().to_csv(small, index=False)
    many = [f"a name of common length {i:03d}" for i in range(400)]
    long(many, [f"t{i:02d}" for i in range(50)], time=np.arange(50) / 50).to_csv(large, index=False)
    peak = [
        int(subprocess.run([sys.executable, "-c", READING, path], capture_output=True, text=True, check=True).stdout)
        for path in (small, large)
    ]
    assert 1024 * (peak[1] - peak[0]) < 12 * large.stat().st_size


# Parts


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ("a", "a.wav", ""),
        ("cat", "dog.wav", ""),
        ("a1", "a01.wav", "leading zeros"),
        ("A b", "a_B.flac", "case and spaces"),
        ("10", "1.wav", ""),
    ],
)
def test_differences_in_little_have_a_name(ours, theirs, reason):
    assert matching.difference(ours, theirs) == reason


class Average:
    """What is asked of one of MNE's averages."""

    kind = "average"

    def __init__(self, comment: str, values: np.ndarray):
        self.comment, self.data, self.times = comment, values, np.arange(values.shape[1]) / 10
        self.ch_names, self.types = [f"E{i}" for i in range(len(values))], ["seeg"] * len(values)
        self.info = {"bads": []}

    def get_channel_types(self) -> list[str]:
        return self.types


@pytest.fixture
def averages(folder, monkeypatch):
    """An average for each sound, as `read_evokeds` returns them: a stand-in, since MNE is not installed everywhere."""
    (folder / "responses-ave.fif").write_bytes(b"")
    values = np.random.default_rng(0).standard_normal((len(NAMES), 3, 5))
    made = [Average(name, own) for name, own in zip(NAMES, values, strict=True)]
    monkeypatch.setitem(sys.modules, "mne", SimpleNamespace(read_evokeds=lambda *_, **__: made))
    return made


def test_averages_of_mne_are_responses_in_time(folder, averages):
    found = opened(folder).responses["responses"]
    assert found.dims == ("sound", "target", "time") and found.target.values.tolist() == ["E0", "E1", "E2"]
    np.testing.assert_array_equal(found.values, np.stack([one.data for one in averages]))
    np.testing.assert_array_equal(found.time.values, averages[0].times)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": "standard_error"}, "a standard_error for sound '002', expected averages"),
        ({"ch_names": ["E0", "E1", "X"]}, "other channels or times for sound '002' than for '001'"),
        ({"times": np.arange(5) / 100}, "other channels or times for sound '002' than for '001'"),
        ({"info": {"bads": ["E1"]}}, "the channels E1 marked as bad for sound '002', expected good ones"),
        ({"comment": "001"}, "sound 001 repeated"),
        ({"comment": ""}, "an empty name of a sound"),
        ({"comment": "wolf"}, "responses to wolf, of which there is no file"),
    ],
)
def test_averages_of_mne_that_do_not_fit_are_named(folder, averages, changed, message):
    for name, value in changed.items():
        setattr(averages[1], name, value)
    refused(folder, message)


def test_channels_that_are_not_of_the_brain_are_named(folder, averages):
    for one in averages:
        one.types = ["seeg", "eog", "stim"]
    refused(folder, r"the channels E1 \(eog\), E2 \(stim\), expected channels of the brain .*pick\('data'\)")


@pytest.mark.parametrize("error", [AttributeError("'NoneType' object has no attribute 'kind'"), OSError, ValueError])
def test_damaged_averages_of_mne_are_refused(folder, averages, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(sys.modules["mne"], "read_evokeds", fail)
    refused(folder, "no averages .*expected what mne.write_evokeds writes")


def test_what_mne_itself_writes_is_read(folder):
    mne = pytest.importorskip("mne")
    values = 1e-6 * np.random.default_rng(0).standard_normal((len(NAMES), 2, 4))
    info = mne.create_info(["A", "B"], 100.0, "seeg")
    made = [mne.EvokedArray(own, info, -0.1, name, verbose="error") for name, own in zip(NAMES, values, strict=True)]
    mne.write_evokeds(folder / "responses-ave.fif", made, verbose="error")
    found = opened(folder).responses["responses"]
    np.testing.assert_allclose(found.values, values, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found.time.values, [-0.1, -0.09, -0.08, -0.07], atol=1e-6)
    (folder / "responses-ave.fif").write_bytes(b"nothing of that kind")
    refused(folder, "no averages")


def test_averages_of_mne_say_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "mne", None)
    (folder / "responses-ave.fif").write_bytes(b"")
    refused(folder, "averages of MNE.*expected MNE; pip install mne, or save them as .nc")
