# SPDX-License-Identifier: Apache-2.0
"""Boot keys: the sealing keys that a kiosk shows, and what shows that its identity was copied.

A kiosk makes a sealing key at each start, writes it to its disk before it shows it, and names in
each request all that it made since the last one that central answered. So the newest key that
central knows is always among them. If it is not, or if a key comes back that another one followed,
two devices have the kiosk's identity. Central cannot tell which of them is the thief: it lends to
neither until the kiosk is enrolled with a new key.

A request may be late: it left the kiosk before a restart, and came after a request with the next
key. So central judges only a caller whose access token was asked for since; others have to ask for
a new one first.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from enum import Enum, auto
from math import ceil

from sqlmodel import Session, col, delete, select

from kiosk.central.audit import trail
from kiosk.central.lending import leases
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import Work
from kiosk.central.tables import BootKeyRow, Installation, Kiosk, Organisation
from kiosk.contract.messages import ProblemType
from kiosk.contract.packs import LONGEST_LEASE_SECONDS, PacksRequest
from kiosk.rows import carry_out

USUAL_STARTS = 3
"""The starts within one lease that raise no alarm."""
LONGEST_LEASE = timedelta(seconds=LONGEST_LEASE_SECONDS)
MOST_STARTS = 16
"""The starts within one lease after which a kiosk is lent nothing until the lease is over."""


class Judgement(Enum):
    """The conclusion from the keys of a request."""

    KNOWN = auto()
    """It is the newest key."""
    NEW = auto()
    """The kiosk has started since."""
    LATE = auto()
    """The caller authenticated itself before the newest key came, so this shows nothing."""
    COPIED = auto()
    """Two devices have the kiosk's identity."""


def judge(database: Session, caller: Caller, request: PacksRequest) -> Judgement:
    """Return what the keys of the request show; change nothing."""
    shown = _shown(database, caller.id)
    if not shown:
        return Judgement.NEW
    newest = shown[-1]
    if newest.sealing_key == request.sealing_key:
        return Judgement.KNOWN
    followed = any(row.sealing_key == request.sealing_key for row in shown)
    if newest.sealing_key in request.made and not followed:
        return Judgement.NEW
    late = caller.nonce_at is None or caller.nonce_at <= newest.since
    return Judgement.LATE if late else Judgement.COPIED


def remember(work: Work, sealing_key: bytes) -> None:
    """Store a new key; refuse it if the kiosk started far too often."""
    trust = work.session.get_one(Organisation, work.caller.organisation_id)
    lease = timedelta(hours=trust.lease_hours)
    lately = select(BootKeyRow.since).where(
        BootKeyRow.kiosk_id == work.caller.id, BootKeyRow.since > work.now - lease
    )
    starts = work.session.exec(lately.order_by(col(BootKeyRow.id))).all()
    number = len(starts) + 1
    if number > MOST_STARTS:
        # An empty page would tell the kiosk that this key is known.
        wait = starts[0] + lease - work.now
        raise RequestRefused(ProblemType.BUSY, ceil(wait.total_seconds()))
    work.session.add(
        BootKeyRow(
            kiosk_id=work.caller.id,
            sealing_key=sealing_key,
            epoch=work.session.get_one(Installation, 1).epoch,
            since=work.now,
        )
    )
    work.session.flush()
    if number == USUAL_STARTS + 1:
        details: dict[str, trail.Detail] = {"kiosk": work.caller.name, "starts": number}
        trail.append(work.session, work.now, "kiosk.started-often", details, {})


def stop_lending(work: Work) -> None:
    """Stop lending to a kiosk whose identity was copied; mark and audit every card at risk."""
    kiosk = work.session.get_one(Kiosk, work.caller.id)
    kiosk.copied_at = work.now
    work.session.get_one(Installation, 1).alerted_at = None  # so that IT is told soon
    cards = leases.abandon(work.session, kiosk)
    details: dict[str, trail.Detail] = {"kiosk": kiosk.name, "packs": len(cards)}
    trail.append(work.session, work.now, "kiosk.copied", details, {})
    for card in cards:
        named: dict[str, trail.Detail] = {"kiosk": kiosk.name}
        trail.append(work.session, work.now, "card.renewal-due", named, trail.of_card(card))


def starting_often(database: Session, now: datetime) -> list[tuple[str, int]]:
    """Return the kiosks that started more often than usual within their last lease, by name."""
    shown = (
        select(Kiosk.name, BootKeyRow.since, Organisation.lease_hours)
        .join(Kiosk, col(Kiosk.id) == col(BootKeyRow.kiosk_id))
        .join(Organisation, col(Organisation.id) == col(Kiosk.organisation_id))
        .where(BootKeyRow.since > now - LONGEST_LEASE)
        .order_by(col(Kiosk.name))
    )
    lately = Counter(
        name for name, since, hours in database.exec(shown) if since > now - timedelta(hours=hours)
    )
    return [(name, starts) for name, starts in lately.items() if starts > USUAL_STARTS]


def forget(database: Session, kiosk: Kiosk) -> None:
    """Delete the keys of a kiosk that begins anew, with another identity."""
    carry_out(database, delete(BootKeyRow).where(col(BootKeyRow.kiosk_id) == kiosk.id))


def _shown(database: Session, kiosk_id: int) -> list[BootKeyRow]:
    """Return the keys that the kiosk showed in this epoch, the newest last.

    A restored database lacks the newest ones, so that its keys show nothing.
    """
    epoch = database.get_one(Installation, 1).epoch
    shown = select(BootKeyRow).where(BootKeyRow.kiosk_id == kiosk_id, BootKeyRow.epoch == epoch)
    return list(database.exec(shown.order_by(col(BootKeyRow.id))))
