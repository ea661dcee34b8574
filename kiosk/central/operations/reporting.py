# SPDX-License-Identifier: Apache-2.0
"""Reports: the figures of self service by month, and the alerts that somebody should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from sqlmodel import Session, col, func, select

from kiosk.central.evidence import history
from kiosk.central.evidence.visit import ReportedTries
from kiosk.central.keys import trust_store
from kiosk.central.lending import boot_keys
from kiosk.central.service import kiosk_health, throttle
from kiosk.central.tables import (
    Bearing,
    Card,
    Cardholder,
    CardStatus,
    FactRow,
    FormerKey,
    GrantRow,
    Installation,
    Issuer,
    JournalRow,
    Kiosk,
    Organisation,
    Registration,
    RevocationList,
    UnlockSession,
)
from kiosk.contract.messages import CardCommand

MINUTES_SAVED = 20
"""Minutes that an unlock in person takes (digital.nhs.uk, "self-service smartcard unlock")."""
_DONE = "9000"
_LEAST_DISK_MEGABYTES = 100
_MOST_SKEW_SECONDS = 300
_NAMED = 20  # cardholders in a line
_FORMER = "a replaced device still runs, or somebody has a copy of it"
_FORMER_KEY_FOR = timedelta(days=7)
_COPIED = "another device has its key; enrol it anew (see `kiosks lent`)"
_LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Month:
    """The figures of one month.

    `registered`: registrations that still exist. `failed`: unlocks that were opened, but in which
    no card was unlocked.
    """

    name: str
    registered: int
    unlocked: int
    failed: int

    @property
    def hours_saved(self) -> float:
        """Return the hours saved, rounded to one decimal."""
        return round(self.unlocked * MINUTES_SAVED / 60, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """A period from the first day to the last, both included, in UTC."""

    first: date
    last: date

    def __contains__(self, at: datetime) -> bool:
        return self.first <= at.astimezone(UTC).date() <= self.last


def months(database: Session, period: Period, organisation_id: int | None) -> list[Month]:
    """Return the figures of each month with any activity, for one organisation or for all."""
    cards = set(_cards(database, organisation_id))
    unlocked = set(
        database.exec(
            select(GrantRow.session_id)
            .join(FactRow, col(FactRow.grant_id) == col(GrantRow.id))
            .where(FactRow.command == CardCommand.VERIFY, FactRow.status == _DONE)
        )
    )
    counted: Counter[tuple[str, str]] = Counter()
    opened = select(UnlockSession.id, UnlockSession.card_id, UnlockSession.opened_at)
    for session, card, at in database.exec(opened):
        if card in cards and at in period:
            counted[_month(at), "unlocked" if session in unlocked else "failed"] += 1
    for card, registered_at in database.exec(
        select(Registration.card_id, Registration.registered_at)
    ):
        if card in cards and registered_at is not None and registered_at in period:
            counted[_month(registered_at), "registered"] += 1
    return [
        Month(name, *(counted[name, what] for what in ("registered", "unlocked", "failed")))
        for name in sorted({name for name, _ in counted})
    ]


def total(found: Iterable[Month]) -> Month:
    """Return the sum of the months."""
    known = list(found)
    return Month(
        "total",
        sum(month.registered for month in known),
        sum(month.unlocked for month in known),
        sum(month.failed for month in known),
    )


def ending(
    database: Session, today: date, days: int, organisation_id: int | None
) -> list[tuple[Card, date]]:
    """Return the active cards whose certificate ends within so many days, the soonest first.

    Cards whose certificate has already ended are included.
    """
    until = today + timedelta(days=days)
    wanted = select(Card).where(Card.status == CardStatus.ACTIVE)
    if organisation_id is not None:
        wanted = wanted.where(Card.organisation_id == organisation_id)
    dated = [(card, _ends(card)) for card in database.exec(wanted)]
    found = [(card, end) for card, end in dated if end is not None and end <= until]
    return sorted(found, key=lambda pair: (pair[1], pair[0].serial))


def alerts(database: Session, now: datetime, silent_for: timedelta) -> Iterator[tuple[str, str]]:
    """Return the alerts as pairs: the kind, and the kiosk, card or authority concerned."""
    kiosks = select(Kiosk).where(col(Kiosk.revoked).is_(False)).order_by(col(Kiosk.name))
    for kiosk in database.exec(kiosks):
        yield from _kiosk_alerts(kiosk, now, silent_for)
    used = select(Kiosk.name, FormerKey.used_at).join(
        FormerKey, col(FormerKey.kiosk_id) == col(Kiosk.id)
    )
    for name, at in database.exec(used.where(col(FormerKey.used_at) > now - _FORMER_KEY_FOR)):
        yield "former key used", f"{name}, {at:%Y-%m-%d %H:%M} UTC: {_FORMER}"
    for name, starts in boot_keys.starting_often(database, now):
        yield "kiosk started often", f"{name}, {starts} times within one lease"
    epoch = database.exec(select(Installation.epoch)).one()
    for kiosk in database.exec(kiosks.where(Kiosk.epoch != epoch)):
        yield "has not reported since central was restored", kiosk.name
    frozen = select(Card).where(col(Card.frozen), Card.status == CardStatus.ACTIVE)
    for card in database.exec(frozen.order_by(col(Card.serial))):
        yield "card frozen", card.serial
        yield from _distrusted(database, card)
    yield from _missing_journals(database)
    yield from _suspicious_kiosks(database, now)
    held = dict(database.exec(select(RevocationList.issuer, RevocationList.next_update)).all())
    for issuer in database.exec(select(Issuer).order_by(col(Issuer.id))):
        if issuer.name not in held:
            yield "no revocation list", _subject(issuer)
        elif held[issuer.name] <= now:
            yield "revocation list out of date", _subject(issuer)


def _distrusted(database: Session, card: Card) -> Iterator[tuple[str, str]]:
    """Yield the kiosk whose word about the frozen card was not true, with the cards to look at.

    The card has refused every key that it may carry. A kiosk chooses the bytes that a card signs
    in it, so all cards that signed at that kiosk are in doubt.
    """
    if not history.evaluate(database, card, ReportedTries()).refused:
        return
    signed = (
        select(GrantRow.kiosk_id)
        .join(FactRow, col(FactRow.grant_id) == col(GrantRow.id))
        .where(GrantRow.card_id == card.id, col(FactRow.genuine), FactRow.bearing == Bearing.COUNTS)
        .order_by(col(GrantRow.number).desc())
    )
    at = database.exec(signed).first()
    if at is None:
        yield "card refused its key", f"{card.serial}: the imported key may be wrong"
        return
    kiosk = database.get_one(Kiosk, at)
    others = (
        select(Card.serial)
        .join(GrantRow, col(GrantRow.card_id) == col(Card.id))
        .join(FactRow, col(FactRow.grant_id) == col(GrantRow.id))
        .where(GrantRow.kiosk_id == at, col(FactRow.genuine))
        .distinct()
        .order_by(col(Card.serial))
    )
    serials = ", ".join(database.exec(others))
    yield (
        "card refused its key",
        f"{card.serial}: look at all cards that {kiosk.name} unlocked: {serials}",
    )


def _missing_journals(database: Session) -> Iterator[tuple[str, str]]:
    """Yield the journals that recovery did not find, and the organisations that lack grants."""
    journals = select(JournalRow).where(JournalRow.missing != "", col(JournalRow.lost).is_(False))
    for journal in database.exec(journals.order_by(col(JournalRow.began_at))):
        yield "journal missing", f"{journal.id} of {journal.place}: {journal.missing}"
    lacking = select(Organisation.name).where(col(Organisation.missing_grants))
    for name in database.exec(lacking.order_by(col(Organisation.name))):
        yield "journals lack grants", name


def _suspicious_kiosks(database: Session, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield the kiosks with many failures, and those that reported what no grant allowed."""
    failing = select(Kiosk.name, Kiosk.failures).where(Kiosk.failures > throttle.PER_KIOSK.free)
    for name, count in database.exec(failing.order_by(col(Kiosk.name))):
        yield "many failed attempts at a kiosk", f"{name}: {count}"
    counted = (
        select(Kiosk.name, func.count())
        .join(GrantRow, col(GrantRow.kiosk_id) == col(Kiosk.id))
        .join(FactRow, col(FactRow.grant_id) == col(GrantRow.id))
        .where(FactRow.bearing == Bearing.NOT_ALLOWED, FactRow.received_at > now - _LATELY)
        .group_by(col(Kiosk.name))
        .order_by(col(Kiosk.name))
    )
    for name, count in database.exec(counted):
        yield "reports that no grant allowed", f"{name}: {count}"


