# SPDX-License-Identifier: Apache-2.0
"""The touch screen, finger by finger.

The window's own library turns touches into a mouse, and a mouse has one pointer: the second thumb
of somebody who types with two would be lost. So the touch screen is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol


class Turn(StrEnum):
    """A step that maps a place on the panel to one on the display; steps apply in their order."""

    SWAP = "swap"
    FLIP_X = "flip-x"
    FLIP_Y = "flip-y"


def place(x: float, y: float, turns: Sequence[Turn]) -> tuple[float, float]:
    """Return the place on the display for `x`, `y` of the panel; 0 to 1, from top left."""
    for turn in turns:
        match turn:
            case Turn.SWAP:
                x, y = y, x
            case Turn.FLIP_X:
                x = 1 - x
            case Turn.FLIP_Y:
                y = 1 - y
    return x, y


class TouchScreen(Protocol):
    """The interface of the touch screen."""

    def close(self) -> None:
        """Hear no more touches."""


__all__ = ["TouchScreen", "Turn", "place"]
