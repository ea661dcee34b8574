# SPDX-License-Identifier: Apache-2.0
"""Central lends packs: which, for how long, how often, and how they are used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import delete, select

from kiosk.central.keys import signing
from kiosk.central.service import notices
from kiosk.central.tables import (
    CardStatus,
    Installation,
    LeaseCards,
    Organisation,
    Registration,
    SealedEnvelope,
)
from kiosk.contract.enrolment import StatementPurpose, statement
from kiosk.contract.messages import CardCommand, Grant, UnblockingKey
from kiosk.contract.packs import Pack
from kiosk.errors import VaultClosed
from kiosk.leases.available_packs import open_with_answers
from kiosk.rows import carry_out
from kiosk.values import Secret
from kiosk.vault import pack as sealing
from tests.central.borrower import (
    Borrower,
    allow,
    answers,
    attempt,
    card_row,
    end,
    pack_rows,
)
from tests.central.desk import Operator
from tests.central.world import ANSWERS, IMPORTED_KEY, WRONG, Clock, KioskClient, PersonalCard, item
from tests.secrets_search import search

HOUR = 3600.0


@pytest.fixture
def borrower(kiosk: KioskClient, card: PersonalCard) -> Borrower:
    allow(kiosk)
    return Borrower(kiosk)


def key_of(pack: Pack, answered: tuple[str, ...] = ANSWERS) -> bytes:
    """Return the key that the answers open."""
    return open_with_answers(pack, answered).reveal()


def registration(kiosk: KioskClient) -> Registration:
    with kiosk.service.services.database.reading() as database:
        return database.exec(select(Registration)).one()


def granted_offline(pack: Pack, grant: str) -> Grant:
    """Return the grant that belongs to the answers to a pack; `item` gets its fields."""
    key = UnblockingKey(generation=pack.generation, key=None)
    return Grant(
        grant=grant,
        session=uuid4(),
        current=key,
        next=None,
        first=pack.generation,
        second_allowed=False,
        renew=False,
        card_authentication_key=None,
        receipt=b"",
    )


# ---------------------------------------------------------------- which packs, and their content


def test_the_right_answers_open_the_cards_key_and_no_others(
    borrower: Borrower, card: PersonalCard
) -> None:
    (pack,) = borrower.ask()
    assert (pack.serial, pack.generation, pack.allowance) == (card.serial, 0, 2)
    assert key_of(pack) == IMPORTED_KEY.encode()
    with pytest.raises(VaultClosed):
        key_of(pack, WRONG)


def test_a_pack_opens_for_its_kiosk_alone_and_is_signed(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    page, _ = borrower._page(0, anew=False)
    (sealed,) = (each.sealed for each in page.packs)
    with pytest.raises(VaultClosed):
        Borrower(kiosk).open(sealed)
    spoilt = bytearray(sealed)
    spoilt[-1] ^= 1
    with pytest.raises(VaultClosed):
        borrower.open(bytes(spoilt))
    signature = signing.sign(kiosk.service.services.master, StatementPurpose.PACK, b"x")
    assert signature != signing.sign(kiosk.service.services.master, StatementPurpose.ENROL, b"x")
    assert statement(StatementPurpose.PACK, b"x") != statement(StatementPurpose.ENROL, b"x")


def test_the_key_of_one_pack_opens_in_no_other_context(borrower: Borrower) -> None:
    (pack,) = borrower.ask()
    for changed in ({"pack": uuid4()}, {"generation": 1}, {"serial": "AA" * 16}):
        with pytest.raises(VaultClosed):
            key_of(pack.model_copy(update=changed))


def test_nothing_is_lent_unless_the_policy_says_so(borrower: Borrower, kiosk: KioskClient) -> None:
    database = kiosk.service.services.database
    for setting in ("offline", "stopped"):
        with database.transaction() as session:
            trust = session.exec(select(Organisation)).one()
            before = getattr(trust, setting)
            setattr(trust, setting, not before)
        assert borrower.ask() == []
        with database.transaction() as session:
            setattr(session.exec(select(Organisation)).one(), setting, before)
    with database.transaction() as session:
        session.get_one(Installation, 1).stopped = True
    assert borrower.ask() == []
    with database.transaction() as session:
        session.get_one(Installation, 1).stopped = False
    assert len(borrower.ask()) == 1


def test_the_policy_may_restrict_packs_to_recently_seen_cards(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    kiosk.know(PersonalCard())  # never at this kiosk
    allow(kiosk, cards=LeaseCards.SEEN)
    assert borrower.ask() == []
    kiosk.accepted(card)
    assert [each.serial for each in borrower.ask()] == [card.serial]
    clock.pass_time(31 * 24 * HOUR)
    assert borrower.ask(anew=True) == []


def test_no_pack_is_lent_for_a_card_that_cannot_prove_its_identity(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    with kiosk.service.services.database.transaction() as database:
        database.exec(select(Registration)).one().card_authentication_key = None
    assert borrower.ask() == []


@pytest.mark.parametrize(
    "why", ["suspended", "locked", "frozen", "foreign", "unregistered", "code due"]
)
def test_no_pack_is_lent_for_a_card_that_may_not_be_unlocked(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, clock: Clock, why: str
) -> None:
    if why == "foreign":
        other = kiosk.service.kiosk("ward 1", "Trust B")
        allow(other)
        assert Borrower(other).ask() == []
        return
    with kiosk.service.services.database.transaction() as database:
        known = database.exec(select(type(card_row(kiosk, card)))).one()
        registered = database.exec(select(Registration)).one()
        if why == "suspended":
            known.status = CardStatus.SUSPENDED
        elif why == "frozen":
            known.frozen = True
        elif why == "locked":
            registered.locked = True
        elif why == "code due":
            registered.failures = 2
        else:
            known.organisation_id = known.organisation_id
            registered.card_authentication_key = None
    assert borrower.ask() == []


def test_no_pack_is_lent_for_a_card_with_an_uncertain_key(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard
) -> None:
    grant = kiosk.granted(card)  # the kiosk is never heard of again: the card may carry either key
    assert grant.renew
    assert borrower.ask() == []
    kiosk.finish(card, grant)
    (pack,) = borrower.ask()
    assert (pack.generation, pack.proven) == (1, True)
    assert key_of(pack) == grant.next.key if grant.next else None


# ---------------------------------------------------------------- how long


def test_a_lease_is_as_long_as_the_policy_and_renewed_at_half_time(
    borrower: Borrower, kiosk: KioskClient, clock: Clock
) -> None:
    allow(kiosk, hours=4)
    (first,) = borrower.ask()
    assert first.lease_seconds == 4 * HOUR
    assert borrower.ask() == []
    clock.pass_time(2.1 * HOUR)
    (again,) = borrower.ask()
    assert (again.pack, again.lease_seconds) == (first.pack, 4 * HOUR)
    assert len(pack_rows(kiosk)) == 1


def test_a_pack_that_never_arrived_is_lent_again(borrower: Borrower) -> None:
    (first,) = borrower.ask()
    (again,) = borrower.ask(anew=True)
    assert again.pack == first.pack


def test_a_new_start_ends_no_lease(borrower: Borrower, kiosk: KioskClient) -> None:
    (before,) = borrower.ask()
    (after,) = Borrower(kiosk).ask()
    assert after.pack != before.pack
    assert [row.ended_at for row in pack_rows(kiosk)] == [None, None]


# ---------------------------------------------------------------- rotation


def test_the_key_is_renewed_only_after_the_lease(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    proven(kiosk, card)
    (pack,) = borrower.ask()
    grant = kiosk.granted(card)
    assert not grant.renew
    kiosk.finish(card, grant)
    clock.pass_time(pack.lease_seconds + 1)
    assert kiosk.granted(card).renew


def test_a_pack_that_is_given_back_delays_the_renewal_until_its_lease_is_over(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    proven(kiosk, card)
    (pack,) = borrower.ask()
    kiosk.report(end(pack))
    grant = kiosk.granted(card)
    assert not grant.renew
    kiosk.report(over(grant))
    clock.pass_time(pack.lease_seconds)
    assert kiosk.granted(card).renew


# ---------------------------------------------------------------- how often


def test_offline_attempts_count(borrower: Borrower, kiosk: KioskClient, card: PersonalCard) -> None:
    (pack,) = borrower.ask()
    kiosk.report(attempt(pack), answers(pack, right=False))
    assert registration(kiosk).failures == card_row(kiosk, card).failures == 1
    (letter,) = kiosk_letters(kiosk)
    assert "Wrong answers" in letter


def kiosk_letters(kiosk: KioskClient) -> list[str]:
    notices.deliver(kiosk.service.services)
    return [letter.subject for _, letter in kiosk.service.mailbox.letters]


def test_an_attempt_without_a_reported_outcome_has_failed(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    (pack,) = borrower.ask()
    kiosk.report(attempt(pack))
    assert registration(kiosk).failures == 1
    assert kiosk_letters(kiosk) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 2, 0, 1, 1, 0)])
def test_a_success_clears_its_failures_in_any_order_of_arrival(
    borrower: Borrower, kiosk: KioskClient, order: tuple[int, ...]
) -> None:
    (pack,) = borrower.ask()
    items = [attempt(pack, 1), attempt(pack, 2), answers(pack, right=True, number=2)]
    for place in order:
        (status,) = kiosk.report(items[place])
        assert status in {"applied", "known"}
    assert registration(kiosk).failures == 0


def test_excess_attempts_and_foreign_packs_are_refused(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    with kiosk.service.services.database.transaction() as database:
        database.exec(select(Registration)).one().failures = 1
    (pack,) = borrower.ask()
    assert pack.allowance == 1
    assert kiosk.report(attempt(pack, 2)) == ["refused"]
    other = kiosk.service.kiosk("ward 8")
    assert other.report(attempt(pack, 1)) == ["refused"]


@pytest.mark.parametrize(("tries", "attempts"), [(3, 2), (8, 4)])
def test_all_kiosks_together_risk_neither_the_registration_nor_the_cards_last_tries(
    borrower: Borrower, kiosk: KioskClient, tries: int, attempts: int
) -> None:
    card = kiosk.know(PersonalCard(unblocking_maximum=tries))
    proven(kiosk, card)
    lent = [Borrower(kiosk.service.kiosk(f"ward {n}")).ask() for n in range(20, 25)]
    packs = [pack for each in lent for pack in each if pack.serial == card.serial]
    assert sum(pack.allowance for pack in packs) == attempts
    assert kiosk.granted(card).current.generation == 0  # and it is not held back for that


def test_a_pack_is_lent_to_the_kiosk_of_the_latest_visit(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    allow(kiosk, cards=LeaseCards.SEEN)
    kiosk.accepted(card)
    (pack,) = borrower.ask()
    clock.pass_time(60)
    other = kiosk.service.kiosk("ward 8")
    other.accepted(card)
    assert borrower.ask(anew=True) == []
    kiosk.report(end(pack))
    clock.pass_time(pack.lease_seconds)
    assert [each.serial for each in Borrower(other).ask()] == [card.serial]


def test_an_unproven_key_is_lent_to_one_kiosk_at_a_time(
    borrower: Borrower, kiosk: KioskClient, clock: Clock
) -> None:
    (pack,) = borrower.ask()
    other = Borrower(kiosk.service.kiosk("ward 8"))
    assert not pack.proven
    assert other.ask() == []
    kiosk.report(end(pack))
    clock.pass_time(pack.lease_seconds)
    assert len(other.ask()) == 1


def proven(kiosk: KioskClient, card: PersonalCard) -> None:
    """Make the imported key open the card, without a renewal."""
    kiosk.finish(card, kiosk.granted(card), renews=False)


def over(grant: Grant, facts: int = 0) -> dict[str, Any]:
    """Return the kiosk's report that a grant will not be used any more."""
    return {
        "id": str(uuid4()),
        "recorded_at": "2025-01-01T03:00:00Z",
        "fact": {"kind": "visit end", "session": str(grant.session), "facts": facts},
    }


