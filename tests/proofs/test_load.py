"""The proof of load at a smaller size."""

from __future__ import annotations

from tests.proofs import load


def test_many_at_once_lose_nothing() -> None:
    assert "0 events lost" in load.run(kiosks=40, unlocks=4)
