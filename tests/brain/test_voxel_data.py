"""Voxels from packaged files: matched by name and id, counted where left out, refused where files disagree."""

import numpy as np
import pandas as pd
import pytest
import scipy.io

import written_voxels as written
from conftest import SHARED
from helpers import brain, encoding
from helpers.brain import nh2015, nh2015_rank6, packaged, published, tuckute2023
from helpers.encoding import splits
from helpers.errors import UserError
from helpers.store import files as storage

REAL = SHARED / "nh2015"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"no {REAL}")
N_VOXELS = 40


@pytest.fixture(scope="session")
def heard():
    """The real sounds and components, in their own order."""
    return nh2015.open(str(REAL), 0)


@pytest.fixture(scope="session")
def order(heard):
    """The order in which the written voxel files have the sounds: not the components' one."""
    names = heard.waveforms.sound.values.tolist()
    return np.random.default_rng(5).permutation(names).tolist()


@pytest.fixture(autouse=True)
def sounds_are_read_once(heard, monkeypatch):
    monkeypatch.setattr(nh2015, "open", lambda data_dir, seed: heard)


@pytest.fixture
def nh(tmp_path, order):
    """The folder, the path of its NH2015 files, and what was written into them."""
    contents = written.nh2015(tmp_path, order, N_VOXELS)
    return tmp_path, tmp_path / "data/neural/NH2015", *contents


@pytest.fixture
def b(tmp_path, order):
    contents = written.b2021(tmp_path, order, N_VOXELS)
    return tmp_path, tmp_path / "data/neural/B2021", *contents


def refused(folder, match, name="nh2015"):
    with pytest.raises(UserError, match=match) as error:
        brain.open(name, str(folder))
    return str(error.value)


def change(path, edit):
    array = np.load(path)
    np.save(path, edited if (edited := edit(array)) is not None else array)


# What is read


def test_every_response_is_found_by_sound_and_voxel(nh, order, heard):
    folder, _, responses, meta, regions = nh
    data = brain.open("nh2015", str(folder))
    assert data.waveforms.sound.values.tolist() == order != heard.waveforms.sound.values.tolist()
    voxels, components = data.responses["voxels"], data.responses["components"]
    assert voxels.shape == (165, N_VOXELS, 3)
    for sound in (0, 7, 164):
        for voxel in np.flatnonzero(meta["n_reps"] == 3)[[0, 11, -1]]:
            found = voxels.sel(sound=order[sound], target=str(meta["voxel_id"][voxel]))
            np.testing.assert_array_equal(found, responses[sound, voxel])
            row = regions[regions.voxel_id == meta["voxel_id"][voxel]].iloc[0]
            place = [found[name].item() for name in ("subject", "hemisphere", "x", "y")]
            assert place == [f"S{row.subj_idx}", row.hemi, row.x_ras, row.y_ras]
            assert found.region == ("" if pd.isna(row.roi_label_general) else row.roi_label_general)
    sound = "stim5_alarm_clock"
    np.testing.assert_array_equal(components.sel(sound=sound), heard.responses["components"].sel(sound=sound))
    np.testing.assert_array_equal(data.waveforms.sel(sound=sound), heard.waveforms.sel(sound=sound))
    assert components.sound.values.tolist() == order and tuple(components.target.values) == nh2015.COMPONENTS


def test_rows_of_the_region_table_in_another_order_change_nothing(nh):
    folder, inner, *_, regions = nh
    before = brain.open("nh2015", str(folder)).responses["voxels"]
    written.old_pickle(inner / "df_roi_meta.pkl", regions.sample(frac=1, random_state=0).reset_index(drop=True))
    assert brain.open("nh2015", str(folder)).responses["voxels"].identical(before)


