"""Response maps through junifer to a report: the real program where it is installed, its table's mistakes named."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from conftest import ROOT
from helpers import brain
from helpers.__main__ import main
from helpers.brain import junifer
from helpers.errors import UserError
from small_study import REGIONS, SMALL, SOUNDS, table, write_sounds
from written_voxels import junifer_storage

PROGRAM = Path(sys.executable).parent / "junifer"


@pytest.fixture
def folder(tmp_path):
    """Twelve short tones and what `dataset.yml` says of them."""
    write_sounds(tmp_path)
    return tmp_path


def opened(folder: Path, frame: pd.DataFrame) -> brain.Brain:
    junifer_storage(folder / "responses.sqlite", frame)
    return brain.open("junifer", str(folder))


def test_a_table_becomes_regions_of_subjects(folder):
    frame = table()
    voxels = opened(folder, frame).responses["voxels"]
    assert voxels.dims == ("sound", "target") and voxels.sizes["target"] == 8
    one = voxels.sel(target="sub-02 rh_Lateral")
    assert (one["subject"], one["hemisphere"], one["region"]) == ("sub-02", "rh", "Lateral")
    row = frame.query("subject == 'sub-02' and sound == 'tone05'")
    assert one.sel(sound="tone05").item() == row["rh_Lateral"].item()


@pytest.mark.parametrize(
    ("label", "hemisphere", "region"), [("TE3", "", "TE3"), ("lh_TE_1.0", "lh", "TE_1.0"), ("L_A1_ROI", "", "L_A1_ROI")]
)
def test_regions_are_called_as_in_the_atlas(folder, label, hemisphere, region):
    voxels = opened(folder, table().rename(columns={"rh_Lateral": label})).responses["voxels"]
    one = voxels.sel(target=f"sub-01 {label}")
    assert (one["hemisphere"], one["region"]) == (hemisphere, region)


def test_sounds_are_read_at_other_rates_from_their_files(folder):
    found = opened(folder, table())
    at_48 = found.waveforms_at(48_000)
    assert at_48.sizes["sample"] == 24_000 and at_48.sound.values.tolist() == list(SOUNDS)
    tone = 0.1 * np.sin(np.arange(12_000) * 0.02)
    np.testing.assert_allclose(at_48.sel(sound="tone00")[2_000:20_000:2], tone[1_000:10_000], atol=1e-3)


def test_where_no_region_is_left_the_reasons_are_counted(folder):
    frame = table()
    frame[REGIONS] = 0.1
    frame.loc[0, "lh_Primary"] = np.nan
    with pytest.raises(UserError, match="no region that can be used: 1 have missing values, 7 the same response"):
        opened(folder, frame)


@pytest.mark.parametrize("name", ["data#2", "what?", "100%20 free", "[a] b", "ñandú"])
def test_a_folder_s_name_may_hold_any_sign(tmp_path, name):
    (tmp_path / name).mkdir()
    write_sounds(tmp_path / name)
    junifer_storage(tmp_path / name / "responses.sqlite", table())
    before = sorted(tmp_path.iterdir())
    assert brain.open("junifer", str(tmp_path / name)).responses["voxels"].sizes["target"] == 8
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("constant", [1.0, 0.1, -2.7, 1e-9, 0.0])
def test_regions_that_hold_nothing_are_counted(folder, constant):
    frame = table()
    frame.loc[3, "lh_Primary"] = np.nan
    frame.loc[frame.subject == "sub-02", "rh_Primary"] = constant
    found = opened(folder, frame)
    assert found.excluded == {"not_finite": 1, "constant": 1} and found.responses["voxels"].sizes["target"] == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[~((t.subject == "sub-02") & (t.sound == "tone03"))], "sub-02 without tone03"),
        (lambda t: t.replace({"sound": {"tone03": "tone99"}}), "sub-01 without tone03"),
        (lambda t: pd.concat([t, t.assign(sound="extra").iloc[:1]]), "sub-02 without tone|sub-01 with unknown extra"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "sub-01 tone11 twice"),
        (lambda t: t[["subject", "sound"]], "at least one region"),
        (lambda t: t.drop(columns="sound"), "subject, sound and at least one region"),
        (lambda t: t.assign(lh_Primary="loud"), "no numbers for lh_Primary"),
    ],
)
def test_what_does_not_fit_is_named(folder, change, message):
    with pytest.raises(UserError, match=message):
        opened(folder, change(table()))


def test_files_that_are_none_are_refused(folder, monkeypatch):
    monkeypatch.delenv("JUNIFER_DIR", raising=False)
    with pytest.raises(UserError, match="set data_dir in the study or JUNIFER_DIR"):
        brain.open("junifer", str(folder / "nowhere"))
    (folder / "responses.sqlite").write_bytes(b"no database, however long it may be" * 50)
    with pytest.raises(UserError, match="no junifer storage"):
        brain.open("junifer", str(folder))
    junifer_storage(folder / "responses.sqlite", table(), marker='{"class": "Other"}')
    with pytest.raises(UserError, match=r"0 features of ParcelAggregation|no junifer storage"):
        brain.open("junifer", str(folder))
    (folder / "dataset.yml").write_text("citation: x\nsynthetic: maybe\n")
    with pytest.raises(UserError, match="synthetic: found 'maybe'"):
        brain.open("junifer", str(folder))
    (folder / "dataset.yml").write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(UserError, match="is not plain YAML"):
        brain.open("junifer", str(folder))


# The real program

needs_junifer = pytest.mark.skipif(not PROGRAM.exists(), reason="needs junifer: pip install '.[junifer]'")
SHAPE, AFFINE = (10, 11, 9), np.array([[3.0, 0, 0, -15], [0, 3, 0, -15], [0, 0, 3, -12], [0, 0, 0, 1]])


@pytest.fixture
def maps(folder):
    """Maps of two synthetic subjects, an atlas of four regions, junifer's files; returns what each region holds."""
    import nibabel

    random = np.random.default_rng(1)
    atlas = np.zeros(SHAPE, np.int16)
    for index in range(4):
        atlas[2 * index + 1, 2:5, 2:5] = index + 1
    (folder / "atlas").mkdir()
    nibabel.save(nibabel.Nifti1Image(atlas, AFFINE), folder / "atlas" / "regions.nii.gz")
    lines = ["index\tname", *(f"{index}\t{name}" for index, name in enumerate(REGIONS, start=1))]
    (folder / "atlas" / "regions.tsv").write_text("\n".join(lines))
    planted = {}
    for subject in ("sub-01", "sub-02"):
        (folder / "maps" / subject).mkdir(parents=True)
        for sound in SOUNDS:
            values = random.standard_normal(SHAPE).astype(np.float32)
            nibabel.save(nibabel.Nifti1Image(values, AFFINE), folder / "maps" / subject / f"{sound}_stat.nii.gz")
            planted[subject, sound] = [values[atlas == index].mean() for index in range(1, 5)]
    for name in ("junifer.yml", "junifer_regions.py"):
        shutil.copy(ROOT / "params" / name, folder)
    return planted


