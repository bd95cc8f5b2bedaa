"""Baselines: filters have the properties they are defined by, features are what is known of the real sounds."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.io
import torch

from conftest import SHARED
from helpers import brain, encoding, models
from helpers.encoding import splits
from helpers.errors import UserError
from helpers.models import ModelEntry, spectrogram
from helpers.models.base import layer_of
from helpers.models.baselines import cochlea
from helpers.models.baselines.cochlea import Cochleagram
from helpers.models.baselines.modulation import directed, spectral, temporal
from helpers.models.baselines.spectrotemporal import Spectrotemporal
from helpers.stimuli import sounds

COCHLEAR = [("spectrotemporal", {}), ("spectrotemporal", {"size": "small"}), ("cochleagram", {})]
TWO_SECONDS = 40_000  # samples at 20 kHz


def opened(family, waveforms, **settings):
    entry = ModelEntry(name="baseline", family=family, **settings)
    return models.open(entry, SimpleNamespace(waveforms_at=lambda rate: waveforms), SHARED, 0)


def of(family, *waveforms, **settings):
    """The features (sound, unit) of some waveforms of any lengths at the family's rate."""
    named = {f"s{index}": np.asarray(one, np.float32) for index, one in enumerate(waveforms)}
    rate = models.FAMILIES[family].RATE
    made = sounds.labelled(named, dict.fromkeys(named, "Music"), rate)
    (layer,) = opened(family, made, **settings).activations(1)
    return layer.values


def noise(n_samples, seed=0, level=0.1):
    return level * np.random.default_rng(seed).standard_normal(n_samples)


# Cochlear filters


