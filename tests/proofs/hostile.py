# SPDX-License-Identifier: Apache-2.0
"""Proof: no card, whatever it answers, gets anything but our own errors out of the kiosk."""

from __future__ import annotations

import warnings

from tests.card.hostile import attack, attack_unlock

_REPLIES = 120_000
_FORGED = 4_000  # unlocks with forged cards


def hostile_card(replies: int) -> str:
    """Attack every operation of every family with so many replies; give the figures.

    What is no CardError, or a card that is asked without end, ends this with its traceback.
    """
    with warnings.catch_warnings():
        # Of certificates that were mutated: odd, and still read.
        warnings.simplefilter("ignore")
        outcome = attack(replies)
        forged = attack_unlock(_FORGED)
    return (
        f"{outcome.replies} replies in {outcome.rounds} operations, 0 escapes; "
        f"{forged.rounds} unlocks with forged cards, {forged.unlocked} unlocked, 0 secrets sent"
    )


def prove() -> str:
    """The proof at full size."""
    return hostile_card(_REPLIES)
