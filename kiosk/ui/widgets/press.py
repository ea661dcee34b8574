# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""What is pressed when a finger that came down on it goes up on it: buttons, choices, arrows."""

from __future__ import annotations

from typing import Any

from kivy.uix.widget import Widget


class Pressable(Widget):
    """One finger at a time; sliding off before lifting it presses nothing."""

    _touch: Any = None

    @property
    def spoken(self) -> str:
        """What it is called, in the language of the screen."""
        raise NotImplementedError

    @property
    def enabled(self) -> bool:
        """Whether pressing it does anything."""
        raise NotImplementedError

    @property
    def down(self) -> bool:
        """Whether a finger is down on it."""
        return self._touch is not None

    def pressed(self) -> None:
        """It was pressed."""
        raise NotImplementedError

    def paint(self) -> None:
        """Look as it is: `enabled` or not, `down` or not."""
        raise NotImplementedError

    def release(self) -> None:
        """Let go of a finger that is still down: it presses nothing any more."""
        self._touch = None
        self.paint()

    def on_touch_down(self, touch: Any) -> bool:
        """A finger comes down."""
        if not self.collide_point(*touch.pos):
            return False
        if self.enabled and self._touch is None:
            self._touch = touch
            touch.grab(self)
            self.paint()
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """A finger goes up: on it presses it, elsewhere it has changed its mind."""
        if touch.grab_current is not self or touch is not self._touch:
            return False
        touch.ungrab(self)
        self.release()
        if self.enabled and self.collide_point(*touch.pos) and self.get_root_window():
            self.pressed()
        return True


def let_go(root: Widget) -> None:
    """Release everything below `root` that a finger is down on."""
    for widget in root.walk(restrict=True):
        if isinstance(widget, Pressable) and widget.down:
            widget.release()
