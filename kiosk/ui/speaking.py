# SPDX-License-Identifier: Apache-2.0
"""What the screen needs to read itself aloud; imports no Kivy."""

from __future__ import annotations

from typing import Protocol

from kiosk.flow.preferences import Language


class Speak(Protocol):
    """Says words of a language: instead of whatever is being said, or `politely` after it."""

    def __call__(self, words: str, language: Language, /, *, politely: bool = False) -> None:
        """Return at once. No words are silence."""


def silent(_words: str, _language: Language, *, politely: bool = False) -> None:
    """Where nothing can be read aloud."""