def test_the_second_dataset_has_its_first_165_sounds_and_all_its_voxels(b, order):
    folder, _, responses, regions = b
    data = brain.open("b2021", str(folder))
    assert list(data.responses) == ["voxels"] and data.waveforms.sound.values.tolist() == order
    voxels = data.responses["voxels"]
    np.testing.assert_array_equal(voxels, responses[:165])
    assert voxels.target.values.tolist() == [str(voxel) for voxel in regions.voxel_id]
    assert voxels.region.values.tolist() == regions.roi_label_general.fillna("").tolist()
    assert "Boebinger" in data.provenance["citation"] and not sum(data.excluded.values())


def test_voxel_ids_may_stand_in_a_field_of_their_own(b):
    folder, inner, *_ = b
    before = brain.open("b2021", str(folder)).responses["voxels"]
    np.save(inner / "voxel_features_meta.npy", np.arange(N_VOXELS).astype([("voxel_id", "i8")]))
    assert brain.open("b2021", str(folder)).responses["voxels"].identical(before)


def with_functional_regions(regions):
    """The table with membership as whole numbers, decimals and booleans; a voxel may be in several."""
    numbers = np.arange(len(regions))
    columns = {"tonotopic": (numbers % 2).astype(int), "pitch": (numbers % 3 == 0).astype(float)}
    return regions.assign(**columns, music=numbers % 5 == 0, speech=np.nan)


def test_functional_regions_are_read_where_the_file_has_them(nh, b):
    folder, inner, *_, regions = nh
    assert "functional" not in brain.open("nh2015", str(folder)).responses["voxels"].coords
    written.old_pickle(inner / "df_roi_meta.pkl", with_functional_regions(regions))
    data = brain.open("nh2015", str(folder))
    assert data.responses["voxels"].functional.values[:7].tolist() == [
        "pitch/music", "tonotopic", "", "tonotopic/pitch", "", "tonotopic/music", "pitch",
    ]  # fmt: skip
    assert data.provenance["functional_regions"] == "df_roi_meta.pkl"
    written.old_pickle(b[1] / "df_roi_meta.pkl", with_functional_regions(b[3]), rows="numbers")
    assert brain.open("b2021", str(b[0])).responses["voxels"].functional.values[3] == "tonotopic/pitch"


def test_a_functional_region_has_voxels_inside_and_outside_and_nothing_else(nh):
    folder, inner, *_, regions = nh
    written.old_pickle(inner / "df_roi_meta.pkl", with_functional_regions(regions).assign(tonotopic=2))
    refused(folder, "df_roi_meta.pkl: found 2 in tonotopic, expected 1 in this functional region, 0 outside it")


def test_functional_regions_of_the_same_voxels_are_those_published_with_other_networks(nh):
    folder, inner, _, meta, regions = nh
    known = published.real_voxels.table().iloc[100 : 100 + N_VOXELS].reset_index(drop=True)
    repeated = meta["n_reps"] == 3
    same = regions.assign(**{name: known[name].astype(int) for name in ("voxel_id", "subj_idx", "x_ras", "y_ras")})
    same["hemi"] = known["hemi"].astype(object)
    for name in ("voxel_id", "subj_idx", "x_ras", "y_ras"):
        meta[name][repeated] = same[name]
    meta["hemi"][repeated] = same["hemi"].to_numpy("S2")
    np.save(inner / "voxel_features_meta.npy", meta)
    written.old_pickle(inner / "df_roi_meta.pkl", same)
    data = brain.open("nh2015", str(folder))
    np.testing.assert_array_equal(
        data.responses["voxels"].functional, published.real_voxels.voxels().functional[100 : 100 + N_VOXELS]
    )
    assert data.provenance["functional_regions"] == "Feather, Leclerc, Madry & McDermott 2023"
    elsewhere = same.assign(x_ras=same["x_ras"] + (np.arange(N_VOXELS) == 7))
    meta["x_ras"][repeated] = elsewhere["x_ras"]
    np.save(inner / "voxel_features_meta.npy", meta)
    written.old_pickle(inner / "df_roi_meta.pkl", elsewhere)
    assert "functional" not in brain.open("nh2015", str(folder)).responses["voxels"].coords


