# SPDX-License-Identifier: Apache-2.0
"""The thief's kit, which is small enough to be a test."""

from __future__ import annotations

import pytest

from tests.proofs import theft

pytestmark = pytest.mark.dealt


def test_what_a_thief_gets_is_what_the_readme_says() -> None:
    told = theft.prove()
    assert "0 keys, 0 answers" in told
    assert "0 of 4 envelopes" in told
    assert "opened by three right answers" in told
