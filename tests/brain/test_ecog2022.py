"""The intracranial responses: read as published, averaged over a window, equal to the known numbers."""

import shutil

import numpy as np
import pytest
import scipy.io
import xarray as xr

from conftest import SHARED
from helpers import encoding
from helpers.brain import ecog2022
from helpers.errors import UserError
from helpers.study import Study
from helpers.study.params import Parameters

FOLDER = SHARED / "ecog2022"
COMPONENTS = [.42, .54, .26, .57, .31, .63, .56, .67, .43, .45, .23, .65, .26, .24, .48]  # fmt: skip
ELECTRODES = {"music_electrodes": 0.46, "song_electrodes": 0.41, "speech_electrodes": 0.45}
NETWORKS = [  # what each network's best layer predicts: the first trial's number, and how far from it this one may be
    ("resemblyzer", {}, "speech_electrodes", 0.60, 0.03),
    ("resemblyzer", {}, "music_electrodes", 0.43, 0.03),
    ("musicnn", {"network": "MSD_vgg", "pooling": "max"}, "speech_electrodes", 0.61, 0.03),
    ("musicnn", {"network": "MSD_vgg", "pooling": "max"}, "music_electrodes", 0.64, 0.03),
]


@pytest.fixture(scope="module")
def study() -> Study:
    entry = {"name": "silero", "family": "silero"}
    return Study(Parameters(name="ecog", dataset="ecog2022", data_dir=str(FOLDER), models=[entry]))


@pytest.fixture(scope="module")
def features(study) -> list[xr.DataArray]:
    """The authors' acoustic features side by side (165 sounds, 69), z-scored, in the order of the sounds."""
    content = scipy.io.loadmat(FOLDER / "data" / "acoustic_features.mat")
    values = np.concatenate([content["F_coch"], content["F_mod"].reshape(165, -1)], 1)
    stimuli = ecog2022.read_components(FOLDER / ecog2022.COMPONENT_FILE)[1]
    values = (values - values.mean(0)) / values.std(0)
    return [xr.DataArray(values, {"sound": stimuli, "layer": 1}, ("sound", "unit"))]


def test_shapes_names_and_times(study):
    components, electrodes = (study.brain.responses[kind] for kind in ("components", "electrodes"))
    assert dict(components.sizes) == {"sound": 165, "target": 15, "time": 75}
    assert dict(electrodes.sizes) == {"sound": 165, "target": 32, "time": 300}
    assert float(components.time[-1]) == pytest.approx(2.96) and float(electrodes.time[-1]) == pytest.approx(2.99)
    groups, counts = np.unique(electrodes["group"], return_counts=True)
    assert dict(zip(groups, counts, strict=True)) == {
        "music_electrodes": 11, "song_electrodes": 6, "speech_electrodes": 15,
    }  # fmt: skip
    assert not study.brain.synthetic


def test_the_electrode_that_is_published_twice_is_there_once(study):
    values = study.brain.responses["electrodes"].values.transpose(1, 0, 2).reshape(32, -1)
    assert len(np.unique(values.round(12), axis=0)) == 32


def test_acoustic_features_predict_what_is_known(study, features):
    scores = encoding.score(features, study.responses("components"), study.splits)
    np.testing.assert_allclose(scores["r2_pearson"].median("split")[0], COMPONENTS, atol=0.0051)
    scores = encoding.score(features, study.responses("electrodes"), study.splits)
    medians = scores["r2_pearson"].median("split")[0].groupby("group").median()
    for group, known in ELECTRODES.items():
        assert float(medians.sel(group=group)) == pytest.approx(known, abs=0.0101)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["resemblyzer", "musicnn"])
def test_trained_networks_predict_electrodes_as_in_the_first_trial(tmp_path, family):
    ours = [each for each in NETWORKS if each[0] == family]
    entry = {"name": "trained", "family": family} | ours[0][1]
    study = Study(Parameters(name="ecog", dataset="ecog2022", data_dir=str(FOLDER), models=[entry]), outputs=tmp_path)
    scores = encoding.score(study.features("trained"), study.responses("electrodes"), study.splits)
    best = scores["r2_pearson"].median("split").max("layer").groupby("group").median()
    for _, _, group, known, distance in ours:
        assert float(best.sel(group=group)) == pytest.approx(known, abs=distance), group


def test_the_window_is_the_study_s(study):
    whole = study.brain.responses["components"]
    inside = (whole.time > 0.09) & (whole.time < 2.19)
    xr.testing.assert_allclose(study.responses("components"), whole[..., inside].mean("time"))
    early = Study(study.parameters.model_copy(update={"window": [0.0, 0.5]}))
    assert not np.allclose(early.responses("components"), study.responses("components"))
    none = Study(study.parameters.model_copy(update={"window": [5.0, 6.0]}))
    with pytest.raises(UserError, match=r"window: found 5 to 6 s, but components have times from 0 to 2.96 s"):
        none.responses("components")


def test_a_changed_and_a_missing_file_are_named(tmp_path):
    shutil.copytree(FOLDER / "data", tmp_path / "data")
    changed = tmp_path / ecog2022.COMPONENT_FILE
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match=r"found data/ecog_component_responses.mat changed"):
        ecog2022.verify(tmp_path)
    changed.parent.chmod(0o755)
    changed.unlink()
    with pytest.raises(UserError, match=r"found data/ecog_component_responses.mat missing"):
        ecog2022.verify(tmp_path)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "other.mat"
    scipy.io.savemat(path, {"R": np.ones((3, 4, 5)), "t": np.arange(4), "stim_names": np.array(["a", "b", "c"])})
    with pytest.raises(UserError, match=r"not the published file .R has the shape \(3, 4, 5\)"):
        ecog2022.read_components(path)
