# SPDX-License-Identifier: Apache-2.0
"""The view of a state: its page, or the overlay on it."""

from __future__ import annotations

from kiosk.flow.drawing.start_views import closed
from kiosk.flow.overlays import access_menu, closing_question, dark_screen
from kiosk.flow.page_index import describe
from kiosk.flow.preferences import Menu
from kiosk.flow.state import State
from kiosk.flow.view import View


def render(state: State) -> View:
    """Return the view of `state`: complete, and without anything secret."""
    if state.resting is not None:
        trouble = closed(state)
        return dark_screen.render(state, state.resting, None if trouble is None else trouble[0])
    match state.menu:
        case None:
            return describe(state.page).view(state, state.page)
        case Menu.CLOSING | Menu.RETURNING:
            return closing_question.render(state)
        case _:
            return access_menu.render(state)
