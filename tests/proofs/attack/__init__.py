# SPDX-License-Identifier: Apache-2.0
"""The proof `attack`: what an attacker on the network, or an enrolled kiosk, can do to others.

One module a kind of attack; each attacks a real central, and tells in one line what it did and what
others had of it. To add a kind, write a module with `attack() -> str` and name
it in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.heartbeat import beat
from tests.proofs.attack import (
    addresses,
    clocks,
    connections,
    copied,
    imports,
    journals,
    lying,
    polls,
    reports,
    revocations,
)

KINDS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("connections", connections.attack),
    ("long polls", polls.attack),
    ("reports", reports.attack),
    ("reports under a grant", reports.attack_under_a_grant),
    ("copied key", copied.attack),
    ("copied key, PostgreSQL", copied.attack_on_postgresql),
    ("lying kiosk", lying.attack),
    ("journal and database", journals.attack),
    ("addresses", addresses.attack),
    ("clock jumps", clocks.attack),
    ("revocation lists", revocations.attack),
    ("imports", imports.attack),
)


def prove() -> str:
    """Run every kind, print a line for each; raises AssertionError if one succeeds."""
    for name, attack in KINDS:
        print(f"  {name}: {attack()}", flush=True)
        beat(f"attack: {name}")
    return f"{len(KINDS)} kinds of attack, and others were served"