def run(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, "run", "junifer.yml"], cwd=folder, capture_output=True, text=True, check=False)


@needs_junifer
def test_from_maps_to_a_chapter_of_the_report(folder, maps):
    done = run(folder)
    assert done.returncode == 0, done.stderr[-2000:]
    (responses,) = brain.open("junifer", str(folder)).responses.values()
    for (subject, sound), values in maps.items():
        ours = responses.sel(sound=sound, target=[f"{subject} {region}" for region in REGIONS])
        np.testing.assert_allclose(ours, values, rtol=1e-5)
    study = yaml.safe_load((ROOT / "params" / "regions.yml").read_text())
    study |= {"data_dir": str(folder), "models": [{"name": "mixture", **SMALL}], "permutations": 3}
    study |= {"chapters": ["02_voxelwise"]}
    del study["templates"]
    (folder / "small.yml").write_text(yaml.safe_dump(study))
    assert main(["report", str(folder / "small.yml"), "--outputs", str(folder / "out")]) == 0
    rows = pd.read_parquet(folder / "out" / "regions" / "tables" / "voxel_regions.parquet")
    assert {"Primary", "Anterior", "Lateral"} <= set(rows["region"]) and rows["mean_r2"].notna().all()
    page = (folder / "out" / "regions" / "report.html").read_text(encoding="utf-8")
    assert "have no coordinates" in page and "no está corregido por ruido" in page


