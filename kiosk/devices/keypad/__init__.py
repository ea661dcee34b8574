# SPDX-License-Identifier: Apache-2.0
"""Keypads and keyboards that are plugged in: those that IT allowed, by vendor and product.

A keyboard types whatever its maker wants, and anybody can plug one in. So the screen hears none of
the system's, but these: they are read here, and grabbed, so that nothing else hears them.
"""

from __future__ import annotations

from typing import Protocol


class Keypad(Protocol):
    """The interface of the keypads."""

    def close(self) -> None:
        """Hear no more keys."""


__all__ = ["Keypad"]
