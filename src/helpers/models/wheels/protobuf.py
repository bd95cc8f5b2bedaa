"""Messages of protocol buffers, as far as files of weights need them: fields by number.

Format: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5  # types of a field on the wire


def varint(content: bytes, position: int) -> tuple[int, int]:
    """Return an integer of variable length and the position after it; raises ValueError where it does not end."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(content):
            raise ValueError("an integer goes on beyond the end")
        byte, position = content[position], position + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("an integer of more than ten bytes")


def fields(content: bytes | memoryview) -> dict[int, list]:
    """Return the values of each field of a message by its number: integers, or bytes of strings and messages.

    Raises ValueError for what is no message.
    """
    found: dict[int, list] = {}
    position = 0
    while position < len(content):
        tag, position = varint(content, position)
        if tag & 7 == VARINT:
            value, position = varint(content, position)
        else:
            if tag & 7 == LENGTH:
                size, position = varint(content, position)
            elif tag & 7 in (FIXED32, FIXED64):
                size = 4 if tag & 7 == FIXED32 else 8
            else:
                raise ValueError(f"a field of the unknown type {tag & 7}")
            if position + size > len(content):
                raise ValueError(f"a field of {size} bytes goes on beyond the end")
            value, position = content[position : position + size], position + size
        found.setdefault(tag >> 3, []).append(value)
    return found
