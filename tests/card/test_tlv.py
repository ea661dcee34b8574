# SPDX-License-Identifier: Apache-2.0
"""BER-TLV: encoding, parsing, and errors that name the place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card import tlv
from kiosk.errors import CardMalformed


@given(st.sampled_from([0x53, 0x7C, 0x5F2F, 0x7F49]), st.binary(max_size=600))
def test_an_encoded_object_is_parsed_unchanged(tag: int, value: bytes) -> None:
    assert list(tlv.parse(tlv.encode(tag, value), "x")) == [(tag, value)]


@given(st.binary(max_size=64))
def test_any_bytes_parse_or_are_refused_with_their_place(data: bytes) -> None:
    taken = 0
    try:
        for _, value in tlv.parse(data, "object"):
            taken += len(value)
    except CardMalformed as error:
        place = error.place
    else:
        place = "object@"
    assert place.startswith("object@")
    assert taken <= len(data)


@pytest.mark.parametrize("data", ["53", "5305AA", "5380", "5384", "5F", "5FFFFF01", "53820001"])
def test_truncated_and_malformed_bytes_are_refused(data: str) -> None:
    with pytest.raises(CardMalformed):
        list(tlv.parse(bytes.fromhex(data), "x"))


def test_a_missing_tag_is_named() -> None:
    with pytest.raises(CardMalformed, match="7C"):
        tlv.find(b"\x53\x00", 0x7C, "x")
