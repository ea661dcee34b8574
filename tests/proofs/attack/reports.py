# SPDX-License-Identifier: Apache-2.0
"""An enrolled kiosk reports as much as it can, on eight connections, while others unlock."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import requests

from kiosk.contract.messages import CardCommand
from tests.central.world import KioskClient, PersonalCard, item
from tests.proofs.attack.stage import Victim, stage, unlocking

_CONNECTIONS, ITEMS = 8, 100
SECONDS = 10.0

Items = Callable[[], list[dict[str, Any]]]


def attack(database: str = "", seconds: float = SECONDS, most_seconds: float = 1.0) -> str:
    """Full reports of events, each of which goes into the audit."""
    with stage(database) as central:
        kiosk = central.kiosk("attacker", "Trust A")
        return _attack(Victim(central, seconds), kiosk, _events, seconds, most_seconds)


def attack_under_a_grant(
    database: str = "", seconds: float = SECONDS, most_seconds: float = 2.0, items: int = ITEMS
) -> str:
    """Full reports of a card's facts under a live grant, which are never refused as too many."""
    with stage(database) as central:
        kiosk = central.kiosk("attacker", "Trust A")
        grant = kiosk.granted(kiosk.know(PersonalCard()))

        def facts() -> list[dict[str, Any]]:
            return [item(grant, n % 65, CardCommand.VERIFY, 0, "9000") for n in range(items)]

        told = _attack(Victim(central, seconds), kiosk, facts, seconds, most_seconds)
        assert "429" not in told, told
        return told


def _attack(
    victim: Victim, kiosk: KioskClient, items: Items, seconds: float, most_seconds: float
) -> str:
    victim.unlock()
    with flooding(kiosk, items) as answers:
        time.sleep(0.5)
        with unlocking(victim) as served:
            time.sleep(seconds)
    assert not served.failed, (served.failed[:3], str(served), answers)
    assert max(served.seconds) < most_seconds, (str(served), answers)
    told = ", ".join(f"{number} answered {status}" for status, number in sorted(answers.items()))
    return f"{_CONNECTIONS} connections of reports with {len(items())} items: {told}; {served}"


@contextmanager
def flooding(kiosk: KioskClient, items: Items) -> Iterator[Counter[int]]:
    """Report on all connections until the block ends; count the answers by their status."""
    answers: Counter[int] = Counter()
    stop = threading.Event()

    def report() -> None:
        headers = {"Authorization": f"Bearer {kiosk.token}"}
        with requests.Session() as session:
            while not stop.is_set():
                try:
                    answer = session.post(
                        f"{kiosk.service.url}/v1/reports",
                        json={"items": items()},
                        headers=headers,
                        timeout=60,
                    )
                except requests.RequestException:
                    answers[0] += 1
                    continue
                answers[answer.status_code] += 1
                if answer.status_code == 429:
                    time.sleep(0.05)  # an attacker waits for nothing, but shares this machine

    kiosk.token  # noqa: B018 - one for all connections
    threads = [threading.Thread(target=report) for _ in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _events() -> list[dict[str, Any]]:
    fact = {"kind": "audit", "deed": "sync started", "detail": "x" * 100}
    return [
        {"id": str(uuid4()), "recorded_at": "2026-01-01T00:00:00Z", "fact": fact}
        for _ in range(ITEMS)
    ]
