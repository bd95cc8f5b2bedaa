"""The embedded study: sounds that differ as their categories do, and a brain whose planted truth can be recovered."""

from functools import cache

import numpy as np
import pytest
import xarray as xr
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score

from conftest import SHARED
from helpers import brain, encoding
from helpers.brain import demo
from helpers.brain.demo import acoustics, synthesis, voxels
from helpers.brain.nh2015 import COMPONENTS
from helpers.encoding import splits
from helpers.errors import UserError
from helpers.names import HEMISPHERES, REGIONS
from helpers.stimuli.sounds import RATE

TIME = np.arange(2 * RATE) / RATE


@pytest.fixture(scope="module")
def study():
    return brain.open("demo")


@cache
def mel_bank(n_bands):
    """Triangles (n_frequencies, n_bands) evenly spaced on the mel scale up to 12 kHz."""
    scale = 1127 * np.log(1 + acoustics.FREQUENCIES / 700)
    centres = np.linspace(scale[1], scale[-1], n_bands + 2)
    return np.maximum(0, 1 - np.abs(scale[:, None] - centres[1:-1]) / (centres[1] - centres[0]))


def mel(waveform, n_bands=128):
    """Log mel spectrogram (n_frames, n_bands) of a sound of equal level."""
    return np.log(acoustics._spectrogram(waveform / waveform.std()) @ mel_bank(n_bands) + 1e-5)


def heard(waveform):
    return dict(zip(COMPONENTS, acoustics.describe(waveform), strict=True))


# Made from a seed


def test_the_same_seed_gives_the_same_study_and_another_seed_another(study):
    again, other = brain.open("demo", seed=0), brain.open("demo", seed=1)
    same, different = [{"waveforms": made.waveforms} | made.responses for made in (again, other)]
    assert list(study.responses) == ["components", "voxels"]
    for name, array in ({"waveforms": study.waveforms} | study.responses).items():
        xr.testing.assert_identical(array, same[name])
        assert not np.array_equal(array.values, different[name].values)
    assert study.provenance["source"] != other.provenance["source"]


def test_it_is_called_synthetic_wherever_it_goes(study):
    assert study.synthetic and "Synthetic" in study.provenance["citation"]
    for data in (study.waveforms, *study.responses.values(), study.waveforms_at(16_000)):
        assert data.attrs["synthetic"] == "true"
    assert all(name.startswith("demo") for name in study.waveforms.sound.values)


def test_a_data_folder_is_refused_rather_than_ignored():
    with pytest.raises(UserError, match="found data_dir 'sounds', expected none"):
        brain.open("demo", "sounds")


# Sounds


def test_every_sound_has_the_same_level_and_soft_ends(study):
    levels = np.sqrt((study.waveforms**2).mean("sample"))
    np.testing.assert_allclose(levels, synthesis.RMS, rtol=1e-4)
    assert abs(study.waveforms.isel(sample=[0, -1])).max() < 1e-6
    assert abs(study.waveforms).max() < 1


def test_categories_can_be_told_apart_by_ear(study):
    """Spectrum and modulation, not labels: five kinds of sound are found again in sounds left out."""
    kinds = {"EngSpeech": "speech", "ForSpeech": "speech", "Music": "music", "Song": "song", "HumVoc": "voice"}
    labels = [kinds.get(name, "voice" if name == "AniVoc" else "thing") for name in study.waveforms.category.values]
    spectrograms = np.array([mel(waveform, 24) for waveform in study.waveforms.values])
    rates = np.log(np.abs(np.fft.rfft(spectrograms, axis=1)[:, 1:41:2]).mean(axis=2))
    features = np.hstack([spectrograms.mean(axis=1), rates, [acoustics.describe(w) for w in study.waveforms.values]])
    classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    accuracy = cross_val_score(classifier, features, labels, cv=folds, scoring="balanced_accuracy").mean()
    assert accuracy > 0.6  # chance is 0.2


def test_each_category_sounds_like_its_name(study):
    values = np.array([acoustics.describe(waveform) for waveform in study.waveforms.values])
    mean = xr.DataArray(values, {"sound": study.waveforms.category.values, "target": list(COMPONENTS)})
    mean = mean.groupby("sound").mean()
    is_speech = mean.sel(target="speech")
    assert is_speech.sel(sound=["EngSpeech", "ForSpeech"]).min() > 1.4 * is_speech.sel(sound="Music")
    voiced, unvoiced = ["Music", "Song", "EngSpeech", "ForSpeech"], ["HumNonVoc", "Nature", "EnvSound"]
    assert mean.sel(sound=voiced, target="pitch").min() > mean.sel(sound=unvoiced, target="pitch").max()
    musical = mean.sel(target="music")
    assert musical.sel(sound=["Music", "Song"]).min() > musical.drop_sel(sound=["Music", "Song"]).max()
    assert mean.sel(target="envsounds").idxmax("sound") == "HumNonVoc"


# Acoustics: each formula on a sound whose answer is known


def test_level_formulas_hear_low_and_high():
    low, high = heard(np.sin(2 * np.pi * 200 * TIME)), heard(np.sin(2 * np.pi * 5_000 * TIME))
    assert low["lowfreq"] == pytest.approx(0, abs=0.1) and high["lowfreq"] < -35
    assert high["highfreq"] == pytest.approx(0, abs=0.1) and low["highfreq"] < -35


