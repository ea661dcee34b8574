# SPDX-License-Identifier: Apache-2.0
"""Search files for secrets, in the forms in which programs tend to leave them behind."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path

_SHORT = 8  # digits, like a passcode
_RANDOM = 24  # this many hexadecimal digits in a row are an identifier or a signature
_IN_A_TIME = re.compile(rb"\d\d:\d\d:\d\d[.,]\d{0,6}$")
"""The text before digits that belong to a fraction of a second.

In a row of SQLite another text follows it directly.
"""
_AROUND = 40  # bytes that are shown of what was found
_DIGITS_BEFORE, _DIGITS_AFTER = re.compile(rb"[0-9a-fA-F-]*$"), re.compile(rb"[0-9a-fA-F-]*")


def forms(secret: bytes) -> dict[str, bytes]:
    """Return the forms of `secret` in a file: plain, hexadecimal, and base64 at any offset."""
    found = {
        "raw": secret,
        "hex": secret.hex().encode(),
        "HEX": secret.hex().upper().encode(),
        "hex, spaced": secret.hex(" ").encode(),
        "HEX, spaced": secret.hex(" ").upper().encode(),
        "reversed": secret[::-1],
    }
    if secret.isascii():
        found["utf-16"] = secret.decode().encode("utf-16-le")
    for name, encode in (("base64", b64encode), ("base64url", urlsafe_b64encode)):
        for offset in range(3):
            # Leave out the characters that also depend on the bytes around the secret.
            encoded = encode(bytes(offset) + secret)
            first = -(-offset * 4 // 3)
            last = (offset + len(secret)) * 4 // 3
            found[f"{name}+{offset}"] = encoded[first:last]
    return found


def search(places: Iterable[Path], secrets: Mapping[str, bytes]) -> list[str]:
    """Return which of `secrets` (by name) are in which files under `places`, and what is around.

    Forms of a secret that are shorter than five bytes are not searched for: they would be found
    everywhere.
    """
    wanted = {
        f"{name} ({form})": needle
        for name, secret in secrets.items()
        for form, needle in forms(secret).items()
        if len(needle) >= 5
    }
    return [
        f"{file}: {name}: {content[max(place - _AROUND, 0) : place + _AROUND]!r}"
        for file in _files(places)
        for content in [file.read_bytes()]
        for name, needle in wanted.items()
        if (place := _find(content, needle)) is not None
    ]


def _find(content: bytes, needle: bytes) -> int | None:
    """Return the place of the form that is not there by chance, or None.

    Six given digits soon occur in that many random ones, and in the fractions of many times.
    """
    if len(needle) > _SHORT or not needle.isdigit():
        place = content.find(needle)
        return None if place < 0 else place
    for found in re.finditer(re.escape(needle), content):
        before = content[max(found.start() - _RANDOM, 0) : found.start()]
        in_a_row = len(_run(content, found.start(), found.end()))
        if in_a_row < _RANDOM and not _IN_A_TIME.search(before):
            return found.start()
    return None


def _run(content: bytes, start: int, end: int) -> bytes:
    """Return the run of hexadecimal digits and dashes around `start` to `end`."""
    before = _DIGITS_BEFORE.search(content[max(start - _RANDOM, 0) : start])
    after = _DIGITS_AFTER.match(content[end : end + _RANDOM])
    parts = (before.group() if before else b"", content[start:end], after.group() if after else b"")
    return b"".join(parts)


def _files(places: Iterable[Path]) -> list[Path]:
    found = []
    for place in places:
        found += [place] if place.is_file() else [f for f in place.rglob("*") if f.is_file()]
    return sorted(found)
