# SPDX-License-Identifier: Apache-2.0
"""Reports of kiosks: facts and ends of visits, each applied once by the id that the kiosk made.

Late, repeated and reordered reports do no harm and are always accepted, because `evidence` reads
all facts of a card together. A fact that the grant did not allow, or that comes after its visit was
closed, is kept and audited and changes nothing.
"""

from __future__ import annotations

import time
from typing import Any

from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from kiosk.central.audit import trail
from kiosk.central.evidence import epochs, history, worlds
from kiosk.central.evidence.visit import Fact, ReportedTries, Visit
from kiosk.central.keys import signatures
from kiosk.central.lending import offline_visits
from kiosk.central.mail import letters
from kiosk.central.service import notices
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import SESSION_LIFE, Work, working
from kiosk.central.tables import (
    Bearing,
    Card,
    ChangeRow,
    EndRow,
    FactRow,
    GrantRow,
    Kiosk,
    KioskEventRow,
    PackEventRow,
    UnlockSession,
)
from kiosk.contract import proof
from kiosk.contract.messages import (
    CardCommand,
    CardFact,
    EpochConfirmed,
    GrantReceived,
    ItemOutcome,
    ItemStatus,
    KioskEvent,
    KioskHealth,
    OutboxItem,
    PackAnswers,
    PackAttempt,
    PackEnded,
    PasscodeChange,
    Report,
    ReportOutcome,
    VisitEnd,
)
from kiosk.values import Family

_DONE = "9000"
_TURN_SECONDS = 0.1
"""A report gives its turn back after this time, so that an unlock waits no longer for it."""


def apply_report(services: Services, caller: Caller, report: Report) -> ReportOutcome:
    """Apply a report and return one outcome for each item; what was applied is then on disk.

    It is applied in as many transactions as it needs. The time is that of the last one: none of
    the items was on disk later.
    """
    outcomes: list[ItemOutcome] = []
    while True:
        with working(services, caller) as work:
            ends = time.monotonic() + _TURN_SECONDS
            for item in report.items[len(outcomes) :]:
                outcomes.append(_apply(work, _in_time(work, item)))
                if time.monotonic() >= ends:
                    break
            if len(outcomes) == len(report.items):
                return ReportOutcome(items=tuple(outcomes), received_at=work.now)


def _in_time(work: Work, item: OutboxItem) -> OutboxItem:
    """Return the item with a time that can be true, or else with central's.

    It was recorded after the kiosk last said that nothing was left to report, and before now.
    """
    since = work.session.get_one(Kiosk, work.caller.id).emptied_at
    if item.recorded_at <= work.now and (since is None or item.recorded_at >= since):
        return item
    return item.model_copy(update={"recorded_at": work.now})


def has_live_grant(services: Services, caller: Caller) -> bool:
    """Return whether the kiosk was granted keys for a visit that it has not ended yet."""
    with services.database.reading() as database:
        return database.exec(_live_grants(services, caller).limit(1)).first() is not None


def concerns_live_grant(services: Services, caller: Caller, report: Report) -> bool:
    """Return whether a fact of the report belongs to a visit with a live grant."""
    grants = {item.fact.grant for item in report.items if isinstance(item.fact, CardFact)}
    sessions = {item.fact.session for item in report.items if isinstance(item.fact, VisitEnd)}
    if not grants and not sessions:
        return False
    named = or_(col(GrantRow.id).in_(grants), col(GrantRow.session_id).in_(sessions))
    with services.database.reading() as database:
        live = _live_grants(services, caller).where(named).limit(1)
        return database.exec(live).first() is not None


def _live_grants(services: Services, caller: Caller) -> SelectOfScalar[int]:
    ended = select(EndRow.id).where(EndRow.session_id == UnlockSession.id).exists()
    return (
        select(GrantRow.number)
        .join(UnlockSession, col(UnlockSession.id) == col(GrantRow.session_id))
        .where(
            UnlockSession.kiosk_id == caller.id,
            UnlockSession.opened_at > services.clock() - SESSION_LIFE,
            ~ended,
        )
    )


def _apply(work: Work, item: OutboxItem) -> ItemOutcome:
    match item.fact:
        case CardFact():
            return _apply_fact(work, item, item.fact)
        case VisitEnd():
            return _apply_end(work, item, item.fact)
        case PasscodeChange():
            return _apply_change(work, item, item.fact)
        case PackAttempt() | PackAnswers() | PackEnded():
            return _apply_of_pack(work, item, item.fact)
        case KioskEvent():
            return _apply_event(work, item, item.fact)
        case _:
            return _apply_repeatable(work, item)


def _apply_repeatable(work: Work, item: OutboxItem) -> ItemOutcome:
    """Apply an item that has the same effect if it is applied again."""
    reason = None
    match item.fact:
        case GrantReceived():
            reason = epochs.restore(work, item.fact)
        case EpochConfirmed():
            epochs.confirm(work, item.fact.epoch)
        case KioskHealth():
            _keep_health(work, item, item.fact)
    if reason is not None:
        return _refused(item, reason)
    return ItemOutcome(id=item.id, status=ItemStatus.APPLIED)


