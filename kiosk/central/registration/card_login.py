# SPDX-License-Identifier: Apache-2.0
"""Logging in: the card signs with the key that needs its passcode, and central checks that."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from nacl.utils import random as random_bytes
from sqlmodel import col, select

from kiosk.central.audit import trail
from kiosk.central.keys import signatures, trust_store
from kiosk.central.keys.certificate_rules import Use
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import (
    SESSION_LIFE,
    Work,
    card_presented,
    count_forgery,
    working,
)
from kiosk.central.tables import (
    Card,
    Cardholder,
    CardStatus,
    LoginSession,
    Organisation,
    Position,
    Registration,
)
from kiosk.contract import proof
from kiosk.contract.messages import ProblemType
from kiosk.contract.registration import (
    CardholderProfile,
    LoginProof,
    LoginRequest,
    LoginResponse,
    OrganisationEntry,
    PositionEntry,
    SelfServiceStatus,
    SmartcardEntry,
)

_log = logging.getLogger(__name__)
_NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Login:
    """A login session with its card and cardholder."""

    session: LoginSession
    card: Card
    holder: Cardholder


def open_login(services: Services, caller: Caller, request: LoginRequest) -> LoginResponse:
    """Return the nonce for the card to sign; opening the same session again gets the same result.

    The certificates are already checked here, so that the cardholder need not enter a passcode for
    a card that is not trusted.
    """
    with working(services, caller) as work:
        card = card_presented(work, request.card)
        if card is None:
            raise RequestRefused(ProblemType.CARD_NOT_KNOWN)
        if card.status != CardStatus.ACTIVE:
            raise RequestRefused(ProblemType.CARD_STOPPED)
        _refuse_unless_trusted(work, card, request)
        session = work.session.get(LoginSession, request.session)
        if session is None:
            session = LoginSession(
                id=request.session,
                kiosk_id=caller.id,
                card_id=card.id,
                nonce=random_bytes(_NONCE_BYTES),
                card_key=request.card.card_authentication_certificate,
                opened_at=work.now,
            )
            work.session.add(session)
        elif (session.kiosk_id, session.card_id) != (caller.id, card.id):
            raise RequestRefused(ProblemType.NOT_FOUND)
    return LoginResponse(session=session.id, nonce=session.nonce)


def prove_login(
    services: Services, caller: Caller, session_id: UUID, request: LoginProof
) -> CardholderProfile:
    """Return the cardholder's profile after the card has signed for this session."""
    with working(services, caller) as work:
        login = find(work, session_id)
        refuse_unless_signed(work, login, proof.ProofPurpose.LOG_IN, request.signature)
        if login.session.proved_at is None:
            login.session.proved_at = work.now
            login.card.login_after = login.card.visits
            record(work, "login", login)
        return _profile(work, login)


def find(work: Work, session_id: UUID) -> Login:
    """Return the caller's session; refuse if it is over or its card may not be used."""
    session = work.session.get(LoginSession, session_id)
    if session is None or session.kiosk_id != work.caller.id:
        raise RequestRefused(ProblemType.NOT_FOUND)
    if session.opened_at + SESSION_LIFE <= work.now:
        raise RequestRefused(ProblemType.EXPIRED)
    card = work.session.exec(select(Card).where(Card.id == session.card_id).with_for_update()).one()
    if card.status != CardStatus.ACTIVE:
        raise RequestRefused(ProblemType.CARD_STOPPED)
    return Login(session, card, work.session.get_one(Cardholder, card.cardholder_id))


def find_proved(work: Work, session_id: UUID) -> Login:
    """Return the caller's session; refuse also if its card has not signed yet."""
    login = find(work, session_id)
    if login.session.proved_at is None:
        raise RequestRefused(ProblemType.OUT_OF_ORDER)
    return login


def refuse_unless_signed(
    work: Work, login: Login, purpose: proof.ProofPurpose, signature: bytes
) -> None:
    """Refuse unless the card's authentication key signed for this very session and purpose."""
    certificate = login.card.authentication_certificate
    key = signatures.public_key(certificate) if certificate else b""
    _refuse_unless_signed_by(work, login, key, purpose, signature)


def proved_card_key(work: Work, login: Login, signature: bytes | None) -> bytes | None:
    """Return the card's own key (SubjectPublicKeyInfo, DER) if the card signed with it.

    None if there is no signature: nothing is pinned then. Refuses a signature by another key. A
    certificate alone would prove nothing: it can be read from any card, without contact.
    """
    certificate = login.session.card_key
    if certificate is None or signature is None:
        return None
    key = signatures.public_key(certificate)
    _refuse_unless_signed_by(work, login, key, proof.ProofPurpose.PIN_KEY, signature)
    return key


