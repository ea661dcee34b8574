# SPDX-License-Identifier: Apache-2.0
"""Questions that the list lacks: the screen shows them as they were sent."""

from __future__ import annotations

from kiosk.questions import SecurityQuestion


def asked(*texts: str) -> tuple[SecurityQuestion, ...]:
    """Return a question for each text, with ids of its own."""
    return tuple(SecurityQuestion(f"question-{n}", text) for n, text in enumerate(texts))


FOUR = asked("A?", "B?", "C?", "D?")