def test_the_environment_says_where(nh, monkeypatch):
    monkeypatch.setenv(tuckute2023.FOLDER_VARIABLE, str(nh[0]))
    assert brain.open("nh2015").responses["voxels"].sizes["target"] == N_VOXELS


def test_the_full_path_to_scores(nh, order):
    voxels = brain.open("nh2015", str(nh[0])).responses["voxels"]
    features = voxels.isel(target=slice(5)).mean("repetition").drop_vars(["subject", "hemisphere", "region", "x", "y"])
    layer = features.rename(target="unit").assign_coords(layer=1)
    scores = encoding.score([layer], voxels, splits.published(order, 2))
    found = scores.r2_corrected.median("split").sel(layer=1)
    assert found.isel(target=slice(5)).min() > 0.5 > found.isel(target=slice(5, None)).median()
    assert scores.region.values.tolist() == voxels.region.values.tolist()


def test_the_reconstruction_is_components_times_weights_and_says_what_it_is(heard):
    data = brain.open("nh2015_rank6", str(REAL))
    voxels = data.responses["voxels"]
    content = scipy.io.loadmat(REAL / nh2015.COMPONENT_FILE)
    np.testing.assert_allclose(voxels, content["R"] @ content["W"], atol=1e-15)
    assert voxels.dims == ("sound", "target") and voxels.sizes["target"] == 11_065
    assert np.linalg.matrix_rank(voxels.values) == 6
    assert "rank-6 reconstruction" in data.provenance["citation"] and "not measured" in data.provenance["citation"]
    assert np.isnan(voxels.x).all() and set(voxels.subject.values) == {"pooled"}
    layer = heard.responses["components"].drop_vars("group").rename(target="unit").assign_coords(layer=1)
    some = voxels.isel(target=slice(0, None, 500))
    scores = encoding.score([layer], some, splits.published(some.sound.values.tolist(), 2))
    assert scores.r2_pearson.min() > 0.99 and "r2_corrected" not in scores


def test_a_component_file_without_weights_is_named(tmp_path):
    scipy.io.savemat(tmp_path / "components.mat", {"R": np.zeros((165, 6))})
    with pytest.raises(UserError, match="not the published component file"):
        nh2015_rank6.read_weights(tmp_path / "components.mat")


# What is left out, and counted


def test_unusable_voxels_are_left_out_and_counted_once_each(nh):
    folder, inner, _, meta, _ = nh
    repeated = np.flatnonzero(meta["n_reps"] == 3)

    def damage(responses):
        responses[3, repeated[0], 1] = np.nan
        responses[:, repeated[1], :] = np.inf
        responses[:, repeated[2], :] = 1.5  # constant, and identical: counted as constant
        responses[:, repeated[3], 2] = 0
        responses[:, repeated[4], 2] = responses[:, repeated[4], 0]
        responses[:, repeated[5], :] = responses[:, repeated[5], :1]

    change(inner / "voxel_features_array.npy", damage)
    data = brain.open("nh2015", str(folder))
    assert data.excluded == {"few_repetitions": written.N_FEW, "not_finite": 2, "constant": 2, "identical": 2}
    assert set(data.excluded) == set(brain.base.EXCLUSIONS)
    kept = [str(voxel) for voxel in meta["voxel_id"][repeated[6:]]]
    assert data.responses["voxels"].target.values.tolist() == kept


def test_nothing_left_is_an_error(nh):
    folder, inner, *_ = nh
    change(inner / "voxel_features_array.npy", lambda responses: np.zeros_like(responses))
    refused(folder, "no voxel that can be used .*40: the same response to all sounds")


