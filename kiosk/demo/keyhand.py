"""A hand that never touches the screen: it goes everywhere by keys, as on a tactile keypad.

It does what a `Finger` does, so that a pilot can have either. Import after the screen was opened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from kivy.uix.widget import Widget

from kiosk.demo.finger import PATIENCE, NotOnScreen, drawing, english_of, is_meant, until
from kiosk.flow.view import Intent
from kiosk.ui.app import KioskApp
from kiosk.ui.focus import controls
from kiosk.ui.widgets.button import IntentButton
from kiosk.ui.widgets.choice import ChoiceRow

_MOST = 120  # steps of the focus: no page has so many controls


class KeyHand:
    """Walks the focus from control to control, and types. To be used from a thread of its own."""

    def __init__(self, app: KioskApp, *, hold: float = 0.02) -> None:
        self._app = app
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
        """Type on a keyboard, or a keypad where there are only digits."""
        for character in characters:
            self._key(character)

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

    def _key(self, key: str) -> None:
        drawing(self._app, lambda: self._app.stage.key(key))
        time.sleep(self._hold)
