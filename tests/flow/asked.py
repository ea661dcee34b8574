# SPDX-License-Identifier: Apache-2.0
"""Questions missing from the list: the screen shows their text as central sent it."""

from __future__ import annotations

from kiosk.questions import ENGLISH, SecurityQuestion

_LISTED = {text: each for each, text in ENGLISH.items()}


def asked(*texts: str) -> tuple[SecurityQuestion, ...]:
    """Return a question for each text, each with an id of its own."""
    return tuple(SecurityQuestion(f"question-{n}", text) for n, text in enumerate(texts))


FOUR = asked("A?", "B?", "C?", "D?")
