# SPDX-License-Identifier: Apache-2.0
"""Questions by their text: a listed one has its id, another is shown as it was sent."""

from __future__ import annotations

from kiosk.questions import ENGLISH, SecurityQuestion

_LISTED = {text: each for each, text in ENGLISH.items()}


def asked(*texts: str) -> tuple[SecurityQuestion, ...]:
    """Return a question for each text, with its id in the list or with one of its own."""
    return tuple(
        SecurityQuestion(_LISTED.get(text, f"question-{number}"), text)
        for number, text in enumerate(texts)
    )


FOUR = asked("A?", "B?", "C?", "D?")
