"""Reader of TensorFlow 1 checkpoints: an index, which is a table in LevelDB's format, and raw little-endian values.

Formats: github.com/google/leveldb, doc/table_format.md; tensorflow/core/protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import torch

from helpers.errors import UserError
from helpers.models.wheels import protobuf

MAGIC = 0xDB4775248B80FB57
FOOTER = 48  # bytes
FLOAT32 = 1
MOST_VALUES = 2**28  # of one tensor: a gigabyte
POLYNOMIAL = 0x82F63B78  # of CRC-32C, reversed


def read(index: bytes, data: bytes, what: str) -> dict[str, torch.Tensor]:
    """Return the float32 tensors of a checkpoint by name, as they are stored.

    Raises UserError, naming `what`, for damage of any kind: checksums, sizes and places are all checked.
    """
    try:
        return {name: _tensor(name, entry, data) for name, entry in _entries(index) if name}
    except (ValueError, IndexError, struct.error, OverflowError, UnicodeDecodeError) as error:
        raise UserError(f"{what}: found no TensorFlow checkpoint ({error}); get the file again") from None


def _entries(index: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield key and value of each entry of the table, in order."""
    footer = index[-FOOTER:]
    if len(footer) < FOOTER or struct.unpack("<Q", footer[-8:])[0] != MAGIC:
        raise ValueError("its index has no table's footer")
    _, position = _handle(footer, 0)
    block, _ = _handle(footer, position)
    for _, value in _block(index, *block):
        handle, _ = _handle(value, 0)
        for key, content in _block(index, *handle):
            yield key.decode(), content


def _handle(content: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = protobuf.varint(content, position)
    size, position = protobuf.varint(content, position)
    return (offset, size), position


def _block(index: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries of a block, whose keys repeat the beginning of the one before."""
    if offset + size + 5 > len(index):
        raise ValueError(f"a block of {size} bytes at {offset} lies outside of its {len(index)} bytes")
    block, kind = index[offset : offset + size], index[offset + size]
    if kind != 0:
        raise ValueError(f"a block is compressed in the way {kind}, and only 0 is known")
    if _masked(crc32c(block + bytes([kind]))) != struct.unpack("<I", index[offset + size + 1 : offset + size + 5])[0]:
        raise ValueError("the checksum of a block is wrong")
    end = size - 4 * (1 + struct.unpack("<I", block[-4:])[0])
    position, key = 0, b""
    while position < end:
        shared, position = protobuf.varint(block, position)
        own, position = protobuf.varint(block, position)
        length, position = protobuf.varint(block, position)
        if shared > len(key) or position + own + length > end:
            raise ValueError("an entry of a block is longer than the block")
        key = key[:shared] + block[position : position + own]
        yield key, block[position + own : position + own + length]
        position += own + length


def _tensor(name: str, entry: bytes, data: bytes) -> torch.Tensor:
    fields = protobuf.fields(entry)
    if fields.get(1, [0])[0] != FLOAT32:
        raise ValueError(f"'{name}' is of type {fields.get(1)}, and only float32 is known")
    shape = [
        _signed(protobuf.fields(size).get(1, [0])[0]) for size in protobuf.fields(fields.get(2, [b""])[0]).get(2, [])
    ]
    offset, size = fields.get(4, [0])[0], fields.get(5, [0])[0]
    n_values = int(np.prod(shape, dtype=object)) if shape else 1
    if min(shape, default=0) < 0 or not 0 <= n_values <= MOST_VALUES or size != 4 * n_values:
        raise ValueError(f"'{name}' has the shape {shape} and {size} bytes")
    if offset + size > len(data):
        raise ValueError(f"'{name}' lies outside of its {len(data)} bytes of data")
    values = np.frombuffer(data, "<f4", n_values, offset).reshape(shape)
    return torch.from_numpy(values.astype(np.float32))


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _masked(checksum: int) -> int:
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(content: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of some bytes."""
    checksum = 0xFFFFFFFF
    for byte in content:
        checksum = TABLE[(checksum ^ byte) & 0xFF] ^ checksum >> 8
    return checksum ^ 0xFFFFFFFF


def _table_entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (POLYNOMIAL if byte & 1 else 0)
    return byte


TABLE = [_table_entry(byte) for byte in range(256)]
