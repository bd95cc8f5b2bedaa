"""Reader of the tensors in ONNX files: nothing of the graph is executed, and no other package is needed.

Format: github.com/onnx/onnx, onnx/onnx.proto.
"""

from __future__ import annotations

import numpy as np
import torch

from helpers.errors import UserError
from helpers.models.wheels import protobuf

GRAPH, TENSORS = 7, 5  # fields of the file's message, and of the graph
DIMENSIONS, TYPE, NAME, RAW = 1, 2, 8, 9  # fields of a tensor
TYPES = {1: np.dtype("<f4"), 6: np.dtype("<i4"), 7: np.dtype("<i8")}


def read(content: bytes, what: str) -> dict[str, torch.Tensor]:
    """Return the tensors stored in an ONNX file by name; raises UserError, naming `what`, for damage."""
    try:
        graph = protobuf.fields(memoryview(content))[GRAPH][0]
        return dict(_tensor(protobuf.fields(tensor)) for tensor in protobuf.fields(graph).get(TENSORS, []))
    except (ValueError, KeyError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise UserError(f"{what}: found no ONNX file with plain tensors ({error!r}); get the file again") from None


def _tensor(fields: dict[int, list]) -> tuple[str, torch.Tensor]:
    name, kind = bytes(fields[NAME][0]).decode(), fields[TYPE][0]
    if kind not in TYPES:
        raise ValueError(f"'{name}' is of the unknown type {kind}")
    raw, shape = bytes(fields.get(RAW, [b""])[0]), _dimensions(fields.get(DIMENSIONS, []))
    values = np.frombuffer(raw, TYPES[kind])
    if values.size != np.prod(shape, dtype=object):
        raise ValueError(f"'{name}' has the shape {shape} and {values.size} values")
    return name, torch.from_numpy(values.reshape(shape).copy())


def _dimensions(found: list) -> list[int]:
    """Return a shape, which writers store as one integer after the other or packed into one string of bytes."""
    sizes = []
    for value in found:
        if isinstance(value, int):
            sizes.append(value)
            continue
        position = 0
        while position < len(value):
            size, position = protobuf.varint(value, position)
            sizes.append(size)
    return sizes
