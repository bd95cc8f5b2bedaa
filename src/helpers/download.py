"""Public files from the network: checked one by one, resumed where a download stopped, never half there."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pooch
from tqdm import tqdm

from helpers.names import UserError

LINES = 10  # progress lines of a download whose output is not a terminal


def cache(name: str) -> Path:
    """The platform's cache folder for downloads called `name`; it need not exist."""
    return Path(pooch.os_cache("audio-network-brain-report")) / name


def files(base_url: str, folder: Path, checksums: dict[str, str]) -> None:
    """Bring every file of `checksums` (relative path -> SHA-256) from below `base_url` into `folder`.

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
        source.fetch(name, downloader=pooch.HTTPDownloader(timeout=30))
    except ValueError as error:  # pooch's word for a checksum that differs
        raise UserError(f"{url} is not the expected file: {error}; {advice}") from None
    except OSError as error:  # the network's errors (requests) are OSErrors too
        raise UserError(
            f"{url} could not be brought to {source.path}: {error}; check the network and the free space; {advice}"
        ) from None


def _progress(names: Iterable[str], folder: Path) -> Iterator[str]:
    """`names`, with a bar on a terminal and a few plain lines elsewhere."""
    names = list(names)
    if sys.stderr.isatty():
        yield from tqdm(names, desc=str(folder), unit="file")
        return
    for done, name in enumerate(names, start=1):
        yield name
        if done == len(names) or done % max(1, len(names) // LINES) == 0:
            print(f"{done} of {len(names)} files verified in {folder}", flush=True)
