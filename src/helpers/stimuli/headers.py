"""What the header of an audio file claims to hold: a copy that stopped in the middle holds less.

libsndfile, which decodes the files, takes what is there for the whole and says nothing. Here only the sizes are read,
from the formats whose header says them; for the others the decoder's own count is compared with what it decodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import error as StructError
from struct import unpack
from typing import BinaryIO

MOST_CHUNKS = 1000
# Programs that write into a pipe cannot go back to the header. They put the largest size there that the field or the
# program knows (0xFFFFFFFF, 0x7FFFF000, 0x80000000 and others near them), or 0; no sound that is accepted is as large
OPEN_ENDED = 0x7FF00000
FRAMEWISE = {1, 3, 6, 7}  # formats of a wav with as many bytes in every frame: PCM, float, A-law, mu-law
EXTENSIBLE = 0xFFFE  # the format is in the first two bytes of what follows
W64_HEAD, W64_ID = 24, 16  # bytes of a chunk's head in a .w64, and of its name


@dataclass(frozen=True)
class Claim:
    """Bytes of samples that a header claims, those that are there, and bytes of a frame (0: not known)."""

    claimed: int
    there: int
    frame: int = 0

    @property
    def missing(self) -> str:
        """What is missing, such as '2978 of the 6000 samples that its header says'; "" where nothing is."""
        if not 0 < self.claimed < OPEN_ENDED or self.there >= self.claimed:
            return ""
        if not self.frame:
            return f"{self.there} of the {self.claimed} bytes of samples that its header says"
        whole, there = self.claimed // self.frame, self.there // self.frame
        return f"{there} of the {whole} samples that its header says" if there < whole else ""


def claim(path: Path) -> Claim | None:
    """Return what the header of a file claims; None for a format whose header says nothing, and for a damaged one."""
    with path.open("rb") as stream:
        size = path.stat().st_size
        try:
            head = stream.read(12)
            if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:] == b"WAVE":
                return _wave(stream, size, ">" if head[:4] == b"RIFX" else "<")
            if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
                return _aiff(stream, size)
            if head[:4] in (b".snd", b"dns."):
                return _au(head, size, ">" if head[:4] == b".snd" else "<")
            if head[:4] == b"riff":
                return _w64(stream, size)
        except StructError:  # the file ends in the middle of its header
            return None
    return None


def _wave(stream: BinaryIO, size: int, order: str) -> Claim | None:
    """Return the claim of a wav; in an RF64 the size of its samples is in the chunk `ds64`."""
    frame, long = 0, None
    for name, length, place in _chunks(stream, size, order):
        if name == b"ds64":
            long = unpack("<Q", stream.read(16)[8:])[0]
        elif name == b"fmt ":
            kind, _, _, _, block = unpack(f"{order}HHIIH", stream.read(14))
            if kind == EXTENSIBLE:
                kind = unpack(f"{order}H", stream.read(12)[10:])[0]
            frame = block if kind in FRAMEWISE else 0
        elif name == b"data":
            return Claim(long if long is not None and length == 0xFFFFFFFF else length, size - place, frame)
    return None


def _aiff(stream: BinaryIO, size: int) -> Claim | None:
    frame = 0
    for name, length, place in _chunks(stream, size, ">"):
        if name == b"COMM":
            channels, _, bits = unpack(">HIH", stream.read(8))
            compressed = length >= 22 and stream.read(14)[10:] not in (b"NONE", b"twos", b"sowt", b"raw ")
            frame = 0 if compressed else channels * ((bits + 7) // 8)
        elif name == b"SSND":
            return Claim(length - 8, size - place - 8, frame)  # an offset and a block size come first
    return None


def _au(head: bytes, size: int, order: str) -> Claim:
    begin, claimed = unpack(f"{order}II", head[4:])
    return Claim(claimed, size - begin)


def _w64(stream: BinaryIO, size: int) -> Claim | None:
    stream.seek(W64_ID + 8 + W64_ID)  # the name and size of the whole, and what it is
    for _ in range(MOST_CHUNKS):
        place = stream.tell()
        name, length = stream.read(W64_ID), unpack("<Q", stream.read(8))[0]
        if name[:4] == b"data":
            return Claim(length - W64_HEAD, size - place - W64_HEAD)
        stream.seek(place + max(W64_HEAD, -(-length // 8) * 8))
    return None


def _chunks(stream: BinaryIO, size: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, claimed bytes and place of the content of each chunk, with the stream at that place."""
    for _ in range(MOST_CHUNKS):
        name, length = unpack(f"{order}4sI", stream.read(8))
        place = stream.tell()
        yield name, length, place
        if place + length > size:
            return
        stream.seek(place + length + length % 2)
