# SPDX-License-Identifier: Apache-2.0
"""Hands that work on a busy machine, however slowly it draws.

A hand of the demonstration looks in one frame and touches in another. Meanwhile the page may have
moved, or a long frame may have turned a tap into a held finger. These hands look and touch in one
call to the thread that draws. Import this after the screen was opened, because a finger imports
Kivy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.uix.widget import Widget

from kiosk.demo import finger, keyhand
from kiosk.demo.finger import Finger, NotOnScreen, drawing, until
from kiosk.demo.keyhand import KeyHand
from kiosk.ui.app import KioskApp
from kiosk.ui.focus import controls
from tests.patience import PATIENCE


def be_patient() -> None:
    """Make all hands and eyes of the demonstration wait as long as the tests do."""
    finger.PATIENCE = PATIENCE
    keyhand.PATIENCE = PATIENCE  # type: ignore[attr-defined]  # from `finger`


class SureFinger(Finger):
    """Taps a control where it is now, not where it was when it was found."""

    def __init__(self, app: KioskApp) -> None:
        super().__init__(app, hold=0, patience=PATIENCE)
        self._look: Callable[[], Any] = lambda: None
        self._what = ""
        self._found: tuple[Any, ...] = ()

    def tap(self, x: float, y: float) -> None:
        """Tap the control that was found last, wherever it is now; without one, tap at `x`, `y`."""
        if not self._found:
            super().tap(x, y)
            return
        *expected, _, _ = self._found

        def touch() -> bool | None:
            found = self._look()
            if found is None or [*found[:-2]] != expected:
                return None  # the page has changed; it may come back
            self.up(self.down(*found[-2:]))
            return True

        until(self._app, touch, self._patience, self._what)
        self._found = ()

    def _wait(self, look: Callable[[], Any], what: str) -> Any:
        self._look, self._what = look, what
        self._found = super()._wait(look, what)
        return self._found


class SureKeyHand(KeyHand):
    """Finds the focus and presses the key in the same call to the thread that draws."""

    def _go(self, wanted: Callable[[Widget], bool], what: str) -> None:
        left = [keyhand._MOST]

        def step() -> bool | None:
            stage = self._app.stage
            if not (stage.listening and any(map(wanted, controls(stage.front)))):
                return None
            if left[0] == 0:
                raise NotOnScreen(what)
            left[0] -= 1
            at = stage.focus.at
            there = at is not None and wanted(at)
            stage.key("press" if there else "next")
            return there or None

        until(self._app, step, PATIENCE, f"control {what!r}")

    def _find(self, key: str) -> None:
        def step() -> bool:
            move, found = self._move_to(key)
            self._app.stage.key(move)
            return found

        for _ in range(keyhand._MOST):
            if drawing(self._app, step):
                return
        raise NotOnScreen("a key")
