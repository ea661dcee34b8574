# SPDX-License-Identifier: Apache-2.0
# mypy: allow-subclassing-any
"""Fingers on the glass, as Kivy's own input: it turns them with the window."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from typing import Any

from kivy.input import MotionEvent
from kivy.input.provider import MotionEventProvider

from kiosk.values import Fingertip, Phase


class Touch(MotionEvent):
    """One finger, from when it comes down to when it is lifted."""

    def depack(self, args: Fingertip) -> None:
        """Take its place over: Kivy's begins at the bottom left."""
        self.sx, self.sy = args.x, 1 - args.y
        self.profile = ["pos"]
        super().depack(args)


class Fingers(MotionEventProvider):
    """Hands what `take` was given, from any thread, to the thread that owns the widgets."""

    def __init__(self) -> None:
        super().__init__("fingers", "")
        self._taken: deque[Fingertip] = deque()
        self._waiting: deque[Fingertip] = deque()  # of the thread that draws
        self._touches: dict[int, Touch] = {}
        self._numbers = itertools.count(1)

    def take(self, tip: Fingertip) -> None:
        """A finger came down, moved or was lifted."""
        self._taken.append(tip)

    def update(self, dispatch_fn: Callable[[str, Any], None]) -> None:
        """Kivy asks, each frame, what has happened.

        One thing of each finger at a time: Kivy looks at where it is only once it has heard all.
        Where a finger has been meanwhile is passed over: screens tell of it more often than frames
        are drawn, and its going up must not wait for that.
        """
        while self._taken:
            self._waiting.append(self._taken.popleft())
        told: set[int] = set()
        while self._waiting and self._waiting[0].number not in told:
            tip = self._waiting.popleft()
            if tip.phase is Phase.MOVED and any(one.number == tip.number for one in self._waiting):
                continue
            told.add(tip.number)
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
