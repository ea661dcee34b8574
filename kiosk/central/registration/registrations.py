# SPDX-License-Identifier: Apache-2.0
"""Stored registrations: the envelopes that the vault made of the answers, wrapped once more."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlmodel import Session, col, delete, select

from kiosk.central.keys.master_key import MasterKey
from kiosk.central.service.assembly import Services
from kiosk.central.tables import Card, Registration, SealedEnvelope
from kiosk.errors import VaultClosed
from kiosk.rows import carry_out
from kiosk.values import Secret
from kiosk.vault import sealed_answers


def add(
    database: Session,
    master: MasterKey,
    card: Card,
    answers: Sequence[tuple[str, Secret]],
    card_authentication_key: bytes | None,
) -> None:
    """Register `card` with four (question id, answer) pairs, and pin the card's own key."""
    identity = uuid4()
    sealed = sealed_answers.seal_recovery(
        [answer for _, answer in answers], sealed_answers.context(identity)
    )
    registration = Registration(
        id=identity,
        card_id=card.id,
        recovery_public_key=sealed.public_key,
        normaliser=sealed.normaliser,
        card_authentication_key=card_authentication_key,
        questions=[question for question, _ in answers],
    )
    store(database, master, registration, sealed)


def store(
    database: Session,
    master: MasterKey,
    registration: Registration,
    sealed: sealed_answers.SealedRecovery,
) -> None:
    """Store a registration and its envelopes, each wrapped by the master key."""
    database.add(registration)
    database.flush()
    for position, envelope in enumerate(sealed.envelopes):
        database.add(
            SealedEnvelope(
                registration_id=registration.id,
                position=position,
                answers=list(envelope.answers),
                salt=envelope.salt,
                operations=envelope.operations,
                memory=envelope.memory,
                nonce=envelope.nonce,
                wrapped=master.wrap(envelope.sealed, _at_rest(registration.id, position)),
            )
        )


def recovery(
    database: Session, master: MasterKey, registration: Registration
) -> sealed_answers.SealedRecovery:
    """Return the sealed recovery key, which `vault.open_recovery` needs."""
    rows = database.exec(
        select(SealedEnvelope)
        .where(SealedEnvelope.registration_id == registration.id)
        .order_by(col(SealedEnvelope.position))
    )
    envelopes = tuple(
        sealed_answers.Envelope(
            answers=tuple(row.answers),
            salt=row.salt,
            operations=row.operations,
            memory=row.memory,
            nonce=row.nonce,
            sealed=master.unwrap(row.wrapped, _at_rest(registration.id, row.position)),
        )
        for row in rows
    )
    return sealed_answers.SealedRecovery(
        registration.recovery_public_key, registration.normaliser, envelopes
    )


def of_card(session: Session, card: Card) -> Registration | None:
    """Return the card's registration, locked for this transaction."""
    return session.exec(
        select(Registration).where(Registration.card_id == card.id).with_for_update()
    ).first()


def remove(session: Session, card: Card) -> bool:
    """Delete the card's registration with its envelopes; whether there was one."""
    registration = of_card(session, card)
    if registration is None:
        return False
    drop(session, registration)
    return True


def drop(session: Session, registration: Registration) -> None:
    """Delete a registration with its envelopes."""
    own = col(SealedEnvelope.registration_id) == registration.id
    carry_out(session, delete(SealedEnvelope).where(own))
    session.delete(registration)
    session.flush()


def _at_rest(registration: UUID, position: int) -> bytes:
    return b"envelope %d of " % position + registration.bytes


def opened_by(
    services: Services,
    recovery: sealed_answers.SealedRecovery,
    context: bytes,
    texts: Sequence[str | None],
) -> bool:
    """Return whether these answers open the registration."""
    answers = [None if text is None else Secret(text.encode()) for text in texts]
    try:
        with services.evaluations:
            sealed_answers.open_recovery(recovery, answers, context).wipe()
    except VaultClosed:
        return False
    else:
        return True
    finally:
        for answer in answers:
            if answer is not None:
                answer.wipe()
