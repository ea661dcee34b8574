"""What happens to the kiosk itself while somebody stands there."""

from __future__ import annotations

import re

from kiosk.compose import Kiosk
from kiosk.demo.board import PINS
from kiosk.demo.journey import Block, Insert, Press, See, Take, Write
from kiosk.demo.premises import Premises
from kiosk.flow.view import Intent
from tests.journeys.happening import Do, Story, Within
from tests.journeys.stories import FIRST, START


def _open(premises: Premises) -> None:
    premises.pins.set_input(PINS["tamper"], high=True)


def _close(premises: Premises) -> None:
    premises.pins.set_input(PINS["tamper"], high=False)


def _reference(kiosk: Kiosk) -> None:
    from kiosk.demo.finger import Eye  # noqa: PLC0415 - imports Kivy, which is ready by now

    texts = Eye(kiosk.screen).texts()
    if not any(re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", each) for each in texts):
        raise AssertionError(texts)


REFERENCE = Within("there is a reference", _reference)
CLOSED = See("Its case was opened. Please use another kiosk.")

OUT_OF_SERVICE: dict[str, Story] = {
    "the case is opened at a question, and the kiosk serves nobody any more": [
        *START,
        Block(),
        Insert(),
        See(FIRST),
        Write("half an ans"),
        Do("somebody opens the case", _open),
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
"""Walked last: it is in service again once its process was started anew (see `test_compose`)."""
