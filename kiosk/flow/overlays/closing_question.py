# SPDX-License-Identifier: Apache-2.0
"""Close, or Back, where something would be lost: one slip of a finger does not lose it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import BACK, CLOSE, frame
from kiosk.flow.journeys.registration_draft import CODE_FIELD
from kiosk.flow.journeys.visit_end import leave
from kiosk.flow.preferences import Menu
from kiosk.flow.text import text

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def would_lose(state: st.State) -> bool:
    """Whether this page is there because of answers that were given, or holds some."""
    match state.page:
        case pg.AskingQuestion(lengths=lengths):
            return any(lengths)
        case pg.AskingCode() | pg.RepeatingPasscode():
            return True
        case pg.ChoosingPasscode(old=old):
            return old is None  # the answers before it were right
        case (
            pg.AnsweringFormer(draft=draft)
            | pg.ChoosingQuestion(draft=draft)
            | pg.AnsweringQuestion(draft=draft)
            | pg.EnteringEmail(draft=draft)
            | pg.EnteringCode(draft=draft)
        ):
            return _holds(draft)
        case pg.Instructions(draft=looked_up):
            return looked_up is not None and _holds(looked_up)
        case _:
            return False


def _holds(draft: pg.Draft) -> bool:
    return any(length for _, length in draft.typed)


def close(state: st.State) -> Outcome:
    """The visit is over; where something would be lost, ask before it is forgotten."""
    return (replace(state, menu=Menu.CLOSING), ()) if would_lose(state) else leave(state)


def go_back(state: st.State) -> Outcome:
    """To what is before the journey; where something would be lost, ask before it is forgotten."""
    return (replace(state, menu=Menu.RETURNING), ()) if would_lose(state) else _returned(state)


def _returned(state: st.State) -> Outcome:
    """What was given is wiped, and the visit goes on."""
    before: pg.Page
    match state.page:
        case pg.AskingQuestion(fields=fields):
            before = pg.CardWorks()
        case pg.Instructions(profile, trust, draft):
            before = pg.ShowingProfile(profile, trust)
            fields = (*(field for field, _ in draft.typed), CODE_FIELD) if draft is not None else ()
        case _:
            return state, ()
    forget = (do.ForgetGiven(fields),) if would_lose(state) else ()
    return replace(state, page=before, menu=None), forget


MEANT: dict[tuple[Menu | None, vw.Intent], Callable[[st.State], Outcome]] = {
    (Menu.CLOSING, vw.Intent.CLOSE): leave,
    (Menu.RETURNING, vw.Intent.CONFIRM): _returned,
}
"""What is done once the question was answered so; every other button leads back to the page."""


def _closing(state: st.State) -> vw.View:
    return vw.Notice(
        frame(state, BACK, replace(CLOSE, role=vw.Role.PRIMARY)),
        vw.Tone.INFORMATION,
        text("Close, and forget what you gave?"),
        (text("Back returns to where you were. After Close you would have to begin again."),),
    )


def _returning(state: st.State) -> vw.View:
    stay = vw.Button(vw.Intent.BACK, text("Stay here"))
    go = vw.Button(vw.Intent.CONFIRM, text("Go back"), vw.Role.PRIMARY)
    return vw.Notice(
        frame(state, stay, go),
        vw.Tone.INFORMATION,
        text("Go back, and forget what you gave?"),
        (text("You stay in your visit, but your answers would have to be given again."),),
    )


ASKED: dict[Menu | None, Callable[[st.State], vw.View]] = {
    Menu.CLOSING: _closing,
    Menu.RETURNING: _returning,
}
"""The questions, over the page."""
