# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""Fingers on the touch screen as a Kivy input, so that Kivy turns them with the window."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from typing import Any

from kivy.input import MotionEvent
from kivy.input.provider import MotionEventProvider

from kiosk.values import Fingertip, Phase


class Touch(MotionEvent):
    """One finger, from touching the glass until it is lifted."""

    def depack(self, args: Fingertip) -> None:
        """Take over the position; Kivy counts from the bottom left."""
        self.sx, self.sy = args.x, 1 - args.y
        self.profile = ["pos"]
        super().depack(args)


class Fingers(MotionEventProvider):
    """Passes the reports given to `take`, from any thread, to the thread that owns the widgets."""

    def __init__(self) -> None:
        super().__init__("fingers", "")
        self._taken: deque[Fingertip] = deque()
        self._waiting: deque[Fingertip] = deque()  # used only by the thread that draws
        self._touches: dict[int, Touch] = {}
        self._numbers = itertools.count(1)

    def take(self, tip: Fingertip) -> None:
        """Queue one report: a finger came down, moved or was lifted."""
        self._taken.append(tip)

    def update(self, dispatch_fn: Callable[[str, Any], None]) -> None:
        """Dispatch the queued reports; Kivy calls this once a frame.

        Each finger gets at most one report a frame, because Kivy reads its position only after all
        of them. A move that a later report of the same finger follows is skipped: touch screens
        report more often than frames are drawn, and the lifting of the finger must not wait for
        that.
        """
        while self._taken:
            self._waiting.append(self._taken.popleft())
        reported: set[int] = set()
        while self._waiting and self._waiting[0].number not in reported:
            tip = self._waiting.popleft()
            if tip.phase is Phase.MOVED and any(one.number == tip.number for one in self._waiting):
                continue
            reported.add(tip.number)
            self._hand_over(tip, dispatch_fn)

    def _hand_over(self, tip: Fingertip, dispatch: Callable[[str, Any], None]) -> None:
        touch = self._touches.get(tip.number)
        if tip.phase is Phase.DOWN:
            number = f"finger-{next(self._numbers)}"
            touch = Touch(self.device, number, tip, is_touch=True, type_id="touch")
            self._touches[tip.number] = touch
            dispatch("begin", touch)
        elif touch is not None:
            touch.move(tip)
            if tip.phase is Phase.UP:
                del self._touches[tip.number]
                touch.update_time_end()
            dispatch("end" if tip.phase is Phase.UP else "update", touch)
