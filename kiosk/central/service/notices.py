# SPDX-License-Identifier: Apache-2.0
"""Letters to cardholders about what was done with their cards: queued with it, delivered later.

A notice is in the same transaction as what it tells of, so neither is without the other. Somebody
delivers what is due, again and again until the mail server takes it; several processes may.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlmodel import col, select

from kiosk.central.mail.letters import Letter
from kiosk.central.service.assembly import Services
from kiosk.central.service.periodic_task import PeriodicTask
from kiosk.central.service.sessions import Work
from kiosk.central.tables import Card, Cardholder, QueuedNotice
from kiosk.errors import MailFailed

_log = logging.getLogger(__name__)

_AT_ONCE = 20
_WAITS = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 3600))
_GIVE_UP_AFTER = timedelta(days=3)  # then it says nothing that is of use
_LOOK_SECONDS = 5.0


def holder(work: Work, card: Card) -> Cardholder:
    """Whose card it is."""
    return work.session.get_one(Cardholder, card.cardholder_id)


def queue(work: Work, addressee: Cardholder, letter: Letter) -> None:
    """Have the cardholder written to, once this transaction is on disk.

    A cardholder whose address was stored by an earlier version and is none is not written to.
    """
    if not work.services.accepts_address(addressee.email):
        _log.warning("cardholder %d has no address to be written to at", addressee.id)
        return
    work.session.add(
        QueuedNotice(
            address=addressee.email,
            subject=letter.subject,
            paragraphs=list(letter.paragraphs),
            language=letter.language,
            due_at=work.now,
            written_at=work.now,
        )
    )


def deliver(services: Services) -> int:
    """Deliver what is due; how many letters the mail server took."""
    delivered = 0
    for _ in range(_AT_ONCE):
        with services.database.transaction() as database:
            notice = database.exec(
                select(QueuedNotice)
                .where(col(QueuedNotice.due_at) <= services.clock())
                .order_by(col(QueuedNotice.due_at))
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if notice is None:
                break
            # Held back before it is tried: a service killed meanwhile does not send it in a loop.
            wait = _WAITS[min(notice.attempts, len(_WAITS) - 1)]
            notice.attempts += 1
            notice.due_at = services.clock() + wait
            if not _may_be_sent(services, notice.address):
                _log.error("notice %d dropped: not an address to be written to at", notice.id)
                database.delete(notice)
                continue
        try:
            paragraphs = tuple(notice.paragraphs)
            letter = Letter(notice.subject, paragraphs, language=notice.language)
            services.mail_transport.deliver(notice.address, letter)
        except MailFailed as error:
            _log.warning("notice %d not delivered: %s", notice.id, error)
            if notice.written_at + _GIVE_UP_AFTER > services.clock():
                continue
            _log.error("notice %d given up", notice.id)
        else:
            delivered += 1
        with services.database.transaction() as database:
            done = database.get(QueuedNotice, notice.id)
            if done is not None:
                database.delete(done)
    return delivered


def _may_be_sent(services: Services, address: str) -> bool:
    return address == services.alerts_to or services.accepts_address(address)


def courier(services: Services) -> PeriodicTask:
    """Delivers what is due, again and again, until it is stopped."""

    def deliver_all() -> None:
        while deliver(services):
            pass

    return PeriodicTask("courier", deliver_all, _LOOK_SECONDS)
