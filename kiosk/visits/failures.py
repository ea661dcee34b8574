# SPDX-License-Identifier: Apache-2.0
"""Turns each of the project's errors into the event that the flow receives for it."""

from __future__ import annotations

import logging

from kiosk.contract import messages as msg
from kiosk.errors import (
    CardMute,
    CardRemoved,
    CardUnknown,
    CentralRefused,
    CentralUnavailable,
    KioskError,
    ReaderUnavailable,
    StoreFailed,
    WrongCard,
    WrongSecret,
)
from kiosk.flow import events as ev

_log = logging.getLogger(__name__)


def failed(visit: int, error: KioskError) -> ev.Event:
    """Log `error` and return its event for this visit."""
    _log.warning("visit %d: %s", visit, error)
    if isinstance(error, CentralRefused):
        return _refused(visit, error)
    if isinstance(error, CentralUnavailable):
        return ev.CentralFailed(visit)
    if isinstance(error, WrongSecret):
        return _wrong(visit, error)
    return ev.CardFailed(visit, _CARD_TROUBLES.get(type(error), ev.CardTrouble.FAILED))


def _wrong(visit: int, error: WrongSecret) -> ev.Event:
    if error.which == "passcode":
        return ev.PasscodeRefused(visit, error.tries_left)
    spent = error.tries_left == 0
    trouble = ev.CardTrouble.UNBLOCKING_SPENT if spent else ev.CardTrouble.FAILED
    return ev.CardFailed(visit, trouble)


def _refused(visit: int, error: CentralRefused) -> ev.Event:
    wait = error.retry_after_seconds or 0
    match error.problem:
        case msg.ProblemType.ANSWERS_WRONG:
            return ev.AnswersRefused(visit, wait)
        case msg.ProblemType.CODE_WRONG:
            return ev.CodeRefused(visit)
        case msg.ProblemType.EMAIL_REFUSED:
            return ev.EmailRefused(visit)
        case msg.ProblemType.CARD_NOT_GENUINE:
            return ev.CardFailed(visit, ev.CardTrouble.WRONG_CARD)
    refusal = _REFUSALS.get(error.problem)
    if refusal is None:  # such as a refused token, or a request that central cannot read
        return ev.CentralFailed(visit)
    return ev.UnlockRefused(visit, refusal, wait)


_CARD_TROUBLES: dict[type, ev.CardTrouble] = {
    # The reader's watcher reports when the reader is back.
    ReaderUnavailable: ev.CardTrouble.READER,
    StoreFailed: ev.CardTrouble.STORE,
    CardRemoved: ev.CardTrouble.REMOVED,
    CardMute: ev.CardTrouble.MUTE,
    CardUnknown: ev.CardTrouble.UNKNOWN,
    WrongCard: ev.CardTrouble.WRONG_CARD,
}

_REFUSALS: dict[str, ev.Refusal] = {
    msg.ProblemType.CARD_NOT_KNOWN: ev.Refusal.NOT_KNOWN,
    msg.ProblemType.NOT_REGISTERED: ev.Refusal.NOT_REGISTERED,
    msg.ProblemType.CARD_STOPPED: ev.Refusal.STOPPED,
    msg.ProblemType.CARD_FROZEN: ev.Refusal.FROZEN,
    msg.ProblemType.LOCKED_OUT: ev.Refusal.LOCKED_OUT,
    msg.ProblemType.WAIT: ev.Refusal.WAIT,
    msg.ProblemType.MAIL_FAILED: ev.Refusal.MAIL,
    msg.ProblemType.NO_MORE_CODES: ev.Refusal.NO_MORE_CODES,
    msg.ProblemType.NOT_TRUSTED: ev.Refusal.NOT_TRUSTED,
    msg.ProblemType.UNLOCK_ONLY: ev.Refusal.UNLOCK_ONLY,
    msg.ProblemType.UNSETTLED: ev.Refusal.UNSETTLED,
    msg.ProblemType.EXPIRED: ev.Refusal.SESSION_OVER,
}
