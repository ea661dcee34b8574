# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""Controls that are pressed when a finger is lifted: buttons, choices and arrows."""

from __future__ import annotations

from typing import Any

from kivy.uix.widget import Widget


class Pressable(Widget):
    """A control for one finger at a time; a finger that slides off presses nothing."""

    _touch: Any = None

    @property
    def spoken(self) -> str:
        """The name that is read aloud, in the language of the screen."""
        raise NotImplementedError

    @property
    def enabled(self) -> bool:
        """Whether a press does anything."""
        raise NotImplementedError

    @property
    def down(self) -> bool:
        """Whether a finger is down on the control."""
        return self._touch is not None

    def pressed(self) -> None:
        """Do what a press does."""
        raise NotImplementedError

    def paint(self) -> None:
        """Draw the present state: `enabled` or not, `down` or not."""
        raise NotImplementedError

    def release(self) -> None:
        """Ignore the finger that is down: lifting it presses nothing."""
        self._touch = None
        self.paint()

    def on_touch_down(self, touch: Any) -> bool:
        """Hold the finger that came down."""
        if not self.collide_point(*touch.pos):
            return False
        if self.enabled and self._touch is None:
            self._touch = touch
            touch.grab(self)
            self.paint()
        return True

    def on_touch_up(self, touch: Any) -> bool:
        """Press if the finger is lifted on the control; elsewhere, do nothing."""
        if touch.grab_current is not self or touch is not self._touch:
            return False
        touch.ungrab(self)
        self.release()
        if self.enabled and self.collide_point(*touch.pos) and self.get_root_window():
            self.pressed()
        return True


def release_all(root: Widget) -> None:
    """Release all controls below `root` that a finger is down on."""
    for widget in root.walk(restrict=True):
        if isinstance(widget, Pressable) and widget.down:
            widget.release()
