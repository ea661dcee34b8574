# SPDX-License-Identifier: Apache-2.0
"""Emailed codes: for cards that cannot prove themselves, after wrong answers, and to register.

In an unlock the code is checked before the answers, so somebody who cannot read the cardholder's
email learns nothing about the answers. Each code allows a few tries, and `code_guesses` counts them
over codes and sessions.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID

from sqlmodel import col, select

from kiosk.central.mail import letters
from kiosk.central.mail.letters import Letter
from kiosk.central.refusal import RequestRefused
from kiosk.central.registration import code_guesses
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
_REFUSED_PER_SESSION = 5
"""More refusals would tell a kiosk which addresses a mail server knows."""
_TAKEN_BACK = b""  # no code has this verifier
ASKED_AFTER = 2  # failures of a registration since its last success


def send_code(services: Services, caller: Caller, session_id: UUID) -> CodeResponse:
    """Email a fresh code to the cardholder; the code before it becomes void.

    This is refused unless answers were given and refused for want of a code, so that nobody can
    fill a cardholder's mailbox with a forged card.
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
        letter = letters.unlock_code(holder, code.digits, caller.name, VALID)
        record(work, "code.sent", unlock)
    return deliver(services, code, letter)


def judge(work: Work, unlock: Unlock, code: str | None) -> None:
    """Refuse unless no code is required or the right one was given; the try is counted first.

    A code whose tries are used up counts as a failed attempt, and so does each fifth guess at
    several codes.
    """
    session = unlock.session
    if session.code_confirmed or not _is_required(unlock):
        return
    if code is None:
        session.code_due = True
        raise RequestRefused(ProblemType.CODE_REQUIRED)
    refuse_if_too_soon(work, unlock.card, unlock.registration)
    holder = work.session.get_one(Cardholder, unlock.card.cardholder_id)
    match check(work, session.id, code, holder):
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


def _is_required(unlock: Unlock) -> bool:
    registered = unlock.registration
    can_prove = registered.card_authentication_key is not None
    return not can_prove or registered.failures >= ASKED_AFTER


# ---------------------------------------------------------------- codes of any session


class CodeVerdict(Enum):
    """The result of a try: VOID if the code was already void, USED_UP if its last try was wrong."""

    RIGHT = auto()
    WRONG = auto()
    USED_UP = auto()
    VOID = auto()


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that is to be emailed; its representation does not show it."""

    row: int
    address: str
    digits: str = field(repr=False)


def new_code(work: Work, session_id: UUID, address: str, *, at_most: int) -> NewCode:
    """Return a fresh code for the session; refuse if it had `at_most`, or five were taken back.

    Only a verifier of the code is stored.
    """
    sent = _sent(work, session_id)
    refused = sum(each.verifier == _TAKEN_BACK for each in sent)
    if len(sent) - refused >= at_most or refused >= _REFUSED_PER_SESSION:
        raise RequestRefused(ProblemType.NO_MORE_CODES)
    digits = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    row = EmailedCode(
        session_id=session_id,
        address=address,
        verifier=_verifier(work.services, session_id, digits),
        sent_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return NewCode(row.id, address, digits)


def deliver(services: Services, code: NewCode, letter: Letter) -> CodeResponse:
    """Send the letter with the code, outside of any transaction; refuse if sending fails.

    If the mail server has not answered in time, the letter is sent later, and the answer says so.
    A code counts from before it is sent. It is taken back only if the mail server definitely
    refuses the recipient, because then nobody can have got it.
    """

    def refused() -> None:
        _take_back(services, code)

    try:
        taken = services.code_letters.send(services.mail_transport, code.address, letter, refused)
    except MailFailed:
        raise RequestRefused(ProblemType.MAIL_FAILED) from None
    seconds = int(VALID.total_seconds())
    return CodeResponse(address=masked(code.address), valid_seconds=seconds, queued=not taken)


def _take_back(services: Services, code: NewCode) -> None:
    with services.database.transaction() as database:
        row = database.get(EmailedCode, code.row)
        if row is not None:
            row.verifier = _TAKEN_BACK


def check(work: Work, session_id: UUID, code: str, holder: Cardholder) -> CodeVerdict:
    """Count a try, and return whether `code` is the session's newest code.

    Refuse while the cardholder or the address has to wait after guesses at earlier codes.
    """
    newest = newest_code(work, session_id)
    if newest is None or newest.tries >= _TRIES or newest.sent_at + VALID <= work.now:
        return CodeVerdict.VOID
    guesses = code_guesses.of(work, holder, newest.address)
    guesses.refuse_if_too_soon()
    newest.tries += 1
    if hmac.compare_digest(newest.verifier, _verifier(work.services, session_id, code)):
        guesses.forget()
        return CodeVerdict.RIGHT
    if guesses.count() % _TRIES == 0:
        newest.tries = _TRIES  # as many as a code allows, over several codes
    return CodeVerdict.USED_UP if newest.tries >= _TRIES else CodeVerdict.WRONG


def newest_code(work: Work, session_id: UUID) -> EmailedCode | None:
    """Return the code that was sent last for the session and not taken back, or None."""
    sent = _sent(work, session_id)
    return next((each for each in sent if each.verifier != _TAKEN_BACK), None)


def masked(address: str) -> str:
    """Return enough of an address for its owner to recognise it."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _sent(work: Work, session_id: UUID) -> list[EmailedCode]:
    """Return the codes of a session, the newest first, with those that were taken back."""
    return list(
        work.session.exec(
            select(EmailedCode)
            .where(EmailedCode.session_id == session_id)
            .order_by(col(EmailedCode.id).desc())
        )
    )


def _verifier(services: Services, session_id: UUID, code: str) -> bytes:
    """Return what is stored of a code.

    It needs the master key, because six digits are easily guessed from a hash.
    """
    return services.master.derive(b"e-mailed code " + code.encode(), session_id.bytes, 32)
