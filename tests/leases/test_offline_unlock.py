# SPDX-License-Identifier: Apache-2.0
"""An unlock without central: the card proves its identity, and each step is recorded first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer
from uuid import UUID

import pytest
from nacl.pwhash import argon2id
from sqlalchemy import event

from kiosk.central.operations import seed
from kiosk.central.operations.seed import Personalisation
from kiosk.contract.messages import Grant, KioskDeed, KioskEvent
from kiosk.demo import cardholders
from kiosk.demo.issued_cards import IssuedCard, issue
from kiosk.errors import StoreFailed
from kiosk.flow import events as ev
from kiosk.simulated.issuing import SimulatedIssuer, new_key
from kiosk.simulated.piv_card import SimulatedPivCard
from kiosk.values import CardIdentity, Family, Secret
from kiosk.vault import sealed_answers
from kiosk.visits import Parties, VisitContext
from kiosk.visits.unlock_visit import UnlockVisit, new_reference
from tests.central.world import CENTRAL, Service
from tests.leases.world import Borrowing
from tests.proofs.unreliable import DirectReader, Interruption, Killed, MortalOutbox, Network

pytestmark = pytest.mark.dealt

RIGHT = tuple(words for _, words in cardholders.NURSE.answers)
WRONG = ("nobody", "nothing", "nowhere", "never")
PASSCODE = "864209"
_UNBLOCK = 15  # the command of a visit: 9 for the report, 3 for the proof, then the card work


@pytest.fixture
def nurses_card(service: Service, monkeypatch: pytest.MonkeyPatch) -> IssuedCard:
    monkeypatch.setattr(sealed_answers, "OPERATIONS", argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(sealed_answers, "MEMORY", argon2id.MEMLIMIT_MIN)
    issuer = SimulatedIssuer.make()
    issued = issue(Family.PIV, cardholders.NURSE.name, cardholders.NURSE.passcode, issuer)
    document = cardholders.personalisation(cardholders.NURSE, issued, issuer)
    seed.sow(service.services, Personalisation.model_validate_json(document))
    return issued


@pytest.fixture
def kiosk(
    service: Service, folder: Path, memory_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Borrowing]:
    borrowing = Borrowing(
        service, folder / "state", memory_directory, monkeypatch, cardholders.ORGANISATION
    )
    yield borrowing
    borrowing.close()


@pytest.fixture
def lent(kiosk: Borrowing, nurses_card: IssuedCard) -> Borrowing:
    """Return a kiosk that was lent the nurse's pack, and has lost its connection since."""
    kiosk.round()
    network = Network(kiosk.follower.central._http, down=True)
    kiosk.follower.central._http = network  # type: ignore[assignment]
    return kiosk


def visit(
    kiosk: Borrowing,
    card: IssuedCard,
    interruption: Interruption | None = None,
) -> UnlockVisit:
    begun = _visit(kiosk, card, interruption)
    assert isinstance(begun.read_card(), ev.CardRead)
    opened = begun.open(new_reference(), forgotten=False)
    assert isinstance(opened, ev.UnlockOpened), opened
    assert opened.offline
    asked = [question for question, _ in cardholders.NURSE.answers]
    assert [each.id for each in opened.questions] == asked
    return begun


def _visit(kiosk: Borrowing, card: IssuedCard, interruption: Interruption | None) -> UnlockVisit:
    reader, follower = DirectReader(card), kiosk.follower
    reader.insert(interruption)
    context = VisitContext(
        reader,  # type: ignore[arg-type]
        follower.central,
        MortalOutbox(follower.outbox._engine),
        Parties(CENTRAL, follower.name),
        follower.reader,
        kiosk.leases,
    )
    return UnlockVisit(1, context)


def unlock(begun: UnlockVisit) -> ev.Event:
    return begun.unlock(Secret(PASSCODE.encode()), lambda _: None)


def test_three_of_four_answers_unlock_the_card_and_spend_the_pack(
    lent: Borrowing, nurses_card: IssuedCard
) -> None:
    begun = visit(lent, nurses_card)
    assert begun.answer((*RIGHT[:3], None), None) == ev.AnswersAccepted(1)
    assert unlock(begun) == ev.CardUnlocked(1)
    assert nurses_card.has_passcode(PASSCODE)
    assert lent.leases.find(_identity(nurses_card)) is None
    reported = lent.outbox_kinds()
    assert reported[:2] == ["pack attempt", "pack answers"]
    assert reported[-1] == "visit end"


