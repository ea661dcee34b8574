# SPDX-License-Identifier: Apache-2.0
"""Inflates compressed certificates (gzip on PIV cards, zlib on GIDS cards), within a size limit."""

from __future__ import annotations

import zlib

from kiosk.errors import CardMalformed

_LONGEST = 16384  # bytes of a certificate, far more than any card has room for


def inflate_gzip(data: bytes, place: str) -> bytes:
    """Return the content of gzip data (RFC 1952); raises CardMalformed(`place`)."""
    return _inflate(data, 16 + zlib.MAX_WBITS, place)


def inflate_zlib(data: bytes, place: str) -> bytes:
    """Return the content of zlib data (RFC 1950); raises CardMalformed(`place`)."""
    return _inflate(data, zlib.MAX_WBITS, place)


def _inflate(data: bytes, window: int, place: str) -> bytes:
    stream = zlib.decompressobj(window)
    try:
        content = stream.decompress(data, _LONGEST)
    except zlib.error as error:
        raise CardMalformed(f"{place}: compressed data cannot be read") from error
    if not stream.eof:
        raise CardMalformed(f"{place}: compressed data cut off, or too long")
    if stream.unused_data:
        raise CardMalformed(f"{place}: more data after the compressed data")
    return content
