"""Files are written whole or not at all, and one process at a time makes them."""

import errno
import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr

from helpers.errors import UserError
from helpers.store import files, terminal


def data(value=1.0):
    return xr.Dataset({"a": ("sound", [value, np.nan])}, coords={"sound": ["ñandú", "b"]})


def test_arrays_come_back_with_their_labels(tmp_path):
    files.write_array(tmp_path / "x.nc", data(), {"seed": 1})
    xr.testing.assert_equal(files.read_array(tmp_path / "x.nc"), data())


def test_a_single_altered_bit_is_noticed(tmp_path, capsys):
    path = tmp_path / "x.nc"
    values = np.random.default_rng(0).random(4096)
    files.write_array(path, xr.Dataset({"a": ("sound", values)}), {})
    content = bytearray(path.read_bytes())
    content[content.index(values[2000].tobytes())] ^= 1
    path.write_bytes(content)
    assert files.is_whole(path), "only reading the numbers can tell"
    assert files.read_if_whole(path) is None and "damaged" in capsys.readouterr().out


CLAIM = """
import pathlib, sys, time
from helpers.store import files
with files.claimed(pathlib.Path(sys.argv[1])):
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


@pytest.mark.parametrize(("others", "says"), [("a", ""), ("b", "waiting for it"), (None, "waiting for it")])
def test_who_waits_for_a_process_of_its_own_run_says_nothing(tmp_path, monkeypatch, others, says):
    path = tmp_path / "x.nc"
    command, pipes = [sys.executable, "-c", CLAIM, path], {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {name: value for name, value in os.environ.items() if name != files.RUN}
    runs = [environment | ({files.RUN: run} if run else {}) for run in ("a", others)]
    with subprocess.Popen([*command, "60"], env=runs[0], **pipes) as first:
        assert first.stdout.readline() == b"claimed\n"
        with subprocess.Popen([*command, "0"], env=runs[1], **pipes) as second:
            if says:
                assert says.encode() in second.stderr.readline()
            else:
                with pytest.raises(subprocess.TimeoutExpired):
                    second.wait(5)
            first.kill()
            assert second.wait(60) == 0 and not second.stderr.read()
    with subprocess.Popen([*command, "60"], env=runs[0], **pipes) as killed:
        assert killed.stdout.readline() == b"claimed\n"
        killed.kill()
    monkeypatch.delenv(files.RUN, raising=False)
    with files.claimed(path):
        assert not files._holder(path).exists(), "nor is the run of a killed holder taken for that of the next one"
    assert [file.name for file in tmp_path.iterdir()] == [".x.nc.lock"]


def test_what_another_process_makes_is_known(tmp_path):
    path = tmp_path / "folder" / "x.nc"
    assert not files.is_claimed(path), "nor is the folder there"
    with subprocess.Popen([sys.executable, "-c", CLAIM, path, "60"], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"claimed\n"
        assert files.is_claimed(path) and not files.is_claimed(path.with_name("y.nc"))
        other.kill()
    assert not files.is_claimed(path)
    with files.claimed(path):
        pass


def test_lines_of_several_threads_stay_whole_and_say_whose_they_are():
    shared = io.StringIO()
    one, other = terminal.Lines(shared, "00_question"), terminal.Lines(shared, "09_comparison")
    one.write("activations: 3 of 9")
    other.write("scores: 1\rscores: 2\n\n")
    one.write(", 12 s\nrest")
    one.close()
    other.close()
    expected = ["09_comparison: scores: 1", "09_comparison: scores: 2"]
    expected += ["00_question: activations: 3 of 9, 12 s", "00_question: rest"]
    assert shared.getvalue().splitlines() == expected


def test_what_many_threads_say_is_a_line_each(capsys):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: terminal.said(f"chapter {number}"), range(400)))
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(f"chapter {number}" for number in range(400))


def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "x.nc"
    files.write_array(path, data(1.0), {})

    def full(self, target, **kwargs):
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(
        UserError, match=r"x\.nc could not be written: No space left on device.*previous file is unchanged"
    ):
        files.write_array(path, data(2.0), {})
    assert files.read_array(path).a[0] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["x.nc"]


def test_a_run_killed_in_the_middle_of_a_write_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "text"
    files.write_text(path, "old")
    code = f"""
import time
from pathlib import Path
from helpers.store import files
with files.atomic(Path({str(path)!r})) as temporary:
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
        files.write_text(tmp_path / "file" / "x.txt", "text")


def test_digests_differ_exactly_when_things_do():
    a = np.arange(6.0)
    assert files.digest(a, {"x": 1}) == files.digest(a.copy(), {"x": 1})
    others = [files.digest(a.reshape(2, 3)), files.digest(a.astype("float32")), files.digest(a + 1e-15)]
    assert len({files.digest(a), *others}) == 4
