# SPDX-License-Identifier: Apache-2.0
"""Compressed certificates are read up to a limit, and refused if they are malformed."""

from __future__ import annotations

import gzip
import zlib

import pytest

from kiosk.card.compressed import inflate_gzip, inflate_zlib
from kiosk.errors import CardMalformed


def test_a_compressed_certificate_is_read() -> None:
    assert inflate_gzip(gzip.compress(b"der" * 500), "x") == b"der" * 500
    assert inflate_zlib(zlib.compress(b"der" * 500), "x") == b"der" * 500


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no",
        zlib.compress(b"der")[:-1],
        zlib.compress(bytes(10_000_000)),
        zlib.compress(b"der") + b"\0",
    ],
    ids=["nothing", "noise", "cut off", "a bomb", "more behind it"],
)
def test_a_malformed_certificate_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(CardMalformed, match="kxc00"):
        inflate_zlib(data, "kxc00")