def _refuse_unless_signed_by(
    work: Work, login: Login, key: bytes, purpose: proof.ProofPurpose, signature: bytes
) -> None:
    digest = proof.digest(
        purpose,
        central=work.services.name,
        kiosk=work.caller.name,
        card=login.card.identity,
        session=login.session.id,
        nonce=login.session.nonce,
    )
    if key and signatures.signed(key, digest, signature):
        return
    count_forgery(work)
    record(work, "login.not-genuine", login)
    raise RequestRefused(ProblemType.CARD_NOT_GENUINE)


def registered(work: Work, card: Card) -> Registration | None:
    """Return the card's registration, or None."""
    return work.session.exec(
        select(Registration).where(Registration.card_id == card.id).with_for_update()
    ).first()


def record(work: Work, kind: str, login: Login) -> None:
    """Audit what happened in `login`."""
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "session": str(login.session.id),
    }
    trail.append(work.session, work.now, kind, details, trail.of_card(login.card))


def _refuse_unless_trusted(work: Work, card: Card, request: LoginRequest) -> None:
    """Refuse unless both certificates are trusted, and one has the key that the RA imported."""
    presented, imported = request.card.authentication_certificate, card.authentication_certificate
    if presented is None or imported is None:
        raise RequestRefused(ProblemType.UNLOCK_ONLY)
    own = request.card.card_authentication_certificate
    try:
        trust_store.check(work.session, presented, work.now, Use.HOLDER)
        trust_store.refuse_another_key(presented, imported)
        if own is not None:
            trust_store.check(work.session, own, work.now, Use.CARD)
    except trust_store.Untrusted as reason:
        _log.warning("login at %s: %s", work.caller.name, reason)
        details: dict[str, trail.Detail] = {"kiosk": work.caller.name, "reason": str(reason)}
        trail.append(work.session, work.now, "login.not-trusted", details, trail.of_card(card))
        raise RequestRefused(ProblemType.NOT_TRUSTED) from None


def _profile(work: Work, login: Login) -> CardholderProfile:
    holder, certificate = login.holder, login.card.authentication_certificate or b""
    registration = registered(work, login.card)
    positions = work.session.exec(
        select(Position).where(Position.cardholder_id == holder.id).order_by(col(Position.id))
    ).all()
    cards = work.session.exec(
        select(Card).where(Card.cardholder_id == holder.id).order_by(col(Card.id))
    ).all()
    home = work.session.get_one(Organisation, holder.organisation_id)
    state = SelfServiceStatus.LOCKED_OUT if login.card.closed else SelfServiceStatus.NOT_REGISTERED
    if registration is not None:
        state = (
            SelfServiceStatus.LOCKED_OUT if registration.locked else SelfServiceStatus.REGISTERED
        )
    return CardholderProfile(
        name=holder.name,
        uuid=holder.uuid,
        email=holder.email,
        organisations=_trusts(home, positions),
        smartcards=tuple(_smartcard(card, login.card) for card in cards),
        positions=tuple(_position(each) for each in positions),
        certificate_expires=trust_store.expires_on(certificate),
        self_service=state,
        registered_at=registration.registered_at if registration else None,
    )


def _trusts(home: Organisation, positions: Sequence[Position]) -> tuple[OrganisationEntry, ...]:
    """Return each trust that the cardholder works for once; at least the one that knows them."""
    found: dict[str, OrganisationEntry] = {}
    for position in positions:
        if position.organisation_code:
            found.setdefault(
                position.organisation_code,
                OrganisationEntry(
                    code=position.organisation_code,
                    name=position.organisation_name or position.organisation_code,
                    role=position.name,
                ),
            )
    return tuple(found.values()) or (OrganisationEntry(code="", name=home.name),)


def _smartcard(card: Card, inserted: Card) -> SmartcardEntry:
    return SmartcardEntry(
        serial=card.serial,
        manufacturer=card.manufacturer,
        issued=card.issued_on,
        expires=card.expires_on,
        modified=card.modified_at,
        in_reader=card.id == inserted.id,
    )


def _position(position: Position) -> PositionEntry:
    return PositionEntry(
        code=position.code,
        name=position.name,
        source=position.source,
        organisation=position.organisation_code,
        start=position.start,
        end=position.end,
        modified=position.modified_at,
    )
