# SPDX-License-Identifier: Apache-2.0
"""The end of a visit, however it comes."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import pages as pg
from kiosk.flow import state as st

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def leave(state: st.State, *, gone: bool | None = None) -> Outcome:
    """Back to the start screen: the visit is over and nothing of the person remains.

    Her language and settings stay until she is `gone`, which is when her card is: somebody has to
    tell her to take it.
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
        rules=st.State().rules,
        passcode_left=None,
        may_log_in=True,
        countdown=None,
        minutes=0,
    )
    return clean, (do.Forget(),)
