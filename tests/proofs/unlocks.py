# SPDX-License-Identifier: Apache-2.0
"""Unlocks in sequence: a real kiosk process, pcscd, central over HTTP, the outbox."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from kiosk.demo.premises import Premises
from tests.proofs.ward import Ward

ROUNDS = 30


def prove(rounds: int = ROUNDS) -> str:
    """Unlock one card `rounds` times; its unblocking key changes each time."""
    keys = set()
    with tempfile.TemporaryDirectory() as folder, Premises(Path(folder)) as premises:
        ward = Ward(premises)
        with ward.kiosk() as kiosk:
            begun = time.monotonic()
            for _ in range(rounds):
                ward.block()
                premises.insert()
                heading = kiosk.wait_for("notice")
                premises.take()
                kiosk.wait_for("welcome")
                if "is unlocked" not in heading:
                    raise AssertionError(heading)
                keys.add(premises.card.unblocking_key)
                if premises.card.unblocking_left != 3:
                    raise AssertionError("a try was wasted")
            seconds = (time.monotonic() - begun) / rounds
    if len(keys) != rounds:
        raise AssertionError(f"{len(keys)} different keys after {rounds} unlocks")
    return f"{rounds} unlocks, {len(keys)} new keys, 0 tries wasted, {seconds:.2f} s each"
