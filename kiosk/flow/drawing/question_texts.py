# SPDX-License-Identifier: Apache-2.0
"""The security questions in the languages of the screen.

Central asks them in English. Those of its list are messages of the catalogue; one that a site has
added is shown as central says it.
"""

from __future__ import annotations

from kiosk.flow.text import Verbatim, Words, text

_KNOWN = (
    text("What was the first name of your first friend?"),
    text("What was the name of your first pet?"),
    text("What was the surname of the first teacher you remember?"),
    text("What was the name of the first street you lived in?"),
    text("In which town was your first job?"),
    text("Whose was the first concert you went to?"),
    text("Where did your first flight take you?"),
    text("What was the make and model of your first car?"),
    text("Who was your hero when you were a child?"),
    text("Which book did you like best as a child?"),
    text("What were you called by your family as a child?"),
    text("What is the first name of your oldest cousin?"),
    text("In which town was your mother's mother born?"),
    text("In which town did your parents meet?"),
)
_BY_WORDS = {each.message: each for each in _KNOWN}


def question(words: str) -> Words:
    """A question that central asked, to be shown in the language of the screen."""
    return _BY_WORDS.get(words) or Verbatim(words)
