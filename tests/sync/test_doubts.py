# SPDX-License-Identifier: Apache-2.0
"""Suspicious changes are held back until IT has signed for them; others are taken at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from sqlmodel import select

from kiosk.central.tables import ChangeCounter, Installation, Kiosk, Organisation, Registration
from kiosk.contract.approval import Approval, HeldChange, sign
from kiosk.contract.messages import HoldReason
from kiosk.store.replica import ReplicaState
from kiosk.sync import planning
from tests.central import cards
from tests.central.world import Clock, Service
from tests.sync.world import TRUST, Follower

pytestmark = pytest.mark.dealt

MANY = cards.serials("AA", 60)


@pytest.fixture
def full(service: Service, kiosk: Follower) -> Follower:
    """Return a kiosk that is up to date."""
    cards.add(service.services, TRUST, MANY)
    assert kiosk.follow().cards == len(MANY)
    return kiosk


def begin_epoch(service: Service) -> None:
    with service.services.database.transaction() as database:
        database.get_one(Installation, 1).epoch = "e" * 16


def empty(service: Service) -> None:
    """Empty central, as if its database was created again."""
    cards.remove(service.services, MANY)
    begin_epoch(service)


def delete_most(service: Service) -> None:
    cards.remove(service.services, MANY[:50])


def unregister_most(service: Service) -> None:
    with service.services.database.transaction() as database:
        for row in database.exec(select(Registration)).all()[:50]:
            database.delete(row)


def thin_out(service: Service) -> None:
    delete_most(service)
    begin_epoch(service)


def go_backwards(service: Service) -> None:
    """Restore central from a backup without telling the kiosks."""
    cards.remove(service.services, MANY[55:])
    with service.services.database.transaction() as database:
        database.exec(select(ChangeCounter)).one().position = len(MANY) - 5


def approve(follower: Follower, held: ReplicaState, key: SigningKey, **other: object) -> Approval:
    """Make central distribute IT's signature."""
    change = HeldChange(
        organisation=held.held_organisation,
        kiosk=follower.name,
        epoch=held.held_epoch,
        head=held.held_head,
    )
    approval = sign(key, change.model_copy(update=other))
    with follower.service.services.database.transaction() as database:
        row = database.exec(select(Kiosk).where(Kiosk.name == follower.name)).one()
        row.approval = approval.model_dump(mode="json")
    return approval


@pytest.mark.parametrize(
    ("happens", "reason", "left"),
    [
        (empty, HoldReason.EMPTY, 0),
        (delete_most, HoldReason.FEWER, 10),
        (unregister_most, HoldReason.DELETION, 60),
        (thin_out, HoldReason.FEWER, 10),
        (go_backwards, HoldReason.BACKWARDS, 55),
    ],
)
def test_a_suspicious_change_is_held_back_reported_and_taken_after_approval(
    service: Service,
    full: Follower,
    happens: Callable[[Service], None],
    reason: HoldReason,
    left: int,
) -> None:
    happens(service)
    held = full.follow()
    assert (held.held_reason, held.cards) == (reason, len(MANY))
    assert full.hashes() == full.expected(MANY)
    full.open()  # a new process holds it back as well
    assert full.follow() == held
    reported = [item.fact.model_dump() for item in full.outbox.pending(50)]
    assert {"kind": "audit", "deed": "held back", "detail": reason} in reported
    approve(full, held, full.key)
    after = full.follow()
    assert (after.held_reason, after.cards, after.approved_epoch) == (None, left, "")
    card = full.knows(MANY[-1] if left == 10 else MANY[0])
    assert (card is not None) is (left > 0)


@pytest.mark.parametrize(
    "forged",
    [
        {"kiosk": "ward 8"},
        {"head": 1},
        {"epoch": "0" * 16},
        {"organisation": 99},
        {},
    ],
)
def test_a_forged_approval_is_refused(
    service: Service, full: Follower, forged: dict[str, object]
) -> None:
    """Signed for another change; or, with nothing changed, by another key."""
    delete_most(service)
    held = full.follow()
    approve(full, held, full.key if forged else SigningKey.generate(), **forged)
    assert full.follow() == held
    assert full.follow() == held
    deeds = [getattr(item.fact, "deed", None) for item in full.outbox.pending(50)]
    assert deeds.count("approval refused") == 1
    approve(full, held, full.key)
    assert full.follow().cards == 10


