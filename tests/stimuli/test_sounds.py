"""Sounds: equal to the reference's reading, whatever their rate and channels, and refused by name when unusable."""

import base64

import numpy as np
import pytest
import soundfile

from helpers.errors import UserError
from helpers.stimuli import audio, sounds
from helpers.stimuli.sounds import RATE


@pytest.fixture
def wav(tmp_path):
    """Write `samples` as a wav file and return its path."""

    def write(samples, rate=RATE, name="tone", subtype="FLOAT"):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, samples, rate, subtype=subtype)
        return path

    return write


def tone(seconds=0.5, rate=RATE, hz=440.0):
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def test_a_2s_sound_at_44100_hz_equals_the_reference(golden, wav):
    reference = golden("encodecmae/fbank")
    path = wav(reference["resample/wav_44k_int16"], 44_100, subtype="PCM_16")
    waveform = sounds.load(path)
    assert waveform.dtype == np.float32
    np.testing.assert_allclose(waveform, reference["resample/wav_24k"], rtol=0, atol=1e-6)


# ceil(n * (24000 / rate)) in floating point: at 44100 and 22050 Hz a 2-s sound gains a sample, at 16000 Hz it does not
@pytest.mark.parametrize(
    ("n", "rate", "expected"),
    [(88_200, 44_100, 48_001), (44_100, 22_050, 48_001), (32_000, 16_000, 48_000), (9_999, 48_000, 5_000)],
)
def test_length_follows_the_reference_rule(wav, n, rate, expected):
    assert len(sounds.load(wav(tone(n / rate, rate)[:n], rate))) == expected


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_other_rates_keep_the_tone(wav, rate):
    heard = sounds.load(wav(tone(0.5, rate), rate))[:12_000]
    middle = slice(2_000, 10_000)
    np.testing.assert_allclose(heard[middle], tone()[middle], atol=2e-3)