# ---------------------------------------------------------------- card work


def test_offline_card_work_is_evidence_too(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard
) -> None:
    (pack,) = borrower.ask()
    right = answers(pack, right=True)
    grant = granted_offline(pack, right["fact"]["grant"])
    items = [
        attempt(pack),
        right,
        item(grant, 0, CardCommand.UNBLOCK, 0, None),
        item(grant, 1, CardCommand.UNBLOCK, 0, "9000"),
        item(grant, 2, CardCommand.VERIFY, 0, "9000"),
        item(grant, 3, CardCommand.ATTEST, 0, "9000", signature=kiosk.attest(card, grant, 0)),
        end(pack, 1),
    ]
    assert kiosk.report(*items) == ["applied"] * 7
    assert kiosk.report(*items) == ["known"] * 7
    (again,) = borrower.ask()
    assert again.proven
    assert again.pack != pack.pack
    assert kiosk_letters(kiosk) == ["Your smartcard was unlocked"]


# ---------------------------------------------------------------- lost kiosks, new answers


def test_a_lost_kiosks_cards_are_reported_and_renewed_at_the_next_unlock(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, operator: Operator
) -> None:
    borrower.ask()
    other = kiosk.service.kiosk("ward 8")
    assert other.token
    printed = operator.does("kiosks", "revoke", kiosk.name)
    assert card.serial in printed
    assert [row["serial"] for row in operator.listed("cards", "list", "--renewal-due")] == [
        card.serial
    ]
    grant = other.granted(card)
    assert grant.renew  # the pack has to become worthless
    other.finish(card, grant)
    assert operator.listed("cards", "list", "--renewal-due") == []


