# SPDX-License-Identifier: Apache-2.0
"""What every page has: its title, its buttons, the banner, the countdown, who is logged in."""

from __future__ import annotations

import math

from kiosk.flow import pages as pg
from kiosk.flow import state as st
from kiosk.flow import view as vw
from kiosk.flow.cardholder_profile import Profile, Trust
from kiosk.flow.preferences import OWN_NAMES
from kiosk.flow.text import Text, Verbatim, Words, plural, text

LONG_SECONDS = 120

CLOSE = vw.Button(vw.Intent.CLOSE, text("Close"))
BACK = vw.Button(vw.Intent.BACK, text("Back"))


def go_on(*, enabled: bool) -> vw.Button:
    """Continue."""
    return vw.Button(vw.Intent.CONTINUE, text("Continue"), vw.Role.PRIMARY, enabled)


def frame(
    state: st.State,
    *buttons: vw.Button,
    steps: tuple[vw.Step, ...] = (),
    who: tuple[Profile, Trust] | None = None,
) -> vw.Frame:
    """The frame of a page; `who` is logged in, for which trust."""
    banner = text("Demonstration: simulated card reader") if state.simulated else None
    corner: tuple[Words, ...] = ()
    remaining = None
    if who is not None:
        profile, trust = who
        corner = tuple(Verbatim(each) for each in (profile.name, trust.role, trust.name) if each)
        remaining = text("{minutes} min left", minutes=max(state.minutes, 1))
    return vw.Frame(
        text("Smartcard self service"),
        buttons,
        banner,
        _countdown(state),
        steps,
        corner,
        remaining,
        _tools(state),
        state.language,
        state.access,
        _offer(state),
    )


def _offer(state: st.State) -> Text | None:
    """How to have the screen read aloud, where that can be, and keys are there to ask for it."""
    if state.access.speech or not (state.speech_present and state.site.keys):
        return None
    return text("To have this screen read aloud, press Num on the keypad, or F2.")


def _tools(state: st.State) -> tuple[vw.Button, ...]:
    return (
        vw.Button(vw.Intent.LANGUAGE, Verbatim(OWN_NAMES[state.language])),
        vw.Button(vw.Intent.ACCESS, text("Settings for access")),
    )


def wait(
    state: st.State,
    heading: Text,
    *buttons: vw.Button,
    steps: tuple[vw.Step, ...] = (),
    who: tuple[Profile, Trust] | None = None,
) -> vw.View:
    """A page on which it is the kiosk's turn."""
    instruction = text("Leave your smartcard in the reader.")
    return vw.Progress(frame(state, *buttons, steps=steps, who=who), heading, (), instruction)


def in_minutes(seconds: int) -> int:
    """Whole minutes, for waits of LONG_SECONDS and more: nobody counts those by the second."""
    return math.ceil(seconds / 60)


def too_early(seconds: int) -> Text:
    """What is said to somebody whom central asks to wait; nothing of hers is lost."""
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


NONE_LEFT = text("No more codes can be sent. Use the code in the newest e-mail.")


def _countdown(state: st.State) -> vw.Countdown | None:
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


_REGISTER_STEPS = (
    text("Passcode"),
    text("Security Questions"),
    text("Email"),
    text("Registration Code"),
)
_STEP_OF: dict[type, int] = {
    pg.AnsweringFormer: 1,
    pg.ChoosingQuestion: 1,
    pg.AnsweringQuestion: 1,
    pg.EnteringEmail: 2,
    pg.SendingCode: 2,
    pg.EnteringCode: 3,
    pg.ConfirmingRegistration: 3,
}


def register_steps(page: pg.Page) -> tuple[vw.Step, ...]:
    """The bar of the four steps, as it is on `page`."""
    now = _STEP_OF.get(type(page), 0)
    states = [vw.StepState.DONE, vw.StepState.DOING, vw.StepState.WAITING]
    return tuple(
        vw.Step(label, states[(place > now) - (place < now) + 1])
        for place, label in enumerate(_REGISTER_STEPS)
    )