def test_a_second_opening_asks_central_if_it_answers(
    lent: Borrowing, nurses_card: IssuedCard
) -> None:
    begun = visit(lent, nurses_card)
    pack, lent.follower.central._http.down = begun._offline, False  # type: ignore[attr-defined]
    opened = begun.open(new_reference(), forgotten=True)
    assert isinstance(opened, ev.UnlockOpened), opened
    assert not opened.offline
    assert begun.answer(RIGHT, None) == ev.AnswersAccepted(1)
    assert pack is not None
    assert begun._offline is None
    assert "pack attempt" not in lent.outbox_kinds()
    lent.follower.central._http.down = True  # type: ignore[attr-defined]
    again = begun.open(new_reference(), forgotten=True)
    assert isinstance(again, ev.UnlockOpened), again
    assert again.offline


def test_an_opened_pack_is_wiped_when_the_user_leaves(
    lent: Borrowing, nurses_card: IssuedCard
) -> None:
    begun = visit(lent, nurses_card)
    assert begun.answer(RIGHT, None) == ev.AnswersAccepted(1)
    assert begun._offline is not None
    key = begun._offline._key
    assert key
    begun.forget()
    assert not key
    assert unlock(begun) == ev.UnlockRefused(1, ev.Refusal.SESSION_OVER)
    assert nurses_card.passcode_left == 0


def test_a_pack_is_not_opened_after_the_user_left(lent: Borrowing, nurses_card: IssuedCard) -> None:
    begun = visit(lent, nurses_card)
    begun.forget()
    begun.answer(RIGHT, None)
    assert begun._offline is not None
    assert begun._offline._key is None


def test_a_forgery_costs_no_attempt(lent: Borrowing, nurses_card: IssuedCard) -> None:
    """The forgery has everything readable of the nurse's card, without its keys."""
    assert isinstance(nurses_card.chip, SimulatedPivCard)
    memory = replace(nurses_card.chip.memory)
    memory.keys = {slot: new_key("P-256") for slot in memory.keys}
    forged = IssuedCard(nurses_card.family, nurses_card.serial, SimulatedPivCard(memory))
    answered = visit(lent, forged).answer(RIGHT, None)
    assert answered == ev.CardFailed(1, ev.CardTrouble.WRONG_CARD)
    (kept,) = lent.pack_store.everything()
    assert kept.attempts == 0
    assert "pack attempt" not in lent.outbox_kinds()


def test_attempts_have_waits_and_a_limit(lent: Borrowing, nurses_card: IssuedCard) -> None:
    begun = visit(lent, nurses_card)
    assert begun.answer(WRONG, None) == ev.AnswersRefused(1, 60)
    assert begun.answer(RIGHT, None) == ev.UnlockRefused(1, ev.Refusal.WAIT, 60)
    lent.clock.seconds += 61
    assert begun.answer(WRONG, None) == ev.UnlockRefused(1, ev.Refusal.OFFLINE_OVER)
    lent.clock.seconds += 3600
    assert begun.answer(RIGHT, None) == ev.UnlockRefused(1, ev.Refusal.OFFLINE_OVER)


def test_a_lease_that_ends_during_a_visit_unlocks_nothing(
    lent: Borrowing, nurses_card: IssuedCard
) -> None:
    begun = visit(lent, nurses_card)
    begun.answer(RIGHT, None)
    lent.clock.seconds += 13 * 3600
    assert unlock(begun) == ev.UnlockRefused(1, ev.Refusal.SESSION_OVER)
    assert nurses_card.passcode_left == 0


def test_a_wrong_key_is_tried_once(lent: Borrowing, nurses_card: IssuedCard) -> None:
    nurses_card.chip.memory.unblocking_key = b"another!"  # type: ignore[union-attr]
    begun = visit(lent, nurses_card)
    begun.answer(RIGHT, None)
    assert isinstance(unlock(begun), ev.CardFailed)
    assert nurses_card.unblocking_left == 2
    assert lent.leases.find(_identity(nurses_card)) is None


def test_a_card_is_not_touched_if_nothing_can_be_recorded(
    lent: Borrowing, nurses_card: IssuedCard
) -> None:
    """The disk is full: the user is told so, no envelope is opened, and the attempt counts."""
    begun = visit(lent, nurses_card)
    with full_disk(lent):
        assert begun.answer(RIGHT, None) == ev.CardFailed(1, ev.CardTrouble.STORE)
    (kept,) = lent.pack_store.everything()
    assert kept.attempts == 1
    assert nurses_card.passcode_left == 0


def test_card_work_does_not_begin_if_it_cannot_be_recorded(
    lent: Borrowing, nurses_card: IssuedCard
) -> None:
    begun, left = visit(lent, nurses_card), nurses_card.unblocking_left
    assert begun.answer(RIGHT, None) == ev.AnswersAccepted(1)
    with full_disk(lent):
        assert unlock(begun) == ev.CardFailed(1, ev.CardTrouble.STORE)
    assert (nurses_card.passcode_left, nurses_card.unblocking_left) == (0, left)