def test_close_is_not_identical():
    responses = np.random.default_rng(0).standard_normal((9, 4, 3))
    responses[:, 0, 1] = responses[:, 0, 0] + 1e-12
    assert not any(applies.any() for applies in packaged.unusable(responses).values())


# What is refused


def test_missing_files_say_how_to_get_them(tmp_path):
    message = refused(tmp_path, "no NH2015 voxels: found no data/neural/NH2015/neural_stim_meta.npy")
    assert "python -m helpers fetch voxels" in message and tuckute2023.FOLDER_VARIABLE in message
    refused(tmp_path, "no B2021 voxels", "b2021")


@pytest.mark.parametrize(
    ("file", "edit", "counts"),
    [
        ("voxel_features_array.npy", lambda a: a[:, 1:], (43, 44, 40, 40)),
        ("voxel_features_meta.npy", lambda a: a[a["n_reps"] != 1], (44, 42, 40, 40)),
    ],
)
def test_other_numbers_of_voxels_are_refused_with_the_three_counts(nh, file, edit, counts):
    folder, inner, *_ = nh
    change(inner / file, edit)
    array, listed, repeated, regions = counts
    refused(
        folder,
        rf"found {array} voxels in voxel_features_array.npy, {listed} in voxel_features_meta.npy \({repeated} with "
        rf"3 repetitions\) and {regions} in df_roi_meta.pkl",
    )


def test_a_region_table_of_other_length_is_refused(nh):
    folder, inner, *_, regions = nh
    written.old_pickle(inner / "df_roi_meta.pkl", regions[:-2].copy())
    refused(folder, r"44 in voxel_features_meta.npy \(40 with 3 repetitions\) and 38 in df_roi_meta.pkl")


def test_voxels_that_do_not_match_are_named(nh, b):
    folder, inner, *_, regions = nh
    other = regions.assign(voxel_id=regions.voxel_id.replace(regions.voxel_id[3], 77))
    written.old_pickle(inner / "df_roi_meta.pkl", other)
    refused(folder, rf"voxel_id {regions.voxel_id[3]} in voxel_features_meta.npy but not .* and 77 the other way")
    written.old_pickle(inner / "df_roi_meta.pkl", regions.assign(voxel_id=regions.voxel_id[0]))
    refused(folder, rf"df_roi_meta.pkl: found voxel_id {regions.voxel_id[0]}, .* more than once")
    written.old_pickle(inner / "df_roi_meta.pkl", regions.assign(x_ras=regions.x_ras.to_numpy()[::-1].copy()))
    refused(folder, "x_ras of voxel_id .* not equal in voxel_features_meta.npy and df_roi_meta.pkl")
    np.save(b[1] / "voxel_features_meta.npy", np.arange(N_VOXELS) + 1)
    refused(b[0], "voxel_id 40 in voxel_features_meta.npy but not in df_roi_meta.pkl, and 0 the other way", "b2021")


def test_regions_are_called_as_in_the_file(nh):
    folder, inner, *_, regions = nh
    before = brain.open("nh2015", str(folder)).responses["voxels"].region.values
    written.old_pickle(inner / "df_roi_meta.pkl", regions.replace({"roi_label_general": {"Primary": "TE1.0"}}))
    after = brain.open("nh2015", str(folder)).responses["voxels"].region.values
    assert "Primary" in before and after.tolist() == np.where(before == "Primary", "TE1.0", before).tolist()


def test_unknown_hemispheres_are_named(b):
    folder, inner, *_, regions = b
    written.old_pickle(inner / "df_roi_meta.pkl", regions.replace({"hemi": {"lh": "left"}}))
    refused(folder, "dataset 'b2021': found hemisphere left in its voxels, expected one of", "b2021")


