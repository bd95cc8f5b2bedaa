"""Files are written whole or not at all, and computed again exactly when what made them has changed."""

import errno
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from helpers import storage
from helpers.names import UserError


def data(value=1.0):
    return xr.Dataset({"a": ("sound", [value, np.nan])}, coords={"sound": ["ñandú", "b"]})


def test_arrays_come_back_with_their_labels(tmp_path):
    storage.write_array(tmp_path / "x.nc", data(), {"seed": 1})
    xr.testing.assert_equal(storage.read_array(tmp_path / "x.nc"), data())


def test_cached_computes_once_per_inputs(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return data(float(len(calls)))

    path = tmp_path / "x.nc"
    for inputs in ({"seed": 1}, {"seed": 1}, {"seed": 2}, {"seed": 2}):
        stored = storage.cached(path, inputs, compute)
    assert len(calls) == 2 and stored.a[0] == 2


def test_a_damaged_file_is_computed_again_and_said_so(tmp_path, capsys):
    path = tmp_path / "x.nc"
    storage.write_array(path, data(), {})
    path.write_bytes(path.read_bytes()[:100])
    assert storage.cached(path, {}, lambda: data(5.0)).a[0] == 5
    assert "damaged" in capsys.readouterr().out


def test_a_single_altered_bit_is_noticed(tmp_path, capsys):
    path = tmp_path / "x.nc"
    values = np.random.default_rng(0).random(4096)
    storage.write_array(path, xr.Dataset({"a": ("sound", values)}), {})
    content = bytearray(path.read_bytes())
    content[content.index(values[2000].tobytes())] ^= 1
    path.write_bytes(content)
    assert storage.is_current(path, {})
    assert storage.cached(path, {}, lambda: data(5.0)).a[0] == 5
    assert "damaged" in capsys.readouterr().out


CLAIM = """
import pathlib, sys, time
from helpers import storage
with storage.claimed(pathlib.Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def test_of_two_processes_one_computes_and_the_other_waits_even_if_the_first_is_killed(tmp_path):
    path = tmp_path / "x.nc"
    command, pipes = [sys.executable, "-c", CLAIM, path], {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*command, "60"], **pipes) as first:
        assert first.stdout.readline() == b"claimed\n"
        (tmp_path / ".x-abcd1234.nc").write_bytes(b"half")
        with subprocess.Popen([*command, "0"], **pipes) as second:
            assert b"is being made by another process; waiting" in second.stderr.readline()
            assert second.poll() is None
            first.kill()
            assert second.wait(20) == 0
    assert not (tmp_path / ".x-abcd1234.nc").exists(), "half files of the killed are removed"


def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "x.nc"
    storage.write_array(path, data(1.0), {})

    def full(self, target, **kwargs):
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(UserError, match=r"x\.nc could not be written: No space left on device.*untouched"):
        storage.write_array(path, data(2.0), {})
    assert storage.read_array(path).a[0] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["x.nc"]


def test_a_run_killed_in_the_middle_of_a_write_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "text"
    storage.write_text(path, "old")
    code = f"""
import time
from pathlib import Path
from helpers import storage
with storage.atomic(Path({str(path)!r})) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout.readline() == "writing\n"
        killed.kill()
    assert path.read_text() == "old"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"file.x\.txt could not be written"):
        storage.write_text(tmp_path / "file" / "x.txt", "text")


def test_digests_differ_exactly_when_things_do():
    a = np.arange(6.0)
    assert storage.digest(a, {"x": 1}) == storage.digest(a.copy(), {"x": 1})
    others = [storage.digest(a.reshape(2, 3)), storage.digest(a.astype("float32")), storage.digest(a + 1e-15)]
    assert len({storage.digest(a), *others}) == 4
    assert storage.code_digest("helpers.scores") != storage.code_digest("helpers.regression")
