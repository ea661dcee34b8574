# SPDX-License-Identifier: Apache-2.0
"""What is looked for on the start screen is everybody's, and nothing that the kiosk says itself."""

from __future__ import annotations

import pytest

from kiosk.demo.cardholders import DemoHolder
from kiosk.demo.journey import Write
from tests.journeys.given import HOLDERS, own_texts
from tests.journeys.mishaps import EVERY_STORY, steps_of
from tests.journeys.remains import is_theirs

_TYPED = {
    step.characters
    for story in EVERY_STORY.values()
    for step in steps_of(story)
    if isinstance(step, Write) and len(step.characters) > 4
}


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: holder.name)
def test_what_is_known_of_anybody_would_be_found(holder: DemoHolder) -> None:
    known = [holder.name, holder.email, holder.passcode, *(post.name for post in holder.posts)]
    known += [words for _, words in holder.answers]
    assert [words for words in known if not is_theirs(f"and {words.upper()}, too")] == []


def test_what_is_typed_in_any_story_would_be_found() -> None:
    assert {words for words in _TYPED if not is_theirs(words)} == set()


def test_no_text_of_the_kiosk_is_taken_for_somebodys() -> None:
    assert [text for text in own_texts() if is_theirs(text)] == []
