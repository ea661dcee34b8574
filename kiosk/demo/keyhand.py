# SPDX-License-Identifier: Apache-2.0
"""A hand that uses only keys, of a keyboard or a keypad, and never touches the screen.

It has the methods of `Finger`, so a pilot can use either. Import it after the screen was opened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from kivy.uix.widget import Widget

from kiosk.demo.finger import PATIENCE, NotOnScreen, drawing, english_of, is_meant, until
from kiosk.flow.view import EntryPage, Intent
from kiosk.ui.app import KioskApp
from kiosk.ui.focus import controls
from kiosk.ui.widgets.button import IntentButton
from kiosk.ui.widgets.choice_row import ChoiceRow
from kiosk.ui.widgets.key_grid import SHIFT, KeyCap, KeyPlate

_MOST = 120  # moves of the focus: no page has so many controls


class KeyHand:
    """Moves the focus from control to control, and types. Use it from a thread of its own.

    Without `letters` it is a tactile keypad with only digits and arrows: it types letters one by
    one on the screen's keyboard.
    """

    def __init__(self, app: KioskApp, *, letters: bool = True, hold: float = 0.02) -> None:
        self._app = app
        self._letters = letters
        self._hold = hold

    def press(self, wanted: Intent | str) -> None:
        """Move to the enabled button with this intent or label and press it; raises NotOnScreen."""
        self._go(lambda one: isinstance(one, IntentButton) and is_meant(one, wanted), str(wanted))

    def hold_title(self) -> None:
        """Press the key that stands for a finger held on the title bar."""
        until(
            self._app, lambda: self._app.stage.listening or None, PATIENCE, "a screen that listens"
        )
        self._key("technician")

    def flip(self, switch: str) -> None:
        """Raise NotOnScreen: no key reaches the board beside the screen."""
        raise NotOnScreen(switch)

    def choose(self, label: str) -> None:
        """Move to the choice with this label, and press it."""
        self._go(lambda one: isinstance(one, ChoiceRow) and english_of(one) == label, label)

    def write(self, characters: Iterable[str]) -> None:
        """Type one character after the other; raises NotOnScreen if no key types it."""
        for character in characters:
            if self._letters or drawing(self._app, self._are_digits_asked):
                self._key(character)
                continue
            if character != character.lower():
                self._find(SHIFT)
            self._find(character.lower())

    def delete(self, number: int) -> None:
        """Delete this many characters."""
        for _ in range(number):
            self._key("erase")

    def _go(self, wanted: Callable[[Widget], bool], what: str) -> None:
        def on_screen() -> bool | None:
            stage = self._app.stage
            return (stage.listening and any(map(wanted, controls(stage.front)))) or None

        until(self._app, on_screen, PATIENCE, f"control {what!r}")
        for _ in range(_MOST):
            current = drawing(self._app, lambda: self._app.stage.focus.at)
            if current is not None and wanted(current):
                self._key("press")
                return
            self._key("next")
        raise NotOnScreen(what)

    def _are_digits_asked(self) -> bool:
        view = self._app.stage.view
        return isinstance(view, EntryPage) and view.entry.kind.of_digits

    def _find(self, key: str) -> None:
        """Move over the screen's keyboard until the focus is at `key`, and press it."""
        for _ in range(_MOST):
            move, found = drawing(self._app, lambda: self._move_to(key))
            self._key(move)
            if found:
                return
        raise NotOnScreen("a key")

    def _move_to(self, key: str) -> tuple[str, bool]:
        """Return the next key press towards the screen's `key`, and whether it presses that key."""
        front, current = self._app.stage.front, self._app.stage.focus.at
        plate = next((one for one in front.walk(restrict=True) if isinstance(one, KeyPlate)), None)
        cap = plate.way_to(key) if plate is not None else None
        if cap is None:
            raise NotOnScreen("a key")
        if not isinstance(current, KeyCap):
            return "next", False
        if abs(cap.center_y - current.center_y) > cap.height / 2:
            return ("up" if cap.center_y > current.center_y else "down"), False
        if current is not cap:
            return ("right" if cap.center_x > current.center_x else "left"), False
        return "press", cap.key == key

    def _key(self, key: str) -> None:
        drawing(self._app, lambda: self._app.stage.key(key))
        time.sleep(self._hold)
