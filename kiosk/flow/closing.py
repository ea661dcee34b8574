"""Close, or Back, where something would be lost: one slip of a finger does not lose it."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.access import Menu
from kiosk.flow.frame import BACK, CLOSE, frame
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


def ask(state: st.State) -> Outcome:
    """Ask before anything is forgotten."""
    return replace(state, menu=Menu.CLOSING), ()


def render(state: st.State) -> vw.View:
    """The question, over the page."""
    return vw.Notice(
        frame(state, BACK, replace(CLOSE, role=vw.Role.PRIMARY)),
        vw.Tone.INFORMATION,
        text("Close, and forget what you gave?"),
        (text("Back returns to where you were. After Close you would have to begin again."),),
    )
