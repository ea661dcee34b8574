# SPDX-License-Identifier: Apache-2.0
"""A hand that never touches the screen: it goes everywhere by keys, of a keyboard or a keypad.

It does what a `Finger` does, so that a pilot can have either. Import after the screen was opened.
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

_MOST = 120  # steps of the focus: no page has so many controls


class KeyHand:
    """Walks the focus from control to control, and types. To be used from a thread of its own.

    Without `letters` it is on a tactile keypad, whose digits and arrows are all there is: letters
    are found on the screen's keyboard, one by one.
    """

    def __init__(self, app: KioskApp, *, letters: bool = True, hold: float = 0.02) -> None:
        self._app = app
        self._letters = letters
        self._hold = hold

    def press(self, wanted: Intent | str) -> None:
        """Go to the enabled button with this intent or label, and press it; raises NotOnScreen."""
        self._go(lambda one: isinstance(one, IntentButton) and is_meant(one, wanted), str(wanted))

    def hold_title(self) -> None:
        """The key that takes the place of a finger which stays on the title."""
        until(
            self._app, lambda: self._app.stage.listening or None, PATIENCE, "a screen that listens"
        )
        self._key("technician")

    def flip(self, switch: str) -> None:
        """There is no key for what is beside the screen; raises NotOnScreen."""
        raise NotOnScreen(switch)

    def choose(self, label: str) -> None:
        """Go to the choice with this label, and press it."""
        self._go(lambda one: isinstance(one, ChoiceRow) and english_of(one) == label, label)

    def write(self, characters: Iterable[str]) -> None:
        """Type character by character; raises NotOnScreen for one that no key has."""
        for character in characters:
            if self._letters or drawing(self._app, self._are_digits_asked):
                self._key(character)
                continue
            if character != character.lower():
                self._find(SHIFT)
            self._find(character.lower())

    def delete(self, number: int) -> None:
        """Take so many characters away."""
        for _ in range(number):
            self._key("erase")

    def _go(self, wanted: Callable[[Widget], bool], what: str) -> None:
        def there() -> bool | None:
            stage = self._app.stage
            return (stage.listening and any(map(wanted, controls(stage.front)))) or None

        until(self._app, there, PATIENCE, f"control {what!r}")
        for _ in range(_MOST):
            at = drawing(self._app, lambda: self._app.stage.focus.at)
            if at is not None and wanted(at):
                self._key("press")
                return
            self._key("next")
        raise NotOnScreen(what)

    def _are_digits_asked(self) -> bool:
        view = self._app.stage.view
        return isinstance(view, EntryPage) and view.entry.kind.of_digits

    def _find(self, key: str) -> None:
        """Go about the keyboard until the focus is at `key`, and press it."""
        for _ in range(_MOST):
            move, found = drawing(self._app, lambda: self._move_to(key))
            self._key(move)
            if found:
                return
        raise NotOnScreen("a key")

    def _move_to(self, key: str) -> tuple[str, bool]:
        """The key that comes nearer to the screen's `key`, and whether it presses that."""
        front, at = self._app.stage.front, self._app.stage.focus.at
        plate = next((one for one in front.walk(restrict=True) if isinstance(one, KeyPlate)), None)
        cap = plate.way_to(key) if plate is not None else None
        if cap is None:
            raise NotOnScreen("a key")
        if not isinstance(at, KeyCap):
            return "next", False
        if abs(cap.center_y - at.center_y) > cap.height / 2:
            return ("up" if cap.center_y > at.center_y else "down"), False
        if at is not cap:
            return ("right" if cap.center_x > at.center_x else "left"), False
        return "press", cap.key == key

    def _key(self, key: str) -> None:
        drawing(self._app, lambda: self._app.stage.key(key))
        time.sleep(self._hold)
