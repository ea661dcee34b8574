# SPDX-License-Identifier: Apache-2.0
"""Codes by e-mail: where a card cannot prove itself, after wrong answers, and at registration.

In an unlock the code is judged before the answers are: whoever cannot read the cardholder's mail
learns nothing about them. Each code has its own few tries.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID

from sqlmodel import col, select

from kiosk.central.mail import letters
from kiosk.central.mail.letters import Letter
from kiosk.central.refusal import RequestRefused
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.service.sessions import (
    Unlock,
    Work,
    count_failure,
    find,
    record,
    refuse_if_locked,
    refuse_if_too_soon,
    working,
)
from kiosk.central.tables import Cardholder, EmailedCode
from kiosk.contract.messages import CodeResponse, ProblemType
from kiosk.errors import MailFailed

VALID = timedelta(minutes=15)
_TRIES = 5
_DIGITS = 6
_PER_UNLOCK = 3
ASKED_AFTER = 2  # failures of a registration since its last success


def send_code(services: Services, caller: Caller, session_id: UUID) -> CodeResponse:
    """E-mail a fresh code to the cardholder; the one before it is void.

    Only once answers were given and refused for want of a code, so that nobody's mail box can be
    filled by a forged card.
    """
    with working(services, caller) as work:
        unlock = find(work, session_id)
        if not unlock.session.code_due or unlock.session.accepted_at is not None:
            raise RequestRefused(ProblemType.OUT_OF_ORDER)
        refuse_if_locked(unlock.registration)
        holder = work.session.get_one(Cardholder, unlock.card.cardholder_id)
        if not services.accepts_address(holder.email):
            raise RequestRefused(ProblemType.MAIL_FAILED)
        code = new_code(work, session_id, holder.email, at_most=_PER_UNLOCK)
        letter = letters.unlock_code(holder, code, caller.name, VALID)
        record(work, "code.sent", unlock)
    return deliver(services, holder.email, letter)


def judge(work: Work, unlock: Unlock, given: str | None) -> None:
    """Refuses unless no code is due, or the right one was given. A try is counted before that.

    A code that is used up is a failed attempt.
    """
    session = unlock.session
    if session.code_confirmed or not _due(unlock):
        return
    if given is None:
        session.code_due = True
        raise RequestRefused(ProblemType.CODE_REQUIRED)
    refuse_if_too_soon(work, unlock.card, unlock.registration)
    match look_at(work, session.id, given):
        case CodeVerdict.RIGHT:
            session.code_confirmed = True
            record(work, "code.right", unlock)
        case CodeVerdict.VOID:
            raise RequestRefused(ProblemType.CODE_VOID)
        case CodeVerdict.WRONG:
            record(work, "code.wrong", unlock)
            raise RequestRefused(ProblemType.CODE_WRONG)
        case CodeVerdict.USED_UP:
            record(work, "code.wrong", unlock)
            count_failure(work, unlock)
            refuse_if_locked(unlock.registration)
            raise RequestRefused(ProblemType.CODE_VOID)


def _due(unlock: Unlock) -> bool:
    registered = unlock.registration
    proves = registered.card_authentication_key is not None
    return not proves or registered.failures >= ASKED_AFTER


# ---------------------------------------------------------------- of any session


class CodeVerdict(Enum):
    """What a code is: VOID before it was looked at, USED_UP by a last try that was wrong."""

    RIGHT = auto()
    WRONG = auto()
    USED_UP = auto()
    VOID = auto()


def new_code(work: Work, session_id: UUID, address: str, *, at_most: int) -> str:
    """A fresh code for the session, of which only a verifier is kept. Refuses beyond `at_most`."""
    if len(_sent(work, session_id)) >= at_most:
        raise RequestRefused(ProblemType.NO_MORE_CODES)
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    work.session.add(
        EmailedCode(
            session_id=session_id,
            address=address,
            verifier=_verifier(work.services, session_id, code),
            sent_at=work.now,
        )
    )
    return code


def deliver(services: Services, address: str, letter: Letter) -> CodeResponse:
    """Carry the letter with the code, outside of any transaction; refuses if nobody takes it."""
    try:
        services.mail_transport.deliver(address, letter)
    except MailFailed:
        raise RequestRefused(ProblemType.MAIL_FAILED) from None
    return CodeResponse(address=masked(address), valid_seconds=int(VALID.total_seconds()))


def look_at(work: Work, session_id: UUID, given: str) -> CodeVerdict:
    """Whether `given` is the session's newest code; counts the try."""
    newest = newest_code(work, session_id)
    if newest is None or newest.tries >= _TRIES or newest.sent_at + VALID <= work.now:
        return CodeVerdict.VOID
    newest.tries += 1
    if hmac.compare_digest(newest.verifier, _verifier(work.services, session_id, given)):
        return CodeVerdict.RIGHT
    return CodeVerdict.USED_UP if newest.tries >= _TRIES else CodeVerdict.WRONG


def newest_code(work: Work, session_id: UUID) -> EmailedCode | None:
    """The code that was sent last for the session."""
    return next(iter(_sent(work, session_id)), None)


def masked(address: str) -> str:
    """Enough of an address for its owner to know it by."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _sent(work: Work, session_id: UUID) -> list[EmailedCode]:
    """The codes of a session, the newest first."""
    return list(
        work.session.exec(
            select(EmailedCode)
            .where(EmailedCode.session_id == session_id)
            .order_by(col(EmailedCode.id).desc())
        )
    )


def _verifier(services: Services, session_id: UUID, code: str) -> bytes:
    """Six digits are soon guessed from a hash: this one needs the master key."""
    return services.master.derive(b"e-mailed code " + code.encode(), session_id.bytes, 32)
