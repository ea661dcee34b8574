# SPDX-License-Identifier: Apache-2.0
"""Issuing packs: for which cards, with how many attempts, and for how long.

A pack never contains a key that may not be the card's. While a pack is lent, the card's key is not
renewed, so packs do not become stale. All kiosks together get fewer attempts without central than
lock a registration.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from kiosk.central.audit import trail
from kiosk.central.evidence import epochs, history
from kiosk.central.keys import signing
from kiosk.central.keys.escrow import FORMATS
from kiosk.central.lending import boot_keys, leases
from kiosk.central.lending.boot_keys import Judgement
from kiosk.central.refusal import RequestRefused
from kiosk.central.registration import codes, registrations
from kiosk.central.service import throttle
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import Work, working
from kiosk.central.tables import (
    Card,
    CardStatus,
    Installation,
    Kiosk,
    LeaseCards,
    LoginSession,
    Organisation,
    PackRow,
    Registration,
    UnlockSession,
)
from kiosk.contract import packs as pk
from kiosk.contract.enrolment import StatementPurpose
from kiosk.contract.messages import ProblemType, Question
from kiosk.questions import SecurityQuestion
from kiosk.vault import pack as sealing

SEEN_WITHIN = timedelta(days=30)
MOST_LENT = 1000
"""The most cards that a kiosk has packs of: a thief of it, or of its key, gets no more a lease."""
_BATCH = 100  # cards in one transaction


def give_packs(
    services: Services, caller: Caller, request: pk.PacksRequest, address: str
) -> pk.PackPage | None:
    """Return the next packs that the kiosk may have and lacks; none if nothing may be lent.

    `address` is where the request came from; return None if nothing may be lent there. Refuse a
    request that may be late: see `boot_keys`.
    """
    nothing = pk.PackPage(packs=(), next=request.after, more=False)
    if _nothing_to_do(services, caller, request):
        return nothing
    with working(services, caller) as work:
        trust = work.session.get_one(Organisation, caller.organisation_id)
        installation = work.session.get_one(Installation, 1)
        if not _trusted(work, request):
            return nothing
        stopped = installation.stopped or trust.stopped or not trust.offline
        if stopped or epochs.unsettled(work.session, trust.id):
            return nothing
        networks = work.session.get_one(Kiosk, caller.id).lease_networks
        if not within(address, trust.lease_networks if networks is None else networks):
            return None
        return _page(work, trust, installation, request)


def within(address: str, networks: Collection[str]) -> bool:
    """Return whether the address is in one of the networks, or there are none."""
    if not networks:
        return True
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in ip_network(each) for each in networks)


def _trusted(work: Work, request: pk.PacksRequest) -> bool:
    """Return whether this is the one kiosk; if its identity was copied, stop lending to it."""
    if work.session.get_one(Kiosk, work.caller.id).copied_at is not None:
        return False
    match boot_keys.judge(work.session, work.caller, request):
        case Judgement.KNOWN:
            return True
        case Judgement.NEW:
            boot_keys.remember(work, request.sealing_key)
            return True
        case Judgement.LATE:
            raise RequestRefused(ProblemType.EXPIRED)
        case Judgement.COPIED:
            boot_keys.stop_lending(work)
            return False


def _nothing_to_do(services: Services, caller: Caller, request: pk.PacksRequest) -> bool:
    """Return whether there is nothing to lend and nothing to learn; kiosks ask after every change.

    This only reads, so it does not delay an unlock.
    """
    with services.database.reading() as database:
        work = Work(services, caller, database, services.clock())
        if database.get_one(Kiosk, caller.id).copied_at is not None:
            return True
        if boot_keys.judge(database, caller, request) is not Judgement.KNOWN:
            return False
        trust = database.get_one(Organisation, caller.organisation_id)
        lent = leases.cards_lent(database, caller.id, work.now)
        return not trust.offline or not _candidates(work, trust, request, lent)


def _page(
    work: Work, trust: Organisation, installation: Installation, request: pk.PacksRequest
) -> pk.PackPage:
    lease = timedelta(hours=trust.lease_hours)
    lent = leases.cards_lent(work.session, work.caller.id, work.now)
    found = _candidates(work, trust, request, lent)
    made: list[pk.SealedPack] = []
    after, new = request.after, 0
    kiosk = work.session.get_one(Kiosk, work.caller.id)
    for card, registration in found:
        if len(made) == pk.MOST_PACKS:
            break
        after = card.id
        if card.id not in lent and len(lent) >= MOST_LENT:
            continue
        if trust.lease_cards == LeaseCards.SEEN and not _seen_last_here(work, card):
            continue
        loan = _loan(work, card, registration, request)
        if loan is None:
            continue
        new += loan.row.lent_at == work.now
        lent.add(card.id)
        loan.row.lent_until = max(loan.row.lent_until, work.now + lease)
        made.append(_sealed(work, loan, kiosk, request, installation.epoch))
    if new:
        details: dict[str, trail.Detail] = {"kiosk": work.caller.name, "packs": new}
        trail.append(work.session, work.now, "packs.lent", details, {})
    return pk.PackPage(packs=tuple(made), next=after, more=bool(found))


def _candidates(
    work: Work, trust: Organisation, request: pk.PacksRequest, lent: Collection[int]
) -> list[tuple[Card, Registration]]:
    """Return the next cards whose pack is missing or past half its lease, ordered by id.

    A kiosk that has packs of as many cards as it may gets packs of those cards, `lent`, alone.
    """
    wanted = (
        select(Card, Registration)
        .join(Registration, col(Registration.card_id) == col(Card.id))
        .where(
            Card.organisation_id == trust.id,
            Card.id > request.after,
            Card.status == CardStatus.ACTIVE,
            col(Card.frozen).is_(False),
            col(Registration.card_authentication_key).is_not(None),
            col(Registration.locked).is_(False),
            Registration.failures < codes.ASKED_AFTER,
        )
    )
    if trust.lease_cards == LeaseCards.SEEN:
        wanted = wanted.where(or_(*(_seen(work, proved) for proved in _PROVED)))
    if len(lent) >= MOST_LENT:
        wanted = wanted.where(col(Card.id).in_(lent))
    if not request.anew:
        half = timedelta(hours=trust.lease_hours) / 2
        fresh = select(PackRow.id).where(
            PackRow.kiosk_id == work.caller.id,
            PackRow.card_id == Card.id,
            PackRow.registration_id == Registration.id,
            PackRow.sealing_key == request.sealing_key,
            col(PackRow.ended_at).is_(None),
            col(PackRow.lent_until) > work.now + half,
        )
        wanted = wanted.where(~fresh.exists())
    return list(work.session.exec(wanted.order_by(col(Card.id)).limit(_BATCH)).all())


_PROVED = ((LoginSession, LoginSession.proved_at), (UnlockSession, UnlockSession.accepted_at))
"""When a session proved that the card's holder is there: a login, or answers that were right.

