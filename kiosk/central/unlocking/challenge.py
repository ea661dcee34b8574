# SPDX-License-Identifier: Apache-2.0
"""Administrator keys: central answers a card's challenge, and checks the card's own answer.

The key never leaves central. A grant allows two dialogues with one challenge each: a response fits
that challenge only, and any reset of the card discards it. In the mutual form the card also proves
that it has the key, before it gets the new passcode.
"""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, select

from kiosk.card import cryptogram
from kiosk.central.audit import trail
from kiosk.central.keys.escrow import FORMATS
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import Unlock, Work, find, working
from kiosk.central.tables import Challenge, GrantRow
from kiosk.central.unlocking import grant
from kiosk.contract.messages import (
    CardChallenge,
    CardGenuine,
    CardReply,
    ChallengeOpened,
    ChallengeResponse,
    ProblemType,
)
from kiosk.errors import CardMalformed

_PER_GRANT = 2


def open_challenge(services: Services, caller: Caller, session_id: UUID) -> ChallengeOpened:
    """Begin a dialogue under the session's grant."""
    with working(services, caller) as work:
        unlock, granted = _granted(work, session_id)
        earlier = _dialogues(work, granted)
        if len(earlier) >= _PER_GRANT or grant.too_late(work, granted):
            raise RequestRefused(ProblemType.EXPIRED)
        mutual = services.escrow.administrator_key(work.session, unlock.card).mutual
        challenge = Challenge(
            grant_id=granted.id,
            number=len(earlier) + 1,
            opening=cryptogram.new_challenge() if mutual else b"",
        )
        work.session.add(challenge)
    return ChallengeOpened(number=challenge.number, opening=challenge.opening)


def respond(
    services: Services, caller: Caller, session_id: UUID, number: int, request: CardChallenge
) -> ChallengeResponse:
    """Return the response to the card's challenge; each dialogue has one."""
    with working(services, caller) as work:
        unlock, challenge = _dialogue(work, session_id, number)
        if challenge.asked is not None:
            raise RequestRefused(ProblemType.OUT_OF_ORDER)
        escrowed = services.escrow.administrator_key(work.session, unlock.card)
        try:
            if escrowed.mutual:
                response = cryptogram.mutual_response(
                    escrowed.key, escrowed.kind, challenge.opening, request.challenge
                )
            else:
                response = cryptogram.external_response(
                    escrowed.key, escrowed.kind, request.challenge
                )
        except CardMalformed:
            raise RequestRefused(ProblemType.INVALID_REQUEST) from None
        finally:
            escrowed.key.wipe()
        challenge.asked = request.challenge
        _record(work, "challenge.answered", unlock, challenge)
    return ChallengeResponse(response=response)


def judge(
    services: Services, caller: Caller, session_id: UUID, number: int, request: CardReply
) -> CardGenuine:
    """Return that the card has the key too; refuse if it does not. For the mutual form only."""
    with working(services, caller) as work:
        unlock, challenge = _dialogue(work, session_id, number)
        if not challenge.opening or challenge.asked is None or challenge.genuine is not None:
            raise RequestRefused(ProblemType.OUT_OF_ORDER)
        escrowed = services.escrow.administrator_key(work.session, unlock.card)
        challenge.genuine = cryptogram.is_mutual_reply(
            escrowed.key, escrowed.kind, challenge.opening, challenge.asked, request.reply
        )
        escrowed.key.wipe()
        if not challenge.genuine:
            _record(work, "challenge.card-not-genuine", unlock, challenge)
            raise RequestRefused(ProblemType.CARD_NOT_GENUINE)
        _record(work, "challenge.card-genuine", unlock, challenge)
    return CardGenuine(session=session_id)


def _granted(work: Work, session_id: UUID) -> tuple[Unlock, GrantRow]:
    """Return the session and its grant; refuse if no card work can be in progress."""
    unlock = find(work, session_id)
    granted = grant.current(work, unlock)
    if granted is None or FORMATS[unlock.card.family].leaves:
        raise RequestRefused(ProblemType.OUT_OF_ORDER)
    return unlock, granted


def _dialogue(work: Work, session_id: UUID, number: int) -> tuple[Unlock, Challenge]:
    unlock, granted = _granted(work, session_id)
    for challenge in _dialogues(work, granted):
        if challenge.number == number:
            return unlock, challenge
    raise RequestRefused(ProblemType.NOT_FOUND)


def _dialogues(work: Work, granted: GrantRow) -> list[Challenge]:
    return list(
        work.session.exec(
            select(Challenge)
            .where(Challenge.grant_id == granted.id)
            .order_by(col(Challenge.number))
            .with_for_update()
        )
    )


def _record(work: Work, kind: str, unlock: Unlock, challenge: Challenge) -> None:
    details: dict[str, trail.Detail] = {
        "kiosk": work.caller.name,
        "session": str(unlock.session.id),
        "grant": str(challenge.grant_id),
        "dialogue": challenge.number,
    }
    trail.append(work.session, work.now, kind, details, trail.of_card(unlock.card))
