# SPDX-License-Identifier: Apache-2.0
"""Fields of an answer to reset, and patterns that match it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card.atr import Capabilities, capabilities, fits, historical_bytes


@pytest.mark.parametrize(
    ("atr", "expected"),
    [
        ("3B00", ""),
        ("3B880153696D50495630318E", "53696D5049563031"),
        ("3B8580018073C021C0D6", "8073C021C0"),
        # A published answer to reset of a Yubico card: T=1, preceded by TB1 and TC1.
        ("3BFD1300008131FE158073C021C057597562694B657940", "8073C021C057597562694B6579"),
    ],
)
def test_historical_bytes_are_found(atr: str, expected: str) -> None:
    assert historical_bytes(bytes.fromhex(atr)).hex().upper() == expected


@pytest.mark.parametrize(
    ("atr", "expected"),
    [
        ("3B880153696D50495630318E", Capabilities()),
        ("3B8580018073C021C0D6", Capabilities(chaining=True, extended=True)),
        ("3B858001807300004000", Capabilities(chaining=False, extended=True)),
        ("3B8880010073000080009000", Capabilities(chaining=True, extended=False)),
    ],
)
def test_capabilities_are_read(atr: str, expected: Capabilities) -> None:
    assert capabilities(bytes.fromhex(atr)) == expected


def test_a_mask_selects_the_compared_bits() -> None:
    assert fits(b"\x3b\x12", b"\x3b\x1f", b"\xff\xf0")
    assert not fits(b"\x3b\x22", b"\x3b\x1f", b"\xff\xf0")
    assert not fits(b"\x3b\x12\0", b"\x3b\x1f", b"\xff\xf0")


@given(st.binary(max_size=40))
def test_any_bytes_are_parsed_without_an_error(atr: bytes) -> None:
    assert isinstance(capabilities(atr), Capabilities)
    assert len(historical_bytes(atr)) <= 15
