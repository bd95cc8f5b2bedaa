"""Downloads against a server of this test: verified, resumed, and never half there."""

import hashlib
import io
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from helpers import brain
from helpers.brain import nh2015, tuckute2023
from helpers.commands.fetch import fetch
from helpers.errors import UserError
from helpers.store import download, transfer

CONTENT = {"a.txt": b"first", "sub/b.bin": bytes(range(256)) * 64, "sub/c.bin": b"last"}
CHECKSUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, remembers what was asked for, and breaks off in the middle of files in `truncated`.

    With `ranges` it goes on where a client stopped, if the client's part is of the same file (RFC 9110).
    """

    asked, truncated, sent, ranges = [], set(), [], True

    def do_GET(self):
        name = self.path.lstrip("/")
        self.asked.append(name)
        path = Path(self.directory) / name
        if not path.is_file():
            return self.send_error(404)
        content = path.read_bytes()
        tag, begin = f'"{hashlib.md5(content).hexdigest()}"', 0
        if self.ranges and self.headers.get("If-Range") == tag:
            begin = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        if begin >= len(content) > 0:
            return self.send_error(416)
        self.send_response(206 if begin else 200)
        self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        end = (begin + len(content)) // 2 if name in self.truncated else len(content)
        self.sent.append(end - begin)
        self.wfile.write(content[begin:end])
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    """The base URL and the handler class of a server of CONTENT, whose files lie in tmp_path/public."""
    for name, content in CONTENT.items():
        path = tmp_path / "public" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    handler = type("Fresh", (Handler,), {"asked": [], "truncated": set(), "sent": []})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path / "public")))
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}", handler
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_pause_between_attempts(monkeypatch):
    monkeypatch.setattr("pooch.core.time.sleep", lambda _: None)


def found(folder):
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_every_file_arrives_and_a_second_run_asks_for_nothing(server, tmp_path, capsys):
    url, handler = server
    download.files(url, tmp_path / "here", CHECKSUMS)
    assert found(tmp_path / "here") == CONTENT
    assert f"3 of 3 files verified in {tmp_path / 'here'}" in capsys.readouterr().out
    handler.asked.clear()
    download.files(url, tmp_path / "here", CHECKSUMS)
    assert handler.asked == []


def test_a_truncated_download_leaves_no_file_and_the_next_run_resumes(server, tmp_path):
    url, handler = server
    handler.truncated.add("sub/b.bin")
    with pytest.raises(UserError, match=r"sub/b\.bin could not be downloaded"):
        download.files(url, tmp_path / "here", CHECKSUMS)
    assert found(tmp_path / "here") == {"a.txt": CONTENT["a.txt"]}
    handler.truncated.clear()
    handler.asked.clear()
    download.files(url, tmp_path / "here", CHECKSUMS)
    assert handler.asked == ["sub/b.bin", "sub/c.bin"]
    assert found(tmp_path / "here") == CONTENT


def test_other_content_is_refused_and_a_damaged_local_file_is_replaced(server, tmp_path):
    url, _ = server
    here = tmp_path / "here"
    here.mkdir()
    (here / "a.txt").write_bytes(b"damaged")
    download.files(url, here, {"a.txt": CHECKSUMS["a.txt"]})
    assert found(here) == {"a.txt": CONTENT["a.txt"]}
    (tmp_path / "public" / "sub" / "c.bin").write_bytes(b"swapped")
    with pytest.raises(UserError, match=r"sub/c\.bin is not the expected file.*run the same command again"):
        download.files(url, here, CHECKSUMS)
    assert "sub/c.bin" not in found(here)


def test_a_file_or_server_that_is_not_there_is_named(server, tmp_path):
    url, _ = server
    with pytest.raises(UserError, match=r"gone\.txt could not be downloaded.*404"):
        download.files(url, tmp_path / "here", {"gone.txt": "0" * 64})
    with pytest.raises(UserError, match="check the network"):
        download.files("http://127.0.0.1:9", tmp_path / "here", CHECKSUMS)


def test_fetch_of_nh2015_goes_to_the_folder_that_open_reads(server, tmp_path, monkeypatch):
    url, _ = server
    monkeypatch.setattr(nh2015, "checksums", lambda: CHECKSUMS)
    monkeypatch.setenv(nh2015.FOLDER_VARIABLE, str(tmp_path / "mine"))
    assert nh2015.fetch(base_url=url) == nh2015.locate(None) == tmp_path / "mine"
    assert found(tmp_path / "mine") == CONTENT
    monkeypatch.delenv(nh2015.FOLDER_VARIABLE)
    assert nh2015._chosen(None) == download.cache("nh2015")


def test_unknown_downloads_are_refused():
    with pytest.raises(UserError, match="unknown download 'nh2051'; did you mean 'nh2015'"):
        fetch("nh2051")


# One tar, whose checksum nobody published

WANTED = ["data/neural/a.npy", "data/neural/B/b.pkl"]
INSIDE = {"data/neural/a.npy": b"a" * 30_000, "data/neural/B/b.pkl": b"b", "data/other/c.txt": b"not wanted"}


def pack(path, contents, *more):
    """A tar of `contents` (name -> bytes), and of entries made by hand."""
    with tarfile.open(path, "w") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for entry in more:
            tar.addfile(entry)


def link(name, to, kind=tarfile.SYMTYPE):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, str(to)
    return entry


@pytest.fixture
def packed(server, tmp_path):
    """The URL of a tar, its path, the folder to fill, and the server's handler."""
    url, handler = server
    path = tmp_path / "public" / "data.tar"
    pack(path, INSIDE)
    return f"{url}/data.tar", path, tmp_path / "here", handler


