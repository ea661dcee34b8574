# SPDX-License-Identifier: Apache-2.0
"""Reads text aloud, into headphones; callers never pass it a secret."""

from __future__ import annotations

from typing import Protocol


class Speech(Protocol):
    """The interface of a voice, as the screen uses it; every method returns at once."""

    @property
    def present(self) -> bool:
        """Whether this kiosk can read aloud, as far as is known."""

    def say(self, words: str, language: str, *, politely: bool = False) -> None:
        """Say `words` (ISO 639-1 `language`) at once, in place of the present text; "" is silence.

        With `politely`, they wait until the present text has been said.
        """

    def close(self) -> None:
        """Be silent for good."""


__all__ = ["Speech"]
