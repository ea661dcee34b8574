# SPDX-License-Identifier: Apache-2.0
"""The thief's kit at full size, which is small enough for a test."""

from __future__ import annotations

import pytest

from tests.proofs import theft

pytestmark = pytest.mark.dealt


def test_a_thief_gets_only_what_is_documented() -> None:
    figures = theft.prove()
    assert "0 keys, 0 answers" in figures
    assert "0 of 4 envelopes" in figures
    assert "opened by three right answers" in figures
    assert "disk's key: packs of 1 card, as the kiosk has" in figures
