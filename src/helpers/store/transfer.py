"""Resumable HTTP download of one file."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import requests
from tqdm import tqdm

from helpers.errors import UserError

TIMEOUT_S = 30  # without a byte
CHUNK = 2**18  # bytes
PROXIES = ("all_proxy", "http_proxy", "https_proxy")
NOTHING_LEFT = requests.codes.requested_range_not_satisfiable


def fetch(url: str, part: Path) -> None:
    """Download `url` to `part`, which holds what a stopped download left: only the rest is requested.

    The request says which file the first part was of (RFC 9110, If-Range); if the file has changed, or the server
    cannot resume, all of it is sent. Raises UserError if the download fails; what has arrived is kept.
    """
    headers = _what_is_missing(part)
    print(f"downloading {url}", flush=True)
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
            if answer.status_code == NOTHING_LEFT and "Range" in headers:  # complete already, or too long
                forget(part)
                return fetch(url, part)
            answer.raise_for_status()
            return _received(answer, part)
    except UserError:
        raise
    except Exception as error:  # requests, and what it opens a proxy with, raise almost anything
        raise UserError(
            f"{url} could not be downloaded: {reason(error)}; check the network and the free space; what has arrived "
            "is kept: run the same command again"
        ) from None


def reason(error: Exception, *names: str) -> str:
    """Return the first line of why a download failed, with the proxies that it was sent through.

    `names`: other variables of the environment that lead it elsewhere.
    """
    first = _without_password((str(error).strip() or type(error).__name__).splitlines()[0])
    leading = {name: value for name, value in os.environ.items() if value and name.lower() in (*PROXIES, *names)}
    said = ", ".join(f"{name}={_without_password(value)}" for name, value in sorted(leading.items()))
    return first + (f" (the environment sets {said}: correct or unset what is wrong)" if said else "")


def _without_password(address: str) -> str:
    return re.sub(r"(^|//)[^/@\s]*@", r"\1***@", address)


def forget(part: Path) -> None:
    """Remove the partial file and its metadata."""
    for path in (part, _validator(part)):
        path.unlink(missing_ok=True)


def _what_is_missing(part: Path) -> dict[str, str]:
    """Return headers that ask for what follows `part`, or for the whole file if the origin of `part` is unknown."""
    headers, begun = {"Accept-Encoding": "identity"}, part.stat().st_size if part.is_file() else 0
    known = _validator(part).read_text(encoding="utf-8") if _validator(part).is_file() else ""
    return headers | ({"Range": f"bytes={begun}-", "If-Range": known} if begun and known else {})


def _received(answer: requests.Response, part: Path) -> None:
    """Append what arrives to what is there, or replace it if the server starts from the beginning."""
    begun = part.stat().st_size if answer.status_code == requests.codes.partial_content else 0
    if begun and not answer.headers.get("Content-Range", "").startswith(f"bytes {begun}-"):
        raise OSError(f"asked for what follows byte {begun}, got {answer.headers.get('Content-Range')}")
    total = begun + int(answer.headers.get("Content-Length", 0))
    with part.open("r+b" if begun else "wb") as file:
        file.seek(begun)
        _validator(part).write_text(_validator_of(answer), encoding="utf-8")
        with tqdm(
            total=total or None, initial=begun, unit="B", unit_scale=True, disable=not sys.stderr.isatty()
        ) as bar:
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))


def _validator_of(answer: requests.Response) -> str:
    """Return what tells this file from another one at the same address; a weak tag does not tell bytes apart."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _validator(part: Path) -> Path:
    return part.with_name(f"{part.name}-of")
