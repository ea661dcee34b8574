# SPDX-License-Identifier: Apache-2.0
"""The frame of every page, and the parts that several pages share."""

from __future__ import annotations

import math
from collections.abc import Callable

from kiosk.flow import view as vw
from kiosk.flow.cardholder_profile import Profile, Trust
from kiosk.flow.pages import Page
from kiosk.flow.preferences import OWN_NAMES
from kiosk.flow.state import State
from kiosk.flow.text import Text, Verbatim, Words, plural, text

LONG_SECONDS = 120

CLOSE = vw.Button(vw.Intent.CLOSE, text("Close"))
BACK = vw.Button(vw.Intent.BACK, text("Back"))


def go_on(*, enabled: bool) -> vw.Button:
    """Return the Continue button."""
    return vw.Button(vw.Intent.CONTINUE, text("Continue"), vw.Role.PRIMARY, enabled)


def frame(
    state: State,
    *buttons: vw.Button,
    steps: tuple[vw.Step, ...] = (),
    who: tuple[Profile, Trust] | None = None,
) -> vw.Frame:
    """Return the frame of a page; `who` is the user to show, and the trust they chose."""
    corner: tuple[Words, ...] = ()
    remaining = None
    if who is not None:
        profile, trust = who
        corner = tuple(Verbatim(each) for each in (profile.name, trust.role, trust.name) if each)
        remaining = text("{minutes} min left", minutes=max(state.minutes, 1))
    return vw.Frame(
        text("Smartcard self service"),
        buttons,
        text("Demonstration: simulated card reader") if state.simulated else None,
        _countdown(state),
        steps,
        corner,
        remaining,
        _tools(state),
        state.language,
        state.access,
        _offer(state),
    )


def _offer(state: State) -> Text | None:
    """Return how to have the screen read aloud, if it can be and there are keys to ask for it."""
    if state.access.speech or not (state.speech_present and state.site.keys):
        return None
    return text("To have this screen read aloud, press Num on the keypad, or F2.")


def _tools(state: State) -> tuple[vw.Button, ...]:
    return (
        vw.Button(vw.Intent.LANGUAGE, Verbatim(OWN_NAMES[state.language])),
        vw.Button(vw.Intent.ACCESS, text("Settings for access")),
    )


def _countdown(state: State) -> vw.Countdown | None:
    if state.countdown is None:
        return None
    return vw.Countdown(
        state.countdown,
        plural(
            "This screen closes in {count} second",
            "This screen closes in {count} seconds",
            state.countdown,
        ),
        vw.Button(vw.Intent.MORE_TIME, text("I need more time"), vw.Role.PRIMARY),
    )


def information(
    heading: Text, *paragraphs: Text, buttons: tuple[vw.Button, ...]
) -> Callable[[State, Page], vw.View]:
    """Return the view of a simple page: a heading, a text, and buttons."""

    def draw(state: State, page: Page) -> vw.View:
        drawn = frame(state, *buttons, who=page.who)
        return vw.Notice(drawn, vw.Tone.INFORMATION, heading, paragraphs)

    return draw


def work(
    state: State,
    heading: Text,
    steps: tuple[vw.Step, ...] = (),
    who: tuple[Profile, Trust] | None = None,
) -> vw.View:
    """Return the view of a page on which the user waits for the kiosk."""
    instruction = text("Leave your smartcard in the reader.")
    return vw.Progress(frame(state, CLOSE, steps=steps, who=who), heading, (), instruction)


def in_minutes(seconds: int) -> int:
    """Return whole minutes, for waits of LONG_SECONDS and more."""
    return math.ceil(seconds / 60)


def too_early(seconds: int) -> Text:
    """Return what to do if central wants a pause of so many seconds."""
    if seconds >= LONG_SECONDS:
        return plural(
            "Too early. Wait {count} minute, then try again.",
            "Too early. Wait {count} minutes, then try again.",
            in_minutes(seconds),
        )
    return plural(
        "Too early. Wait {count} second, then try again.",
        "Too early. Wait {count} seconds, then try again.",
        seconds,
    )


NONE_LEFT = text("No more codes can be sent. Use the code in the newest email.")
