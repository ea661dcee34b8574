# SPDX-License-Identifier: Apache-2.0
"""Failures of the kiosk itself during a visit."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

from kiosk.compose import ScreenService
from kiosk.demo.board_layout import PINS
from kiosk.demo.journey import Block, Insert, Journey, Press, See, Take, Write, answer
from kiosk.demo.premises import Premises
from kiosk.flow.text import Text
from kiosk.flow.view import EntryPage, Intent
from tests.journeys.happening import Do, Story, Within
from tests.journeys.stories import FIRST, RIGHT, SECOND, START


def _open(premises: Premises) -> None:
    premises.pins.set_input(PINS["tamper"], high=True)


def _close(premises: Premises) -> None:
    premises.pins.set_input(PINS["tamper"], high=False)


def _reference(kiosk: ScreenService) -> None:
    from kiosk.demo.finger import Eye  # noqa: PLC0415 - imports Kivy, which is ready by now

    texts = Eye(kiosk.screen).texts()
    if not any(re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", each) for each in texts):
        raise AssertionError(texts)


def _cannot_be_drawn(kiosk: ScreenService) -> None:
    """Make the page fail at the next frame, in the middle of its drawing, after typed text."""
    from kivy.graphics import Callback  # noqa: PLC0415 - as above

    from kiosk.demo.finger import drawing  # noqa: PLC0415

    def fail(_: object) -> None:
        raise ValueError(_TYPED)

    def spoil() -> None:
        page = kiosk.screen.stage.screen
        if page is None:
            raise AssertionError("nothing is on the screen")
        page.canvas.add(Callback(fail))

    drawing(kiosk.screen, spoil)


def _cannot_be_built(kiosk: ScreenService) -> None:
    """Show the page with a text whose placeholder is not filled."""
    view = kiosk.screen.stage.view
    if not isinstance(view, EntryPage):
        raise TypeError(type(view).__name__)
    kiosk.screen.show(replace(view, heading=Text("{nobody}")))


def _nothing_is_left(kiosk: ScreenService) -> None:
    """Check for remains once the flow has handled the event, not only after the visit has ended."""
    from kiosk.demo.finger import PATIENCE, drawing  # noqa: PLC0415 - as above
    from tests.journeys.remains import remains_of  # noqa: PLC0415 - it knows every story, this too

    heard = threading.Event()
    kiosk.runtime.answer(heard.set)
    if not heard.wait(PATIENCE):
        raise TimeoutError("the flow does not answer")
    drawing(kiosk.screen, lambda: None)
    if left := set(remains_of(kiosk)) - {"the user's language or settings"}:
        raise AssertionError(left)


REFERENCE = Within("there is a reference", _reference)
NOTHING_LEFT = Within("no personal data is left", _nothing_is_left)
CLOSED = See("Its case was opened. Please use another kiosk.")

_TYPED = "half an ans"
_SCREEN_FAILED: Journey = [See("The screen of this kiosk failed"), See("What you typed was wiped.")]
_AWAY: Journey = [Take(), Press(Intent.CLOSE), *START]

SCREEN_FAILURES: dict[str, Story] = {
    "a page cannot be drawn, and then another one cannot be built": [
        *START,
        Block(),
        Insert(),
        *answer(FIRST, RIGHT[0]),
        See(SECOND),
        Write(_TYPED),
        Within("the page cannot be drawn any more", _cannot_be_drawn),
        *_SCREEN_FAILED,
        REFERENCE,
        See("ext. 2222"),
        NOTHING_LEFT,
        *_AWAY,
        Insert(),
        See(FIRST),
        Within("the page cannot be built", _cannot_be_built),
        *_SCREEN_FAILED,
        *_AWAY,
        Insert(),
        See(FIRST),
        Take(),
        *START,
    ],
}

OUT_OF_SERVICE: dict[str, Story] = {
    "the case is opened at a question, and the kiosk serves nobody any more": [
        *START,
        Block(),
        Insert(),
        See(FIRST),
        Write(_TYPED),
        Do("somebody opens the case", _open),
        NOTHING_LEFT,
        See("Please take your smartcard"),
        CLOSED,
        Take(),
        See("This kiosk is out of service"),
        See("ext. 2222"),
        Insert(),
        See("Take your smartcard with you: nothing on it was changed."),
        REFERENCE,
        See("ext. 3333"),
        Do("somebody closes the case", _close),
        Take(),
        Press(Intent.CLOSE),
        CLOSED,
    ],
}
"""Walked last: only a restart puts the kiosk in service again (see `test_compose`)."""
