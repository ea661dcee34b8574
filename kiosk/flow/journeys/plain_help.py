# SPDX-License-Identifier: Apache-2.0
"""Help: what went wrong, on whichever page it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.description import AnyRule, PageDescription, Patience, VisitStage
from kiosk.flow.drawing import help_view
from kiosk.flow.events import CardTrouble, Refusal
from kiosk.flow.outcome import Outcome
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble


def help_with(state: State, trouble: Trouble, wait_seconds: int = 0) -> Outcome:
    """Leave the journey for the help on `trouble`: what the user gave is wiped.

    The reference stays. The new visit number keeps late answers of abandoned steps off this page.
    """
    page = pg.Helping(trouble, wait_seconds)
    helping = replace(state, page=page, visit=state.visit + 1, countdown=None, menu=None)
    return helping, (do.Forget(),)


_CARD_TROUBLES = {
    CardTrouble.UNKNOWN: Trouble.CARD_NOT_KNOWN,
    CardTrouble.READER: Trouble.READER,
    CardTrouble.REMOVED: Trouble.CARD_PULLED,
    CardTrouble.MUTE: Trouble.CARD_MUTE,
    CardTrouble.WRONG_CARD: Trouble.CARD_SWAPPED,
    CardTrouble.FAILED: Trouble.CARD_UNREADABLE,
    CardTrouble.UNBLOCKING_SPENT: Trouble.CARD_SPENT,
    CardTrouble.STORE: Trouble.STORE,
}

_REFUSALS = {
    Refusal.NOT_KNOWN: Trouble.CARD_NOT_KNOWN,
    Refusal.NOT_REGISTERED: Trouble.NOT_REGISTERED,
    Refusal.STOPPED: Trouble.CARD_STOPPED,
    Refusal.LOCKED_OUT: Trouble.LOCKED_OUT,
    Refusal.WAIT: Trouble.WAIT,
    Refusal.FROZEN: Trouble.FROZEN,
    Refusal.MAIL: Trouble.MAIL,
    Refusal.NOT_TRUSTED: Trouble.NOT_TRUSTED,
    Refusal.UNLOCK_ONLY: Trouble.UNLOCK_ONLY,
    Refusal.SESSION_OVER: Trouble.SESSION_OVER,
    Refusal.NO_MORE_CODES: Trouble.NO_MORE_CODES,
    Refusal.UNSETTLED: Trouble.UNSETTLED,
    Refusal.OFFLINE_OVER: Trouble.OFFLINE_OVER,
}


def card_failed(state: State, _: pg.Page, event: ev.CardFailed) -> Outcome:
    """Help with card work that failed before anything on the card was changed."""
    return help_with(state, _CARD_TROUBLES[event.trouble])


def card_failed_while(
    failed: Trouble,
) -> Callable[[State, pg.Page, ev.CardFailed], Outcome]:
    """Return the rule for card work that failed during a change; `failed` if the card gave up."""
    during = {
        CardTrouble.REMOVED: Trouble.CARD_PULLED_AT_WORK,
        CardTrouble.FAILED: failed,
    }

    def rule(state: State, _: pg.Page, event: ev.CardFailed) -> Outcome:
        return help_with(state, during.get(event.trouble, _CARD_TROUBLES[event.trouble]))

    return rule


def refused(state: State, _: pg.Page, event: ev.UnlockRefused) -> Outcome:
    """Help with a refusal of central."""
    return help_with(state, _REFUSALS[event.refusal], event.wait_seconds)


def central_failed(state: State, _: pg.Page, __: ev.CentralFailed) -> Outcome:
    """Help if central did not answer."""
    return help_with(state, Trouble.CENTRAL)


CENTRAL_FAILURES: dict[type, AnyRule] = {
    ev.UnlockRefused: refused,
    ev.CentralFailed: central_failed,
    ev.CardFailed: card_failed,
}
"""The failures of a request to central, for which the card signs."""


PAGES = (
    PageDescription(
        pg.Helping, help_view.helping, stage=VisitStage.HELP, patience=Patience.READING
    ),
)
