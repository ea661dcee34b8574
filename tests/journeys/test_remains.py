# SPDX-License-Identifier: Apache-2.0
"""The search for personal data finds everything personal, and no text of the kiosk itself."""

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
def test_the_search_finds_all_known_personal_data(holder: DemoHolder) -> None:
    known = [holder.name, holder.email, holder.passcode, *(post.name for post in holder.posts)]
    known += [words for _, words in holder.answers]
    assert [words for words in known if not is_theirs(f"and {words.upper()}, too")] == []


def test_the_search_finds_all_typed_text() -> None:
    assert {words for words in _TYPED if not is_theirs(words)} == set()


def test_the_search_ignores_the_kiosks_own_texts() -> None:
    assert [text for text in own_texts() if is_theirs(text)] == []