def test_a_retired_kiosk_marks_no_cards(
    borrower: Borrower, kiosk: KioskClient, card: PersonalCard, operator: Operator
) -> None:
    borrower.ask()
    operator.does("kiosks", "retire", kiosk.name)
    kiosk._access = None
    assert kiosk.post("/retirement").status_code == 200
    assert not card_row(kiosk, card).renewal_due


def test_a_pack_of_former_answers_does_not_count_for_a_new_registration(
    borrower: Borrower, kiosk: KioskClient
) -> None:
    (pack,) = borrower.ask()
    with kiosk.service.services.database.transaction() as database:
        old = database.exec(select(Registration)).one()
        columns = old.model_dump()
        carry_out(database, delete(SealedEnvelope))
        database.delete(old)
        database.flush()
        database.add(Registration(**{**columns, "id": uuid4()}))
    kiosk.report(attempt(pack), answers(pack, right=False))
    assert registration(kiosk).failures == 0


def test_the_ra_sets_the_policy(kiosk: KioskClient, operator: Operator) -> None:
    kiosk.token  # noqa: B018
    printed = operator.does(
        *("organisations", "policy", kiosk.organisation),
        *("--offline", "on", "--lease-hours", 6, "--lease-cards", "all"),
    )
    assert printed.startswith("offline: yes, for 6 hours, all cards")
    assert operator.audited["lease_cards"] == "all"


