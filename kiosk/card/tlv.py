# SPDX-License-Identifier: Apache-2.0
"""Reads and writes BER-TLV (ISO 7816-4, annex E) strictly, within limits; errors name the place."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.errors import CardMalformed


def parse(data: bytes, place: str) -> Iterator[tuple[int, bytes]]:
    """Yield each tag and value of `data`, in order, one level deep.

    Tags have up to three bytes, lengths up to four. Raises CardMalformed (`place` and offset) if
    something is cut off or left over.
    """
    position = 0
    while position < len(data):
        start = position
        tag, position = _tag(data, position, f"{place}@{start}")
        length, position = _length(data, position, f"{place}@{start}")
        if position + length > len(data):
            raise CardMalformed(f"{place}@{start}: value cut off")
        yield tag, data[position : position + length]
        position += length


def find(data: bytes, tag: int, place: str) -> bytes:
    """Return the value of the first `tag`; raises CardMalformed if there is none."""
    for found, value in parse(data, place):
        if found == tag:
            return value
    raise CardMalformed(f"{place}: no tag {tag:X}")


def encode(tag: int, value: bytes) -> bytes:
    """Return one TLV with a definite length of up to three bytes."""
    head = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    if len(value) < 0x80:
        return head + bytes((len(value),)) + value
    if len(value) < 0x100:
        return head + b"\x81" + len(value).to_bytes(1, "big") + value
    return head + b"\x82" + len(value).to_bytes(2, "big") + value


def _tag(data: bytes, position: int, place: str) -> tuple[int, int]:
    first = data[position]
    position += 1
    if first & 0x1F != 0x1F:
        return first, position
    tag = first
    for _ in range(2):
        if position >= len(data):
            raise CardMalformed(f"{place}: tag cut off")
        tag = tag << 8 | data[position]
        position += 1
        if not data[position - 1] & 0x80:
            return tag, position
    raise CardMalformed(f"{place}: tag too long")


def _length(data: bytes, position: int, place: str) -> tuple[int, int]:
    if position >= len(data):
        raise CardMalformed(f"{place}: length cut off")
    first = data[position]
    position += 1
    if first < 0x80:
        return first, position
    count = first & 0x7F
    if not 1 <= count <= 3 or position + count > len(data):
        raise CardMalformed(f"{place}: length malformed")
    return int.from_bytes(data[position : position + count], "big"), position + count
