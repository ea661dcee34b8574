# SPDX-License-Identifier: Apache-2.0
"""A kiosk follows a real central service over HTTP: all cards, changes, and deletions."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from kiosk.central.tables import Card, CardStatus, Organisation, Registration
from kiosk.contract.messages import KioskDeed, KioskEvent
from kiosk.contract.replication import CardState
from kiosk.doctor import findings
from kiosk.sync import planning
from tests.central import cards
from tests.central.world import Service
from tests.sync.world import TRUST, Follower


def test_all_cards_arrive_page_by_page(
    service: Service, kiosk: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "PAGE", 7)
    all_of_them = cards.serials("AA", 40)
    cards.add(service.services, TRUST, all_of_them)
    state = kiosk.follow()
    assert kiosk.hashes() == kiosk.expected(all_of_them)
    assert (state.cards, state.total, state.complete) == (40, 40, True)
    known = kiosk.knows(all_of_them[3])
    assert known is not None
    assert (known.status, known.registered) == (CardState.ACTIVE, True)
    assert known.questions == ("first-pet", "first-street")


def test_changes_and_deletions_are_followed(service: Service, kiosk: Follower) -> None:
    which = cards.serials("AA", 5)
    cards.add(service.services, TRUST, which)
    kiosk.follow()
    with service.services.database.transaction() as database:
        row = database.exec(select(Card).where(Card.serial == which[0])).one()
        row.status = CardStatus.SUSPENDED
        database.exec(
            select(Registration).where(Registration.card_id == row.id)
        ).one().locked = True
        database.exec(select(Organisation)).one().stopped = True
    cards.remove(service.services, which[1:2])
    cards.move(service.services, which[2], "Trust B")
    kiosk.follow()
    known = kiosk.knows(which[0])
    assert known is not None
    assert (known.status, known.locked) == (CardState.SUSPENDED, True)
    assert kiosk.hashes() == kiosk.expected([which[0], *which[3:]])
    policy = kiosk.reader.policy()
    assert policy is not None
    assert policy.stopped


def test_an_unchanged_replica_is_not_written(service: Service, kiosk: Follower) -> None:
    """Flash memory wears out with writes: rounds without changes leave all files alone."""
    cards.add(service.services, TRUST, cards.serials("AA", 5))
    findings.leave(kiosk.folder, ("clock: slow",))
    kiosk.follow()
    kiosk.deliver()
    before = written(kiosk.folder)
    for _ in range(3):
        kiosk.follow()
        kiosk.deliver()
        assert kiosk.knows("AA" * 16) is None
        findings.leave(kiosk.folder, ("clock: slow",))
    assert written(kiosk.folder) == before
    kiosk.outbox.note(KioskEvent(deed=KioskDeed.SYNC_STARTED))
    assert written(kiosk.folder) != before


def written(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return the files with their sizes and the times of their last writes."""
    states = {each.name: each.stat() for each in folder.iterdir()}
    return {name: (one.st_ino, one.st_size, one.st_mtime_ns) for name, one in states.items()}
