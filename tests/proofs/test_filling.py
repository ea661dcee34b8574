# SPDX-License-Identifier: Apache-2.0
"""The proof of filling at a smaller size."""

from __future__ import annotations

import pytest

from tests.proofs import filling

pytestmark = pytest.mark.dealt


def test_a_first_fill_needs_little_memory() -> None:
    assert "grew by" in filling.first_fill(2_500)


def test_changes_arrive_with_many_registrations() -> None:
    """The proof measures the time: on a busy machine it means nothing."""
    assert filling.room_to_grow(1_000, 20_000).ratio > 0