@pytest.mark.parametrize("n_samples", [TWO_SECONDS, 40_001, 9000])
def test_cochlear_filters(n_samples):
    gains = cochlea.filters(n_samples, 20_000, 50, 50, 10_000, 4)
    assert gains.shape == (211, n_samples // 2 + 1) == (Cochleagram.N_CHANNELS, n_samples // 2 + 1)
    assert gains.min() >= 0 and gains.max() <= 0.5 + 1e-12  # so that four times as many have the same power
    np.testing.assert_allclose((gains**2).sum(0), 1, atol=1e-12)
    frequencies = np.fft.rfftfreq(n_samples, 1 / 20_000)
    peaks = frequencies[gains[4:-4].argmax(1)]  # of the bands
    assert np.abs(peaks - cochlea.hertz_of(cochlea.centres(50, 50, 10_000, 4))).max() <= frequencies[1]
    assert (gains[:4, 0] == 0.5).all() and (gains[4:, 0] < 0.35).all()


def test_erb_scale():
    """An ERB of Glasberg & Moore is 24.7 (4.37 kHz + 1) Hz wide; the scale is the inverse of itself."""
    hertz = np.array([50.0, 1000, 8000])
    np.testing.assert_allclose(cochlea.hertz_of(cochlea.erb_of(hertz)), hertz)
    width = 2e-3 / (cochlea.erb_of(hertz + 1e-3) - cochlea.erb_of(hertz - 1e-3))
    np.testing.assert_allclose(width, 24.7 * (4.37 * hertz / 1000 + 1), rtol=2e-3)


def test_cochleagram_of_two_seconds():
    coch = Cochleagram(TWO_SECONDS)(torch.from_numpy(noise(TWO_SECONDS)))
    assert coch.shape == (211, 390) and Cochleagram.n_frames(TWO_SECONDS) == 390
    assert float(cochlea.lowpass(100).sum()) == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("hertz", [200, 1000, 4000])
def test_a_tone_is_loudest_in_its_channel_and_as_loud_as_computed(hertz):
    """A tone's envelope in the filter at its frequency is amplitude * gain / 2."""
    tone = np.sqrt(2) * 0.1 * np.sin(2 * np.pi * hertz * np.arange(TWO_SECONDS) / 20_000)
    found = Cochleagram(TWO_SECONDS)(torch.from_numpy(tone)).numpy()[:, 100:300]
    gains = cochlea.filters(TWO_SECONDS, 20_000, 50, 50, 10_000, 4)[:, 2 * hertz]
    assert abs(int(found.mean(1).argmax()) - int(gains.argmax())) <= 1
    expected = (np.sqrt(2) * 0.1 * gains.max() / 2 * cochlea.lowpass(100).sum() + 1e-8) ** 0.3
    np.testing.assert_allclose(found[gains.argmax()], expected, rtol=1e-3)


# Modulation filters

RATES, SCALES = Spectrotemporal.RATES, Spectrotemporal.SCALES


@pytest.mark.parametrize("rate", RATES)
def test_temporal_filters(rate):
    transfer = temporal(rate, 390, 1170, 200, highpass=rate == 64)
    gains, frequencies = np.abs(transfer), np.fft.rfftfreq(1170, 1 / 200)
    assert gains.shape == (586,) and gains.max() == pytest.approx(1)
    if rate == 0:
        assert gains[0] == 1 and not gains[1:].any()
        return
    assert gains[0] < 1e-12  # nothing constant
    if rate == 64:
        assert (gains[gains.argmax() :] > 1 - 1e-12).all()
    else:
        assert 0.75 * rate < frequencies[gains.argmax()] < 1.15 * rate + frequencies[1]
    causal = np.fft.irfft(temporal(rate, 390, 1170, 200))
    assert np.abs(causal[390:]).max() < 1e-9 * np.abs(causal).max()


def test_rates_are_octaves_apart_in_the_response_too():
    slow, fast = (np.fft.irfft(temporal(rate, 390, 1170, 200))[:390] for rate in (4, 8))
    slow, fast = (one - one[-1] for one in (slow, fast))  # the mean that was removed
    np.testing.assert_allclose(slow[:200:2] / slow.max(), fast[:100] / fast.max(), atol=0.02)


@pytest.mark.parametrize("scale", SCALES)
def test_spectral_filters(scale):
    gains, frequencies = spectral(scale, 422, 6, highpass=scale == 2), np.fft.fftfreq(422, 1 / 6)
    assert gains.shape == (422,) and gains.max() == pytest.approx(1)
    np.testing.assert_array_equal(gains[1:], gains[:0:-1])  # symmetric, so the filter is real
    if scale == 0:
        assert gains[0] == 1 and not gains[1:].any()
        return
    assert gains[0] == 0
    assert abs(abs(frequencies[gains.argmax()]) - scale) <= frequencies[1]
    if scale == 2:
        assert (gains[np.abs(frequencies) > 2.01] == 1).all()


def test_directions_share_nothing_but_what_has_none():
    for n in (422, 421):
        up, down = directed(n, 1), directed(n, -1)
        shared = np.flatnonzero(up & down).tolist()
        assert (up | down).all() and shared == ([0, n // 2] if n % 2 == 0 else [0])
        assert np.fft.fftfreq(n)[up & ~down].min() > 0 > np.fft.fftfreq(n)[down & ~up].max()


# The full model


def by_the_definition(cochleagram, rate, scale, sign):
    """One filter's output power, with whole two-dimensional transforms and every quadrant written out."""
    n_channels, n_frames = cochleagram.shape
    half = temporal(rate, n_frames, 3 * n_frames, 200, highpass=rate == 64)
    in_time = np.concatenate([half, half[1:-1][::-1].conj()])
    transfer = np.outer(spectral(scale, 2 * n_channels, 6, highpass=scale == 2), in_time)
    over, along = np.meshgrid(np.fft.fftfreq(2 * n_channels), np.fft.fftfreq(3 * n_frames), indexing="ij")
    no_direction = (over == 0) | (along == 0) | (over == -0.5) | (along == -0.5)
    if rate and scale:
        transfer = np.where(no_direction | (np.sign(over) * np.sign(along) == sign), transfer, 0)
    filtered = np.fft.ifft2(np.fft.fft2(cochleagram, transfer.shape) * transfer)[:n_channels, :n_frames].real
    return np.maximum(filtered**2, 1e-8).mean(1)


def test_the_full_model_is_its_definition():
    model = Spectrotemporal(TWO_SECONDS)
    wave = noise(TWO_SECONDS) * (1 + np.sin(2 * np.pi * 4 * np.arange(TWO_SECONDS) / 20_000))
    coch = 100 * model.cochleagram(torch.from_numpy(wave))
    found = model.from_cochleagram(coch).numpy().reshape(111, 211)
    filters = [(rate, scale, -1) for scale in SCALES for rate in RATES]
    filters += [(rate, scale, 1) for scale in SCALES[1:] for rate in RATES[1:]]
    assert len(filters) == model.N_FILTERS == 111 and found.size == model.N_UNITS == 23_421
    for index in (0, 1, 4, 8, 9, 13, 40, 62, 63, 75, 110):
        expected = by_the_definition(coch.numpy().astype(float), *filters[index])
        np.testing.assert_allclose(found[index], expected, rtol=2e-4, atol=1e-6 * expected.max())


def test_a_ripple_has_its_power_at_its_rate_and_scale_in_its_direction():
    """4 Hz and 0.25 cycles per ERB: rising, then falling."""
    model = Spectrotemporal(TWO_SECONDS)
    channel, time = np.mgrid[:211, :390]
    ripples = [np.cos(2 * np.pi * (4 * time / 200 - sign * 0.25 * channel / 6)) for sign in (1, -1)]
    powers = [model.from_cochleagram(torch.from_numpy(one).float()).reshape(111, 211).mean(1) for one in ripples]
    rising, falling = 3 * 9 + 4, 63 + 2 * 8 + 3
    assert [int(power.argmax()) for power in powers] == [rising, falling]
    assert powers[0][rising] > 20 * powers[0][falling] and powers[1][falling] > 20 * powers[1][rising]


@pytest.mark.parametrize(("family", "settings"), [("spectrotemporal", {}), ("cochleagram", {})])
def test_loudness_and_offset_do_not_matter(family, settings):
    wave = noise(12_000)
    found = of(family, wave, 7 * wave, 0.001 * wave, wave + 0.2, **settings)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=2e-3, atol=1e-8)


@pytest.mark.parametrize(
    ("family", "settings"),
    [("spectrotemporal", {}), ("spectrotemporal", {"size": "small"}), ("cochleagram", {}), ("mel", {})],
)
def test_features_are_finite_for_silence_and_depend_on_no_other_sound(family, settings):
    quiet, wave = np.zeros(9000), noise(12_000)
    both = of(family, quiet, wave, **settings)
    assert np.isfinite(both).all() and both.dtype == np.float32
    np.testing.assert_array_equal(both[0], of(family, quiet, **settings)[0])
    np.testing.assert_array_equal(both[1], of(family, noise(8000, 1), wave, noise(30_000, 2), **settings)[1])


@pytest.mark.parametrize(
    ("family", "settings"), [("spectrotemporal", {}), ("spectrotemporal", {"size": "small"}), ("cochleagram", {})]
)
def test_sounds_that_are_too_short_are_named(family, settings):
    assert np.isfinite(of(family, noise(1901), **settings)).all()
    with pytest.raises(UserError, match="'baseline': sound 's1' has 1900 samples at 20000 Hz; it needs at least 1901"):
        of(family, noise(9000), noise(1900), **settings)


def test_mel():
    """A tone is in its band; ten times the amplitude adds 2 log 10."""
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    found = of("mel", tone, 10 * tone, np.zeros(16_000))
    centres = spectrogram.hertz_of(np.linspace(spectrogram.mel_of(0), spectrogram.mel_of(8000), 66))[1:-1]
    assert abs(centres[found[0].argmax()] - 1000) < 50
    assert found[1].max() - found[0].max() == pytest.approx(2 * np.log(10), abs=1e-3)
    np.testing.assert_allclose(found[2], np.log(1e-6), rtol=1e-6)


# Categories


def labelled(categories):
    named = {f"s{index}": np.zeros(1000, np.float32) for index in range(len(categories))}
    return sounds.labelled(named, dict(zip(named, categories, strict=True)))


def test_categories():
    (layer,) = opened("categories", labelled(["Song", "Music", "Song"])).activations(1)
    assert layer.values.tolist() == [[0, 1], [1, 0], [0, 1]]


def test_categories_are_known_by_their_labels():
    """They are not in the digest of the sounds."""
    one, other = (opened("categories", labelled(of_each)) for of_each in (["Song", "Music"], ["Music", "Song"]))
    assert one.sounds_digest == other.sounds_digest and one.identity(1) != other.identity(1)
    assert one.identity(1) == opened("categories", labelled(["Song", "Music"])).identity(1)


def test_a_category_that_the_model_was_not_opened_with_is_named():
    model = opened("categories", labelled(["Song", "Music"]))
    model.waveforms = labelled(["Song", "Rain"])
    with pytest.raises(UserError, match="sound 's1' is of category 'Rain', expected one of: Music, Song"):
        model.activations(1)


# On the real sounds and components


@pytest.fixture(scope="module")
def real():
    return brain.open("nh2015_components")


def medians(real, values):
    """Median test r² over the ten published splits, of each component."""
    names = real.waveforms["sound"].values
    layer = layer_of(np.asarray(values, np.float32), names, 1, "features")
    scores = encoding.score([layer], real.responses["components"], splits.published(names.tolist()))
    return scores["r2_pearson"].median("split").values[0]


def features(real, family, **settings):
    entry = ModelEntry(name="baseline", family=family, **settings)
    (layer,) = models.open(entry, real, SHARED, 0).activations(1)
    return layer.values


@pytest.fixture(scope="module")
def authors(real):
    """The features that Norman-Haignere et al. 2022 published of the same sounds (165, 69)."""
    data = SHARED / "ecog2022" / "data"
    published = scipy.io.loadmat(data / "acoustic_features.mat")
    cells = scipy.io.loadmat(data / "ecog_component_responses.mat", variable_names=["stim_names"])["stim_names"]
    order = [str(cell.item()).removesuffix(".wav") for cell in cells.ravel()]
    rows = [order.index(name) for name in real.waveforms["sound"].values.tolist()]
    return np.concatenate([published["F_coch"], published["F_mod"].reshape(165, 63)], 1)[rows]


def test_known_r2_of_the_features_that_others_published(real, authors):
    standard = (authors - authors.mean(0)) / authors.std(0)
    np.testing.assert_allclose(medians(real, standard), [0.803, 0.671, 0.611, 0.694, 0.619, 0.346], atol=6e-4)


def test_known_r2_of_category_labels(real):
    found = features(real, "categories")
    assert found.shape == (165, 11) and (found.sum(1) == 1).all()
    np.testing.assert_allclose(medians(real, found), [0.477, 0.178, 0.176, 0.503, 0.875, 0.642], atol=6e-4)


def correlations(found, published):
    found, published = (one - one.mean(0) for one in (found, published))
    return (found * published).sum(0) / np.sqrt((found**2).sum(0) * (published**2).sum(0))


def test_the_small_model_is_what_others_published(real, authors):
    """Of every sixteenth sound: energy in octaves up to a unit, modulation as it is but for a hundredth."""
    some = real.waveforms_at(20_000)[::16]
    (found,) = opened("spectrotemporal", some, size="small").activations(1)
    found, published = found.values.astype(float), authors[::16]
    assert found.shape == published.shape == (11, 69)
    agreement = correlations(found, published)
    assert agreement[:6].min() > 0.98 and agreement[6:].min() > 0.99 and np.median(agreement) > 0.999
    assert np.median(published[:, 6:] / found[:, 6:]) == pytest.approx(1, abs=0.02)


@pytest.mark.slow
def test_r2_of_the_small_model(real, authors):
    """As measured here, z-scored as the published features are; close to theirs."""
    found = features(real, "spectrotemporal", size="small").astype(float)
    agreement = correlations(found, authors)
    assert agreement[:6].min() > 0.996 and agreement[6:].min() > 0.998
    standard = (found - found.mean(0)) / found.std(0)
    np.testing.assert_allclose(medians(real, standard), [0.803, 0.671, 0.611, 0.694, 0.619, 0.346], atol=0.006)


@pytest.mark.slow
def test_r2_of_the_full_model(real):
    """As measured here; what was published of it (0.564) is of real voxels, which are not at hand."""
    found = medians(real, features(real, "spectrotemporal"))
    np.testing.assert_allclose(found, [0.722, 0.573, 0.447, 0.528, 0.697, 0.307], atol=2e-3)


def test_r2_of_the_mel_spectrogram(real):
    """As measured here: how much the frequencies alone predict."""
    expected = [0.509, 0.338, 0.241, 0.023, 0.058, 0.100]
    np.testing.assert_allclose(medians(real, features(real, "mel")), expected, atol=2e-3)
