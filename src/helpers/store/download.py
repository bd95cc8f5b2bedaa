"""Public files from the network: verified one by one, resumed where a download stopped, never left incomplete."""

from __future__ import annotations

import logging
import posixpath
import shutil
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pooch
from tqdm import tqdm

from helpers.errors import UserError
from helpers.store import files as storage
from helpers.store import transfer

LINES = 10  # progress lines of a download whose output is not a terminal


def cache(name: str) -> Path:
    """Return the platform's cache folder for downloads called `name`; it need not exist."""
    return Path(pooch.os_cache("audio-network-brain-report")) / name


def files(base_url: str, folder: Path, checksums: dict[str, str]) -> None:
    """Download every file of `checksums` (relative path -> SHA-256) from below `base_url` into `folder`.

    A file already there with its checksum is kept; any other is downloaded under a temporary name and takes its
    final one only after the check. Raises UserError naming the file; what is verified stays for the next run.
    """
    pooch.get_logger().setLevel(logging.WARNING)  # one line per file would drown the progress
    source = pooch.create(folder, f"{base_url.rstrip('/')}/", registry=checksums, retry_if_failed=1)
    for name in _progress(checksums, folder):
        _fetch(source, name)


def _fetch(source: pooch.Pooch, name: str) -> None:
    url, advice = source.get_url(name), "files already verified are kept: run the same command again"
    try:
        source.fetch(name, downloader=pooch.HTTPDownloader(timeout=transfer.TIMEOUT_S))
    except Exception as error:  # requests, what it opens a proxy with, and pooch raise almost anything
        if type(error) is ValueError and "hash" in str(error):  # pooch's word for a checksum that differs
            raise UserError(f"{url} is not the expected file: {error}; {advice}") from None
        raise UserError(
            f"{url} could not be downloaded to {source.path}: {transfer.reason(error)}; check the network and the free "
            f"space; {advice}"
        ) from None


def archive(url: str, folder: Path, names: list[str]) -> None:
    """Download the tar at `url` and extract `names` into `folder`, for tars without a published checksum.

    The SHA-256 of the tar and of each file are written beside them at the first download (see `recorded`), and every
    later one must have the same. A stopped download is resumed. Existing files without a record are
    treated as user-supplied and left unchanged. Raises UserError, with none of the files changed, for a tar that
    differs, is damaged, or holds links or paths that lead out of it, and for files it does not have.
    """
    folder, tar = Path(folder), posixpath.basename(url)
    if _are_there(folder, tar, names):
        return
    with storage.claimed(folder / tar):
        if not _are_there(folder, tar, names):  # by the previous holder of the lock
            part = folder / f".{tar}.part"
            transfer.fetch(url, part)
            _unpacked(url, part, folder, names)


def _are_there(folder: Path, tar: str, names: list[str]) -> bool:
    if not all((folder / name).is_file() for name in names):
        return False
    known = recorded(folder, tar)
    if not known:
        print(f"{folder} has these files already; they are kept as they are, and nothing is recorded to check them")
    return all(storage.sha256(folder / name) == checksum for name, checksum in known.items() if name != tar)


def _unpacked(url: str, part: Path, folder: Path, names: list[str]) -> None:
    """Unpack, then remove the tar, also if it is invalid; on a full disk it stays for the next run."""
    try:
        _unpack(url, part, folder, names, recorded(folder, posixpath.basename(url)))
    except OSError as error:
        raise storage.unwritten(folder, error) from error
    except UserError:
        transfer.forget(part)
        raise
    transfer.forget(part)


def _unpack(url: str, downloaded: Path, folder: Path, names: list[str], known: dict[str, str]) -> None:
    """Extract `names` from a complete tar into `folder`, and write their checksums."""
    tar = posixpath.basename(url)
    checksums = {tar: storage.sha256(downloaded)}
    if known and checksums[tar] != known[tar]:
        raise UserError(
            f"{url} is not what it was at the first download: found SHA-256 {checksums[tar]}, expected "
            f"{known[tar]}; if its authors say that they changed it, remove {_record(folder, tar)} and fetch again"
        )
    with TemporaryDirectory(prefix=".download-", dir=folder) as scratch:
        files = _extract(downloaded, names, Path(scratch), url)
        checksums |= {name: storage.sha256(path) for name, path in files.items()}
        lines = [f"{checksum}  {name}\n" for name, checksum in checksums.items()]
        storage.write_text(_record(folder, tar), "".join(lines))  # first: a file without its record is never checked
        for name, path in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            path.replace(folder / name)


def recorded(folder: Path, tar: str) -> dict[str, str]:
    """Return SHA-256 of `tar` and of its files (relative path) as of the first download; empty without a record."""
    path = _record(folder, tar)
    if not path.is_file():
        return {}
    lines = [line.split(maxsplit=1) for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    if not all(len(line) == 2 and len(line[0]) == 64 for line in lines) or tar not in [line[-1] for line in lines]:
        raise UserError(
            f"{path}: found no list of checksums, expected 'SHA-256  name' lines; remove it and fetch again"
        )
    return {name: checksum for checksum, name in lines}


def _record(folder: Path, tar: str) -> Path:
    return folder / f"{tar}.sha256"


def _extract(tar: Path, names: list[str], folder: Path, url: str) -> dict[str, Path]:
    """Copy the contents of `names`, and of nothing else in the tar, to plain files below `folder`."""
    try:
        with tarfile.open(tar) as opened:
            members = {_inside(member.name): member for member in opened}
            wrong = [name for name in names if name not in members or not members[name].isreg()]
            if wrong:
                raise tarfile.TarError(f"{', '.join(wrong)} missing or not a plain file")
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with opened.extractfile(members[name]) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
    except (tarfile.TarError, EOFError) as error:
        raise UserError(f"{url} is not the expected tar: {error}; nothing of it was kept; try again later") from None
    return {name: folder / name for name in names}


def _inside(name: str) -> str:
    """Return a member's path in plain form; a path that leads out of the tar marks all of it as hostile."""
    if name.startswith("/") or ".." in name.split("/"):
        raise tarfile.TarError(f"it holds the path {name}, which leads out of it")
    return posixpath.normpath(name)


def _progress(names: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield `names`, with a bar on a terminal and a few plain lines elsewhere."""
    names = list(names)
    if sys.stderr.isatty():
        yield from tqdm(names, desc=str(folder), unit="file")
        return
    for done, name in enumerate(names, start=1):
        yield name
        if done == len(names) or done % max(1, len(names) // LINES) == 0:
            print(f"{done} of {len(names)} files verified in {folder}", flush=True)
