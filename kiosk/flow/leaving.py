"""The end of a visit, however it comes."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import effects as do
from kiosk.flow import pages as pg
from kiosk.flow import state as st

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def leave(state: st.State) -> Outcome:
    """Back to the start screen: the visit is over and nothing of the person remains."""
    clean = replace(
        state,
        page=pg.Waiting(),
        visit=state.visit + 1,
        reference="",
        rules=st.State().rules,
        passcode_left=None,
        may_log_in=True,
        countdown=None,
    )
    return clean, (do.Forget(),)
