# SPDX-License-Identifier: Apache-2.0
"""The bytes that a card signs never change, and depend on every field."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kiosk.contract import proof
from kiosk.values import CardIdentity, Family

FIELDS: dict[str, Any] = {
    "central": "central",
    "kiosk": "ward 7",
    "card": CardIdentity(Family.PIV, "0123456789ABCDEF"),
    "session": UUID(int=1),
    "nonce": bytes(16),
}


def test_the_digest_is_the_published_one() -> None:
    """Both sides compute the digest: a change would make every genuine card look forged."""
    assert (
        proof.digest(proof.ProofPurpose.OPEN_UNLOCK, **FIELDS).hex()
        == "28f217f00646059ed051c7a604b6e9f0c1f3e091dd1c3723e2c331128eeefd9e"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"central": "central "},
        {"kiosk": "ward 8"},
        {"card": CardIdentity(Family.GIDS, "0123456789ABCDEF")},
        {"card": CardIdentity(Family.PIV, "0123456789ABCDE0")},
        {"session": UUID(int=2)},
        {"nonce": bytes(17)},
        {"central": "centralw", "kiosk": "ard 7"},  # only the boundary moves
    ],
)
def test_every_field_and_every_boundary_changes_the_digest(change: dict[str, Any]) -> None:
    digests = {
        proof.digest(purpose, **fields)
        for purpose in proof.ProofPurpose
        for fields in (FIELDS, FIELDS | change)
    }
    assert len(digests) == 2 * len(proof.ProofPurpose)


def test_the_nonce_depends_on_the_generation() -> None:
    assert proof.generation_nonce(258) == b"\0\0\0\0\0\0\1\2"
