"""Sounds: equal to the reference's reading, whatever their rate and channels, and refused by name when unusable."""

import base64
import struct
import unicodedata

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


# What cannot be a recording


@pytest.mark.parametrize(
    ("ending", "subtype", "whole", "found"),
    [
        ("wav", "PCM_16", 12_000, r"59\d\d of the 12000 samples that its header says"),
        ("wav", "PCM_24", 12_000, r"59\d\d of the 12000 samples"),
        ("wav", "FLOAT", 12_000, r"59\d\d of the 12000 samples"),
        ("wav", "ULAW", 12_000, r"59\d\d of the 12000 samples"),
        ("wav", "IMA_ADPCM", 12_000, "bytes of samples that its header says"),
        ("rf64", "PCM_16", 12_000, r"59\d\d of the 12000 samples"),
        ("aiff", "PCM_16", 12_000, r"59\d\d of the 12000 samples"),
        ("au", "PCM_16", 12_000, r"119\d\d of the 24000 bytes of samples that its header says"),
        ("w64", "PCM_16", 12_000, r"119\d\d of the 24000 bytes"),
        ("mp3", "MPEG_LAYER_III", 48_000, r"\d+ of the 48000 samples that its header says"),
    ],
)
def test_a_copy_that_stopped_in_the_middle_is_refused_with_what_is_there(tmp_path, ending, subtype, whole, found):
    path = tmp_path / f"cut.{ending}"
    soundfile.write(path, tone(whole / RATE), RATE, subtype=subtype)
    assert len(sounds.load(path)) >= whole
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=found) as error:
        sounds.load(path)
    assert str(path) in str(error.value) and "its copy stopped in the middle" in str(error.value)


@pytest.mark.parametrize("claimed", [0xFFFFFFFF, 0x7FFFF000, 0x80000000, 0x7FFFFFFF, 0x7FFFFF00])
def test_a_wav_that_was_written_into_a_pipe_is_read(tmp_path, wav, claimed):
    path = wav(tone(), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    content[4:8], content[at + 4 : at + 8] = (
        struct.pack("<I", min(claimed + 36, 0xFFFFFFFF)),
        struct.pack("<I", claimed),
    )
    path.write_bytes(content)
    assert len(sounds.load(path)) == 12_000


def test_what_follows_the_samples_and_chunks_before_them_are_no_cut(tmp_path, wav):
    path = wav(tone(), subtype="PCM_16")
    content = path.read_bytes()
    path.write_bytes(content + b"LIST\x04\0\0\0INFO")
    assert len(sounds.load(path)) == 12_000
    at = content.index(b"data")
    path.write_bytes(content[:at] + b"junk\x03\0\0\0abc\0" + content[at:])
    assert len(sounds.load(path)) == 12_000


@pytest.mark.parametrize("seconds", [0.1, 0.5, 3.0])
def test_gsm_is_read(tmp_path, seconds):
    """libsndfile cannot seek in it; its blocks are of 320 samples."""
    path = tmp_path / "telephone.WAV"
    soundfile.write(path, tone(seconds, 8_000), 8_000, format="WAV", subtype="GSM610")
    assert 0 <= len(sounds.load(path, 8_000)) - 8_000 * seconds < 640


@pytest.mark.parametrize("others", [1, 3], ids=["stereo", "four channels"])
@pytest.mark.parametrize("left", [0.0, 1e-5])
def test_channels_that_cancel_each_other_are_refused(wav, others, left):
    signs = [1, -1 + left] * ((others + 1) // 2)
    with pytest.raises(UserError, match=r"channels that cancel each other, expected channels whose mean is a sound"):
        sounds.load(wav(np.outer(tone(), signs)))


def test_channels_that_do_not_cancel_are_read(wav):
    for signs in ([1, 0], [1, -0.9], [1, 0, 0, 0, 0, 0, 0, 0], [0, 0]):
        assert len(sounds.load(wav(np.outer(tone(), signs)))) == 12_000


def test_silence_and_samples_beyond_full_scale_are_remarked_on(wav, tmp_path):
    files = {
        "silence": wav(np.zeros(3_000), name="silence"),
        "constant": wav(np.full(3_000, 0.25), name="constant"),
        "integers": wav(tone() * 32_768, name="integers"),
        "slightly": wav(tone() * 3.4, name="slightly"),
        "full": wav(np.clip(tone() * 9, -1, 1), name="full"),
        "tone": wav(tone(), name="tone"),
    }
    loud = tmp_path / "loud.ogg"  # whose decoder goes a little beyond
    soundfile.write(loud, np.sign(tone()), RATE, subtype="VORBIS")
    assert np.abs(soundfile.read(loud)[0]).max() > 1
    read = sounds.read(files | {"loud": loud}, dict.fromkeys([*files, "loud"], "x"))
    assert read.attrs["remarks"] == {"silent": ["silence", "constant"], "beyond": ["integers", "slightly"]}
    assert sounds.REMARKS not in sounds.read({"tone": files["tone"]}, {"tone": "x"}).attrs


def test_names_of_files_are_compared_as_names_are(wav, tmp_path):
    name = "canción"
    there = {
        "canción": unicodedata.normalize("NFD", name),
        "shout": "shout",
        "spaces": " spaces ",
        "öäü": unicodedata.normalize("NFD", "öäü"),
    }
    for file in there.values():
        wav(tone(), name=file)
    (tmp_path / "shout.wav").rename(tmp_path / "shout.WAV")
    (tmp_path / "notes.txt").write_text("")
    found = sounds.found(tmp_path, [*there, "absent"])
    assert {own: path.stem for own, path in found.items()} == there | {"absent": "absent"}
    with pytest.raises(UserError, match=r"absent\.wav: found no such file"):
        sounds.load(found["absent"])
    wav(tone(), name="shout")
    with pytest.raises(UserError, match=r"found 'shout.WAV' and 'shout.wav', expected one file for the sound 'shout'"):
        sounds.found(tmp_path, there)
