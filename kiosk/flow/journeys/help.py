# SPDX-License-Identifier: Apache-2.0
"""Plain help instead of a journey: what went wrong, at whichever page it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def help_with(state: st.State, trouble: pg.Trouble, wait_seconds: int = 0) -> Outcome:
    """Plain help instead of the journey: what the person gave is wiped, the reference stays."""
    # A new visit number: whatever the abandoned steps still answer is not for this page.
    page = pg.Helping(trouble, wait_seconds)
    helping = replace(state, page=page, visit=state.visit + 1, countdown=None, menu=None)
    return helping, (do.Forget(),)


_CARD_TROUBLES = {
    ev.CardTrouble.UNKNOWN: pg.Trouble.CARD_NOT_KNOWN,
    ev.CardTrouble.READER: pg.Trouble.READER,
    ev.CardTrouble.REMOVED: pg.Trouble.CARD_PULLED,
    ev.CardTrouble.MUTE: pg.Trouble.CARD_MUTE,
    ev.CardTrouble.WRONG_CARD: pg.Trouble.CARD_SWAPPED,
    ev.CardTrouble.FAILED: pg.Trouble.CARD_UNREADABLE,
    ev.CardTrouble.UNBLOCKING_SPENT: pg.Trouble.CARD_SPENT,
    ev.CardTrouble.STORE: pg.Trouble.STORE,
}


def card_failed(state: st.State, event: ev.CardFailed) -> Outcome:
    """Work with the card failed before anything on it was changed."""
    return help_with(state, _CARD_TROUBLES[event.trouble])


def card_failed_at_work(state: st.State, event: ev.CardFailed) -> Outcome:
    """It failed while the card was being changed."""
    trouble = _CARD_TROUBLES[event.trouble]
    at_work = {
        pg.Trouble.CARD_PULLED: pg.Trouble.CARD_PULLED_AT_WORK,
        pg.Trouble.CARD_UNREADABLE: (
            pg.Trouble.CHANGE_FAILED
            if isinstance(state.page, pg.ChangingPasscode)
            else pg.Trouble.UNLOCK_FAILED
        ),
    }
    return help_with(state, at_work.get(trouble, trouble))


def refused(state: st.State, event: ev.UnlockRefused) -> Outcome:
    """Central said no."""
    return help_with(state, st.REFUSALS[event.refusal], event.wait_seconds)


def central_failed(state: st.State, _: ev.CentralFailed) -> Outcome:
    """Central did not answer."""
    return help_with(state, pg.Trouble.CENTRAL)


_Rule = Callable[[st.State, Any], Outcome]
_FAILED: dict[type, _Rule] = {
    ev.UnlockRefused: refused,
    ev.CentralFailed: central_failed,
    ev.CardFailed: card_failed,
}
_AT_CENTRAL = (
    pg.OpeningUnlock,
    pg.CheckingPasscode,
    pg.SendingCode,
    pg.ConfirmingRegistration,
)

TABLE: dict[tuple[type, type], _Rule] = {
    **{(page, event): rule for page in _AT_CENTRAL for event, rule in _FAILED.items()},
    (pg.ReadingCard, ev.CardFailed): card_failed,
    (pg.ChangingPasscode, ev.CardFailed): card_failed_at_work,
}