@needs_junifer
def test_a_map_in_another_space_is_refused_before_anything_is_aggregated(folder, maps):
    import nibabel

    path = folder / "maps" / "sub-02" / "tone04_stat.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros(SHAPE, np.float32), AFFINE * [[2], [1], [1], [1]]), path)
    done = run(folder)
    assert done.returncode != 0 and "tone04_stat.nii.gz has shape" in done.stderr + done.stdout
    assert not (folder / "responses.sqlite").exists()


BIDS = "{subject}/func/{subject}_task-listen_contrast-{sound}_stat-effect_statmap.nii.gz"


def renamed_as_in_bids(folder: Path) -> None:
    """Give the maps the names of BIDS, and junifer the pattern that the comment in its file shows."""
    for path in sorted((folder / "maps").glob("*/*.nii.gz")):
        subject, sound = path.parent.name, path.name.removesuffix("_stat.nii.gz")
        (path.parent / "func").mkdir(exist_ok=True)
        path.rename(folder / "maps" / BIDS.format(subject=subject, sound=sound))
    written = (folder / "junifer.yml").read_text()
    assert f"such as {BIDS}\n" in written
    (folder / "junifer.yml").write_text(written.replace('"{subject}/{sound}_stat.nii.gz"', f'"{BIDS}"'))


@needs_junifer
def test_maps_may_have_the_names_of_bids(folder, maps):
    import nibabel

    renamed_as_in_bids(folder)
    path = folder / "maps" / BIDS.format(subject="sub-02", sound="tone04")
    right = path.read_bytes()
    nibabel.save(nibabel.Nifti1Image(np.zeros(SHAPE, np.float32), AFFINE * [[2], [1], [1], [1]]), path)
    done = run(folder)
    assert done.returncode != 0 and f"{path.name} has shape" in done.stderr + done.stdout, "these are checked, too"
    path.write_bytes(right)
    done = run(folder)
    assert done.returncode == 0, done.stderr[-2000:]
    (responses,) = brain.open("junifer", str(folder)).responses.values()
    for (subject, sound), values in maps.items():
        ours = responses.sel(sound=sound, target=[f"{subject} {region}" for region in REGIONS])
        np.testing.assert_allclose(ours, values, rtol=1e-5)


@needs_junifer
def test_a_pattern_that_no_map_has_is_named(folder, maps):
    renamed_as_in_bids(folder)
    shutil.copy(ROOT / "params" / "junifer.yml", folder)
    done = run(folder)
    assert done.returncode != 0 and "has no file like */*_stat.nii.gz" in done.stderr + done.stdout


@needs_junifer
def test_an_atlas_whose_labels_differ_is_refused(folder, maps):
    (folder / "atlas" / "regions.tsv").write_text("index\tname\n1\tlh_Primary\n")
    done = run(folder)
    assert done.returncode != 0 and "they must be the same" in done.stderr + done.stdout


# Names


@pytest.mark.parametrize("key", ["subject", "sound"])
@pytest.mark.parametrize("value", [None, np.nan, "", " "])
def test_a_row_without_an_identity_is_refused(folder, key, value):
    frame = table().astype({key: object})
    frame.loc[frame.index[3], key] = value
    with pytest.raises(UserError, match=f"1 row whose {key} is .*, expected a {key} in every row, as text"):
        opened(folder, frame)


@pytest.mark.parametrize("names", [{"sub-01": 1, "sub-02": 10}, {"sub-01": 1.0, "sub-02": 2.5}])
def test_names_that_are_numbers_may_have_lost_their_zeros(folder, names):
    frame = table()
    with pytest.raises(UserError, match=r"24 rows whose subject is .*, expected a subject in every row, as text"):
        opened(folder, frame.assign(subject=frame["subject"].map(names)))


def test_leading_zeros_stay(folder):
    voxels = opened(folder, table().replace({"subject": {"sub-01": "001", "sub-02": "010"}})).responses["voxels"]
    assert set(voxels["subject"].values) == {"001", "010"} and "001 lh_Primary" in voxels["target"].values


