# SPDX-License-Identifier: Apache-2.0
"""The proof `attack`: what an attacker on the network, or an enrolled kiosk, can stop of central.

One module a kind of attack; each attacks a real central process, and tells in one line what it sent
and what others were served meanwhile. To add a kind, write a module with `attack() -> str` and name
it in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.heartbeat import beat
from tests.proofs.attack import connections, imports, polls, reports

KINDS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("connections", connections.attack),
    ("long polls", polls.attack),
    ("reports", reports.attack),
    ("reports under a grant", reports.attack_under_a_grant),
    ("imports", imports.attack),
)


def prove() -> str:
    """Run every kind, print a line for each; raises AssertionError if one succeeds."""
    for name, attack in KINDS:
        print(f"  {name}: {attack()}", flush=True)
        beat(f"attack: {name}")
    return f"{len(KINDS)} kinds of attack, and others were served"
