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
    """What makes a place on the touch panel one on the display: done in the order given."""

    SWAP = "swap"
    FLIP_X = "flip-x"
    FLIP_Y = "flip-y"


def place(x: float, y: float, turns: Sequence[Turn]) -> tuple[float, float]:
    """Where on the display a touch at `x`, `y` of the panel is; all from 0 to 1, from top left."""
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
    """What the kiosk needs of its touch screen."""

    def close(self) -> None:
        """Hear no more touches."""


__all__ = ["TouchScreen", "Turn", "place"]