def test_broadband_modulation_is_measured_as_its_depth():
    noise = np.random.default_rng(0).standard_normal(len(TIME))
    steady, beating = heard(noise), heard(noise * (1 + 0.8 * np.sin(2 * np.pi * 20 * TIME)))
    slow = heard(noise * (1 + 0.8 * np.sin(2 * np.pi * 3 * TIME)))
    assert beating["envsounds"] > 0.3 > steady["envsounds"]
    assert slow["envsounds"] == pytest.approx(steady["envsounds"], abs=0.05)


def test_pitch_music_and_speech_formulas_need_more_than_a_spectrum():
    rng = np.random.default_rng(0)
    steady = heard(synthesis.pulses(200.0) + 0.01 * rng.standard_normal(len(TIME)))
    melody = heard(
        synthesis.pulses(np.repeat(rng.permutation([150.0, 180.0, 200.0, 225.0, 270.0, 300.0, 340.0, 400.0]), 6_000))
    )
    noise = heard(rng.standard_normal(len(TIME)))
    assert steady["pitch"] > 0.95 and melody["pitch"] > 0.95 and noise["pitch"] < 0.7
    assert melody["music"] > 0.4 and steady["music"] < 0.1 and noise["music"] < 0.1
    assert max(sound["speech"] for sound in (steady, noise)) < 0.2


def test_silence_is_described_without_warnings():
    assert np.isfinite(acoustics.describe(np.r_[np.zeros(24_000), 0.1 * np.sin(TIME[:24_000] * 2_000)])).all()


@pytest.mark.skipif(not (SHARED / "nh2015").is_dir(), reason="no real data")
def test_on_real_sounds_each_formula_is_nearest_to_the_component_of_its_name():
    real = brain.open("nh2015_components", str(SHARED / "nh2015"))
    values = np.array([acoustics.describe(waveform) for waveform in real.waveforms.values])
    correlation = np.corrcoef(values.T, real.responses["components"].values.T)[:6, 6:]
    assert correlation.argmax(axis=0).tolist() == list(range(6))
    np.testing.assert_allclose(np.diag(correlation), [0.64, 0.69, 0.54, 0.68, 0.66, 0.48], atol=0.02)


# Components


def test_components_are_acoustics_plus_a_little_noise(study):
    values = np.array([acoustics.describe(waveform) for waveform in study.waveforms.values])
    for index, component in enumerate(COMPONENTS):
        r = np.corrcoef(values[:, index], study.responses["components"].sel(target=component))[0, 1]
        assert r**2 == pytest.approx(1 / (1 + demo.NOISE**2), abs=0.03)


def test_the_spectrum_predicts_low_and_high_but_not_what_lies_deeper(study):
    features = np.array([mel(waveform).mean(axis=0) for waveform in study.waveforms.values])
    features, names = features[:, features.std(axis=0) > 0], study.waveforms.sound.values.tolist()
    layer = xr.DataArray(features, {"layer": 1, "sound": names}, ("sound", "unit"))
    r2 = encoding.score([layer], study.responses["components"], splits.published(names), metrics=["r2_pearson"])
    r2 = r2["r2_pearson"].median("split").squeeze("layer")
    assert r2.sel(target=["lowfreq", "highfreq"]).min() > 0.5
    assert r2.sel(target=["pitch", "speech", "music"]).max() < 0.35


# Voxels


def test_voxels_lie_on_a_flat_map_with_every_region_in_every_hemisphere(study):
    one = study.responses["voxels"].isel(sound=0, repetition=0)
    table = one.drop_vars(["sound", "reliability"]).to_dataframe("value")
    for (_, hemisphere), part in table.groupby(["subject", "hemisphere"]):
        assert hemisphere in HEMISPHERES and set(part["region"]) == {*REGIONS, ""}
        assert not part.duplicated(["x", "y"]).any()
    assert sorted(table["subject"].unique()) == [f"S{n}" for n in range(1, 9)]
    assert table.groupby("subject").size().between(60, 100).all()
    assert not (table[["x", "y"]] % voxels.SPACING).any(axis=None)
    centre = table.groupby("region")[["x", "y"]].mean()
    assert centre.loc["Anterior", "x"] > 5 and centre.loc["Posterior", "x"] < -5 and centre.loc["Lateral", "y"] < -5
    assert (np.hypot(table["x"], table["y"])[table["region"] == "Primary"] <= voxels.CORE).all()


def test_repetitions_have_the_planted_reliability(study):
    responses = study.responses["voxels"]
    standard = (responses - responses.mean("sound")) / responses.std("sound")
    a, b, c = (standard.isel(repetition=k) for k in range(3))
    measured = ((a * b + a * c + b * c) / 3).mean("sound")
    planted = responses["reliability"]
    assert planted.min() >= 0.2 and planted.max() <= 0.8
    assert abs((measured - planted).mean()) < 0.01
    assert np.corrcoef(measured, planted)[0, 1] > 0.9


def test_planted_weights_are_recovered_from_the_voxels(study):
    planted = demo.weights(seed=0)
    assert planted.target.values.tolist() == study.responses["voxels"].target.values.tolist()
    known = study.responses["components"] - study.responses["components"].mean("sound")
    found = np.linalg.lstsq(known.values, study.responses["voxels"].mean("repetition").values)[0].T
    assert np.corrcoef(found.ravel(), planted.values.ravel())[0, 1] > 0.95
    by_region = planted.groupby("region").mean()
    assert by_region.sel(region="Anterior").idxmax("component") == "music"
    assert by_region.sel(region="Lateral").idxmax("component") == "speech"
    assert by_region.sel(region="Posterior").idxmax("component") == "envsounds"
    primary = planted.isel(target=planted["region"].values == "Primary")
    assert np.corrcoef(primary.x, primary.sel(component="highfreq") - primary.sel(component="lowfreq"))[0, 1] > 0.8