@pytest.mark.parametrize("rate", [16_000, 32_000, 44_100])
def test_files_are_read_at_the_rate_that_is_asked_for(wav, rate):
    files, categories = {"b": wav(tone(0.2), name="b"), "a": wav(tone(0.1, rate), rate, "a")}, {"a": "x", "b": "y"}
    read = sounds.read(files, categories, rate)
    assert read.attrs["rate_hz"] == rate and read.sizes["sample"] == np.ceil(4_800 * (rate / RATE))
    assert read.sound.values.tolist() == ["b", "a"] and read.dtype == np.float32
    np.testing.assert_array_equal(read.sel(sound="a").values[: rate // 10], tone(0.1, rate).astype(np.float32))
    middle = slice(rate // 20, rate // 10)
    np.testing.assert_allclose(read.sel(sound="b").values[middle], tone(0.2, rate)[middle], atol=2e-3)


def test_arrays_are_resampled_as_files_are_and_their_padding_is_not(wav):
    files, categories = {"b": wav(tone(0.2), name="b"), "a": wav(tone(0.1), name="a")}, {"a": "x", "b": "y"}
    at_24 = sounds.read(files, categories).assign_attrs(synthetic="true")
    found, expected = sounds.resampled(at_24, 16_000), sounds.read(files, categories, 16_000)
    assert found.equals(expected) and found.n_samples.values.tolist() == [3_200, 1_600]
    assert found.attrs == {"rate_hz": 16_000, "synthetic": "true"}


def test_mp3_has_the_rate_and_length_of_the_sound(tmp_path, wav):
    files = {"b": wav(tone(0.5), name="b"), "a": wav(tone(0.25), name="a")}
    for rate in (RATE, 16_000):
        path = tmp_path / f"{rate}.mp3"
        path.write_bytes(audio.of(sounds.read(files, dict.fromkeys(files, "x"), rate), "a"))
        samples, found = soundfile.read(path)
        assert found == rate and 0.25 <= len(samples) / rate < 0.4
        heard = np.fft.rfftfreq(len(samples), 1 / rate)[np.abs(np.fft.rfft(samples)).argmax()]
        assert heard == pytest.approx(440, abs=10)


def test_compressed_sounds_are_each_at_its_own_address(wav):
    files = {"b": wav(tone(0.5), name="b"), "a": wav(tone(0.25, hz=880.0), name="a")}
    waveforms = sounds.read(files, dict.fromkeys(files, "x"))
    addresses = audio.addresses(audio.compressed(waveforms, rate=RATE))
    assert list(addresses) == ["b", "a"]
    for name, address in addresses.items():
        kind, _, code = address.partition(",")
        assert kind == "data:audio/mpeg;base64" and base64.b64decode(code) == audio.of(waveforms, name)


def test_stereo_becomes_the_mean_of_its_channels(wav):
    left, right = tone(hz=300.0), tone(hz=700.0)
    np.testing.assert_allclose(sounds.load(wav(np.c_[left, right])), (left + right) / 2, atol=1e-6)


def test_sounds_keep_the_order_given_and_shorter_ones_are_padded(wav):
    files = {"b": wav(tone(0.2), name="b"), "a": wav(tone(0.1), name="a")}
    read = sounds.read(files, {"a": "Music", "b": "Nature"})
    assert read.sound.values.tolist() == ["b", "a"]
    assert read.category.values.tolist() == ["Nature", "Music"]
    assert read.n_samples.values.tolist() == [4_800, 2_400]
    assert read.dims == ("sound", "sample") and read.dtype == np.float32
    assert not read.sel(sound="a").values[2_400:].any()


def test_digest_tells_samples_names_and_lengths_apart():
    def digest(value=1.0, name="a", n=3_000):
        waveforms = {name: np.full(n, value, np.float32), "z": np.zeros(4_000, np.float32)}
        return sounds.digest(sounds.labelled(waveforms, dict.fromkeys(waveforms, "Music")))

    silent_tail = {"value": 0.0}
    assert digest() == digest()
    assert (
        len({digest(), digest(value=2.0), digest(name="b"), digest(**silent_tail), digest(n=3_001, **silent_tail)}) == 5
    )


def test_bad_files_are_refused_by_name(tmp_path, wav):
    nan = tone()
    nan[7] = np.nan
    text, nothing = tmp_path / "text.wav", tmp_path / "nothing.wav"
    text.write_text("this is no sound")
    nothing.touch()
    bad = {
        "no such file": tmp_path / "absent.wav",
        "an empty file": nothing,
        "expected a readable audio file": text,
        "0 samples at 24000 Hz": wav(np.zeros(0), name="header_only"),
        r"239 samples at 24000 Hz \(10.0 ms\), expected at least 10 ms": wav(tone()[:239], name="short"),
        r"440 samples at 44100 Hz": wav(tone(1.0, 44_100)[:440], 44_100, name="short_at_another_rate"),
        "NaN or infinite": wav(nan, name="nan"),
        "60.5 s": wav(np.zeros(60_500), 1_000, name="long", subtype="PCM_16"),
        "9 channels": wav(np.zeros((3_000, 9)), name="channels", subtype="PCM_16"),
        "400000 Hz": wav(np.zeros(3_000), 400_000, name="rate", subtype="PCM_16"),
    }
    for found, path in bad.items():
        with pytest.raises(UserError, match=found) as error:
            sounds.read({"bad": path}, {"bad": "Music"})
        assert str(path) in str(error.value) and "replace the file" in str(error.value)


def test_the_shortest_usable_sound_is_accepted(wav):
    assert len(sounds.load(wav(tone()[:240]))) == 240
    assert len(sounds.load(wav(tone(1.0, 48_000)[:480], 48_000))) == 240


def test_a_sound_without_category_is_refused():
    with pytest.raises(UserError, match="no category for b"):
        sounds.labelled({"a": np.zeros(3_000), "b": np.zeros(3_000)}, {"a": "Music"})
    with pytest.raises(UserError, match="there are none"):
        sounds.labelled({}, {})