@pytest.mark.parametrize("change", [lambda name: f" {name}", lambda name: f"{name} ", lambda name: f"\t{name}\n"])
def test_names_that_differ_by_spaces_around_them_are_the_same(folder, change):
    whole, frame = opened(folder, table()).responses["voxels"], table()
    frame["sound"] = frame["sound"].map(lambda name: change(name) if name.endswith("3") else name)
    frame.loc[frame.index[::2], "subject"] = frame["subject"].map(change)
    frame = frame.rename(columns={"lh_Primary": change("lh_Primary")})
    assert opened(folder, frame).responses["voxels"].equals(whole)
    with pytest.raises(UserError, match="sub-01 tone11 twice"):
        opened(folder, pd.concat([table(), table().iloc[:1].assign(subject=change("sub-01"))]))


@pytest.mark.parametrize("forms", [("NFC", "NFD", "NFC"), ("NFD", "NFC", "NFC"), ("NFD", "NFD", "NFC"), ("NFC",) * 3])
def test_names_in_either_form_of_unicode_are_the_same(tmp_path, forms):
    """In dataset.yml, in the names of files, and in the table."""
    names = ["canción", "niño", "über", "日本が", *list(SOUNDS)[4:]]
    own = dict(zip(names, SOUNDS.values(), strict=True))
    said, files, listed = ([unicodedata.normalize(form, name) for name in names] for form in forms)
    write_sounds(tmp_path, dict(zip(files, own.values(), strict=True)))
    settings = yaml.safe_load((tmp_path / "dataset.yml").read_text())
    settings["categories"] = dict(zip(said, own.values(), strict=True))
    (tmp_path / "dataset.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    found = opened(tmp_path, table(dict(zip(listed, own.values(), strict=True))))
    assert set(found.waveforms["sound"].values) == set(names)


def test_a_name_that_dataset_yml_spells_in_two_ways_is_refused(folder):
    settings = yaml.safe_load((folder / "dataset.yml").read_text())
    settings["categories"] |= {"tone03 ": "Music"}
    (folder / "dataset.yml").write_text(yaml.safe_dump(settings))
    with pytest.raises(UserError, match="found tone03 more than once, spelt differently"):
        opened(folder, table())


@pytest.mark.parametrize("column", ["index", "run", "Age", "Unnamed: 0", "session"])
def test_a_column_that_is_no_region_is_refused(folder, column):
    with pytest.raises(UserError, match=f"the column {column}, expected subject, sound and regions only"):
        opened(folder, table().assign(**{column: np.arange(24.0)}))


@pytest.mark.parametrize("column", ["motion", "n_voxels", "TE3"])
def test_a_column_that_may_be_no_region_is_said(folder, column):
    found = opened(folder, table().assign(**{column: np.arange(24.0)}))
    assert found.remarks == {"no_hemisphere": [column]}
    assert not opened(folder, table()).remarks
    bare = table().rename(columns=lambda name: name.replace("lh_", "L-").replace("rh_", "R-"))
    assert not opened(folder, bare).remarks  # an atlas without hemispheres


def test_rows_that_junifer_tells_apart_by_more_are_refused(folder):
    junifer_storage(folder / "responses.sqlite", table().assign(visit=1.0))
    with contextlib.closing(sqlite3.connect(folder / "responses.sqlite")) as connection, connection:
        connection.execute("""UPDATE meta SET _element_keys = '["subject", "sound", "visit"]'""")
    with pytest.raises(UserError, match="rows told apart by visit too, expected by subject and sound only"):
        brain.open("junifer", str(folder))


@pytest.mark.parametrize("marker", ["NULL", "x'ff00'", "7", "'none'"])
def test_a_storage_without_its_marker_is_refused(folder, marker):
    junifer_storage(folder / "responses.sqlite", table())
    with contextlib.closing(sqlite3.connect(folder / "responses.sqlite")) as connection:
        connection.execute(f"UPDATE meta SET marker = {marker}")
        connection.commit()
    with pytest.raises(UserError, match=r"0 features of ParcelAggregation|no junifer storage"):
        junifer.read(folder / "responses.sqlite")


def test_a_storage_whose_names_are_no_text_is_refused(folder):
    path = folder / "responses.sqlite"
    junifer_storage(path, table())
    path.write_bytes(path.read_bytes().replace(b"_element_keys", b"_element\x90keys"))
    with pytest.raises(UserError, match="no junifer storage"):
        junifer.read(path)
