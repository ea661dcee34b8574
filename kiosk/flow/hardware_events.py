# SPDX-License-Identifier: Apache-2.0
"""What happens to the kiosk itself: its case, its supply, its lights. It holds on every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import frame
from kiosk.flow.journeys.visit_end import leave
from kiosk.flow.text import Verbatim, in_english, text

Outcome = tuple[st.State, tuple[do.Effect, ...]]


def _case_opened(state: st.State, _: ev.CaseOpened) -> Outcome:
    """Whoever opens the case gets nothing, and the kiosk serves nobody until it is started anew."""
    if state.opened:
        return state, ()
    if isinstance(state.page, pg.AT_WORK):
        # It is brought to its end, so that nobody takes a card in the middle of a command.
        return replace(state, opened=True), (do.ReportOpened(),)
    clean, effects = leave(replace(state, opened=True))
    return clean, (*effects, do.ReportOpened())


def _power_seen(state: st.State, event: ev.PowerSeen) -> Outcome:
    return replace(state, power_low=event.low), ()


def _lights_failed(state: st.State, _: ev.LightsFailed) -> Outcome:
    return replace(state, lights_missing=True), ()


def _contacts_seen(state: st.State, event: ev.ContactsSeen) -> Outcome:
    return replace(state, site=replace(state.site, contacts=event.contacts)), ()


def out_of_order(site: st.Site) -> vw.Notice:
    """What the screen says where the kiosk itself cannot be started."""
    return vw.Notice(
        frame(st.State.at(site)),
        vw.Tone.PROBLEM,
        text("This kiosk is out of order"),
        (
            text("It tries to start again by itself every few minutes."),
            text("Please use another kiosk. If it is urgent, call one of these."),
        ),
        contacts=site.whom_to_call,
    )


def out_of_order_at_rest(site: st.Site, place: int) -> vw.Resting:
    """The same when nobody is there: dark, and with the first to call, now here, now there."""
    bare = replace(frame(st.State.at(site)), tools=())
    calls = [f"{in_english(each.name)}: {in_english(each.detail)}" for each in site.whom_to_call]
    call = Verbatim(calls[0]) if calls else None
    return vw.Resting(bare, text("This kiosk is out of order"), call, place)


EVERYWHERE: dict[type, Callable[[st.State, Any], Outcome]] = {
    ev.CaseOpened: _case_opened,
    ev.PowerSeen: _power_seen,
    ev.LightsFailed: _lights_failed,
    ev.ContactsSeen: _contacts_seen,
}