def test_an_approval_is_valid_once(service: Service, full: Follower) -> None:
    delete_most(service)
    held = full.follow()
    approve(full, held, full.key)
    assert full.follow().cards == 10
    more = cards.serials("BB", 60)
    cards.add(service.services, TRUST, more)
    assert full.follow().cards == 70
    cards.remove(service.services, more)
    assert full.follow().held_reason is HoldReason.FEWER


def test_without_its_key_no_approval_is_valid(service: Service, full: Follower) -> None:
    delete_most(service)
    held = full.follow()
    approve(full, held, full.key)
    full.following._approval_key = None
    assert full.follow() == held


def test_many_small_losses_in_a_day_are_a_large_one(service: Service, full: Follower) -> None:
    for start in range(0, 20, 5):
        cards.remove(service.services, MANY[start : start + 5])
        cards.add(service.services, TRUST, cards.serials(f"BB{start:02X}", 5))
        assert full.follow().held_reason is None
    cards.remove(service.services, MANY[20:25])
    assert full.follow().held_reason is HoldReason.DELETION


def test_each_day_is_counted_separately() -> None:
    today = ReplicaState(cards=50, window_since=1000.0, window_cards=60, lost=10)
    assert planning.window(today, 1000.0 + 3600) == today
    for later in (1000.0 + 86_400, 10.0):
        tomorrow = planning.window(today, later)
        assert (tomorrow.window_cards, tomorrow.lost) == (50, 0)


def test_a_few_deletions_are_taken_at_once(service: Service, full: Follower) -> None:
    cards.remove(service.services, MANY[:15])
    assert full.follow().cards == 45


def test_an_epoch_with_nearly_the_same_cards_is_taken_at_once(
    service: Service, full: Follower
) -> None:
    begin_epoch(service)
    cards.remove(service.services, MANY[:3])
    after = full.follow()
    assert (after.held_reason, after.epoch, after.cards) == (None, "e" * 16, 57)
    assert full.hashes() == full.expected(MANY[3:])


def test_a_new_epoch_ends_an_earlier_hold(service: Service, full: Follower) -> None:
    """This is the remedy for a backup that was restored without an announcement."""
    go_backwards(service)
    assert full.follow().held_reason is HoldReason.BACKWARDS
    begin_epoch(service)
    assert (full.follow().held_reason, full.follow().cards) == (None, 55)


def test_another_central_is_rejected(
    service: Service, full: Follower, tmp_path: Path, folder: Path
) -> None:
    """Another central with as many cards, and another master key."""
    place = tmp_path / "another"
    place.mkdir()
    another = Service(place, Clock(), f"sqlite:///{place}/central.db")
    another.start()
    cards.add(another.services, TRUST, MANY)
    with another.services.database.transaction() as database:
        database.exec(select(Organisation)).one()
    full.service, full.client = another, another.kiosk(full.name, TRUST)
    assert full.client.token
    full.open()
    held = full.follow()
    assert (held.held_reason, held.cards) == (HoldReason.OTHER, len(MANY))
    approve(full, held, full.key)
    assert full.follow().cards == len(MANY)
    assert full.knows(MANY[0]) is not None
    another.stop()


def test_a_kiosk_that_was_away_for_too_long_fills_again(service: Service, full: Follower) -> None:
    cards.remove(service.services, MANY[:4])
    with service.services.database.transaction() as database:
        counter = database.exec(select(ChangeCounter)).one()
        counter.horizon = counter.position
    after = full.follow()
    assert (after.cards, after.generation, after.filling) == (56, 2, False)
    assert full.hashes() == full.expected(MANY[4:])


def test_the_old_replica_is_used_while_another_fills(
    service: Service, full: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "PAGE", 10)
    begin_epoch(service)
    cards.remove(service.services, MANY[:1])
    for _ in range(3):
        full.following.round(planning.Pace())
    assert full.state.filling
    assert full.hashes() == full.expected(MANY)
    full.open()
    assert full.follow().cards == 59
