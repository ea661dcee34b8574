# SPDX-License-Identifier: Apache-2.0
"""The answer to reset: its historical bytes, what they announce, and whether it fits a pattern.

Structure: ISO 7816-3, 8.2; historical bytes and card capabilities: ISO 7816-4, 12.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass

_COMPACT_TLV = {0x00, 0x80}  # category indicators with COMPACT-TLV objects behind them
_CAPABILITIES = 0x7
_CHAINING, _EXTENDED = 0x80, 0x40  # third software function table, ISO 7816-4, table 119


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a card says of itself; None where it says nothing."""

    chaining: bool | None = None
    extended: bool | None = None


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes of `atr`; empty where it is cut off or has none."""
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
    """The card capabilities that the historical bytes announce."""
    told = historical_bytes(atr)
    if not told or told[0] not in _COMPACT_TLV:
        return Capabilities()
    # Category 00 ends with three bytes of status that are not in COMPACT-TLV.
    rest = told[1:-3] if told[0] == 0x00 else told[1:]
    while rest:
        tag, length = rest[0] >> 4, rest[0] & 0xF
        value, rest = rest[1 : 1 + length], rest[1 + length :]
        if tag == _CAPABILITIES and len(value) == 3:
            return Capabilities(bool(value[2] & _CHAINING), bool(value[2] & _EXTENDED))
    return Capabilities()


def fits(atr: bytes, pattern: bytes, mask: bytes) -> bool:
    """Whether `atr` has the length of `pattern` and its bits wherever `mask` has a one."""
    return len(atr) == len(pattern) == len(mask) and all(
        have & care == want & care for have, want, care in zip(atr, pattern, mask, strict=True)
    )