# ---------------------------------------------------------------- no secrets in the clear


def test_neither_messages_nor_the_database_show_a_key(
    borrower: Borrower,
    kiosk: KioskClient,
    tmp_path: Path,
    database_files: Callable[[], list[Path]],
) -> None:
    page, _ = borrower._page(0, anew=False)
    (tmp_path / "sent").write_bytes(page.model_dump_json().encode())
    secrets = {"key": IMPORTED_KEY.encode(), "answer": ANSWERS[0].encode()}
    assert search([tmp_path, *database_files()], secrets) == []
    (tmp_path / "sent").write_bytes(page.model_dump_json().encode() + IMPORTED_KEY.encode())
    assert search([tmp_path], secrets)


def test_a_sealed_text_opens_only_with_its_key_and_context() -> None:
    key = sealing.new_key()
    sealed = sealing.seal(b"plain", sealing.public_half(key), b"context")
    assert sealing.unseal(sealed, key, b"context") == b"plain"
    for other, where in ((key, b"other"), (sealing.new_key(), b"context")):
        with pytest.raises(VaultClosed):
            sealing.unseal(sealed, other, where)
    for damaged in (b"", sealed[:31], sealed[:-1], b"\0" * len(sealed)):
        with pytest.raises(VaultClosed):
            sealing.unseal(damaged, key, b"context")
    assert isinstance(key, Secret)
