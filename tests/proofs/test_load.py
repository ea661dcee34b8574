# SPDX-License-Identifier: Apache-2.0
"""The proof of load at a smaller size."""

from __future__ import annotations

import pytest

from tests.proofs import load

pytestmark = pytest.mark.dealt


def test_concurrent_kiosks_lose_nothing() -> None:
    assert "0 events lost" in load.run(kiosks=20, unlocks=4)
