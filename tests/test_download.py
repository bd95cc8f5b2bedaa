"""Downloads against a server of this test: verified, resumed, and never half there."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from helpers import brain, download
from helpers.brain import nh2015
from helpers.names import UserError

CONTENT = {"a.txt": b"first", "sub/b.bin": bytes(range(256)) * 64, "sub/c.bin": b"last"}
CHECKSUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, remembers what was asked for, and breaks off in the middle of files in `truncated`."""

    asked, truncated = [], set()

    def do_GET(self):
        name = self.path.lstrip("/")
        self.asked.append(name)
        if name not in self.truncated:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT[name])))
        self.end_headers()
        self.wfile.write(CONTENT[name][: len(CONTENT[name]) // 2])
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
    handler = type("Fresh", (Handler,), {"asked": [], "truncated": set()})
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
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
    with pytest.raises(UserError, match=r"sub/b\.bin could not be brought"):
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
    with pytest.raises(UserError, match=r"gone\.txt could not be brought.*404"):
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
        brain.fetch("nh2051")