A kiosk can open sessions of any card, and a card signs with its own key over the air: neither shows
that its holder was there.
"""


def _seen(work: Work, proved: tuple[Any, Any]) -> ColumnElement[bool]:
    """Return the condition that the card's holder was at this kiosk lately."""
    table, proved_at = proved
    return (
        select(table.id)
        .where(
            table.kiosk_id == work.caller.id,
            table.card_id == Card.id,
            col(proved_at) > work.now - SEEN_WITHIN,
        )
        .exists()
    )


@dataclass(frozen=True, slots=True)
class _Loan:
    """A pack with its card and registration; `proven`: its key has opened the card before."""

    card: Card
    registration: Registration
    row: PackRow
    proven: bool


def _seen_last_here(work: Work, card: Card) -> bool:
    """Return whether the card was last seen at this kiosk, so that few kiosks get its key."""
    latest: list[tuple[Any, int]] = []
    for table, proved_at in _PROVED:
        newest = select(proved_at, table.kiosk_id).where(
            table.card_id == card.id, col(proved_at).is_not(None)
        )
        found = work.session.exec(newest.order_by(col(proved_at).desc())).first()
        latest += [found] if found is not None else []
    return bool(latest) and max(latest)[1] == work.caller.id


def _loan(
    work: Work,
    card: Card,
    registration: Registration,
    request: pk.PacksRequest,
) -> _Loan | None:
    """Return the pack that the kiosk has of the card, or a new one; None if it may have none.

    A kiosk that was started anew, or that gave its pack back, may be lent another one. It counts
    once among those that the kiosk and the card may have.
    """
    leases.account(work.session, card, work.now)
    known = leases.unaccounted(work.session, card)
    own = [row for row in known if row.kiosk_id == work.caller.id and not row.abandoned]
    mine = [
        row
        for row in own
        if row.sealing_key == request.sealing_key
        and row.registration_id == registration.id
        and row.ended_at is None
    ]
    decision, opened = history.outlook(work.session, card, lent_once_more=not own)
    if decision.frozen or decision.second_allowed or not FORMATS[card.family].leaves:
        return None
    if mine:
        same = mine[0].generation == decision.current
        return _Loan(card, registration, mine[0], opened) if same else None
    others = [row for row in known if row not in own and leases.runs(row, work.now)]
    allowance = _allowance(work.session, registration, others)
    if allowance < 1:
        return None
    row = PackRow(
        id=uuid4(),
        number=epochs.next_visit(work.session, card, count=pk.MOST_ATTEMPTS),
        kiosk_id=work.caller.id,
        card_id=card.id,
        registration_id=registration.id,
        generation=decision.current,
        allowance=allowance,
        sealing_key=request.sealing_key,
        lent_at=work.now,
        lent_until=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return _Loan(card, registration, row, opened)


def _allowance(database: Session, registration: Registration, others: list[PackRow]) -> int:
    """Return the attempts allowed without central, beside those of the running packs of others.

    They end before a code is required, and before the registration would lock.
    """
    newest = {row.kiosk_id: row for row in others if row.registration_id == registration.id}
    at_stake = sum(row.allowance - leases.attempts(database, row) for row in newest.values())
    before_locking = throttle.ATTEMPTS - 1 - registration.failures - at_stake
    return min(pk.MOST_ATTEMPTS, codes.ASKED_AFTER - registration.failures, before_locking)


# ---------------------------------------------------------------- what is in a pack


def _sealed(
    work: Work, loan: _Loan, kiosk: Kiosk, request: pk.PacksRequest, epoch: str
) -> pk.SealedPack:
    body = _pack(work, loan, kiosk, request, epoch).model_dump_json().encode()
    signature = signing.sign(work.services.master, StatementPurpose.PACK, body)
    signed = pk.SignedPack(pack=body, signature=signature).model_dump_json().encode()
    recipient = pk.addressed(work.services.name, kiosk.subject)
    return pk.SealedPack(sealed=sealing.seal(signed, request.sealing_key, recipient))


def _pack(work: Work, loan: _Loan, kiosk: Kiosk, request: pk.PacksRequest, epoch: str) -> pk.Pack:
    card, registration, row = loan.card, loan.registration, loan.row
    recovery = registrations.recovery(work.session, work.services.master, registration)
    key = work.services.escrow.key(work.session, card, row.generation)
    bound_to = pk.context(row.id, registration.id, card.identity, row.generation)
    try:
        sealed = sealing.seal(key.reveal(), recovery.public_key, bound_to)
    finally:
        key.wipe()
    return pk.Pack(
        pack=row.id,
        central=work.services.name,
        epoch=epoch,
        kiosk=kiosk.subject,
        sealing_key=request.sealing_key,
        nonce=request.nonce,
        family=card.family,
        serial=card.serial,
        registration=registration.id,
        generation=row.generation,
        proven=loan.proven,
        allowance=row.allowance,
        lease_seconds=int((row.lent_until - work.now).total_seconds()),
        questions=tuple(
            Question(id=each, text=SecurityQuestion(each).in_language("en"))
            for each in registration.questions
        ),
        normaliser=recovery.normaliser,
        recovery_public_key=recovery.public_key,
        envelopes=tuple(
            pk.PackEnvelope(
                answers=each.answers,
                salt=each.salt,
                operations=each.operations,
                memory=each.memory,
                nonce=each.nonce,
                sealed=each.sealed,
            )
            for each in recovery.envelopes
        ),
        card_authentication_key=registration.card_authentication_key,
        key=sealed,
    )
