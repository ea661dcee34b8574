"""The code that is e-mailed: asked for where a card cannot prove itself, and after failures.

It is judged before the answers are: whoever cannot read the cardholder's mail learns nothing about
them. Each code has its own few tries; one that is used up counts as a failed attempt.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from kiosk.central import letters
from kiosk.central.authentication import Caller
from kiosk.central.parts import Parts
from kiosk.central.refusal import Refusal
from kiosk.central.sessions import (
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
from kiosk.contract.messages import CodeSent, ProblemType
from kiosk.errors import MailFailed

VALID = timedelta(minutes=15)
_TRIES = 5
_PER_SESSION = 3
_DIGITS = 6
_ASKED_AFTER = 2  # failures of a registration since its last success


def send_code(parts: Parts, caller: Caller, session_id: UUID) -> CodeSent:
    """E-mail a fresh code to the cardholder; the one before it is void.

    Only once answers were given and refused for want of a code, so that nobody's mail box can be
    filled by a forged card.
    """
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    with working(parts, caller) as work:
        unlock = find(work, session_id)
        if not unlock.session.code_due or unlock.session.accepted_at is not None:
            raise Refusal(ProblemType.OUT_OF_ORDER)
        refuse_if_locked(unlock.registration)
        if len(_sent(work, session_id)) >= _PER_SESSION:
            raise Refusal(ProblemType.EXPIRED)
        holder = work.database.get_one(Cardholder, unlock.card.cardholder_id)
        work.database.add(
            EmailedCode(
                session_id=session_id, verifier=_verifier(parts, session_id, code), sent_at=work.now
            )
        )
        letter = letters.unlock_code(holder.name, code, caller.name, VALID)
        record(work, "code.sent", unlock)
    try:
        parts.postman.deliver(holder.email, letter)
    except MailFailed:
        raise Refusal(ProblemType.MAIL_FAILED) from None
    return CodeSent(address=masked(holder.email), valid_seconds=int(VALID.total_seconds()))


def judge(work: Work, unlock: Unlock, given: str | None) -> None:
    """Refuses unless no code is due, or the right one was given. A try is counted before that."""
    session = unlock.session
    if session.code_confirmed or not _due(unlock):
        return
    if given is None:
        session.code_due = True
        raise Refusal(ProblemType.CODE_REQUIRED)
    refuse_if_too_soon(work, unlock.card, unlock.registration)
    newest = next(iter(_sent(work, session.id)), None)
    if newest is None or newest.tries >= _TRIES or newest.sent_at + VALID <= work.now:
        raise Refusal(ProblemType.CODE_VOID)
    newest.tries += 1
    if hmac.compare_digest(newest.verifier, _verifier(work.parts, session.id, given)):
        session.code_confirmed = True
        record(work, "code.right", unlock)
        return
    record(work, "code.wrong", unlock)
    if newest.tries >= _TRIES:
        count_failure(work, unlock)
        refuse_if_locked(unlock.registration)
        raise Refusal(ProblemType.CODE_VOID)
    raise Refusal(ProblemType.CODE_WRONG)


def masked(address: str) -> str:
    """Enough of an address for its owner to know it by."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _due(unlock: Unlock) -> bool:
    registered = unlock.registration
    proves = registered.card_authentication_key is not None
    return not proves or registered.failures >= _ASKED_AFTER


def _sent(work: Work, session_id: UUID) -> list[EmailedCode]:
    """The codes of a session, the newest first."""
    return list(
        work.database.exec(
            select(EmailedCode)
            .where(EmailedCode.session_id == session_id)
            .order_by(col(EmailedCode.id).desc())
        )
    )


def _verifier(parts: Parts, session_id: UUID, code: str) -> bytes:
    """Six digits are soon guessed from a hash: this one needs the master key."""
    return parts.master.derive(b"e-mailed code " + code.encode(), session_id.bytes, 32)