def refused(url, here, match):
    before = found(here) if here.exists() else {}
    with pytest.raises(UserError, match=match):
        download.archive(url, here, WANTED)
    assert (found(here) if here.exists() else {}) == before


def test_a_tar_gives_the_wanted_files_and_its_checksums_are_recorded(packed):
    url, path, here, handler = packed
    download.archive(url, here, WANTED)
    assert set(found(here)) == {*WANTED, "data.tar.sha256"}
    assert all((here / name).read_bytes() == INSIDE[name] for name in WANTED)
    record = download.recorded(here, "data.tar")
    assert record["data.tar"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert record[WANTED[0]] == hashlib.sha256(INSIDE[WANTED[0]]).hexdigest()
    handler.asked.clear()
    download.archive(url, here, WANTED)
    assert handler.asked == []


def test_what_was_lost_or_damaged_comes_back_if_the_tar_is_the_same(packed):
    url, path, here, _ = packed
    download.archive(url, here, WANTED)
    before = found(here)
    (here / WANTED[0]).write_bytes(b"damaged")
    (here / WANTED[1]).unlink()
    download.archive(url, here, WANTED)
    assert found(here) == before
    (here / WANTED[1]).unlink()
    pack(path, INSIDE | {WANTED[0]: b"another"})
    refused(url, here, r"data\.tar is not what it was at the first download.*remove .*data\.tar\.sha256 and fetch")
    (here / "data.tar.sha256").unlink()
    download.archive(url, here, WANTED)
    assert (here / WANTED[0]).read_bytes() == b"another"


def test_somebodys_own_copy_is_kept(packed, capsys):
    url, _, here, handler = packed
    for name in WANTED:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(b"own")
    download.archive(url, here, WANTED)
    assert handler.asked == [] and set(found(here).values()) == {b"own"}
    assert "nothing is recorded" in capsys.readouterr().out


def test_a_tar_that_is_cut_for_all_that_the_server_says_leaves_nothing(packed):
    url, path, here, _ = packed
    content = path.read_bytes()
    for length in (0, 100, 20_000, 31_000, len(content) // 2):
        path.write_bytes(content[:length])
        refused(url, here, "not the expected tar")
    path.write_bytes(content)
    download.archive(url, here, WANTED)


def test_a_stopped_download_goes_on_where_it_stopped(packed, monkeypatch):
    url, path, here, handler = packed
    monkeypatch.setattr(transfer, "CHUNK", 512)
    handler.truncated.add("data.tar")
    for _ in range(2):
        with pytest.raises(UserError, match=r"data\.tar could not be downloaded.*what has arrived is kept"):
            download.archive(url, here, WANTED)
        assert set(found(here)) == {".data.tar.part", ".data.tar.part-of"}
    handler.truncated.clear()
    download.archive(url, here, WANTED)
    assert sum(handler.sent) == path.stat().st_size and len(handler.sent) == 3
    assert set(found(here)) == {*WANTED, "data.tar.sha256"}
    assert all((here / name).read_bytes() == INSIDE[name] for name in WANTED)


@pytest.mark.parametrize(
    "change", ["another file", "no ranges", "nobody knows of what", "all of it is there", "too much"]
)
def test_a_part_of_something_else_is_not_gone_on_with(packed, change):
    url, path, here, handler = packed
    handler.truncated.add("data.tar")
    with pytest.raises(UserError):
        download.archive(url, here, WANTED)
    handler.truncated.clear()
    part = here / ".data.tar.part"
    if change == "another file":
        pack(path, INSIDE | {WANTED[0]: b"another"})
    elif change == "no ranges":
        handler.ranges = False
    elif change == "nobody knows of what":
        (here / ".data.tar.part-of").unlink()
    else:
        part.write_bytes(path.read_bytes() + (b"more" if change == "too much" else b""))
    download.archive(url, here, WANTED)
    assert (here / WANTED[0]).read_bytes() == (b"another" if change == "another file" else INSIDE[WANTED[0]])
    assert set(found(here)) == {*WANTED, "data.tar.sha256"}


def test_a_full_disk_keeps_what_was_downloaded(packed, monkeypatch):
    url, _, here, _ = packed

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(download.shutil, "copyfileobj", full)
        with pytest.raises(UserError, match="could not be written: No space left on device"):
            download.archive(url, here, WANTED)
    assert set(found(here)) == {".data.tar.part", ".data.tar.part-of"}
    download.archive(url, here, WANTED)
    assert set(found(here)) == {*WANTED, "data.tar.sha256"}


@pytest.mark.parametrize(
    "entry",
    [
        tarfile.TarInfo("../escaped"),
        tarfile.TarInfo("data/neural/../../../escaped"),
        tarfile.TarInfo("/tmp/escaped"),
        link("data/neural/B/b.pkl", "/etc/passwd"),
        link("data/neural/a.npy", "/etc/passwd", tarfile.LNKTYPE),
        link("./data/neural/a.npy", "b.pkl"),
    ],
    ids=["parent", "parent inside", "absolute", "symlink", "hard link", "symlink as another name"],
)
def test_a_hostile_tar_leaves_nothing(packed, tmp_path, entry):
    url, path, here, _ = packed
    pack(path, INSIDE, entry)
    refused(url, here, r"data\.tar is not the expected tar: (it holds the path|.* missing or not a plain file)")
    assert not list(tmp_path.rglob("escaped"))


def test_a_link_in_the_way_of_wanted_files_leads_nowhere(packed, tmp_path):
    url, path, here, _ = packed
    (tmp_path / "outside").mkdir()
    with tarfile.open(path, "w") as tar:
        tar.addfile(link("data/neural/B", tmp_path / "outside"))
    with tarfile.open(path, "a") as tar:
        for name, content in INSIDE.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    download.archive(url, here, WANTED)
    assert not list((tmp_path / "outside").iterdir()) and not (here / "data/neural/B").is_symlink()


def test_a_tar_without_the_wanted_files_is_refused(packed):
    url, path, here, _ = packed
    pack(path, {WANTED[0]: b"a"})
    refused(url, here, r"data/neural/B/b\.pkl missing")


def test_a_damaged_record_is_named(packed):
    url, _, here, _ = packed
    download.archive(url, here, WANTED)
    (here / "data.tar.sha256").write_text("no checksums")
    refused(url, here, r"data\.tar\.sha256: found no list of checksums")


def test_fetch_of_voxels_goes_to_the_folder_that_the_datasets_read(packed, tmp_path, monkeypatch):
    url, path, _, _ = packed
    names = [name for dataset in tuckute2023.STIMULI for name in tuckute2023.files(dataset)]
    pack(path, {f"./{name}": name.encode() for name in names})
    monkeypatch.setenv(tuckute2023.FOLDER_VARIABLE, str(tmp_path / "mine"))
    assert brain.DOWNLOADS["voxels"].fetch(url=url) == tmp_path / "mine"
    for dataset in tuckute2023.STIMULI:
        folder, _ = tuckute2023.locate(None, dataset)
        assert folder == tmp_path / "mine/data/neural" / dataset