def _keep_health(work: Work, item: OutboxItem, health: KioskHealth) -> None:
    """Store the health, if it is the newest that the kiosk reported."""
    kiosk = work.session.get_one(Kiosk, work.caller.id)
    if kiosk.health_at is None or kiosk.health_at <= item.recorded_at:
        kiosk.health, kiosk.health_at = health.model_dump(mode="json"), item.recorded_at
    if health.pending == 0:
        kiosk.emptied_at = work.now


def _apply_event(work: Work, item: OutboxItem, event: KioskEvent) -> ItemOutcome:
    row = KioskEventRow(
        id=item.id,
        kiosk_id=work.caller.id,
        deed=event.deed,
        detail=event.detail,
        recorded_at=item.recorded_at,
        received_at=work.now,
    )
    outcome = _outcome(work, item, row)
    if outcome.status is ItemStatus.APPLIED:
        work.session.add(row)
        details: dict[str, trail.Detail] = {
            "kiosk": work.caller.name,
            "fact": str(row.id),
            "deed": event.deed,
            "detail": event.detail,
        }
        trail.append(work.session, work.now, "kiosk.event", details, {})
    return outcome


def _apply_of_pack(work: Work, item: OutboxItem, fact: offline_visits.PackFact) -> ItemOutcome:
    pack = offline_visits.lent_to_caller(work, fact)
    if pack is None:
        return _refused(item, "pack not known")
    row = offline_visits.event_row(work, item, fact)
    outcome = _outcome(work, item, row)
    if outcome.status is not ItemStatus.APPLIED:
        return outcome
    if (reason := offline_visits.refusal(work, pack, fact)) is not None:
        return _refused(item, reason)
    offline_visits.apply(work, pack, fact, row)
    return outcome


def _apply_fact(work: Work, item: OutboxItem, fact: CardFact) -> ItemOutcome:
    # A grant of another kiosk or organisation is treated as unknown.
    grant = work.session.exec(
        select(GrantRow).where(GrantRow.id == fact.grant, GrantRow.kiosk_id == work.caller.id)
    ).first()
    if grant is None:
        return _refused(item, "grant not known")
    row = _row(work, item, fact)
    outcome = _outcome(work, item, row)
    if outcome.status is ItemStatus.APPLIED:
        _store(work, grant, fact, row)
    return outcome


def _apply_end(work: Work, item: OutboxItem, end: VisitEnd) -> ItemOutcome:
    session = work.session.get(UnlockSession, end.session)
    if session is None or session.kiosk_id != work.caller.id:
        return _refused(item, "session not known")
    row = EndRow(
        id=item.id,
        session_id=end.session,
        facts=end.facts,
        recorded_at=item.recorded_at,
        received_at=work.now,
    )
    outcome = _outcome(work, item, row)
    if outcome.status is ItemStatus.APPLIED:
        _store_end(work, session, row)
    return outcome


def _apply_change(work: Work, item: OutboxItem, change: PasscodeChange) -> ItemOutcome:
    """Record that a passcode was changed; nothing else about it is stored."""
    card = work.session.exec(
        select(Card).where(
            Card.family == change.family,
            Card.serial == change.serial,
            Card.organisation_id == work.caller.organisation_id,
        )
    ).first()
    if card is None:
        return _refused(item, "card not known")
    row = ChangeRow(id=item.id, card_id=card.id, recorded_at=item.recorded_at, received_at=work.now)
    outcome = _outcome(work, item, row)
    if outcome.status is ItemStatus.APPLIED:
        work.session.add(row)
        details: dict[str, trail.Detail] = {"kiosk": work.caller.name, "fact": str(row.id)}
        trail.append(work.session, work.now, "passcode.changed", details, trail.of_card(card))
        holder = notices.holder(work, card)
        letter = letters.passcode_changed(holder, work.caller.name, item.recorded_at)
        notices.queue_reported(work, holder, letter, item.recorded_at)
    return outcome


_Row = FactRow | EndRow | ChangeRow | KioskEventRow | PackEventRow


def _outcome(work: Work, item: OutboxItem, row: _Row) -> ItemOutcome:
    """Return whether `row` is to be applied, was applied before, or has an id that is taken."""
    known = (
        work.session.get(FactRow, item.id)
        or work.session.get(EndRow, item.id)
        or work.session.get(ChangeRow, item.id)
        or work.session.get(KioskEventRow, item.id)
        or work.session.get(PackEventRow, item.id)
    )
    if known is None:
        return ItemOutcome(id=item.id, status=ItemStatus.APPLIED)
    if _reported(known) == _reported(row):
        return ItemOutcome(id=item.id, status=ItemStatus.KNOWN)
    return _refused(item, "id taken")


