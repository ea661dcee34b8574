# SPDX-License-Identifier: Apache-2.0
"""The interface for reading the screen aloud; it imports no Kivy."""

from __future__ import annotations

from typing import Protocol

from kiosk.flow.preferences import Language


class Speak(Protocol):
    """Says words in a language: interrupts the current speech, or waits for it if `politely`."""

    def __call__(self, words: str, language: Language, /, *, politely: bool = False) -> None:
        """Return at once. Empty words stop the speech."""


def silent(_words: str, _language: Language, *, politely: bool = False) -> None:
    """Say nothing: for kiosks that cannot read aloud."""
