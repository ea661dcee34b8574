# SPDX-License-Identifier: Apache-2.0
"""The end of a visit."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import pages as pg
from kiosk.flow.outcome import Outcome
from kiosk.flow.state import State


def leave(state: State, *, gone: bool | None = None) -> Outcome:
    """End the visit: return to the start screen and forget everything of the user.

    The language and settings stay until the user has `gone`. By default, that is when the card has:
    until then the screen still asks the user to take it.
    """
    if gone is None:
        gone = not state.card_present
    if gone:
        state = replace(state, language=state.site.language, access=state.site.access)
    clean = replace(
        state,
        menu=None,
        page=pg.Waiting(),
        visit=state.visit + 1,
        reference="",
        rules=State().rules,
        passcode_left=None,
        may_log_in=True,
        countdown=None,
        minutes=0,
    )
    return clean, (do.Forget(),)
