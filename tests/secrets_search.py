"""Searches files for secrets, in the forms in which they tend to be left behind."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path


def forms(secret: bytes) -> dict[str, bytes]:
    """How `secret` may look in a file: as it is, in hexadecimal, in base64 at any offset."""
    found = {
        "raw": secret,
        "hex": secret.hex().encode(),
        "HEX": secret.hex().upper().encode(),
        "reversed": secret[::-1],
    }
    if secret.isascii():
        found["utf-16"] = secret.decode().encode("utf-16-le")
    for name, encode in (("base64", b64encode), ("base64url", urlsafe_b64encode)):
        for offset in range(3):
            # The characters that the bytes around the secret have a say in are left out.
            encoded = encode(bytes(offset) + secret)
            first = -(-offset * 4 // 3)
            last = (offset + len(secret)) * 4 // 3
            found[f"{name}+{offset}"] = encoded[first:last]
    return found


def search(places: Iterable[Path], secrets: Mapping[str, bytes]) -> list[str]:
    """Where which of `secrets` (by name) is found, in all files under `places`.

    A secret's form shorter than five bytes is not looked for: it would be found everywhere.
    """
    wanted = {
        f"{name} ({form})": needle
        for name, secret in secrets.items()
        for form, needle in forms(secret).items()
        if len(needle) >= 5
    }
    return [
        f"{file}: {name}"
        for file in _files(places)
        for content in [file.read_bytes()]
        for name, needle in wanted.items()
        if needle in content
    ]


def _files(places: Iterable[Path]) -> list[Path]:
    found = []
    for place in places:
        found += [place] if place.is_file() else [f for f in place.rglob("*") if f.is_file()]
    return sorted(found)