def test_missing_columns_are_named(nh):
    folder, inner, *_, regions = nh
    written.old_pickle(inner / "df_roi_meta.pkl", regions.drop(columns="roi_label_general"))
    refused(folder, "df_roi_meta.pkl: found the columns .*, expected also roi_label_general")
    written.old_pickle(inner / "df_roi_meta.pkl", regions)
    change(inner / "voxel_features_meta.npy", lambda meta: meta[["voxel_id", "hemi"]])
    refused(folder, "voxel_features_meta.npy: found the fields voxel_id, hemi, expected .*n_reps")


def test_a_pickle_that_asks_for_more_is_named(nh, tmp_path):
    folder, inner, *_ = nh
    written.write(inner / "df_roi_meta.pkl", written.Made(written.Name("os", "system"), (f"touch {tmp_path}/ran",)))
    refused(folder, r"df_roi_meta\.pkl asks for os\.system, which is not allowed")
    assert not (tmp_path / "ran").exists()


def test_objects_in_an_array_are_not_unpickled(nh):
    folder, inner, *_ = nh
    np.save(inner / "neural_stim_meta.npy", np.array([print, "a"], object), allow_pickle=True)
    refused(folder, "neural_stim_meta.npy: found no plain numpy array")
    (inner / "neural_stim_meta.npy").write_bytes(b"\x93NUMPY cut off")
    refused(folder, "neural_stim_meta.npy: found no plain numpy array")
    np.save(inner / "neural_stim_meta.npy", np.arange(165))
    refused(folder, "neural_stim_meta.npy: found the fields")


def test_sounds_that_are_not_the_165_are_named(nh, b):
    folder, inner, *_ = nh

    def rename(stimuli):
        stimuli["filename"][0] = b"stim999_other.wav"

    absent = np.load(inner / "neural_stim_meta.npy")["filename"][0].decode().removesuffix(".wav")
    change(inner / "neural_stim_meta.npy", rename)
    refused(
        folder, f"neural_stim_meta.npy: found 165 sounds, unknown: stim999_other, missing: {absent}, expected the 165"
    )
    change(inner / "neural_stim_meta.npy", lambda stimuli: stimuli[1:])
    refused(folder, f"found 164 sounds, unknown: none, missing: {absent}")
    cells = np.array([[np.array(["stim1_other"])]], object)
    scipy.io.savemat(b[1] / "stim_info_v4.mat", {"stim_info": {"stim_names": cells}})
    refused(b[0], r"stim_info_v4.mat: found 1 sounds, unknown: stim1_other", "b2021")
    scipy.io.savemat(b[1] / "stim_info_v4.mat", {"other": 1})
    refused(b[0], r"stim_info_v4.mat: found no list of sounds", "b2021")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda a: a[:164], "found 164 sounds, expected one row for each of 165"),
        (lambda a: np.concatenate([a, a[:1]]), "found 166 sounds"),
        (lambda a: a[..., :2], r"found float64 values of shape \(165, 44, 2\)"),
        (lambda a: a.astype(complex), "found complex128"),
    ],
)
def test_arrays_of_another_shape_are_refused(nh, edit, message):
    folder, inner, *_ = nh
    change(inner / "voxel_features_array.npy", edit)
    refused(folder, f"voxel_features_array.npy: {message}")


def test_files_that_changed_since_the_download_are_named(nh):
    folder, inner, *_ = nh
    lines = [f"{'0' * 64}  {tuckute2023.TAR}"]
    lines += [f"{storage.sha256(folder / name)}  {name}" for name in tuckute2023.files("NH2015")]
    (folder / f"{tuckute2023.TAR}.sha256").write_text("\n".join(lines))
    before = brain.open("nh2015", str(folder))
    change(inner / "voxel_features_array.npy", lambda responses: responses + 1)
    refused(folder, "found other content in data/neural/NH2015/voxel_features_array.npy, expected what was downloaded")
    (folder / f"{tuckute2023.TAR}.sha256").unlink()
    after = brain.open("nh2015", str(folder))
    assert before.provenance["voxels"]["checksums"] != after.provenance["voxels"]["checksums"]
