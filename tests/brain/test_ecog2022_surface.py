"""The responses derived at vertices of the cortical surface: where they are, what they are, and what is refused."""

import nibabel
import numpy as np
import pytest
import scipy.io
import xarray as xr

from conftest import SHARED
from helpers.brain import ecog2022, ecog2022_surface, fsaverage
from helpers.errors import UserError
from helpers.study import Study
from helpers.study.params import Parameters
from helpers.text import labellers

FOLDER = SHARED / "ecog2022"
RELIABLE = [1, 2, 3, 4, 6, 7, 10, 11, 14, 15]


@pytest.fixture(scope="module")
def study() -> Study:
    entry = {"name": "silero", "family": "silero"}
    return Study(Parameters(name="surface", dataset="ecog2022_surface", data_dir=str(FOLDER), models=[entry]))


@pytest.fixture(scope="module")
def voxels(study) -> xr.DataArray:
    return study.responses("voxels")


def by_hand(numbers: list[int], side: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices, and each sound's response there (sound, vertex), computed in another order and from the bare bytes."""
    content = scipy.io.loadmat(FOLDER / ecog2022.COMPONENT_FILE)
    times = content["t"].ravel()
    inside = (times > 0.1 - 1e-9) & (times < 2.2 - 1e-9)
    means = content["R"].astype(np.float64)[:, inside].sum(1) / inside.sum()
    files = [FOLDER / ecog2022_surface.WEIGHT_FOLDER / f"comp{n}_{side}.mgh" for n in range(1, 16)]
    maps = np.array([np.frombuffer(file.read_bytes()[284 : 284 + 4 * 10_242], ">f4") for file in files], np.float64)
    known = np.flatnonzero(~np.isnan(maps).any(0))
    return known, sum(np.outer(means[:, n - 1], maps[n - 1, known]) for n in numbers)


def test_720_vertices_on_the_left_and_752_on_the_right(voxels):
    assert dict(voxels.sizes) == {"sound": 165, "target": 1472}
    assert [(voxels["hemisphere"] == side).sum().item() for side in ("lh", "rh")] == [720, 752]
    assert voxels["vertex"].max() < fsaverage.N_VERTICES and not {"subject", "region"} & set(voxels.coords)
    assert voxels.target.values[0] == f"lh-{int(voxels['vertex'][0])}"


def test_values_are_mean_components_times_their_weights(study, voxels):
    everything = ecog2022_surface.open(str(FOLDER), 0, numbers=range(1, 16)).responses["voxels"]
    times = everything["time"].values
    everything = everything.isel(time=(times > 0.1 - 1e-9) & (times < 2.2 - 1e-9)).mean("time")
    order = scipy.io.loadmat(FOLDER / ecog2022.COMPONENT_FILE)["stim_names"].ravel()
    order = [name.item().removesuffix(".wav") for name in order]
    for numbers, found in ((RELIABLE, voxels), (range(1, 16), everything)):
        for side in ("lh", "rh"):
            vertices, values = by_hand(list(numbers), side)
            own = found.sel(sound=order, target=found["hemisphere"] == side)
            np.testing.assert_array_equal(own["vertex"], vertices)
            np.testing.assert_allclose(own.values, values, rtol=0, atol=1e-12)
    assert np.abs(everything - voxels).max() > 0.1


def test_the_ten_reliable_components_are_the_default_and_stand_beside(study):
    assert ecog2022_surface.reliable(FOLDER / ecog2022_surface.RELIABILITY_FILE) == RELIABLE
    names = [f"ecog{number}" for number in RELIABLE]
    assert study.responses("components").target.values.tolist() == names
    assert np.linalg.matrix_rank(study.responses("voxels").values) == 10
    for wrong in ([0, 1], [1, 16], [2, 2], []):
        with pytest.raises(UserError, match="expected different numbers from 1 to 15"):
            ecog2022_surface.open(str(FOLDER), 0, numbers=wrong)


def test_places_on_the_flat_map_are_those_of_the_flat_surface_turned(voxels):
    for side in ("lh", "rh"):
        own = voxels.sel(target=voxels["hemisphere"] == side)
        places, vertices = np.c_[own["x"], own["y"]], own["vertex"].values
        flat = fsaverage.mesh(side, fsaverage.FLAT).points[vertices, :2]
        one, other = places - places[0], flat - flat[0]
        np.testing.assert_allclose(one @ one.T, other @ other.T, atol=1e-8)  # turned and moved, nothing else
        height = fsaverage.mesh(side).points[vertices, 2]
        front = fsaverage.mesh(side).points[vertices, 1] * (-1 if side == "lh" else 1)
        assert np.corrcoef(places[:, 1], height)[0, 1] > 0.8 and np.corrcoef(places[:, 0], front)[0, 1] > 0.8


def test_derived_is_said_in_label_citation_and_banner(study):
    assert not study.brain.synthetic
    assert "real-derived, not measured" in study.brain.provenance["citation"]
    for language, word in (("en", "derived"), ("es", "derivad")):
        assert word in labellers()[language].name("dataset", "ecog2022_surface")
        assert word in study.banner().pieces[language].lower()


def test_changed_files_are_refused(tmp_path):
    name = f"{ecog2022_surface.WEIGHT_FOLDER}/comp3_rh.mgh"
    for path in (path for path in FOLDER.rglob("*") if path.is_file()):
        copy = tmp_path / path.relative_to(FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.symlink_to(path)
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes((FOLDER / name).read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match=rf"found {name} changed"):
        ecog2022_surface.open(str(tmp_path), 0)


def test_files_of_another_kind_are_refused(tmp_path):
    small = nibabel.MGHImage(np.zeros((100, 1, 1), np.float32), np.eye(4))
    nibabel.save(small, tmp_path / "comp1_lh.mgh")
    with pytest.raises(UserError, match=r"comp1_lh.mgh: not the published file .shape \(100, 1, 1\)"):
        ecog2022_surface.read_weights(tmp_path)
    (tmp_path / "comp1_lh.mgh").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"comp1_lh.mgh: not the published file"):
        ecog2022_surface.read_weights(tmp_path)
    scipy.io.savemat(tmp_path / "other.mat", {"component_numbers": [1, 99]})
    with pytest.raises(UserError, match=r"other.mat: not the published file"):
        ecog2022_surface.reliable(tmp_path / "other.mat")


def test_missing_meshes_are_named(monkeypatch):
    def absent(package):
        raise ModuleNotFoundError(f"No module named '{package}'")

    monkeypatch.setattr(fsaverage, "files", absent)
    with pytest.raises(UserError, match=r"found no infl_left.gii.gz .*install the version of nilearn"):
        fsaverage.mesh.__wrapped__("lh")
