"""The proof of filling at a smaller size."""

from __future__ import annotations

import pytest

from tests.proofs import filling

pytestmark = pytest.mark.dealt


def test_a_first_fill_does_not_fill_memory() -> None:
    assert "grew by" in filling.first_fill(5_000)


def test_the_pace_does_not_follow_from_how_much_there_is() -> None:
    assert "times" in filling.room_to_grow(2_000, 40_000)
