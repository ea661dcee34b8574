# SPDX-License-Identifier: Apache-2.0
"""The question before answers are lost by Close or Back."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import events as ev
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import BACK, CLOSE, frame
from kiosk.flow.journeys.visit_end import leave
from kiosk.flow.outcome import Outcome, unchanged
from kiosk.flow.page_index import describe
from kiosk.flow.preferences import Menu
from kiosk.flow.state import State
from kiosk.flow.text import text
from kiosk.flow.view import Intent


def close(state: State) -> Outcome:
    """End the visit, or ask first if the page loses answers."""
    if describe(state.page).loses(state.page):
        return replace(state, menu=Menu.CLOSING), ()
    return leave(state)


def asks_before_back(state: State) -> bool:
    """Return whether Back leaves the journey here, and answers are lost."""
    page = describe(state.page)
    return page.back_leaves(state.page) and page.loses(state.page)


def answer(state: State, event: ev.Pressed) -> Outcome | None:
    """Return the outcome of a confirmed question; None for any other button."""
    match state.menu, event.intent:
        case Menu.CLOSING, Intent.CLOSE:
            return leave(state)
        case Menu.RETURNING, Intent.CONFIRM:
            return _return(state)
        case _:
            return None


def _return(state: State) -> Outcome:
    back = ev.Pressed(Intent.BACK)
    page = describe(state.page)
    rule = page.rule(back) if page.back_leaves(state.page) else None
    return rule(replace(state, menu=None), state.page, back) if rule else unchanged(state)


def render(state: State) -> vw.View:
    """Draw the question that `state.menu` names."""
    return _closing(state) if state.menu is Menu.CLOSING else _returning(state)


def _closing(state: State) -> vw.View:
    return vw.Notice(
        frame(state, BACK, replace(CLOSE, role=vw.Role.PRIMARY)),
        vw.Tone.INFORMATION,
        text("Close, and forget what you gave?"),
        (text("Back returns to where you were. After Close you would have to begin again."),),
    )


def _returning(state: State) -> vw.View:
    stay = vw.Button(Intent.BACK, text("Stay here"))
    go = vw.Button(Intent.CONFIRM, text("Go back"), vw.Role.PRIMARY)
    return vw.Notice(
        frame(state, stay, go),
        vw.Tone.INFORMATION,
        text("Go back, and forget what you gave?"),
        (text("You stay in your visit, but your answers would have to be given again."),),
    )
