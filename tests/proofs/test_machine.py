# SPDX-License-Identifier: Apache-2.0
"""The state machine at a smaller size."""

from __future__ import annotations

import pytest

from tests.proofs import machine

pytestmark = [pytest.mark.dealt, pytest.mark.drawn]


def test_the_invariants_hold_after_every_step() -> None:
    assert "0 violations" in machine.run(examples=4, steps=15)