def unusable_addresses(
    database: Session, accepts: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    """Yield the cardholders to whom central does not write, because it `accepts` no such address.

    Earlier versions stored some, and settings change. Each address takes some 60 microseconds.
    """
    wanted = select(Cardholder.id, Cardholder.uuid, Cardholder.email).order_by(col(Cardholder.id))
    found = [
        uuid or f"number {number}"
        for number, uuid, address in database.exec(wanted).yield_per(1000)
        if address and not accepts(address)  # it is empty once the cardholder was erased
    ]
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        yield "cardholders without a usable address", ", ".join(found[:_NAMED]) + more


def _kiosk_alerts(kiosk: Kiosk, now: datetime, silent_for: timedelta) -> Iterator[tuple[str, str]]:
    if kiosk.copied_at is not None:
        yield "kiosk copied", f"{kiosk.name}, {kiosk.copied_at:%Y-%m-%d %H:%M} UTC: {_COPIED}"
    if kiosk.heard_at is None:
        yield "kiosk never heard of", kiosk.name
    elif kiosk.heard_at + silent_for <= now:
        yield "kiosk silent", f"{kiosk.name}, since {kiosk.heard_at:%Y-%m-%d %H:%M} UTC"
    yield from ((kind, f"{kiosk.name}: {what}") for kind, what in _health_alerts(kiosk))


def _health_alerts(kiosk: Kiosk) -> Iterator[tuple[str, str]]:
    health = kiosk_health.last(kiosk)
    if health is None:
        return
    if health.held is not None:
        yield "changes held back", f"{health.held.reason} (see `approvals list`)"
    if health.refused:
        yield "reports refused", str(health.refused)
    if health.disk_free_megabytes < _LEAST_DISK_MEGABYTES:
        yield "disk nearly full", f"{health.disk_free_megabytes} MB left"
    yield from (("kiosk in trouble", trouble) for trouble in health.troubles)
    if abs(health.clock_ahead_seconds or 0) > _MOST_SKEW_SECONDS:
        yield "clock is wrong", f"{health.clock_ahead_seconds} s ahead"


def _cards(database: Session, organisation_id: int | None) -> Iterable[int]:
    wanted = select(Card.id)
    if organisation_id is not None:
        wanted = wanted.where(Card.organisation_id == organisation_id)
    return database.exec(wanted)


def _month(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m")


def _ends(card: Card) -> date | None:
    if card.authentication_certificate is not None:
        return trust_store.expires_on(card.authentication_certificate)
    return card.expires_on


def _subject(issuer: Issuer) -> str:
    return x509.load_der_x509_certificate(issuer.der).subject.rfc4514_string()