def test_card_work_that_cannot_be_recorded_any_more_is_a_failure(
    lent: Borrowing, nurses_card: IssuedCard
) -> None:
    begun = visit(lent, nurses_card)
    assert begun.answer(RIGHT, None) == ev.AnswersAccepted(1)
    with ExitStack() as stack:
        reported = begun.unlock(
            Secret(PASSCODE.encode()), lambda _: stack.enter_context(full_disk(lent))
        )
    assert reported == ev.CardFailed(1, ev.CardTrouble.FAILED)


def test_a_card_is_not_touched_if_the_user_leaves_during_a_request(
    kiosk: Borrowing, nurses_card: IssuedCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if the card is back by then, in another visit."""
    begun = answered(kiosk, nurses_card)
    ask = kiosk.follower.central.grant

    def grant(session: UUID) -> Grant:
        granted = ask(session)
        begun.forget()
        return granted

    with monkeypatch.context() as patched:
        patched.setattr(kiosk.follower.central, "grant", grant)
        assert unlock(begun) == ev.UnlockRefused(1, ev.Refusal.SESSION_OVER)
    assert nurses_card.passcode_left == 0
    assert kiosk.outbox_kinds()[-1] == "visit end"
    assert unlock(answered(kiosk, nurses_card)) == ev.CardUnlocked(1)


def test_a_card_is_not_frozen_for_a_visit_that_is_about_to_end(
    kiosk: Borrowing, nurses_card: IssuedCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Central answers the visit that the nurse has left and the current one at the same time."""
    assert unlock(answered(kiosk, nurses_card)) == ev.CardUnlocked(1)
    left, ask = answered(kiosk, nurses_card), kiosk.follower.central.grant
    issued, arrives = Event(), Event()

    def grant(session: UUID) -> Grant:
        granted = ask(session)
        issued.set()
        arrives.wait()
        return granted

    monkeypatch.setattr(kiosk.follower.central, "grant", grant)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(unlock, left)
        issued.wait()
        left.forget()
        again = _visit(kiosk, nurses_card, None)
        assert isinstance(again.read_card(), ev.CardRead)
        Timer(0.3, arrives.set).start()
        opened = again.open(new_reference(), forgotten=False)
        assert ending.result() == ev.UnlockRefused(1, ev.Refusal.SESSION_OVER)
    assert isinstance(opened, ev.UnlockOpened), opened


def test_a_card_is_not_frozen_for_an_end_that_a_full_disk_delayed(
    kiosk: Borrowing, nurses_card: IssuedCard
) -> None:
    assert unlock(answered(kiosk, nurses_card)) == ev.CardUnlocked(1)
    begun = answered(kiosk, nurses_card)
    with ExitStack() as stack:
        reported = begun.unlock(
            Secret(PASSCODE.encode()), lambda _: stack.enter_context(full_disk(kiosk))
        )
    assert reported == ev.CardFailed(1, ev.CardTrouble.FAILED)
    again = answered(kiosk, nurses_card)
    again._outbox = begun._outbox  # the kiosk was not restarted
    assert unlock(again) == ev.CardUnlocked(1)


def test_a_card_is_not_frozen_for_facts_that_this_kiosk_has_yet_to_report(
    kiosk: Borrowing, nurses_card: IssuedCard
) -> None:
    """Central knows that a key was about to be sent, and not yet that the kiosk was killed then."""
    assert unlock(answered(kiosk, nurses_card)) == ev.CardUnlocked(1)
    killed = answered(kiosk, nurses_card, Interruption(_UNBLOCK, acted=True, kills=True))
    with pytest.raises(Killed):
        unlock(killed)
    assert nurses_card.passcode_left == 3
    kiosk.follower.deliver()
    kiosk.follower.outbox.end_open_visits()
    assert unlock(answered(kiosk, nurses_card)) == ev.CardUnlocked(1)


def answered(
    kiosk: Borrowing, card: IssuedCard, interruption: Interruption | None = None
) -> UnlockVisit:
    """Begin a visit of the locked card with central there, up to the question for the passcode."""
    kiosk.follower.service.clock.pass_time(60)
    card.lock()
    begun = _visit(kiosk, card, interruption)
    assert isinstance(begun.read_card(), ev.CardRead)
    opened = begun.open(new_reference(), forgotten=False)
    assert isinstance(opened, ev.UnlockOpened), opened
    assert begun.answer(RIGHT, None) == ev.AnswersAccepted(1)
    return begun


@contextmanager
def full_disk(kiosk: Borrowing) -> Iterator[None]:
    """Fill the store's disk for the block."""
    engine = kiosk.follower.outbox._engine
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    engine.dispose()

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(engine, "connect", limit)
    with suppress(StoreFailed):
        while True:
            kiosk.follower.outbox.note(KioskEvent(deed=KioskDeed.SYNC_STARTED, detail="x" * 100))
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()


def _identity(card: IssuedCard) -> CardIdentity:
    return CardIdentity(card.family, card.serial)
