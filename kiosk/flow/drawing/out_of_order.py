# SPDX-License-Identifier: Apache-2.0
"""The views of a kiosk that cannot be started."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow import view as vw
from kiosk.flow.drawing.frame import frame
from kiosk.flow.state import Site, State
from kiosk.flow.text import Verbatim, in_english, text


def out_of_order(site: Site) -> vw.Notice:
    """Return the view of a kiosk that cannot be started."""
    return vw.Notice(
        frame(State.at(site)),
        vw.Tone.PROBLEM,
        text("This kiosk is out of order"),
        (
            text("It tries to start again by itself every few minutes."),
            text("Please use another kiosk. If it is urgent, call one of these."),
        ),
        contacts=site.whom_to_call,
    )


def out_of_order_at_rest(site: Site, place: int) -> vw.Resting:
    """Return its dark view, with the first contact at the `place`-th place."""
    bare = replace(frame(State.at(site)), tools=())
    calls = [f"{in_english(each.name)}: {in_english(each.detail)}" for each in site.whom_to_call]
    call = Verbatim(calls[0]) if calls else None
    return vw.Resting(bare, text("This kiosk is out of order"), call, place)
