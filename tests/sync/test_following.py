"""A kiosk follows a real central service over HTTP: all there is, what changes, what goes."""

from __future__ import annotations

import pytest
from sqlmodel import select

from kiosk.central.tables import Card, CardStatus, Organisation, Registration
from kiosk.contract.changes import CardState
from kiosk.sync import plan
from tests.central import cards
from tests.central.world import Service
from tests.sync.world import TRUST, Follower


def test_all_there_is_comes_page_by_page(
    service: Service, kiosk: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "PAGE", 7)
    all_of_them = cards.serials("AA", 40)
    cards.add(service.parts, TRUST, all_of_them)
    standing = kiosk.follow()
    assert kiosk.hashes() == kiosk.expected(all_of_them)
    assert (standing.cards, standing.total, standing.complete) == (40, 40, True)
    known = kiosk.knows(all_of_them[3])
    assert known is not None
    assert (known.status, known.registered) == (CardState.ACTIVE, True)
    assert known.questions == ("first-pet", "first-street")


def test_what_changes_and_what_goes_follows(service: Service, kiosk: Follower) -> None:
    which = cards.serials("AA", 5)
    cards.add(service.parts, TRUST, which)
    kiosk.follow()
    with service.parts.database.transaction() as database:
        row = database.exec(select(Card).where(Card.serial == which[0])).one()
        row.status = CardStatus.SUSPENDED
        database.exec(
            select(Registration).where(Registration.card_id == row.id)
        ).one().locked = True
        database.exec(select(Organisation)).one().stopped = True
    cards.remove(service.parts, which[1:2])
    cards.move(service.parts, which[2], "Trust B")
    kiosk.follow()
    known = kiosk.knows(which[0])
    assert known is not None
    assert (known.status, known.locked) == (CardState.SUSPENDED, True)
    assert kiosk.hashes() == kiosk.expected([which[0], *which[3:]])
    policy = kiosk.reader.policy()
    assert policy is not None
    assert policy.stopped
