# SPDX-License-Identifier: Apache-2.0
"""The search for secrets finds leaks, and ignores digits that match by chance."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from tests.secrets_search import search

PASSCODE = {"passcode": b"846213"}


@pytest.mark.parametrize(
    "content",
    [
        b"the passcode is 846213.",
        b'{"new": "846213"}',
        b"piv846213AB12-CD34",
        b"\x00\x01846213\xff\xff",
        b"846213",
        b"00 2C 00 80 10 " + b"846213".hex().encode(),
        b"> 00 2C 00 80 06 " + b"846213".hex(" ").encode(),
    ],
)
def test_a_passcode_that_leaked_is_found(folder: Path, content: bytes) -> None:
    (folder / "log").write_bytes(b"2026-11-26 INFO " + content + b" and more")
    assert search([folder], PASSCODE)


def test_digits_within_an_identifier_are_not_reported(folder: Path) -> None:
    by_chance = UUID("6f1c3f0e-8462-13b3-9c6e-0a5f1f846213")
    (folder / "log").write_text(f"visit {by_chance.hex} of {by_chance}")
    assert search([folder], PASSCODE) == []


@pytest.mark.parametrize(
    "row", [b"03:00:00.846213kiosk", b"03:00:00.2846213kiosk", b"03:00:00.00846213kiosk"]
)
def test_the_fraction_of_a_time_is_not_reported(folder: Path, row: bytes) -> None:
    (folder / "row").write_bytes(b"\x05screen2026-11-26 " + row)
    assert search([folder], PASSCODE) == []


def test_what_is_around_a_leak_is_shown(folder: Path) -> None:
    (folder / "log").write_bytes(b"the passcode is 846213.")
    (told,) = search([folder], PASSCODE)
    assert "the passcode is" in told


def test_any_key_is_found_in_hexadecimal(folder: Path) -> None:
    key = b"3132333435363738"
    (folder / "log").write_bytes(b"PUT " + key.hex().encode())
    assert search([folder], {"key": key})