def _refused(item: OutboxItem, reason: str) -> ItemOutcome:
    return ItemOutcome(id=item.id, status=ItemStatus.REFUSED, reason=reason)


def _row(work: Work, item: OutboxItem, fact: CardFact) -> FactRow:
    return FactRow(
        id=item.id,
        grant_id=fact.grant,
        sequence=fact.sequence,
        command=fact.command,
        generation=fact.generation,
        status=fact.status,
        signature=fact.signature,
        recorded_at=item.recorded_at,
        received_at=work.now,
    )


def _reported(row: _Row) -> dict[str, Any]:
    """Return what the kiosk reported, without when it arrived."""
    return row.model_dump(exclude={"genuine", "bearing", "counted", "recorded_at", "received_at"})


def _store(work: Work, grant: GrantRow, fact: CardFact, row: FactRow) -> None:
    """Store the fact, with what it changes: the proven generation, the freezing, the audit."""
    card = _locked_card(work, grant.card_id)
    session = work.session.get_one(UnlockSession, grant.session_id)
    row.genuine = fact.command is CardCommand.ATTEST and _attested(work, card, fact)
    visit = history.visit_of(work.session, card, grant, session)
    row.bearing = _bearing(visit, history.as_fact(row, Family(card.family)))
    before = worlds.proven(history.visits(work.session, card))
    told = _told_unlocked(work, grant)
    work.session.add(row)
    work.session.flush()
    _record(work, card, row)
    if row.bearing != Bearing.COUNTS:
        return
    if fact.command is CardCommand.VERIFY and row.status == _DONE and not told:
        holder = notices.holder(work, card)
        letter = letters.unlocked(holder, work.caller.name, row.recorded_at)
        notices.queue_reported(work, holder, letter, row.recorded_at)
    decision = history.evaluate_and_freeze(work, card, ReportedTries())
    if decision.current > before:
        card.renewal_due = False
        details: dict[str, trail.Detail] = {
            "generation": decision.current,
            "fact": str(row.id),
        }
        trail.append(work.session, work.now, "key.proven", details, trail.of_card(card))


def _told_unlocked(work: Work, grant: GrantRow) -> bool:
    """Return whether this visit's unlock was reported before, so that its letter is written."""
    verified = select(FactRow.id).where(
        FactRow.grant_id == grant.id,
        FactRow.command == CardCommand.VERIFY,
        FactRow.status == _DONE,
    )
    return work.session.exec(verified).first() is not None


def _bearing(visit: Visit, fact: Fact) -> Bearing:
    """Return what a fact that came now bears on."""
    if not visit.allows(fact):
        return Bearing.NOT_ALLOWED
    return Bearing.TOO_LATE if visit.closed else Bearing.COUNTS


def _locked_card(work: Work, card_id: int) -> Card:
    return work.session.exec(select(Card).where(Card.id == card_id).with_for_update()).one()


def _store_end(work: Work, session: UnlockSession, row: EndRow) -> None:
    """Store the end, which may close the visit; audit ends that contradict each other."""
    card = _locked_card(work, session.card_id)
    earlier = work.session.exec(select(EndRow.facts).where(EndRow.session_id == session.id)).all()
    grant = work.session.exec(select(GrantRow).where(GrantRow.session_id == session.id)).first()
    if grant is not None and history.visit_of(work.session, card, grant, session).closed:
        row.bearing = Bearing.TOO_LATE
    work.session.add(row)
    work.session.flush()
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "session": str(session.id),
        "facts": row.facts,
    }
    differs = set(earlier) - {row.facts}
    for kind in ("visit.ended", "visit.ends-differ") if differs else ("visit.ended",):
        trail.append(work.session, work.now, kind, details, trail.of_card(card))
    history.evaluate_and_freeze(work, card, ReportedTries())


def _attested(work: Work, card: Card, fact: CardFact) -> bool:
    """Return whether the card signed that it is unlocked.

    It does so with the key that needs the new passcode.
    """
    if fact.signature is None or card.authentication_certificate is None:
        return False
    digest = proof.digest(
        proof.ProofPurpose.UNLOCKED,
        central=work.services.name,
        kiosk=work.caller.name,
        card=card.identity,
        session=fact.grant,
        nonce=proof.generation_nonce(fact.generation),
    )
    key = signatures.public_key(card.authentication_certificate)
    return signatures.signed(key, digest, fact.signature)


def _record(work: Work, card: Card, row: FactRow) -> None:
    kind = f"card.{row.command}"
    if row.bearing != Bearing.COUNTS:
        kind = f"fact.{row.bearing}"
    elif row.command is CardCommand.ATTEST:
        kind = "card.unlocked" if row.genuine else "card.attest-not-genuine"
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "grant": str(row.grant_id),
        "fact": str(row.id),
        "command": row.command,
        "generation": row.generation,
        "status": row.status,
    }
    trail.append(work.session, work.now, kind, details, trail.of_card(card))
