# SPDX-License-Identifier: Apache-2.0
"""Proof: a card can make the kiosk raise only this project's own errors."""

from __future__ import annotations

import warnings

from tests.card.hostile import attack, attack_unlock

_REPLIES = 120_000
_FORGED = 4_000  # unlocks with forged cards


def hostile_card(replies: int) -> str:
    """Attack every operation of every family with that many replies; return the figures.

    An error that is not a CardError, or a card that is asked endlessly, ends this with its
    traceback.
    """
    with warnings.catch_warnings():
        # Warnings about mutated certificates: odd, and still read.
        warnings.simplefilter("ignore")
        outcome = attack(replies)
        forged = attack_unlock(_FORGED)
    return (
        f"{outcome.replies} replies in {outcome.rounds} operations, 0 escapes; "
        f"{forged.rounds} unlocks with forged cards, {forged.unlocked} unlocked, 0 secrets sent"
    )


def prove() -> str:
    """Run the proof at full size."""
    return hostile_card(_REPLIES)
