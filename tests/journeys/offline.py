# SPDX-License-Identifier: Apache-2.0
"""Unlocking while the central service is really stopped, through a real card service.

The results reach central when it is back: the stories check that too.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.contract.replication import card_hash
from kiosk.demo.journey import (
    CutCentral,
    Insert,
    Press,
    Renew,
    RestoreCentral,
    See,
    Take,
    new_passcode,
)
from kiosk.demo.mailbox import letters
from kiosk.demo.premises import Premises
from kiosk.flow.view import Intent
from kiosk.leases import PackStore
from kiosk.store.files import open_store, read_replica
from kiosk.store.outbox import Outbox
from kiosk.store.replica import ReplicaReader
from kiosk.values import CardIdentity, Family
from tests.journeys.happening import MISSED, Do, Story
from tests.journeys.stories import RIGHT, START, UNLOCKED, answers
from tests.patience import PATIENCE, wait_until

_PATIENCE_SECONDS = 2 * PATIENCE  # the sync rests for a minute after failures
_WRONG = ("Anna", "Mill Lane", "Bangor", "Narnia")


def _until(what: str, holds: Callable[[], bool]) -> None:
    wait_until(holds, what, seconds=_PATIENCE_SECONDS)


def _wait_for_pack(premises: Premises) -> None:
    """Wait until the kiosk has a pack of the cardholder's card."""
    premises.lend(offline=True)
    replica = ReplicaReader(read_replica(premises.state))
    identity = CardIdentity(premises.card.family, premises.card.serial)
    pack_store = PackStore(premises.memory)
    try:
        lent = lambda: pack_store.find(card_hash(replica.state().key, identity)) is not None  # noqa: E731
        _until("the kiosk got no pack for the card", lent)
    finally:
        pack_store.close()


def _wait_until_returned(premises: Premises) -> None:
    premises.lend(offline=False)
    pack_store = PackStore(premises.memory)
    try:
        _until("nothing was given back", lambda: not pack_store.everything())
    finally:
        pack_store.close()


def _wait_for_reports(premises: Premises) -> None:
    """Wait until central has all reports and has emailed the cardholder."""
    engine = open_store(premises.state)
    try:
        _until("not reported", lambda: Outbox(engine).count_pending_outcomes() == 0)
    finally:
        engine.dispose()


def _check_two_failures(premises: Premises) -> None:
    lines = premises.central.run("registrations", "list", "--csv").splitlines()
    (registration,) = (line for line in lines if line.startswith(premises.card.serial))
    assert registration.endswith(",2"), registration


def _release(premises: Premises) -> None:
    premises.central.run("registrations", "release", premises.card.serial)


def _emailed(subject: str) -> Do:
    def look(premises: Premises) -> None:
        mail = premises.central.mail
        arrived = lambda: [letter.subject for letter in letters(mail)][-1:] == [subject]  # noqa: E731
        _until(f"no letter: {subject}", arrived)

    return Do(f"a letter: {subject}", look)


WORKS = See("Many smartcards can still be unlocked here")
HINT = See("works without the central service")

WITHOUT_CENTRAL: dict[str, Story] = {
    "central is gone, and her card is unlocked all the same": [
        Renew(Family.PIV),
        Do("the RA lends", _wait_for_pack),
        *START,
        CutCentral(),
        WORKS,
        Insert(),
        HINT,
        *answers(*RIGHT[:3], None),
        *new_passcode("604812"),
        *UNLOCKED,
        RestoreCentral(),
        Do("all of it is reported", _wait_for_reports),
        _emailed("Your smartcard was unlocked"),
        Do("the RA lends no more", _wait_until_returned),
    ],
    "without central there are few attempts, and central hears of them": [
        Renew(Family.PIV),
        Do("the RA lends", _wait_for_pack),
        *START,
        CutCentral(),
        Insert(),
        HINT,
        *answers(*_WRONG),
        See("Too few answers were right"),
        Take(),
        *START,
        MISSED,
        Insert(),
        HINT,
        *answers(*_WRONG),
        See("without it only a few attempts are possible"),
        Take(),
        Press(Intent.CLOSE),
        *START,
        RestoreCentral(),
        Do("all of it is reported", _wait_for_reports),
        _emailed("Wrong answers for your smartcard"),
        Do("central has counted both", _check_two_failures),
        Do("the RA releases the registration", _release),
        Do("the RA lends no more", _wait_until_returned),
    ],
}
