# SPDX-License-Identifier: Apache-2.0
"""Reading aloud, into headphones. Whoever calls this never hands it a secret."""

from __future__ import annotations

from typing import Protocol


class Speech(Protocol):
    """What the screen needs of a voice; methods return at once."""

    @property
    def present(self) -> bool:
        """Whether this kiosk can read aloud, as far as is known."""

    def say(self, words: str, language: str, *, politely: bool = False) -> None:
        """Say `words` (ISO 639-1 `language`) instead of whatever is being said; "" is silence.

        `politely`, they wait until that has been said.
        """

    def close(self) -> None:
        """Be quiet, for good."""


__all__ = ["Speech"]
