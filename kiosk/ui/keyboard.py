# SPDX-License-Identifier: Apache-2.0
"""The meaning of each key of a keyboard, by SDL's key codes."""

from __future__ import annotations

_NAMES = {
    8: "erase", 9: "next", 13: "press", 27: "back", 127: "erase",
    266: "erase", 267: "access", 268: "language", 269: "previous", 270: "next", 271: "press",
    283: "speech", 300: "speech",
    273: "up", 274: "down", 275: "right", 276: "left",
    293: "technician",
    **{256 + digit: str(digit) for digit in range(10)},
}  # fmt: skip


def meaning(code: int, text: str | None, *, shifted: bool) -> str:
    """Return a character, a name that `focus` knows, or "" for a key without a meaning here."""
    name = _NAMES.get(code)
    if name == "next" and shifted:
        return "previous"
    if name is not None:
        return name
    return text.upper() if text and shifted and len(text) == 1 else text or ""
