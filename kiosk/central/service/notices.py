# SPDX-License-Identifier: Apache-2.0
"""Letters to cardholders about their cards: queued in a transaction, and delivered later.

A notice is in the same transaction as the event it reports, so there is never one without the
other. A periodic task delivers the notices that are due, and retries until the mail server takes
them. Several processes may deliver at once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlmodel import col, select

from kiosk.central.audit import trail
from kiosk.central.mail.letters import Letter
from kiosk.central.service.assembly import Services
from kiosk.central.service.periodic_task import PeriodicTask
from kiosk.central.service.sessions import Work
from kiosk.central.tables import Card, Cardholder, Installation, QueuedNotice
from kiosk.errors import MailFailed

_log = logging.getLogger(__name__)

_BATCH = 20
_BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 3600))
_GIVE_UP_AFTER = timedelta(days=3)  # an older notice is of no use
_INTERVAL_SECONDS = 5.0
MOST_REPORTED = 5
"""The most letters that a person gets in a day because of what kiosks report."""
_PERIOD = timedelta(days=1)


def holder(work: Work, card: Card) -> Cardholder:
    """Return the cardholder of the card."""
    return work.session.get_one(Cardholder, card.cardholder_id)


def queue(work: Work, addressee: Cardholder, letter: Letter) -> None:
    """Queue a letter to the cardholder, to be delivered once this transaction is on disk.

    Nothing is queued if the stored address is not usable; earlier versions stored some.
    """
    if not work.services.accepts_address(addressee.email):
        _log.warning("cardholder %d has no usable address", addressee.id)
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


def queue_reported(work: Work, addressee: Cardholder, letter: Letter, at: datetime) -> None:
    """Queue a letter that a kiosk's report of what happened `at` gives rise to.

    One kiosk can report as much as it likes, so a person gets at most five such letters a day. Of
    reports of before this epoch, which may be known already, they get one letter.
    """
    installation = work.session.get_one(Installation, 1)
    if installation.epoch_since is not None and at < installation.epoch_since:
        if addressee.resent_epoch == installation.epoch:
            return
        addressee.resent_epoch = installation.epoch
    since = addressee.reported_since
    if since is None or since + _PERIOD <= work.now:
        addressee.reported_since, addressee.reported_letters = work.now, 0
    addressee.reported_letters += 1
    if addressee.reported_letters <= MOST_REPORTED:
        queue(work, addressee, letter)
    elif addressee.reported_letters == MOST_REPORTED + 1:
        details: dict[str, trail.Detail] = {"kiosk": work.caller.name, "letters": MOST_REPORTED}
        holder: dict[str, trail.Detail] = {"cardholder": addressee.id}
        trail.append(work.session, work.now, "notices.withheld", details, holder)


def deliver(services: Services) -> int:
    """Deliver at most 20 notices that are due; return the number that the mail server took."""
    delivered = 0
    for _ in range(_BATCH):
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
            # Delayed before it is sent: a service that is killed here must not send it in a loop.
            wait = _BACKOFF[min(notice.attempts, len(_BACKOFF) - 1)]
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
    """Return the periodic task that delivers the notices that are due."""

    def deliver_all() -> None:
        while deliver(services):
            pass

    return PeriodicTask("courier", deliver_all, _INTERVAL_SECONDS)
