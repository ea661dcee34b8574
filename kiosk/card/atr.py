# SPDX-License-Identifier: Apache-2.0
"""Reads the answer to reset: its historical bytes, the capabilities in them, and pattern matches.

Structure: ISO 7816-3, 8.2. Historical bytes and card capabilities: ISO 7816-4, 12.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass

_COMPACT_TLV = {0x00, 0x80}  # category indicators that COMPACT-TLV objects follow
_CAPABILITIES = 0x7
_CHAINING, _EXTENDED = 0x80, 0x40  # third software function table, ISO 7816-4, table 119


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities that a card announces; None if it does not mention one."""

    chaining: bool | None = None
    extended: bool | None = None


def historical_bytes(atr: bytes) -> bytes:
    """Return the historical bytes of `atr`; empty if it is cut off or has none."""
    if len(atr) < 2:
        return b""
    position, interface = 2, atr[1] >> 4
    while interface:
        position += interface.bit_count()
        if not interface & 0x8:
            break
        if position > len(atr):
            return b""
        interface = atr[position - 1] >> 4
    return atr[position : position + (atr[1] & 0xF)]


def capabilities(atr: bytes) -> Capabilities:
    """Return the card capabilities that the historical bytes announce."""
    historical = historical_bytes(atr)
    if not historical or historical[0] not in _COMPACT_TLV:
        return Capabilities()
    # Category 00 ends with three bytes of status that are not in COMPACT-TLV.
    rest = historical[1:-3] if historical[0] == 0x00 else historical[1:]
    while rest:
        tag, length = rest[0] >> 4, rest[0] & 0xF
        value, rest = rest[1 : 1 + length], rest[1 + length :]
        if tag == _CAPABILITIES and len(value) == 3:
            return Capabilities(bool(value[2] & _CHAINING), bool(value[2] & _EXTENDED))
    return Capabilities()


def fits(atr: bytes, pattern: bytes, mask: bytes) -> bool:
    """Return whether `atr` is as long as `pattern` and equals it in every bit that `mask` sets."""
    return len(atr) == len(pattern) == len(mask) and all(
        byte & bits == wanted & bits for byte, wanted, bits in zip(atr, pattern, mask, strict=True)
    )
