# SPDX-License-Identifier: Apache-2.0
"""Cardholders are told what happens to their cards, even if the mail server is away for a while."""

from __future__ import annotations

from sqlmodel import select

from kiosk.central.service import notices
from kiosk.central.tables import QueuedNotice
from kiosk.contract.messages import CardCommand
from tests.central.world import WRONG, Clock, KioskClient, PersonalCard, Service, item


def waiting(service: Service) -> list[str]:
    with service.services.database.transaction() as database:
        return list(database.exec(select(QueuedNotice.subject)))


def unlock(kiosk: KioskClient, card: PersonalCard) -> None:
    grant = kiosk.granted(card)
    facts = [
        item(grant, 0, CardCommand.UNBLOCK, 0, None),
        item(grant, 1, CardCommand.UNBLOCK, 0, "9000"),
        item(grant, 2, CardCommand.VERIFY, 0, "9000"),
    ]
    kiosk.report(*facts)
    kiosk.report(*facts)  # delivered twice, sent once


def test_an_unlock_sends_one_letter(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    unlock(kiosk, card)
    assert notices.deliver(service.services) == 1
    assert notices.deliver(service.services) == 0
    ((address, letter),) = service.mailbox.letters
    assert address == "nora@example.nhs.uk"
    assert letter.subject == "Your smartcard was unlocked"
    assert "ward 7" in letter.text
    assert waiting(service) == []


def test_wrong_answers_and_the_lock_send_letters(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    for _ in range(5):
        kiosk.answer(card, kiosk.opened(card), WRONG)
        clock.pass_time(600)
    notices.deliver(service.services)
    subjects = [letter.subject for _, letter in service.mailbox.letters if not letter.code]
    assert subjects == ["Wrong answers for your smartcard"] * 4 + ["Self service is locked"]


def test_a_letter_waits_for_the_mail_server_with_backoff(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    service.mailbox.closed = True
    unlock(kiosk, card)
    assert notices.deliver(service.services) == 0
    service.mailbox.closed = False
    assert notices.deliver(service.services) == 0  # not yet
    service.restart()  # it is not forgotten either
    clock.pass_time(10)
    assert notices.deliver(service.services) == 1


def test_an_undeliverable_letter_is_dropped_after_days(
    service: Service, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    service.mailbox.closed = True
    unlock(kiosk, card)
    tried = 0
    while waiting(service):
        notices.deliver(service.services)
        clock.pass_time(3600)
        tried += 1
    assert 72 <= tried <= 75


def test_the_service_delivers_letters_on_its_own(
    service: Service, kiosk: KioskClient, card: PersonalCard
) -> None:
    unlock(kiosk, card)
    courier = notices.courier(service.services)
    courier.start()
    try:
        while waiting(service):
            pass
    finally:
        courier.stop()
    assert len(service.mailbox.letters) == 1
